/* SPDX-License-Identifier: Apache-2.0 */
/* The state of a ceremony according to its journal: was it completed? And the state of all
 * ceremonies of a folder. */
#ifndef HSMFERRY_JOURNAL_HISTORY_H
#define HSMFERRY_JOURNAL_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "journal/event_log.h"
#include "protocol/event.h"
#include "protocol/removal.h"

struct history {
    char title[EVENT_TEXT_MAX];
    char id[40];
    bool sealed;               /* its keys are files for a key service: it starts over */
    char resumes[40];          /* the id of the interrupted ceremony that it resumed; empty: none */
    char file[EVENT_PATH_MAX]; /* its ceremony file; empty: none */
    bool rehearsal;
    enum visit visit;            /* it is one of a ceremony in two rooms, which is not resumed */
    enum removal removal;        /* it carries no keys: ... */
    char report[EVENT_TEXT_MAX]; /* ... it destroys those that this report names */
    int64_t began_ms;            /* wall clock of its first event */
    bool stepped;                /* a step was begun; the last was ... */
    enum step_id step;           /* ... this one, */
    uint32_t step_key;           /* of this key of its plan, from 1, or of none (0), */
    enum event_state step_state; /* and came so far */
    bool begun;                  /* a step, or a write of the canary, was announced: something may
                                    have happened; or it resumes one in which it may */
    bool looked;                 /* both tokens were inspected before it: what an interrupted one
                                    left there is settled, or is now this one's */
    bool over;                   /* it came to its end ... */
    int exit_code;               /* ... with this code, */
    bool settled;                /* and nothing that could be done about it */
};

struct history history_of(const struct event_log *log);

/* Must it be resumed or cleaned up? */
bool history_is_open(const struct history *history);

/* Was this ceremony taken over by a later one of the same folder? by: the journal of that one. If
 * false is returned, *err reports a journal that could not be read. */
bool history_is_settled(const char *folder, const struct history *history, char by[EVENT_PATH_MAX],
                        struct err *err);

/* Finds an interrupted ceremony in a report folder: one that must be resumed or cleaned up, was not
 * yet, and belongs to no running process. Returns false if there is none (*err stays empty: no such
 * folder, nothing in it) or a journal cannot be read (*err says why). */
bool history_find(const char *folder, char path[EVENT_PATH_MAX], struct err *err);

#endif
