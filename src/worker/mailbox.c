/* SPDX-License-Identifier: Apache-2.0 */
/* The exchange between the worker's thread and the front end: events to the front end, answers and
 * notes to the worker. */
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "ceremony/narrator.h"
#include "worker/worker.h"
#include "worker/worker_state.h"

/* --- events to the front end --- */

/* An exception is the only answer. */
static bool is_wanted(const struct event *event)
{
    return event->kind == EVENT_SCRIPT && event->script.what == SCRIPT_WANTED;
}

static bool is_question(const struct event *event)
{
    return (event->kind == EVENT_PIN && !event->pin.file[0]) || is_wanted(event) ||
           (event->kind == EVENT_GATE && event->gate.state == GATE_OPEN);
}

/* A front end that has ended receives nothing; the record has the event. */
static bool send(const struct worker *w, const struct event *event)
{
    ssize_t n;

    do
        n = write(w->events[1], event, sizeof *event);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof *event || errno == EPIPE;
}

bool worker_emit(struct event_sink *sink, const struct event *event, struct err *err)
{
    struct worker *w = (struct worker *)((char *)sink - offsetof(struct worker, sink));
    struct event_sink *record = w->setup.record;

    if (record && !record->emit(record, event, err))
        return false;
    pthread_mutex_lock(&w->lock);
    if (is_question(event)) {
        w->asked = event->seq;
        w->answered = w->refused = false;
        w->wanted = is_wanted(event);
    }
    if (event->kind == EVENT_PACE && event->pace.state != PACE_CHOSEN) {
        w->waits = event->pace.state == PACE_WAITS ? event->seq : 0;
        w->released = false;
    }
    pthread_mutex_unlock(&w->lock);
    return send(w, event) ||
           err_set_errno(err, ERR_IO, errno, "the event could not be sent to the front end");
}

/* --- objects to the front end, while their list still comes --- */

enum {
    ROWS_MS = 250,
    ROWS_AT_ONCE = 512
}; /* so often, or when there are so many; a list that comes sooner is shown when it is complete */

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void worker_show_rows(struct worker *w)
{
    w->shows_rows = true;
}

/* The lock is held. */
static void drop(struct coming *coming)
{
    for (size_t i = coming->taken; i < coming->count; i++)
        compact_free(&coming->rows[i]);
    free(coming->rows);
    coming->rows = NULL;
    coming->count = coming->taken = coming->room = 0;
}

void worker_drop_rows(struct worker *w, enum side side)
{
    pthread_mutex_lock(&w->lock);
    drop(&w->side[side].coming);
    pthread_mutex_unlock(&w->lock);
}

void worker_rows(struct worker *w, enum side side, struct key_list *rows)
{
    struct coming *coming = &w->side[side].coming;
    struct key_desc key;

    *rows = (struct key_list){0};
    pthread_mutex_lock(&w->lock);
    while (coming->taken < coming->count && rows->count < ROWS_AT_ONCE) {
        compact_get(coming->rows[coming->taken], &key, sizeof key);
        if (!key_list_add(rows, &key))
            break;
        compact_free(&coming->rows[coming->taken++]);
    }
    if (coming->taken == coming->count)
        drop(coming);
    pthread_mutex_unlock(&w->lock);
}

/* The lock is held. */
static bool add(struct coming *coming, const struct key_desc *desc)
{
    struct key_desc key = *desc;
    struct compact **grown = coming->rows;

    if (coming->count == coming->room) {
        size_t room = coming->room ? 2 * coming->room : ROWS_AT_ONCE;
        grown = reallocarray(coming->rows, room, sizeof(struct compact *));
        if (!grown)
            return false;
        coming->rows = grown;
        coming->room = room;
    }
    redact_kcv(&key);
    grown[coming->count] = NULL;
    return compact_set(&grown[coming->count], &key, sizeof key) && ++coming->count;
}

void worker_expect_rows(struct worker *w, bool expected)
{
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++) {
        struct coming *coming = &w->side[side].coming;
        worker_drop_rows(w, side);
        coming->expected = expected;
        coming->told_ms = now_ms();
    }
}

/* Nothing depends on them: without memory for all, some are shown with the complete list only. */
void worker_emit_rows(void *ctx, const struct key_desc *keys, size_t count)
{
    struct side_of_worker *side = ctx;
    struct worker *w = side->worker;
    struct coming *coming = &side->coming;
    const struct event event = {.kind = EVENT_ROWS, .side = side->side};
    bool many;

    if (!coming->expected)
        return;
    pthread_mutex_lock(&w->lock);
    for (size_t i = 0; i < count && coming->expected; i++)
        coming->expected = add(coming, &keys[i]);
    many = coming->count - coming->taken >= ROWS_AT_ONCE;
    pthread_mutex_unlock(&w->lock);
    if (!many && now_ms() - coming->told_ms < ROWS_MS)
        return;
    coming->told_ms = now_ms();
    send(w, &event);
}

bool worker_emit_together(struct event_sink *sink, bool begins, struct err *err)
{
    struct worker *w = (struct worker *)((char *)sink - offsetof(struct worker, sink));
    struct event_sink *record = w->setup.record;

    return !record || !record->together || record->together(record, begins, err);
}

/* --- answers and exceptions to the worker --- */

/* The lock is held, but not while an exception is recorded. */
static void emit_exceptions(struct worker *w)
{
    struct waiting *waiting;
    struct err ignored;

    while ((waiting = STAILQ_FIRST(&w->exceptions)) != NULL) {
        STAILQ_REMOVE_HEAD(&w->exceptions, next);
        pthread_mutex_unlock(&w->lock);
        ceremony_emit(w->ceremony, &waiting->event, &ignored);
        free(waiting);
        pthread_mutex_lock(&w->lock);
        w->answered |= w->wanted;
    }
}

void worker_emit_exceptions(struct worker *w)
{
    pthread_mutex_lock(&w->lock);
    emit_exceptions(w);
    pthread_mutex_unlock(&w->lock);
}

bool worker_wait(struct worker *w)
{
    bool answered;

    pthread_mutex_lock(&w->lock);
    for (emit_exceptions(w); !w->answered && !w->refused && !w->quit; emit_exceptions(w))
        pthread_cond_wait(&w->changed, &w->lock);
    answered = w->answered;
    w->asked = 0;
    pthread_mutex_unlock(&w->lock);
    return answered;
}

/* --- pace down --- */

void worker_take_pace(struct worker *w, bool wait)
{
    enum pace pace;
    bool released;

    pthread_mutex_lock(&w->lock);
    if (wait)
        for (emit_exceptions(w); !w->released && !w->stopping && !w->quit && w->pace == PACE_NONE;
             emit_exceptions(w))
            pthread_cond_wait(&w->changed, &w->lock);
    pace = w->pace;
    released = w->released;
    w->pace = PACE_NONE;
    pthread_mutex_unlock(&w->lock);
    if (pace != PACE_NONE)
        ceremony_pace(w->ceremony, pace);
    if (released)
        ceremony_go_on(w->ceremony);
}

/* --- commands down --- */

struct command *worker_take(struct worker *w)
{
    struct command *command = NULL;

    pthread_mutex_lock(&w->lock);
    for (emit_exceptions(w); !w->quit && STAILQ_EMPTY(&w->commands); emit_exceptions(w))
        pthread_cond_wait(&w->changed, &w->lock);
    if (!w->quit) {
        command = STAILQ_FIRST(&w->commands);
        STAILQ_REMOVE_HEAD(&w->commands, next);
    }
    pthread_mutex_unlock(&w->lock);
    return command;
}

/* --- snapshots --- */

const struct hsm_slot_list *worker_slots(const struct worker *w, enum side side)
{
    return ceremony_slots(w->ceremony, side);
}

const struct hsm_about *worker_info(const struct worker *w, enum side side)
{
    return ceremony_info(w->ceremony, side);
}

const struct key_list *worker_keys(const struct worker *w, enum side side)
{
    return ceremony_keys(w->ceremony, side);
}

const struct plan *worker_plan_now(const struct worker *w)
{
    return ceremony_the_plan(w->ceremony);
}

const struct map *worker_map_now(const struct worker *w)
{
    return ceremony_the_map(w->ceremony);
}

const struct hsm_capability *worker_evidence_now(const struct worker *w, enum side side)
{
    return ceremony_evidence(w->ceremony, side);
}

const struct plan_verdicts *worker_verdicts_now(const struct worker *w)
{
    return ceremony_the_verdicts(w->ceremony);
}
