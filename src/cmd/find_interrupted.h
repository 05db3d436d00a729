/* SPDX-License-Identifier: Apache-2.0 */
/* An interrupted ceremony: its journal, in the form that a resuming ceremony starts from. */
#ifndef HSMFERRY_CMD_FIND_INTERRUPTED_H
#define HSMFERRY_CMD_FIND_INTERRUPTED_H

#include <stdbool.h>

#include "base/err.h"
#include "journal/history.h"
#include "plan/interrupted.h"

struct interrupted {
    struct history history;
    struct interrupted_ceremony ceremony;
    bool torn; /* the journal's last line was incomplete, and was dropped */
    int lock;  /* its file, locked */
};

/* Reads a journal and keeps its lock. The caller frees it with interrupted_free(), also after a
 * failure. Errors: as journal_read(); ERR_DENIED: a running process uses it; ERR_DATA. */
bool interrupted_load(const char *journal, struct interrupted *it, struct err *err);

/* The same without the lock, for a journal that this process writes. Errors: as journal_read(). */
bool interrupted_read(const char *journal, struct interrupted *it, struct err *err);

/* Its keys that could be migrated; of these, how many are on the destination and proven there, and
 * how many were being kept when it was cut off. */
struct interrupted_counts {
    uint32_t keys, proven, cut;
};
struct interrupted_counts interrupted_count(const struct interrupted_ceremony *ceremony);

/* The ceremony file that a journal names; empty: none. apart: a confined child process reads the
 * journal, because this process is not confined yet. Errors: ERR_DATA, which interrupted_load()
 * explains; ERR_FAILED. */
bool interrupted_file(const char *journal, bool apart, char file[EVENT_PATH_MAX], struct err *err);

void interrupted_free(struct interrupted *it);

#endif
