/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ceremony as a log: chooses the events that are printed, each as a line of ui/plain/plain.h. If
 * there are many keys, one line of progress a second replaces their steps; failures are always
 * printed.
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

/* The caller keeps out. now_ms, here and below, is the caller's own clock, which never goes back.
 * Errors: ERR_FAILED (memory). */
bool plain_log_new(FILE *out, struct plain_log **log, struct err *err);

/* Prints the steps of every key, even if there are many. */
void plain_log_print_all(struct plain_log *log);

void plain_log_free(struct plain_log *log);

/* Takes one event. */
void plain_log_event(struct plain_log *log, const struct event *event, int64_t now_ms);

/* To be called about every second: prints progress, and a step that takes long. */
void plain_log_tick(struct plain_log *log, int64_t now_ms);

/* A line of the front end's own. */
void plain_log_note(struct plain_log *log, const char *text);

/* The last lines: the report's path (NULL: there is none), left-over objects, and the exit code. */
void plain_log_farewell(struct plain_log *log, const char *report, const uint8_t *sha256,
                        const struct signing *signing, int exit_code);

/* The same of a recorded ceremony: which journal it was read from, and the end of its chain. */
void plain_log_recorded(struct plain_log *log, const char *journal, const uint8_t *head);

#endif
