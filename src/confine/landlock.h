/* SPDX-License-Identifier: Apache-2.0 */
/* Landlock (landlock(7)): restricts this process to the files that rules name. */
#ifndef HSMFERRY_CONFINE_LANDLOCK_H
#define HSMFERRY_CONFINE_LANDLOCK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* What is allowed with a file, or with everything below a folder. */
enum land_use {
    LAND_LIST,   /* list folders, and read no file */
    LAND_READ,   /* read files, list folders */
    LAND_RUN,    /* LAND_READ, and load or execute it */
    LAND_WRITE,  /* LAND_READ, and create, write, rename and remove regular files */
    LAND_LOCK,   /* LAND_READ, and create regular files */
    LAND_DEVICE, /* read, write, ioctl(2) */
};

struct land_rule {
    const char *path; /* skipped if it does not exist; NULL too */
    enum land_use use;
};

/* What else the kernel should forbid, if it can. */
enum {
    LAND_NO_TCP = 1U << 0,      /* bind and connect (ABI 4) */
    LAND_NO_STRANGERS = 1U << 1 /* signals and abstract sockets to other processes (ABI 6) */
};

/* The newest version of Landlock's interface that this program uses. */
enum { LAND_ABI_MAX = 6 };

/* Enters the rules for this thread and all that it starts, so call it before there are others.
 * abi_max: treat the kernel as no newer than this version (for tests); otherwise LAND_ABI_MAX. *abi
 * is the version in use; 0: the kernel has no Landlock, and nothing was done. Errors: ERR_FAILED
 * (it has, but refuses). */
bool landlock_enter(const struct land_rule *rules, size_t count, unsigned also, int abi_max,
                    int *abi, struct err *err);

#endif
