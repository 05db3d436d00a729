/* SPDX-License-Identifier: Apache-2.0 */
/* An HSM at the other end of a pipe: the contract, spoken to a hsmferry-agent. */
#ifndef HSMFERRY_LINK_REMOTE_H
#define HSMFERRY_LINK_REMOTE_H

#include <stdbool.h>

#include "base/err.h"
#include "hsm/hsm.h"
#include "link/starter.h"

/* How to start and treat one agent. */
struct remote_setup {
    struct hsm_where where;
    const char *const *argv; /* the agent's command; argv[0] an absolute path */
    const char *const
        *environment;        /* ALL of the agent's environment, "NAME=value", NULL at the end */
    struct starter *starter; /* what starts it, as its program; NULL: this process does */
    unsigned program;
    int limit_ms; /* how long one call may take before the HSM counts as hung */
    /* Once it is above 0: a descriptor of which the agent gets a copy with the next call, and keeps
     * it open as long as it lives; a lock on it is held by both. May be NULL. */
    const int *keep_fd;
    int abandon_fd; /* readable: give up the call under way (eventfd); -1: none */
    /* Takes one line (safe text) that the vendor library printed. May be NULL. */
    void (*vendor_output)(void *ctx, const char *line);
    void *ctx;
};

/* Starts an agent, shakes hands and opens the HSM in it. setup is not kept, but what abandon_fd,
 * keep_fd, vendor_output and ctx refer to must live until hsm_close(). The agent's end of the pipes
 * is all that it inherits. Errors: ERR_CONFIG (the agent or the module cannot be started), ERR_HSM,
 * ERR_GONE (it died or talked nonsense; what is known of how it ended is in the message). */
bool remote_open(const struct remote_setup *setup, struct hsm **out, struct err *err);

#endif
