/* SPDX-License-Identifier: Apache-2.0 */
#include "link/session_pool.h"

void session_pool_begin(struct session_pool *pool)
{
    pool->sessions = 1;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->given, NULL);
}

unsigned session_pool_take_of(struct session_pool *pool, unsigned sessions)
{
    unsigned session;

    pthread_mutex_lock(&pool->lock);
    for (;;) {
        for (session = 0; session < sessions && pool->busy[session];)
            session++;
        if (session < sessions)
            break;
        pthread_cond_wait(&pool->given, &pool->lock);
    }
    pool->busy[session] = true;
    pthread_mutex_unlock(&pool->lock);
    return session;
}

unsigned session_pool_take(struct session_pool *pool)
{
    return session_pool_take_of(pool, pool->sessions);
}

void session_pool_give(struct session_pool *pool, unsigned session)
{
    pthread_mutex_lock(&pool->lock);
    pool->busy[session] = false;
    pthread_cond_signal(&pool->given);
    pthread_mutex_unlock(&pool->lock);
}
