/* SPDX-License-Identifier: Apache-2.0 */
/* A ceremony that was interrupted: its journal, as what a resuming one starts from. */
#ifndef HSMFERRY_CMD_FIND_INTERRUPTED_H
#define HSMFERRY_CMD_FIND_INTERRUPTED_H

#include <stdbool.h>

#include "base/err.h"
#include "journal/history.h"
#include "plan/interrupted.h"

struct interrupted {
    struct history history;
    struct prior prior;
    bool torn; /* the journal's last line was dropped */
    int lock;  /* its file, locked */
};

/* Reads a journal and keeps its lock. Freed with interrupted_free(), also on failure.
 * Errors: as journal_read(); ERR_DENIED: a living process is at work on it; ERR_DATA. */
bool interrupted_load(const char *journal, struct interrupted *it, struct err *err);
void interrupted_free(struct interrupted *it);

#endif
