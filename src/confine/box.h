/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A box around this process, which it cannot leave: Landlock says which files it reaches, seccomp
 * which system calls it makes, and no program that it starts has more rights than it. What the
 * kernel does not have is left out, and said.
 */
#ifndef HSMFERRY_CONFINE_BOX_H
#define HSMFERRY_CONFINE_BOX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "confine/landlock.h"

enum { BOX_TEXT_MAX = 96 };

/* {0}: there is none. */
struct box {
    bool whole;              /* the kernel had all that was wanted of it */
    char text[BOX_TEXT_MAX]; /* "seccomp, Landlock 6"; one that is not whole begins with "not " */
};

/* Puts the console into its box; call it before there are threads, after all that loads code is
 * loaded, and before anything from outside is parsed. Also sets the umask to 077.
 * abi_max: as landlock_enter(). Errors: ERR_FAILED (the kernel has it, and refuses it). */
bool box_console(const struct land_rule *rules, size_t count, int abi_max, struct box *box,
                 struct err *err);

/* Takes from an agent what no HSM's library needs; first thing in it. Errors: ERR_FAILED. */
bool box_agent(struct box *box, struct err *err);

/* Then, once it is known what its HSM needs: only these files, and no network unless network is
 * set. Holds for the calling thread, and those that it starts. *box is that of box_agent(), and is
 * changed. Errors: ERR_FAILED. */
bool box_agent_files(const struct land_rule *rules, size_t count, bool network, struct box *box,
                     struct err *err);

#endif
