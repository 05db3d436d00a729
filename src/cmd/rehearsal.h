/* SPDX-License-Identifier: Apache-2.0 */
/* A rehearsal: a folder with two software tokens made for it, their PINs, a ceremony file and the
 * reports. */
#ifndef HSMFERRY_CMD_REHEARSAL_H
#define HSMFERRY_CMD_REHEARSAL_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct rehearsal {
    const char *pair;    /* "SOURCE:DESTINATION"; NULL: softhsm:nss */
    const char *dir;     /* NULL: a new folder in $TMPDIR or /tmp */
    bool asks;           /* its ceremony has gates; otherwise it needs no input */
    char made[PATH_MAX]; /* the folder that was made or filled, absolute */
};

/* The pairs, one after the other; NULL: there are no more. */
const char *rehearsal_pair(size_t nth);

/* Makes the folder for this user alone, both tokens (hsmferry-rehearsal-token fills them), and
 * ceremony.yaml. If it fails, what it made is removed. Errors: ERR_USAGE (no such pair; a folder
 * that a token's configuration cannot name), ERR_DENIED (the folder holds a rehearsal), ERR_HSM (a
 * module is not installed, or fails), ERR_IO, ERR_NO_INPUT, ERR_CONFIG, ERR_FAILED. */
bool rehearsal_make(struct rehearsal *r, struct err *err);

/* Removes what rehearsal_make() and the ceremonies left in dir, and dir itself if nothing else is
 * in it: *rest is then false. Errors: ERR_NO_INPUT, ERR_DATA (it holds no rehearsal), ERR_DENIED
 * (others may change the folder), ERR_IO. */
bool rehearsal_remove(const char *dir, bool *rest, struct err *err);

#endif
