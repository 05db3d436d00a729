/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading a PKCS#11 module, where it is pinned the very bytes that were hashed: from a sealed copy
 * in memory that nobody can write to any more; or, where a module looks for files beside itself,
 * from its own path, in which nobody but root and this user can exchange it.
 */
#ifndef HSMFERRY_DRIVER_LOAD_LOADER_H
#define HSMFERRY_DRIVER_LOAD_LOADER_H

#include <limits.h>
#include <stdbool.h>

#include "base/err.h"
#include "hsm/hsm.h"

struct loaded_module {
    void *library;         /* of dlopen() */
    int fd;                /* the sealed copy; never closed, see loader_open(); -1: its own path */
    char opened[PATH_MAX]; /* what dlopen() was given: also what another loader must be given */
    struct hsm_file file;  /* as it was hashed; path empty: it could not be read */
    char method[64];       /* "sealed copy" */
    bool pinned;
};

/* Loads where->module. siblings: it looks for files beside itself, so it needs its own path. Its
 * code stays in memory, and the descriptor of a sealed copy open: too many modules leave a thread
 * or an exit handler behind to be unloaded safely, and the C library takes another library for the
 * same one where a path with the number of its descriptor comes again.
 * Errors: ERR_CONFIG (no absolute path, no such file, not a library, the loader refuses it),
 * ERR_DENIED (not the file that is pinned, or others could exchange it: none of its code ran, or,
 * where it was exchanged during the loading, none of its functions). */
bool loader_open(const struct hsm_where *where, bool siblings, struct loaded_module *out,
                 struct err *err);

#endif
