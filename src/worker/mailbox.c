/* SPDX-License-Identifier: Apache-2.0 */
/* The exchange between the worker's thread and the front end: events to the front end, answers and
 * notes to the worker. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

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

bool worker_emit(struct event_sink *sink, const struct event *event, struct err *err)
{
    struct worker *w = (struct worker *)((char *)sink - offsetof(struct worker, sink));
    struct event_sink *record = w->setup.record;
    ssize_t n;

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
    do
        n = write(w->events[1], event, sizeof *event);
    while (n < 0 && errno == EINTR);
    /* A front end that has ended receives nothing; the record has the event. */
    if (n != (ssize_t)sizeof *event && errno != EPIPE)
        return err_set_errno(err, ERR_IO, errno, "the event could not be sent to the front end");
    return true;
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
