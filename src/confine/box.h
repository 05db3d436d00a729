/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The confinement of this process, which cannot be left: Landlock restricts the files that it can
 * access, seccomp the system calls that it can make, and no program that it starts gets more
 * rights. Anything that the kernel does not support is omitted, and reported.
 */
#ifndef HSMFERRY_CONFINE_BOX_H
#define HSMFERRY_CONFINE_BOX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "confine/landlock.h"

enum { BOX_TEXT_MAX = 96 };

/* {0}: not confined. */
struct box {
    bool whole;              /* the kernel supports everything that was requested */
    char text[BOX_TEXT_MAX]; /* "seccomp, Landlock 6"; an incomplete one begins with "not " */
};

/* Confines the console. Call it before there are threads, after everything that loads code was
 * loaded, and before any external data is parsed. Also sets the umask to 077. abi_max: as
 * landlock_enter(). Errors: ERR_FAILED (the kernel supports it, but refuses). */
bool box_console(const struct land_rule *rules, size_t count, int abi_max, struct box *box,
                 struct err *err);

/* Removes rights that no HSM's library needs; called first in an agent. Errors: ERR_FAILED. */
bool box_agent(struct box *box, struct err *err);

/* The second step, when the needs of the HSM are known: only these files, and no network unless
 * network is set. Applies to the calling thread and to those that it starts. *box is that of
 * box_agent(), and is updated. Errors: ERR_FAILED. */
bool box_agent_files(const struct land_rule *rules, size_t count, bool network, struct box *box,
                     struct err *err);

#endif
