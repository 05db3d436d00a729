/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads a PKCS#11 module. If it is pinned, exactly the hashed bytes are loaded: from a sealed copy
 * in memory that nobody can write to any more; or, if the module looks for files next to itself,
 * from its own path, in which only root and this user can replace it.
 */
#ifndef HSMFERRY_DRIVER_LOAD_LOADER_H
#define HSMFERRY_DRIVER_LOAD_LOADER_H

#include <limits.h>
#include <stdbool.h>

#include "base/err.h"
#include "hsm/hsm.h"

struct loaded_module {
    void *library; /* from dlopen() */
    int fd; /* the sealed copy, never closed (see loader_open()); -1: loaded from its own path */
    char opened[PATH_MAX]; /* the path given to dlopen(); any other loader must be given the same */
    struct hsm_file file;  /* with the hash of the loaded bytes; path empty: it could not be read */
    char method[64];       /* how it was loaded: "sealed copy" */
    bool pinned;
};

/* Loads where->module. siblings: the module looks for files next to itself, so it needs its own
 * path. Its code stays in memory, and the descriptor of a sealed copy stays open: too many modules
 * leave a thread or an exit handler running that would crash after an unload, and the C library
 * mistakes another library for this one if the same descriptor number, and thus the same path, is
 * used again. Errors: ERR_CONFIG (no absolute path, no such file, not a library, the loader refuses
 * it), ERR_DENIED (not the pinned file, or others could replace it: none of its code was run; or it
 * was replaced during loading: none of its functions was called). */
bool loader_open(const struct hsm_where *where, bool siblings, struct loaded_module *out,
                 struct err *err);

#endif
