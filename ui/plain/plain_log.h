/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ceremony as a log: chooses which events are told, in lines of ui/plain/plain.h. Where many keys
 * go, their steps become one line of progress a second; what fails is always told.
 */
#ifndef HSMFERRY_UI_PLAIN_PLAIN_LOG_H
#define HSMFERRY_UI_PLAIN_PLAIN_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "protocol/event.h"
#include "report/signing.h"

struct plain_log;

/* out stays the caller's. now_ms, here and below, is the caller's own clock that never goes back.
 * Errors: ERR_FAILED (memory). */
bool plain_log_new(FILE *out, struct plain_log **log, struct err *err);
/* Every key is told one by one, also where there are many. */
void plain_log_print_all(struct plain_log *log);

void plain_log_free(struct plain_log *log);

/* Takes one event. */
void plain_log_event(struct plain_log *log, const struct event *event, int64_t now_ms);

/* To be called about every second: tells of progress, and of a step that takes long. */
void plain_log_tick(struct plain_log *log, int64_t now_ms);

/* A line of the front end's own. */
void plain_log_note(struct plain_log *log, const char *text);

/* The last lines: where the report is (NULL: there is none), what is left over, and the exit code.
 */
void plain_log_farewell(struct plain_log *log, const char *report, const uint8_t *sha256,
                        const struct signing *signing, int exit_code);

/* The same of a recorded ceremony: which journal it was read from, and the end of its chain. */
void plain_log_recorded(struct plain_log *log, const char *journal, const uint8_t *head);

#endif
