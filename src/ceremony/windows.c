/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/windows.h"

#include <stdio.h>
#include <stdlib.h>

#include "ceremony/at_hand.h"
#include "ceremony/ending.h"
#include "ceremony/members.h"

/* A step of one key. */
struct task {
    size_t item, row;
    bool ok;
    struct step_result result;
    struct err err;
    int64_t micros;
};

struct tasks {
    struct ceremony *c;
    struct task *at;
    size_t *turn; /* the tasks in the order in which they are taken up */
    size_t count;
};

/* --- which keys --- */

static bool may_begin(const struct ceremony *c)
{
    const struct pacer *pacer = &c->walk.pacer;
    bool runs = pacer->pace == PACE_RUN || (pacer->pace == PACE_FIRST && pacer->first_item > 0);

    return runs && !(c->gatekeeper.gates & 1U << GATE_KEY);
}

static bool is_measured_by(const struct transfer *t)
{
    return !t->owner && t->item->route != ROUTE_PUBLIC && t->item->route != ROUTE_ALIGNED;
}

void windows_measure(struct ceremony *c, int64_t micros)
{
    struct measure *m = &c->walk.windows.measured;
    const struct transfer *t = at_hand_key(c);

    if (m->keys == SESSIONS_MEASURED || !is_measured_by(t) || c->walk.at >= MEASURED_ROWS)
        return;
    m->at_hand[c->walk.at] = micros;
    for (size_t i = 0; t->proven && i <= c->walk.at; i++)
        if (m->keys == 0 || m->at_hand[i] < m->fastest[i])
            m->fastest[i] = m->at_hand[i];
    m->keys += t->proven;
}

static int64_t sum(const struct measure *m)
{
    int64_t micros = 0;

    for (size_t i = 0; i < MEASURED_ROWS; i++)
        micros += m->fastest[i];
    return micros;
}

/* The keys from the one at hand on. */
static uint32_t count_left(struct ceremony *c)
{
    uint32_t left = 0;

    for (size_t i = c->walk.item; i < c->transfers.count; i++)
        left += is_measured_by(&c->transfers.at[i]) && !at_hand_is_over(c, &c->transfers.at[i]);
    return left;
}

/* Is there anything to decide, and by what? */
static bool is_measured(struct ceremony *c)
{
    return c->walk.windows.measured.keys >= SESSIONS_MEASURED && count_left(c) >= 2 * SESSIONS_KEYS;
}

/* A key that nothing can prove, and a copy that is there. */
static bool goes_alone(const struct transfer *t)
{
    return t->item->unproven || t->item->route == ROUTE_ALIGNED || t->item->route == ROUTE_DERIVED;
}

bool windows_may_open(struct ceremony *c)
{
    const struct windows *w = &c->walk.windows;
    const struct transfer *t = at_hand_key(c);

    return !c->setup.sealing && may_begin(c) && !goes_alone(t) &&
           (w->decided || c->setup.sessions > 0 || is_measured(c)) &&
           (c->walk.pacer.pace == PACE_RUN || t->number != c->walk.pacer.first_item);
}

/* At least so many that a record on a slow disk is not waited for at every key. */
static unsigned keys_of(unsigned sessions)
{
    enum { LEAST = 8, ROUNDS = 4 };

    return sessions * ROUNDS < LEAST         ? LEAST
           : sessions * ROUNDS > WINDOW_KEYS ? WINDOW_KEYS
                                             : sessions * ROUNDS;
}

static bool open_sessions(struct ceremony *c, unsigned wanted, unsigned have[2], struct err *err)
{
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++) {
        struct hsm *hsm = c->side[side].hsm;
        if (hsm->driver->sessions && !hsm->driver->sessions(hsm, wanted, &have[side], err)) {
            c->side[side].gone |= err->code == ERR_GONE;
            return false;
        }
    }
    return true;
}

/* Sessions stay open, so this is done once. */
static bool decide(struct ceremony *c, struct err *err)
{
    struct windows *w = &c->walk.windows;
    const struct sessions_basis basis = {.fixed = c->setup.sessions,
                                         .keys = c->setup.sessions ? 0 : w->measured.keys,
                                         .micros = c->setup.sessions ? 0 : sum(&w->measured),
                                         .left = count_left(c)};
    const unsigned wanted = sessions_wanted(&basis);
    unsigned have[2] = {1, 1};

    w->decided = true;
    w->sessions = wanted;
    if (!open_sessions(c, wanted, have, err))
        return false;
    w->threads = have[SIDE_SOURCE] + have[SIDE_DESTINATION];
    w->keys = keys_of(have[SIDE_SOURCE] > have[SIDE_DESTINATION] ? have[SIDE_SOURCE]
                                                                 : have[SIDE_DESTINATION]);
    return emit_sessions(&c->narrator, &basis, have, err);
}

bool windows_open(struct ceremony *c, struct err *err)
{
    struct windows *w = &c->walk.windows;

    if (!w->decided && !decide(c, err))
        return false;
    w->open = true;
    w->first = c->walk.item;
    return true;
}

static bool is_in_progress(const struct windows *w, size_t item)
{
    for (size_t i = 0; i < WINDOWS; i++)
        for (size_t k = 0; k < w->at[i].count; k++)
            if (w->at[i].item[k] == item)
                return true;
    return false;
}

/* Is nothing of this key to begin now? The companion of a key that is in progress waits for it. */
static bool is_passed_over(struct ceremony *c, size_t item)
{
    const struct windows *w = &c->walk.windows;
    struct transfer *t = &c->transfers.at[item];
    size_t owner = t->item->companion_of;

    return is_in_progress(w, item) || (owner && is_in_progress(w, owner - 1)) ||
           at_hand_is_over(c, t);
}

static void fill(struct ceremony *c, struct window *into)
{
    const struct windows *w = &c->walk.windows;
    const struct transfer_row *table = NULL;
    size_t rows;

    for (size_t i = w->first; i < c->transfers.count && into->count < w->keys; i++) {
        struct transfer *t = &c->transfers.at[i];
        if (is_passed_over(c, i))
            continue;
        if (goes_alone(t) || (into->count > 0 && rows_of(t, &rows) != table))
            break;
        table = rows_of(t, &rows);
        into->item[into->count++] = i;
    }
    into->at = 0;
}

static size_t rows_left(const struct ceremony *c, const struct window *window)
{
    size_t rows;

    if (window->count == 0)
        return 0;
    rows_of(&c->transfers.at[window->item[0]], &rows);
    return rows - window->at;
}

/* Has this window the destination by now, or nothing? */
static bool is_half_done(const struct ceremony *c, const struct window *window)
{
    return rows_left(c, window) <= window->at;
}

static void point_at(struct ceremony *c, size_t item, size_t row)
{
    c->walk.item = item;
    c->walk.at = row;
}

bool windows_fill(struct ceremony *c)
{
    struct windows *w = &c->walk.windows;
    const struct window *lead = NULL;

    while (w->first < c->transfers.count && !is_in_progress(w, w->first) &&
           at_hand_is_over(c, &c->transfers.at[w->first]))
        w->first++;
    for (size_t i = 0; i < WINDOWS && !w->ends && may_begin(c); i++)
        if (w->at[i].count == 0 && is_half_done(c, &w->at[!i]))
            fill(c, &w->at[i]);
    for (size_t i = 0; i < WINDOWS; i++)
        if (w->at[i].count > 0 && (!lead || w->at[i].item[0] < lead->item[0]))
            lead = &w->at[i];
    if (lead)
        point_at(c, lead->item[0], lead->at);
    return lead != NULL;
}

/* --- a step of several keys --- */

static const struct transfer_row *row_of(const struct ceremony *c, const struct task *task)
{
    size_t rows;

    return &rows_of(&c->transfers.at[task->item], &rows)[task->row];
}

static bool emit_state(struct ceremony *c, const struct task *task, enum event_state state,
                       struct err *err)
{
    const struct step_word word = {
        row_of(c, task)->head.id, state, state == EVENT_BEGUN ? 0 : task->micros,
        &c->transfers.at[task->item], state == EVENT_BEGUN ? NULL : &task->result};

    return emit_step(&c->narrator, &word, err);
}

static void free_tasks(struct tasks *tasks)
{
    free(tasks->at);
    free(tasks->turn);
}

/* The windows take turns: each uses another side, so that no side waits for the last key of the
 * other one. */
static void take_turns(struct window *const windows[], size_t count, struct tasks *tasks)
{
    size_t taken = 0;

    for (size_t k = 0; taken < tasks->count; k++) {
        size_t first = 0;
        for (size_t i = 0; i < count; i++) {
            if (k < windows[i]->count)
                tasks->turn[taken++] = first + k;
            first += windows[i]->count;
        }
    }
}

static bool make_tasks(struct ceremony *c, struct window *const windows[], size_t count,
                       struct tasks *out)
{
    size_t most = 0;

    for (size_t i = 0; i < count; i++)
        most += windows[i]->count;
    *out = (struct tasks){c, calloc(most + 1, sizeof *out->at), calloc(most + 1, sizeof *out->turn),
                          0};
    if (!out->at || !out->turn) {
        free_tasks(out);
        return false;
    }
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < windows[i]->count; k++)
            out->at[out->count++] =
                (struct task){.item = windows[i]->item[k], .row = windows[i]->at, .ok = true};
    take_turns(windows, count, out);
    return true;
}

/* From here on, none is carried out. */
static void refuse(struct tasks *tasks, size_t from, const struct err *err)
{
    for (size_t i = from; i < tasks->count; i++) {
        tasks->at[i].ok = false;
        tasks->at[i].err = *err;
    }
}

/* Announces all of them. What must be on the disk is there, by one write, before the first one. */
static void announce(struct ceremony *c, struct tasks *tasks)
{
    struct err err = {0};
    size_t i = 0;

    emit_together(&c->narrator, true, &err);
    while (i < tasks->count && emit_state(c, &tasks->at[i], EVENT_BEGUN, &err))
        i++;
    refuse(tasks, i, &err);
    if (!emit_together(&c->narrator, false, &err))
        refuse(tasks, 0, &err);
}

/* On any thread: reaches only its own key. */
static void carry_out(void *arg, size_t i)
{
    struct tasks *tasks = arg;
    struct task *task = &tasks->at[tasks->turn[i]];
    struct ceremony *c = tasks->c;
    const struct crew crew = crew_of(c);
    int64_t begun;

    if (!task->ok)
        return;
    begun = c->host.mono_us(c->host.ctx);
    task->ok =
        rows_carry_out(&crew, task->row, &c->transfers.at[task->item], &task->result, &task->err);
    task->micros = c->host.mono_us(c->host.ctx) - begun;
}

static void finish(void *arg, size_t i)
{
    struct tasks *tasks = arg;
    struct task *task = &tasks->at[tasks->turn[i]];
    const struct crew crew = crew_of(tasks->c);

    task->ok =
        task->ok && rows_finish(&crew, task->row, &tasks->c->transfers.at[task->item], &task->err);
}

void windows_spread(struct ceremony *c, size_t count, void (*work)(void *arg, size_t i), void *arg)
{
    if (c->host.spread && count > 1)
        c->host.spread(c->host.ctx, count, c->walk.windows.threads, work, arg);
    else
        for (size_t i = 0; i < count; i++)
            work(arg, i);
}

/* What was found is recorded before anything is finished. */
static void record(struct ceremony *c, struct tasks *tasks)
{
    const struct crew crew = crew_of(c);
    struct err refused;

    for (size_t i = 0; i < tasks->count; i++) {
        struct task *task = &tasks->at[i];
        if (rows_emit_found(&crew, task->row, &c->transfers.at[task->item], &task->result,
                            &refused))
            continue;
        task->err = task->ok ? refused : task->err;
        task->ok = false;
    }
}

static void say_result(struct ceremony *c, struct task *task)
{
    struct err refused;

    if (!task->ok)
        snprintf(task->result.text, sizeof task->result.text, "%.*s",
                 (int)sizeof task->result.text - 1, task->err.what);
    if (!emit_state(c, task, task->ok ? EVENT_OK : EVENT_FAILED, &refused) && task->ok) {
        task->ok = false;
        task->err = refused;
    }
}

/* Keys that failed leave their window, which goes on with the others. */
static void advance(struct ceremony *c, struct window *window, const struct task *tasks)
{
    size_t left = 0;

    for (size_t i = 0; i < window->count; i++)
        if (tasks[i].ok) {
            c->transfers.at[tasks[i].item].done |= 1U << window->at;
            window->item[left++] = tasks[i].item;
        }
    window->count = left;
    window->at++;
    if (rows_left(c, window) > 0)
        return;
    for (size_t i = 0; i < window->count; i++) {
        point_at(c, window->item[i], window->at);
        at_hand_leave(c);
    }
    window->count = 0;
}

static void fail(struct ceremony *c, struct task *task)
{
    pacer_explain(&c->walk.pacer, &task->err);
    if (task->err.code == ERR_GONE)
        party_note_gone(c->side, row_of(c, task)->head.side);
    point_at(c, task->item, task->row);
    if (!at_hand_fail(c, &task->err))
        windows_end(c, &task->err);
}

static void run(struct ceremony *c, struct window *const windows[], size_t count)
{
    struct tasks tasks;
    size_t from = 0;
    struct err err;

    if (!make_tasks(c, windows, count, &tasks)) {
        err_set(&err, ERR_FAILED, "no memory for the keys that are in progress");
        windows_end(c, &err);
        return;
    }
    announce(c, &tasks);
    windows_spread(c, tasks.count, carry_out, &tasks);
    record(c, &tasks);
    windows_spread(c, tasks.count, finish, &tasks);
    for (size_t i = 0; i < tasks.count; i++)
        say_result(c, &tasks.at[i]);
    for (size_t i = 0; i < count; i++) {
        size_t keys = windows[i]->count;
        advance(c, windows[i], tasks.at + from);
        from += keys;
    }
    for (size_t i = 0; i < tasks.count; i++)
        if (!tasks.at[i].ok)
            fail(c, &tasks.at[i]);
    free_tasks(&tasks);
}

/* A step that asks no HSM follows at once. */
static bool is_relayed(const struct ceremony *c, const struct window *window)
{
    size_t rows;
    const struct transfer_row *row;

    if (window->count == 0)
        return false;
    row = &rows_of(&c->transfers.at[window->item[0]], &rows)[window->at];
    return row->head.side == SIDE_RELAY && !row->prove;
}

void windows_step(struct ceremony *c)
{
    struct window *busy[WINDOWS] = {NULL};
    size_t count = 0;

    for (size_t i = 0; i < WINDOWS; i++)
        if (c->walk.windows.at[i].count > 0)
            busy[count++] = &c->walk.windows.at[i];
    run(c, busy, count);
    for (size_t i = 0; i < count; i++)
        while (is_relayed(c, busy[i]))
            run(c, &busy[i], 1);
}

/* --- the end --- */

static bool is_committed(const struct ceremony *c, const struct window *window)
{
    size_t rows;

    return rows_of(&c->transfers.at[window->item[0]], &rows)[window->at].head.id ==
           STEP_PROVE_AGAIN;
}

void windows_end(struct ceremony *c, const struct err *why)
{
    struct windows *w = &c->walk.windows;
    struct err err;

    if (!w->ends)
        w->why = *why;
    w->ends = true;
    ending_note_failure(c, &w->why);
    for (size_t i = 0; i < WINDOWS; i++) {
        struct window *window = &w->at[i];
        const size_t keys = window->count;
        if (keys == 0 || is_committed(c, window))
            continue;
        window->count = 0;
        for (size_t k = 0; k < keys && window->at > 0; k++) {
            err_set(&err, ERR_STOPPED, "it was in progress when the ceremony ended: %.200s",
                    w->why.what);
            point_at(c, window->item[k], window->at);
            at_hand_fail(c, &err);
        }
    }
}

void windows_close(struct ceremony *c)
{
    struct windows *w = &c->walk.windows;

    point_at(c, w->ends ? 0 : w->first, 0);
    w->open = w->ends = false;
}
