/* SPDX-License-Identifier: Apache-2.0 */
/* The sessions of one login: each serves one call at a time. */
#ifndef HSMFERRY_LINK_SESSION_POOL_H
#define HSMFERRY_LINK_SESSION_POOL_H

#include <pthread.h>
#include <stdbool.h>

#include "hsm/hsm.h"

struct session_pool {
    pthread_mutex_t lock; /* protects these: */
    pthread_cond_t given; /* a session is free */
    unsigned sessions;
    bool busy[HSM_SESSIONS_MAX]; /* it serves a call */
};

/* One session: the one that logs in. */
void session_pool_begin(struct session_pool *pool);

/* Waits for a free one of the first so many sessions, or of all. The caller gives it back. */
unsigned session_pool_take_of(struct session_pool *pool, unsigned sessions);
unsigned session_pool_take(struct session_pool *pool);
void session_pool_give(struct session_pool *pool, unsigned session);

#endif
