/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the parts of the worker, and private to them. */
#ifndef HSMFERRY_WORKER_WORKER_STATE_H
#define HSMFERRY_WORKER_WORKER_STATE_H

#include <pthread.h>
#include <sys/queue.h>

#include "base/compact.h"
#include "base/secret.h"
#include "ceremony/ceremony.h"
#include "worker/worker_setup.h"

struct command {
    STAILQ_ENTRY(command) next;
    enum worker_command what;
    enum side side;
    struct uri uri;
    struct uri *uris;
    uint64_t *handles;
    struct plan_known *known;
    struct selection selection;
    bool asks; /* WORKER_MAP: the HSMs, too */
};

/* An exception that officers recorded, until the thread emits it. */
struct waiting {
    STAILQ_ENTRY(waiting) next;
    struct event event;
};

struct worker {
    struct worker_setup setup;
    struct event_sink sink; /* the first of three sinks: record, then pipe */
    struct ceremony *ceremony;
    struct side_of_worker {
        struct worker *worker;
        enum side side;
        int abandon_fd;
        int lock_fd;          /* the lock, if this process has it; -1: none ... */
        bool locked;          /* ... or if the agents have it, each for itself ... */
        struct hsm_lock lock; /* ... and whose lock it is */
        struct coming {
            bool expected;   /* of the worker's thread: the list is for the front end */
            int64_t told_ms; /* likewise: when it last had an EVENT_ROWS */
            /* Under the lock: those that it has not taken yet, without runs of zeros. */
            struct compact **rows;
            size_t count, taken, room;
        } coming;
    } side[SIDES];
    int events[2];            /* pipe for events */
    bool shows_rows;          /* the front end takes objects of lists that are not complete */
    uint64_t ceremony_number; /* random: by which agents on other hosts have a lock together */
    pthread_t thread;
    pthread_mutex_t emitting; /* for what threads with HSMs of their own have to say */

    pthread_mutex_t lock; /* protects the members below */
    pthread_cond_t changed;
    STAILQ_HEAD(commands, command) commands;
    STAILQ_HEAD(exceptions, waiting) exceptions;
    bool quit;
    uint64_t asked; /* seq of the open question; 0: none */
    bool answered, refused;
    bool wanted; /* it is answered by an exception alone */
    struct secret answer;
    uint64_t waits; /* seq of the EVENT_PACE: it waits before a step; 0: it does not */
    bool released, stopping;
    enum pace pace; /* that officers chose and the thread did not take yet; PACE_NONE: none */
};

/* The services of the ceremony's host: agents, locks, clocks, PINs, record. */
struct ceremony_host worker_host(struct worker *w);

/* The worker's sink: emits to the record first, then to the front end. It also marks a question as
 * open. */
bool worker_emit(struct event_sink *sink, const struct event *event, struct err *err);

/* On the worker's thread: from now on, the objects of a list that is not complete are for the front
 * end, or are not; and some have come. */
void worker_expect_rows(struct worker *w, bool expected);
void worker_drop_rows(struct worker *w, enum side side);
void worker_emit_rows(void *side, const struct key_desc *keys, size_t count);

/* Passes it to the record: the front end keeps nothing. */
bool worker_emit_together(struct event_sink *sink, bool begins, struct err *err);

/* On the worker's thread: emits the exceptions that officers recorded. */
void worker_emit_exceptions(struct worker *w);

/* On the worker's thread: waits until the open question is answered, and meanwhile emits the
 * exceptions that officers recorded. Returns false if the question is refused or the worker is to
 * end. */
bool worker_wait(struct worker *w);

/* On the worker's thread: takes the pace that officers chose, if they did; with wait it first waits
 * until they do, release the step, or stop, and meanwhile emits what they wrote down. */
void worker_take_pace(struct worker *w, bool wait);

/* Takes the next command, waiting for one; NULL when all is to end. */
struct command *worker_take(struct worker *w);

#endif
