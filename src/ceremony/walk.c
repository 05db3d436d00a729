/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walking the tables: one row for each call; gates before rows; what happens when a row fails.
 */
#include "ceremony/walk.h"

#include <stdio.h>
#include <string.h>

#include "ceremony/at_hand.h"
#include "ceremony/ceremony.h"
#include "ceremony/ending.h"
#include "ceremony/fresh.h"
#include "ceremony/members.h"
#include "ceremony/windows.h"

/* --- the closing steps --- */

static bool destroy_transport(struct ceremony *c, struct step_result *result, struct err *err)
{
    const struct crew crew = crew_of(c);

    snprintf(result->text, sizeof result->text, "no transport key is left");
    return rows_undo_transport(&crew, &c->transport, err);
}

static bool compare_inventories(struct ceremony *c, struct step_result *result, struct err *err)
{
    return inventory_close(c->side, &c->transfers, &c->result.left, &c->narrator, result->text,
                           err);
}

struct closing_row {
    enum step_id id;
    bool (*run)(struct ceremony *c, struct step_result *result, struct err *err);
};

/* They are also run after a failure. */
static const struct closing_row closing_rows[] = {
    {STEP_DESTROY, destroy_transport},
    {(enum step_id)INVENTORY_STEP, compare_inventories},
    {STEP_PROVE_FRESH, fresh_prove},
};
enum { CLOSING_ROWS = sizeof closing_rows / sizeof closing_rows[0] };

/* --- the current state --- */

static const struct step_head *transport_step(const struct ceremony *c)
{
    size_t count;

    return &rows_of_transport(&c->transport, &count)[c->walk.at].head;
}

/* The step that comes next. */
static enum step_id step_now(struct ceremony *c)
{
    return c->walk.phase == PHASE_TRANSPORT ? transport_step(c)->id
           : c->walk.phase == PHASE_KEYS    ? at_hand_step(c)->id
                                            : closing_rows[c->walk.at].id;
}

/* The last closing row is carried out. A key service cannot be asked for a proof. */
static bool is_walked(const struct ceremony *c)
{
    const size_t rows = c->setup.sealing ? CLOSING_ROWS - 1 : CLOSING_ROWS;

    return c->walk.phase == PHASE_CLOSING && c->walk.at == rows;
}

static void go_to(struct ceremony *c, enum phase phase)
{
    c->walk.phase = phase;
    c->walk.at = 0;
}

/* --- pace --- */

/* What the step that comes next belongs to. What accompanies a key is not a key by itself. */
static struct pace_place place_now(struct ceremony *c)
{
    bool of_key = c->walk.phase == PHASE_KEYS;

    return (struct pace_place){.step = step_now(c),
                               .key = of_key ? at_hand_key(c)->number : 0,
                               .begins = c->walk.at == 0 && !(of_key && at_hand_key(c)->owner),
                               .first = c->walk.phase == PHASE_TRANSPORT};
}

void ceremony_pace(struct ceremony *c, enum pace pace)
{
    struct err ignored;

    if (c->walk.phase != PHASE_OVER && !is_walked(c)) {
        const struct pace_place place = place_now(c);
        pacer_choose(&c->walk.pacer, pace, &place, &c->narrator, &ignored);
    }
}

void ceremony_go_on(struct ceremony *c)
{
    pacer_release(&c->walk.pacer);
}

static void end_pace(struct ceremony *c)
{
    const struct pace_place place = place_now(c);

    pacer_end(&c->walk.pacer, &place, &c->narrator);
}

/* True if nothing holds up the step that comes next. Cleaning up does not wait for a record that
 * can no longer be written. */
static bool is_paced(struct ceremony *c, struct err *err)
{
    struct pacer *pacer = &c->walk.pacer;
    const struct pace_place place = place_now(c);

    return pacer_pass(pacer, &place, &c->narrator, err) ||
           (!pacer->waits && c->walk.phase == PHASE_CLOSING);
}

/* From now on only the closing rows are run. */
void walk_end_with(struct ceremony *c, const struct err *failure)
{
    ending_note_failure(c, failure);
    c->result.aborted |= failure->code == ERR_STOPPED;
    c->gatekeeper.open = false;
    end_pace(c);
    go_to(c, PHASE_CLOSING);
}

/* --- one row --- */

static bool emit_state(struct ceremony *c, enum event_state state, int64_t micros,
                       const struct step_result *result, struct err *err)
{
    const struct step_word word = {step_now(c), state, micros,
                                   c->walk.phase == PHASE_KEYS ? at_hand_key(c) : NULL, result};

    return emit_step(&c->narrator, &word, err);
}

/* Moves to the first key from this one on that can be migrated, or to the closing rows. */
static void go_to_key(struct ceremony *c, size_t item)
{
    while (item < c->transfers.count && at_hand_is_over(c, &c->transfers.at[item]))
        item++;
    c->walk.item = item;
    go_to(c, item < c->transfers.count ? PHASE_KEYS : PHASE_CLOSING);
}

/* --- gates --- */

/* The officers left the key at hand out: nothing of it was read, and the next one follows. */
static void leave_out(struct ceremony *c)
{
    struct transfer *t = at_hand_key(c);
    const struct officer *officer = c->gatekeeper.officer;
    struct err err = {0};

    c->gatekeeper.skip = false;
    t->outcome = KEY_REFUSED;
    err_set(&err, ERR_STOPPED, "left out at its gate by %s",
            officer ? officer->name : "the officers");
    err_note_set(&t->err, &err);
    err_note_set(&t->item->reason, &err);
    if (!script_watch_left_out(&c->verdicts.script, t, &c->narrator, &err) ||
        !emit_left_out(&c->narrator, t, officer, script_watch_names(&c->verdicts.script, t),
                       &err)) {
        walk_end_with(c, &err);
        return;
    }
    ending_say_done(c, t);
    at_hand_leave(c);
    go_to_key(c, c->walk.item + 1);
}

void ceremony_answer(struct ceremony *c, const char *typed)
{
    struct err err = {0};

    if (gatekeeper_answer(&c->gatekeeper, typed, &c->narrator, &err)) {
        if (c->gatekeeper.skip)
            leave_out(c);
        return;
    }
    if (c->suite.option_count == 0) { /* nothing has begun that could end */
        c->devices.failure = err;
        return;
    }
    c->result.aborted |= err.code == ERR_STOPPED || err.code == ERR_DATA;
    walk_end_with(c, &err);
}

/* No further step of the keys begins. */
static void end_keys(struct ceremony *c, struct err *err)
{
    if (!c->walk.windows.open) {
        walk_end_with(c, err);
        return;
    }
    end_pace(c);
    windows_end(c, err);
}

static void fail_key(struct ceremony *c, struct err *err)
{
    if (c->walk.windows.open)
        end_keys(c, err);
    else if (at_hand_fail(c, err))
        go_to_key(c, c->walk.item + 1);
    else
        walk_end_with(c, err);
}

static void fail_row(struct ceremony *c, struct err *err)
{
    pacer_explain(&c->walk.pacer, err);
    if (err->code == ERR_GONE)
        party_note_gone(c->side, step_side(step_now(c)));
    if (c->walk.phase == PHASE_KEYS)
        fail_key(c, err);
    else if (c->walk.phase == PHASE_CLOSING) {
        ending_note_failure(c, err);
        c->walk.at++;
    } else {
        /* The row may be half done. */
        c->transport.done |= 1U << c->walk.at;
        walk_end_with(c, err);
    }
}

static void stop_now(struct ceremony *c)
{
    enum step_id id = step_now(c);
    struct err err = {0};

    gatekeeper_refuse(&c->gatekeeper, &c->narrator);
    end_pace(c);
    err_set(&err, ERR_STOPPED, "stopped by the officers before step %d, %s", step_number(id),
            step_title(id));
    if (c->walk.phase == PHASE_KEYS && c->walk.at > 0)
        fail_key(c, &err);
    else
        end_keys(c, &err);
}

/* A committed key is proven before the officers can stop: it must not be left there unproven. */
static bool may_stop(struct ceremony *c)
{
    return c->walk.phase != PHASE_CLOSING &&
           (c->walk.windows.open ? !c->walk.windows.ends : step_now(c) != STEP_PROVE_AGAIN);
}

/* Public objects and copies that are there need no transport keys. */
static bool needs_transport(const struct ceremony *c)
{
    for (size_t i = 0; i < c->transfers.count; i++) {
        const struct transfer *t = &c->transfers.at[i];
        if (t->item->route != ROUTE_PUBLIC && t->item->route != ROUTE_ALIGNED &&
            t->item->route != ROUTE_NONE && !t->proven)
            return true;
    }
    return false;
}

static void advance(struct ceremony *c)
{
    uint32_t bit = 1U << c->walk.at++;
    size_t rows;

    switch (c->walk.phase) {
    case PHASE_TRANSPORT:
        c->transport.done |= bit;
        rows_of_transport(&c->transport, &rows);
        if (c->walk.at == rows)
            go_to_key(c, 0);
        break;
    case PHASE_KEYS:
        at_hand_key(c)->done |= bit;
        rows_of(at_hand_key(c), &rows);
        if (c->walk.at < rows)
            break;
        at_hand_leave(c);
        go_to_key(c, c->walk.item + 1);
        break;
    default:
        break;
    }
}

static bool carry_out(struct ceremony *c, struct step_result *result, struct err *err)
{
    const struct crew crew = crew_of(c);

    return c->walk.phase == PHASE_TRANSPORT
               ? rows_run_transport(&crew, c->walk.at, &c->transport, result, err)
           : c->walk.phase == PHASE_KEYS ? rows_run(&crew, c->walk.at, at_hand_key(c), result, err)
                                         : closing_rows[c->walk.at].run(c, result, err);
}

/* While the content of its file is known. A file that no record names must not stay. */
static bool say_sealed(struct ceremony *c, struct err *err)
{
    if (c->walk.phase != PHASE_KEYS || at_hand_key(c)->outcome != KEY_SEALED ||
        ending_say_done(c, at_hand_key(c)))
        return true;
    *err = c->result.failure;
    return false;
}

static bool run_row(struct ceremony *c, struct err *err)
{
    struct step_result result = {0};
    struct err refused = {0};
    int64_t begun, took;
    bool ok;

    /* Cleaning up must not depend on a record that can no longer be written. */
    if (!emit_state(c, EVENT_BEGUN, 0, NULL, err)) {
        if (c->walk.phase != PHASE_CLOSING)
            return false;
        ending_note_failure(c, err);
    }
    begun = c->host.mono_us(c->host.ctx);
    ok = carry_out(c, &result, err);
    took = c->host.mono_us(c->host.ctx) - begun;
    if (ok && c->walk.phase == PHASE_KEYS)
        windows_measure(c, took);
    if (!ok)
        snprintf(result.text, sizeof result.text, "%.*s", (int)sizeof result.text - 1, err->what);
    if (emit_state(c, ok ? EVENT_OK : EVENT_FAILED, took, &result, &refused) || !ok)
        return ok && say_sealed(c, err);
    *err = refused;
    return false;
}

static bool begin(struct ceremony *c, struct err *err)
{
    if (c->walk.begun)
        return true;
    if (c->plan.movable + c->plan.companions == 0)
        return err_set(err, ERR_USAGE, "there is no plan with a key that can be migrated");
    c->walk.begun = true;
    return inventory_open(c->side, &c->result.left, &c->narrator, err);
}

/* The gate before the next row, and its subject. */
static enum gate gate_now(struct ceremony *c)
{
    return c->walk.phase == PHASE_TRANSPORT ? transport_step(c)->gate
           : c->walk.phase == PHASE_KEYS    ? at_hand_step(c)->gate
                                            : GATE_NONE;
}

/* The devices were confirmed when they were opened; if one has changed, they are confirmed now. */
static bool gates_pass(struct ceremony *c, struct err *err)
{
    struct gate_subject about = {.gate = gate_now(c),
                                 .devices = c->devices.confirmed,
                                 .keys = c->plan.movable,
                                 .transport_key = &c->transport.wire.read_back};
    struct gate_subject devices = {.gate = GATE_DEVICES, .devices = c->devices.confirmed};

    if (c->walk.phase == PHASE_KEYS) {
        about.item = at_hand_key(c)->item;
        about.number = at_hand_key(c)->number;
    }
    return (about.gate != GATE_REVIEW ||
            gatekeeper_pass(&c->gatekeeper, &devices, &c->narrator, err)) &&
           gatekeeper_pass(&c->gatekeeper, &about, &c->narrator, err);
}

/* A plan of such objects alone needs no transport key. */
static void skip_transport(struct ceremony *c)
{
    if (c->walk.phase == PHASE_TRANSPORT && c->walk.at == 0 &&
        c->plan.movable + c->plan.companions > 0 && !needs_transport(c))
        go_to_key(c, 0);
}

/* What waits before the next row: NEXT_STEP: nothing, or *err is set. */
static enum ceremony_next wait_for_officers(struct ceremony *c, struct err *err)
{
    struct script_watch *script = &c->verdicts.script;

    if (gate_now(c) == GATE_REVIEW && !script_watch_pass(script, &c->narrator, err))
        return script->wanted ? NEXT_EXCEPTION : NEXT_STEP;
    return gates_pass(c, err) || !c->gatekeeper.open ? NEXT_STEP : NEXT_GATE;
}

enum ceremony_next ceremony_review(struct ceremony *c, struct err *err)
{
    enum ceremony_next next;

    *err = (struct err){0};
    skip_transport(c);
    gatekeeper_withdraw(&c->gatekeeper, GATE_REVIEW);
    script_watch_ask_again(&c->verdicts.script);
    if (c->gatekeeper.open)
        return NEXT_GATE;
    next = wait_for_officers(c, err);
    return err->code == ERR_NONE ? next : NEXT_DONE;
}

/* Opens and closes windows, and makes the first key that is in progress the one at hand. */
static void look_for_keys(struct ceremony *c)
{
    struct windows *w = &c->walk.windows;
    struct err err;
    bool ends;

    if (c->walk.phase != PHASE_KEYS)
        return;
    if (!w->open && c->walk.at == 0 && windows_may_open(c) && !windows_open(c, &err)) {
        walk_end_with(c, &err);
        return;
    }
    if (!w->open || windows_fill(c))
        return;
    ends = w->ends;
    windows_close(c);
    if (ends)
        walk_end_with(c, &w->why);
    else
        go_to_key(c, c->walk.item);
}

static void step_together(struct ceremony *c)
{
    windows_step(c);
    look_for_keys(c);
}

enum ceremony_next ceremony_step(struct ceremony *c)
{
    enum ceremony_next next;
    struct err err = {0};

    skip_transport(c);
    look_for_keys(c);
    if (c->walk.phase == PHASE_OVER)
        return NEXT_DONE;
    if (is_walked(c)) {
        ending_finish(c);
        return NEXT_DONE;
    }
    if (atomic_load(&c->walk.stop) && may_stop(c)) {
        stop_now(c);
        return NEXT_STEP;
    }
    if (atomic_load(&c->walk.stop))
        end_pace(c);
    if (c->gatekeeper.open)
        return NEXT_GATE;
    next = wait_for_officers(c, &err);
    if (next != NEXT_STEP)
        return next;
    if (err.code != ERR_NONE) {
        end_keys(c, &err);
        return NEXT_STEP;
    }
    if (!is_paced(c, &err)) {
        if (c->walk.pacer.waits)
            return NEXT_WAIT;
        fail_row(c, &err); /* what was begun of this key is undone */
        return NEXT_STEP;
    }
    if (c->walk.phase != PHASE_CLOSING && !begin(c, &err))
        walk_end_with(c, &err);
    else if (c->walk.phase == PHASE_KEYS && c->walk.windows.open)
        step_together(c);
    else if (run_row(c, &err))
        advance(c);
    else
        fail_row(c, &err);
    pacer_step_over(&c->walk.pacer);
    return NEXT_STEP;
}

int ceremony_exit_code(const struct ceremony *c)
{
    return c->result.exit_code;
}
