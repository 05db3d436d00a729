/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walking the table: one row for each call; gates before rows; what happens when a row fails; the
 * last word.
 */
#include "ceremony/ceremony.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ceremony/state.h"
#include "plan/companion.h"

static const struct step_row *row_now(const struct ceremony *c)
{
    size_t count;
    const struct step_row *rows = steps_table(&count);

    return c->at < count ? &rows[c->at] : NULL;
}

/* The next row that is of this kind, from the table's beginning. */
static size_t find_row(enum row_for which, bool closing)
{
    size_t count;
    const struct step_row *rows = steps_table(&count);

    for (size_t i = 0; i < count; i++)
        if (rows[i].for_each == which && rows[i].closing == closing)
            return i;
    return count;
}

/* --- how it ends --- */

static size_t count_outcome(const struct ceremony *c, enum key_outcome outcome)
{
    size_t count = 0;

    for (size_t i = 0; i < c->plan.count; i++)
        count += c->fates[i].outcome == outcome && !c->plan.items[i].companion_of;
    return count;
}

/* Of all, those that go along with another included. */
static size_t count_unknown(const struct ceremony *c)
{
    size_t count = 0;

    for (size_t i = 0; i < c->plan.count; i++)
        count += c->fates[i].outcome == KEY_UNKNOWN;
    return count;
}

/* A key that was named, or one that an HSM failed at: that is no property of the key. */
static const struct plan_item *first_refusal_that_counts(const struct ceremony *c)
{
    for (size_t i = 0; i < c->plan.count; i++)
        if (c->fates[i].outcome == KEY_REFUSED && !c->plan.items[i].companion_of &&
            (c->plan.items[i].named || c->plan.items[i].reason.code == ERR_HSM))
            return &c->plan.items[i];
    return NULL;
}

/* What failed so, a resume may bring. What an HSM cannot do, it cannot do then either. */
static bool resume_may_help(enum err_code code)
{
    return code == ERR_HSM || code == ERR_GONE || code == ERR_FAILED || code == ERR_STOPPED;
}

static int exit_of_failure(const struct ceremony *c, size_t migrated)
{
    enum err_code code = c->failure.code;
    bool again = resume_may_help(code);

    for (size_t i = 0; i < c->plan.count; i++)
        again |= code == ERR_UNSUPPORTED && c->fates[i].outcome == KEY_FAILED &&
                 resume_may_help(c->fates[i].err.code);
    /* "Nothing has changed" is true only when no key has arrived. */
    if (!migrated && (again || code == ERR_UNSUPPORTED))
        return err_exit(ERR_FAILED);
    return err_exit(again ? ERR_UNFINISHED : code);
}

/* A key that was kept, but not proven by a process of its own, is not called migrated. */
static void judge_unfinished(struct ceremony *c)
{
    for (size_t i = 0; i < c->plan.count; i++) {
        struct fate *fate = &c->fates[i];
        if (!fate->proven || fate->outcome != KEY_PENDING)
            continue;
        fate->outcome = KEY_UNKNOWN;
        err_set(&fate->err, ERR_UNFINISHED, "kept and proven, but not from a fresh process");
    }
}

static const char *last_sentence(const struct ceremony *c, size_t migrated, size_t unknown)
{
    size_t unproven = count_outcome(c, KEY_UNPROVEN);

    bool source = c->side[SIDE_SOURCE].intact, destination = c->side[SIDE_DESTINATION].intact;

    if (c->lost)
        return "objects that were there before are gone: the warnings name them";
    if (c->left_over)
        return "something is left over: the inventories and warnings say what";
    if (c->unsure)
        return "nobody could look whether something is left over: look at both tokens";
    if (unknown)
        return "look for each unknown key on the destination before it is used there";
    if (unproven)
        return "unproven keys arrived, by waiver: try each one before it is relied on there";
    if (migrated)
        return source
                   ? "every key that arrived was proven; the source is unchanged"
                   : "every key that arrived was proven; the source could not be looked at again";
    return source && destination ? "source unchanged; nothing on the destination"
           : source              ? "source unchanged; the destination could not be looked at again"
           : destination ? "nothing on the destination; the source could not be looked at again"
                         : "neither side could be looked at again";
}

/* The first one counts. */
static void note_failure(struct ceremony *c, const struct err *err)
{
    if (c->failure.code == ERR_NONE)
        c->failure = *err;
}

/* What failed before the first step. */
static void note_unread(struct ceremony *c)
{
    for (size_t i = 0; i < c->plan.count; i++)
        if (c->fates[i].outcome == KEY_FAILED)
            note_failure(c, &c->fates[i].err);
}

static void finish(struct ceremony *c)
{
    const struct plan_item *refusal = first_refusal_that_counts(c);
    size_t migrated, unknown, unproven;
    enum end_outcome outcome;

    judge_unfinished(c);
    note_unread(c);
    migrated = count_outcome(c, KEY_MIGRATED);
    unknown = count_unknown(c);
    unproven = count_outcome(c, KEY_UNPROVEN);
    if (c->left_over || c->lost || c->unsure || unknown || unproven)
        c->exit_code = err_exit(ERR_UNFINISHED);
    else if (c->failure.code != ERR_NONE)
        c->exit_code = exit_of_failure(c, migrated);
    else
        c->exit_code = refusal ? err_exit(refusal->reason.code) : 0;

    outcome = c->aborted                                                           ? END_ABORTED
              : migrated + unproven == 0 && !(c->setup.prior && c->exit_code == 0) ? END_FAILED
              : c->exit_code != 0                                                  ? END_PARTIAL
                                                                                   : END_COMPLETE;
    for (size_t i = 0; i < c->plan.count; i++)
        tell_key_done(c, i);
    if (c->failure.code != ERR_NONE)
        tell_error(c, &c->failure);
    c->over = true;
    tell_end(c, outcome, last_sentence(c, migrated, unknown));
    secret_free(&c->side[SIDE_DESTINATION].pin);
}

/* From here on only the closing rows are carried out. */
static void end_with(struct ceremony *c, const struct err *failure)
{
    note_failure(c, failure);
    c->aborted |= failure->code == ERR_STOPPED;
    c->ending = true;
    c->gate_open = false;
    c->at = find_row(ROW_ONCE, true);
}

/* --- gates --- */

void ceremony_answer(struct ceremony *c, const char *typed)
{
    struct err err = {0};

    if (!c->gate_open)
        return;
    if (gate_answer(c, c->gate_now, typed, &err))
        return;
    if (!c->has_deal) { /* nothing has begun that could end */
        c->devices_failure = err;
        return;
    }
    c->aborted |= err.code == ERR_STOPPED || err.code == ERR_DATA;
    end_with(c, &err);
}

/* --- one row --- */

/* Takes back what was done for the key under way. What cannot be taken back is left over. */
static void undo_key(struct ceremony *c)
{
    size_t count;
    const struct step_row *rows = steps_table(&count);
    struct fate *fate = &c->fates[c->item];
    struct err err = {0};

    for (size_t i = count; i-- > 0;) {
        if (rows[i].for_each == ROW_ONCE || !rows[i].undo)
            continue;
        if (!(c->done & 1U << i) && i != c->at)
            continue;
        c->done &= ~(1U << i);
        if (rows[i].id == STEP_COMMIT && !c->passage.committing)
            continue;
        if (rows[i].undo(c, &err)) {
            tell_step(c, rows[i].id, EVENT_UNDONE, 0, NULL, &err);
            continue;
        }
        c->side[SIDE_DESTINATION].gone |= err.code == ERR_GONE;
        /* The inventory will show a temporary; a commit that nobody can look at is unknown. */
        if (rows[i].id == STEP_COMMIT)
            fate->outcome = KEY_UNKNOWN;
    }
}

static void clear_rows_of_key(struct ceremony *c)
{
    size_t count;
    const struct step_row *rows = steps_table(&count);

    for (size_t i = 0; i < count; i++)
        if (rows[i].for_each != ROW_ONCE)
            c->done &= ~(1U << i);
    passage_reset(c);
    c->gates_passed &= ~(1U << GATES);
    if (c->setup.policy.gates & 1U << GATE_KEY) /* a waiver is for all of them */
        c->gates_passed &= ~(1U << GATE_KEY);
}

/* What goes along with a key does so only once that was kept and proven: without it, it would name
 * a key that is not there. */
static bool is_over(struct ceremony *c, size_t i)
{
    struct fate *fate = &c->fates[i];
    size_t owner = c->plan.items[i].companion_of;

    if (fate->outcome == KEY_REFUSED || fate->outcome == KEY_FAILED || fate->proven)
        return true;
    if (!owner || c->fates[owner - 1].proven)
        return false;
    fate->outcome = KEY_REFUSED;
    err_set(&fate->err, ERR_CONFLICT, "its private key did not arrive");
    return true;
}

/* Moves on to the next key that can go, or to the closing rows. */
static void next_key(struct ceremony *c)
{
    clear_rows_of_key(c);
    while (++c->item < c->plan.count && is_over(c, c->item))
        ;
    c->at = c->item == c->plan.count            ? find_row(ROW_ONCE, true)
            : item_of(c)->route == ROUTE_PUBLIC ? find_row(ROW_PUBLIC, false)
                                                : find_row(ROW_KEY, false);
}

/* Does a failure of one key leave the others worth trying? What smells of tampering does not. */
static bool others_go_on(enum err_code code)
{
    return code == ERR_HSM || code == ERR_UNSUPPORTED || code == ERR_DENIED ||
           code == ERR_CONFLICT || code == ERR_NO_INPUT;
}

/* A destination that has no place for what goes along with a key has the key all the same: that is
 * no failure of the ceremony. */
static bool is_spared(const struct ceremony *c, enum err_code code)
{
    enum step_id id = row_now(c)->id;

    return c->plan.items[c->item].companion_of && (id == STEP_COMMIT || id == STEP_PROVE_AGAIN) &&
           companion_is_spared(code);
}

static void fail_key(struct ceremony *c, struct err *err)
{
    struct fate *fate = &c->fates[c->item];
    bool go_on = others_go_on(err->code), parity = c->passage.parity;
    bool spared = is_spared(c, err->code) || parity;

    /* It cannot be carried after all: the code is what it would have been in the plan. */
    if (err->code == ERR_UNSUPPORTED && row_now(c)->id == STEP_WRAP_KEY)
        err->code = ERR_DATA;
    if (item_of(c)->route == ROUTE_PUBLIC)
        companion_fault(err);
    fate->outcome = KEY_FAILED;
    fate->err = *err;
    fate->proven = false; /* it is taken back, also where it was proven and that cannot be told */
    undo_key(c);
    if (spared && fate->outcome == KEY_FAILED)
        fate->outcome = KEY_REFUSED;
    else
        note_failure(c, err);
    if (parity)
        c->plan.items[c->item].reason = *err; /* as if it had been known at the review */
    if (fate->outcome == KEY_FAILED)
        tell_key_done(c, c->item);
    if (go_on && fate->outcome != KEY_UNKNOWN && !c->side[SIDE_DESTINATION].gone)
        next_key(c);
    else {
        clear_rows_of_key(c);
        end_with(c, err);
    }
}

/* Which HSM no longer answers, when a row failed because one does not. */
static void note_gone(struct ceremony *c, const struct step_row *row)
{
    struct hsm_info info;
    struct err err;

    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++) {
        struct party *party = &c->side[side];
        if (step_side(row->id) == side)
            party->gone = true;
        else if (step_side(row->id) == SIDE_RELAY && party->hsm &&
                 !party->hsm->driver->info(party->hsm, &info, &err))
            party->gone |= err.code == ERR_GONE;
    }
}

static void fail_row(struct ceremony *c, const struct step_row *row, struct err *err)
{
    if (err->code == ERR_GONE)
        note_gone(c, row);
    if (row->for_each != ROW_ONCE)
        fail_key(c, err);
    else if (row->closing) {
        note_failure(c, err);
        c->at++;
    } else {
        /* The row itself may have got half way. */
        c->done |= row->undo ? 1U << c->at : 0;
        end_with(c, err);
    }
}

static void stop_now(struct ceremony *c, const struct step_row *row)
{
    struct err err = {0};

    if (c->gate_open)
        tell_gate(c, c->gate_now, GATE_REFUSED, "", &err);
    err_set(&err, ERR_STOPPED, "stopped by the officers before step %d, %s", step_number(row->id),
            step_title(row->id));
    if (row->for_each != ROW_ONCE && row->id != STEP_WRAP_KEY && row->id != STEP_READ_OBJECT)
        fail_key(c, &err);
    else
        end_with(c, &err);
}

/* A key that was kept is proven before anybody may stop: it must not stay there unproven. */
static bool may_stop(const struct step_row *row)
{
    return !row->closing && row->id != STEP_PROVE_AGAIN;
}

/* Is this row for items of another kind than the one under way? */
static bool is_others(struct ceremony *c, const struct step_row *row)
{
    return row->for_each == (item_of(c)->route == ROUTE_PUBLIC ? ROW_KEY : ROW_PUBLIC);
}

static void first_key(struct ceremony *c)
{
    c->item = (size_t)-1;
    next_key(c);
}

/* Public objects need no transport keys. */
static bool needs_transport(const struct ceremony *c)
{
    for (size_t i = 0; i < c->plan.count; i++)
        if (c->plan.items[i].route != ROUTE_PUBLIC && c->plan.items[i].route != ROUTE_NONE &&
            !c->fates[i].proven)
            return true;
    return false;
}

static void advance(struct ceremony *c, const struct step_row *row)
{
    enum row_for before = row->for_each;

    c->done |= 1U << c->at;
    c->at++;
    if (before != ROW_ONCE) {
        while (is_others(c, row_now(c)))
            c->at++;
        if (row_now(c)->for_each == ROW_ONCE)
            next_key(c);
    } else if (row_now(c) && row_now(c)->for_each != ROW_ONCE)
        first_key(c);
}

static bool run_row(struct ceremony *c, const struct step_row *row, struct err *err)
{
    struct step_facts facts = {0};
    struct err told = {0};
    int64_t begun, took;
    bool ok;

    /* Cleaning up must not wait for a record that can no longer be written. */
    if (!tell_step(c, row->id, EVENT_BEGUN, 0, NULL, err)) {
        if (!row->closing)
            return false;
        note_failure(c, err);
    }
    begun = c->host.mono_us(c->host.ctx);
    ok = row->run(c, &facts, err);
    took = c->host.mono_us(c->host.ctx) - begun;
    if (!ok)
        snprintf(facts.text, sizeof facts.text, "%.*s", (int)sizeof facts.text - 1, err->what);
    if (tell_step(c, row->id, ok ? EVENT_OK : EVENT_FAILED, took, &facts, &told) || !ok)
        return ok;
    *err = told;
    return false;
}

static bool begin(struct ceremony *c, struct err *err)
{
    if (c->begun)
        return true;
    if (c->plan.goes + c->plan.along == 0)
        return err_set(err, ERR_USAGE, "there is no plan with a key that can go");
    c->begun = true;
    return opening_inventory(c, err);
}

bool walk_resume(struct ceremony *c, struct err *err)
{
    struct err failure = {0};

    c->begun = true;
    if (c->plan.goes + c->plan.along == 0)
        c->at = find_row(ROW_ONCE, true);
    if (!opening_inventory(c, err))
        return false;
    if (!c->setup.prior->clean && !canary_must_store(c, &failure))
        end_with(c, &failure); /* what is there already is proven all the same */
    return true;
}

/* The devices were confirmed when they were opened; where one is another since, they are now. */
static bool gates_pass(struct ceremony *c, enum gate gate, struct err *err)
{
    return (gate != GATE_REVIEW || gate_pass(c, GATE_DEVICES, err)) && gate_pass(c, gate, err);
}

enum ceremony_next ceremony_step(struct ceremony *c)
{
    const struct step_row *row;
    struct err err = {0};

    if (c->at == 0 && c->plan.goes + c->plan.along > 0 && !needs_transport(c))
        first_key(c);
    row = row_now(c);

    if (c->over)
        return NEXT_DONE;
    if (!row) {
        finish(c);
        return NEXT_DONE;
    }
    if (atomic_load(&c->stop) && may_stop(row)) {
        stop_now(c, row);
        return NEXT_STEP;
    }
    if (c->gate_open)
        return NEXT_GATE;
    if (!row->closing && !gates_pass(c, row->gate, &err)) {
        if (c->gate_open)
            return NEXT_GATE;
        end_with(c, &err);
        return NEXT_STEP;
    }
    if (!row->closing && !begin(c, &err))
        end_with(c, &err);
    else if (run_row(c, row, &err))
        advance(c, row);
    else
        fail_row(c, row, &err);
    return NEXT_STEP;
}
