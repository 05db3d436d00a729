/* SPDX-License-Identifier: Apache-2.0 */
/* Landlock (landlock(7)): from now on this process reaches only the files that rules name. */
#ifndef HSMFERRY_CONFINE_LANDLOCK_H
#define HSMFERRY_CONFINE_LANDLOCK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* What may be done with a file, or with all that lies below a folder. */
enum land_use {
    LAND_LIST,   /* list folders, and read no file */
    LAND_READ,   /* read files, list folders */
    LAND_RUN,    /* that, and load or execute it */
    LAND_WRITE,  /* that of LAND_READ, and make, write, rename and remove regular files */
    LAND_DEVICE, /* read, write, ioctl(2) */
};

struct land_rule {
    const char *path; /* one that is not there is passed over; so is NULL */
    enum land_use use;
};

/* What else the kernel is asked to forbid, where it can. */
enum {
    LAND_NO_TCP = 1U << 0,      /* bind and connect (ABI 4) */
    LAND_NO_STRANGERS = 1U << 1 /* signals and abstract sockets out of this process (ABI 6) */
};

/* The newest version of Landlock's interface; asks for no more of it than this program knows. */
enum { LAND_ABI_MAX = 6 };

/* Enters the rules: for this thread and all that it starts, so call it before there are others.
 * abi_max: pretend that the kernel knows no later version (tests); else LAND_ABI_MAX. *abi is the
 * kernel's version, as used; 0: the kernel has no Landlock, and nothing was done.
 * Errors: ERR_FAILED (it has, and it refuses). */
bool landlock_enter(const struct land_rule *rules, size_t count, unsigned also, int abi_max,
                    int *abi, struct err *err);

#endif
