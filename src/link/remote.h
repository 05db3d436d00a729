/* SPDX-License-Identifier: Apache-2.0 */
/* An HSM at the other end of a pipe: the contract, implemented by requests to a hsmferry-agent. */
#ifndef HSMFERRY_LINK_REMOTE_H
#define HSMFERRY_LINK_REMOTE_H

#include <stdbool.h>

#include "base/err.h"
#include "hsm/hsm.h"
#include "link/starter.h"

/* How to start one agent, and the limits of its calls. */
struct remote_setup {
    struct hsm_where where;
    const char *const *argv; /* the agent's command; argv[0] an absolute path */
    const char *const
        *environment;        /* ALL of the agent's environment, "NAME=value", NULL at the end */
    struct starter *starter; /* starts it as its program; NULL: this process does */
    unsigned program;
    bool ahead;   /* do not wait until the HSM is open: the first call does */
    int limit_ms; /* the time in milliseconds after which a call counts as hung */
    /* Once it is above 0: a descriptor that is sent to the agent with the next call. The agent
     * keeps its copy open as long as it lives, so that both hold a lock on it. May be NULL. */
    const int *keep_fd;
    int abandon_fd; /* readable: abandon the call in progress (eventfd); -1: none */
    /* Receives one line (safe text) that the vendor library printed. May be NULL. */
    void (*vendor_output)(void *ctx, const char *line);
    void *ctx;
};

/* Starts an agent, exchanges greetings and opens the HSM in it. setup is not kept, but everything
 * that abandon_fd, keep_fd, vendor_output and ctx refer to must live until hsm_close(). The agent
 * inherits only its ends of the pipes. Errors: ERR_CONFIG (the agent or the module cannot be
 * started), ERR_HSM, ERR_GONE (it died or sent an invalid answer; the message says how it ended, if
 * known). */
bool remote_open(const struct remote_setup *setup, struct hsm **out, struct err *err);

#endif
