/* SPDX-License-Identifier: Apache-2.0 */
/* A journal as the recording that a front end replays. */
#ifndef HSMFERRY_CMD_RECORDED_H
#define HSMFERRY_CMD_RECORDED_H

#include "base/err.h"
#include "journal/event_log.h"
#include "ui/model/recording.h"

/* {0} is empty and valid. Do not move it once it was read: its recording refers to it. */
struct recorded {
    struct event_log log;
    size_t *places; /* on the tape, by number of the event */
    struct recording recording;
};

/* Reads a journal of any format. What its events say can be shown as it is: text that
 * text_safe() would not let through is escaped. Freed with recorded_free() also on failure.
 * Errors: as journal_read(); ERR_DATA: nothing is in it. */
bool recorded_read(const char *journal, struct recorded *recorded, struct err *err);
void recorded_free(struct recorded *recorded);

#endif
