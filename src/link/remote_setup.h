/* SPDX-License-Identifier: Apache-2.0 */
/* How an agent is started, and how long its calls may take. */
#ifndef HSMFERRY_LINK_REMOTE_SETUP_H
#define HSMFERRY_LINK_REMOTE_SETUP_H

#include <stdbool.h>

#include "hsm/hsm.h"
#include "link/starter.h"

struct remote_setup {
    struct hsm_where where;
    const char *const *argv; /* the agent's command; argv[0] an absolute path */
    const char *const
        *environment;        /* ALL of the agent's environment, "NAME=value", NULL at the end */
    struct starter *starter; /* starts it as its program; NULL: this process does */
    unsigned program;
    bool ahead;             /* do not wait until the HSM is open: the first call does */
    unsigned list_sessions; /* at most so many read a list at the same time; 0: one */
    int limit_ms;           /* the time in milliseconds after which a call counts as hung */
    /* Once it is above 0: a descriptor that is sent to the agent with the next call. The agent
     * keeps its copy open as long as it lives, so that both hold a lock on it. May be NULL. */
    const int *keep_fd;
    int abandon_fd; /* readable: abandon the call in progress (eventfd); -1: none */
    /* Receives one line (safe text) that the vendor library printed. May be NULL. */
    void (*vendor_output)(void *ctx, const char *line);
    /* Receives the next objects of a list that is not complete yet, and may never be, on the thread
     * that waits for it. Private keys may lack their public halves. May be NULL. */
    void (*listed)(void *ctx, const struct key_desc *keys, size_t count);
    void *ctx;
};

#endif
