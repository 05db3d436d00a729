/* SPDX-License-Identifier: Apache-2.0 */
/* What a remote HSM keeps, and those functions of its contract that take a list in pages. For
 * remote.c. */
#ifndef HSMFERRY_LINK_REMOTE_LIST_H
#define HSMFERRY_LINK_REMOTE_LIST_H

#include "hsm/hsm.h"
#include "link/agent_client.h"
#include "link/session_pool.h"

struct remote {
    struct hsm base;
    struct agent_client *client;
    uint64_t open_asked; /* its opening is awaited by the next call; 0: it is not */
    struct listing {
        bool begun;     /* page after page is asked for */
        uint64_t asked; /* the page that was asked for; 0: all came, or it failed ... */
        struct err err; /* ... for this reason */
        struct key_list list;
        bool more;
    } listing; /* of one thread */
    unsigned list_sessions;
    void (*listed)(void *ctx, const struct key_desc *keys, size_t count); /* may be NULL */
    void *ctx;
    struct session_pool pool; /* its lock protects open_asked, too */
};

/* The first call waits for the reply to the opening. */
bool remote_await_open(struct remote *r, struct err *err);

/* As in the contract. */
void remote_list_ahead(struct hsm *hsm);
bool remote_list_part(struct hsm *hsm, bool *more);
bool remote_list(struct hsm *hsm, struct key_list *list, struct err *err);
bool remote_handles(struct hsm *hsm, uint64_t **handles, size_t *count, struct err *err);

#endif
