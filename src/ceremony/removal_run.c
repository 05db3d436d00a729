/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/removal_run.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ceremony/ceremony.h"
#include "ceremony/ending.h"
#include "ceremony/inventories.h"
#include "ceremony/removal_parts.h"
#include "ceremony/sweep.h"

/* --- gates --- */

/* How many are destroyed: keys; or companions, if they are all that an interrupted removal left. */
static size_t to_destroy(const struct removal_walk *w)
{
    return w->to_remove ? w->to_remove : w->c->plan.companions;
}

/* The word, the count, and, unless each label is typed at its key, that of the first one. */
static bool review(struct removal_walk *w, struct err *err)
{
    const size_t count = to_destroy(w);
    const bool each = w->c->gatekeeper.gates & 1U << GATE_KEY;
    const struct key_desc *first = NULL;
    char word[64], label[KEY_LABEL_TEXT];
    struct gate_subject about = {.gate = GATE_REVIEW, .word = word, .keys = count};

    for (size_t i = 0; i < w->job->count && !first; i++)
        if (w->items[i].wanted && !w->items[i].gone && !(w->items[i].of->owner && w->to_remove))
            first = w->items[i].at[w->from];
    text_print(word, sizeof word, "%s %zu", removal_name(w->job->what), count);
    if (!each && first && first->label_len > 0 && first->label_len <= GATE_LABEL_MAX &&
        strlen(key_label_text(first, label)) == first->label_len)
        text_print(word, sizeof word, "%s %zu %s", removal_name(w->job->what), count, label);
    about.exact = !each;
    return removal_gate(w, &about, err);
}

/* --- the keys --- */

/* Half a test key has no name: it is left alone, and reported. */
static void warn_of_halves(struct removal_walk *w, enum side side)
{
    const struct interrupted_ceremony *interrupted = w->c->setup.interrupted;
    const uint32_t nameless = inventory_nameless(&removal_party(w, side)->keys);

    if (interrupted && nameless > interrupted->nameless[side])
        emit_note(&w->c->narrator, EVENT_WARNING, side, "unexplained",
                  "%u objects bear neither class nor name, %u did before: look at them", nameless,
                  interrupted->nameless[side]);
}

/* Test keys that an interrupted removal has left. */
static bool sweep(struct removal_walk *w, struct err *err)
{
    for (enum side side = SIDE_SOURCE; w->job->left[0] && side <= SIDE_DESTINATION; side++) {
        struct party *party = removal_party(w, side);
        for (size_t i = 0; i < party->keys.count; i++)
            if (sweep_has_name(&party->keys.keys[i], w->job->left) &&
                !sweep_object(party, &party->keys.keys[i], "left by the interrupted removal",
                              &w->c->narrator, err))
                return false;
        warn_of_halves(w, side);
    }
    return true;
}

static bool distinguish(struct removal_walk *w, void *ctx, struct step_result *result,
                        struct err *err)
{
    (void)ctx;
    return removal_distinguish(w, result, err);
}

/* Of what an interrupted removal has destroyed, only the copy is proven. */
static void take_gone(struct removal_walk *w, size_t i)
{
    struct transfer *t = &w->c->transfers.at[i];
    const bool seen = w->c->side[w->from].listed;
    const bool destroyed = w->items[i].of->destroyed;
    struct err text;

    t->outcome = destroyed || seen ? KEY_DESTROYED : KEY_UNKNOWN;
    err_set(&text, destroyed || seen ? ERR_NONE : ERR_UNFINISHED, "%s",
            destroyed ? "destroyed by the interrupted removal, as its journal says"
            : seen    ? "announced by the interrupted removal, and not there any more"
                      : "announced by the interrupted removal, and nobody looked for it since");
    err_note_set(&t->err, &text);
}

static bool prove_all_now(struct removal_walk *w, struct err *err)
{
    for (size_t i = 0; i < w->job->count; i++)
        if (w->items[i].wanted && (!removal_goes_on(w, err) || !removal_witness(w, i, err)))
            return false;
    if (!removal_prove(w, STEP_PROVE_NOW, 0, w->job->count, false, err))
        return false;
    for (size_t i = 0; i < w->job->count; i++)
        if (w->items[i].wanted && w->items[i].gone)
            take_gone(w, i);
    return true;
}

static void set_outcome(struct removal_walk *w, size_t i, enum key_outcome outcome,
                        const struct err *why)
{
    struct transfer *t = &w->c->transfers.at[i];
    struct err text;

    err_set(&text, ERR_NONE, "destroyed on the %s; a fresh process has proven its copy on the %s",
            side_name(w->from), side_name(w->keeper));
    t->outcome = outcome;
    err_note_set(&t->err, outcome == KEY_DESTROYED ? &text : why);
    w->destroyed += outcome == KEY_DESTROYED;
}

/* The named act: it is unchanged, it is destroyed, and it is not there any more. What the record
 * says is what was read. */
static bool destroy(struct removal_walk *w, void *ctx, struct step_result *result, struct err *err)
{
    const size_t i = *(const size_t *)ctx;
    struct party *party = removal_party(w, w->from);
    const struct hsm_driver *driver = party->hsm->driver;
    const struct key_desc *key = w->items[i].at[w->from];
    struct key_desc is;
    struct err read = {0};
    bool ok, there;

    if (!driver->describe(party->hsm, key->handle, &is, err))
        return false;
    if (!key_same_name(&is, key) || is.kind != key->kind || is.has_public != key->has_public ||
        memcmp(is.spki_sha256, key->spki_sha256, sizeof is.spki_sha256) != 0)
        return err_set(err, ERR_CONFLICT, "it was changed since it was listed; it is left alone");
    ok = sweep_object(party, key, w->job->what == REMOVAL_RETIRE ? "retired" : "undone",
                      &w->c->narrator, err);
    there = driver->describe(party->hsm, key->handle, &is, &read) || read.code != ERR_NO_INPUT;
    if (!there) { /* whatever the call has answered */
        known_forget(&party->known, key->handle);
        set_outcome(w, i, KEY_DESTROYED, NULL);
        text_print(result->text, sizeof result->text, "handle %llu is not there any more",
                   (unsigned long long)key->handle);
        return true;
    }
    if (ok && read.code == ERR_NONE)
        err_set(err, ERR_HSM, "the HSM answered that it is destroyed, and it is still there");
    else if (ok)
        *err = read;
    /* Only an object that was read is there for certain. */
    set_outcome(w, i, read.code == ERR_NONE ? KEY_FAILED : KEY_UNKNOWN, err);
    return false;
}

/* Both halves of the label of this key; then it is destroyed, and the first one is waited for. */
static bool remove_one(struct removal_walk *w, size_t i, struct err *err)
{
    struct transfer *t = &w->c->transfers.at[i];
    struct gatekeeper *k = &w->c->gatekeeper;
    const struct gate_subject about = {.gate = GATE_KEY,
                                       .item = t->item,
                                       .number = t->number,
                                       .keys = w->to_remove,
                                       .act = "destroy it"};

    gatekeeper_next_key(k);
    if (!removal_goes_on(w, err) || (!w->items[i].of->owner && !removal_gate(w, &about, err)))
        return false;
    if (k->skip) {
        struct err why;
        k->skip = false;
        err_set(&why, ERR_STOPPED, "left out at its gate");
        err_note_set(&t->item->reason, &why);
        set_outcome(w, i, KEY_REFUSED, &why);
        return true;
    }
    if (!removal_step(w, STEP_DESTROY_KEY, t, destroy, &i, err)) {
        if (t->outcome == KEY_PENDING)
            set_outcome(w, i, KEY_FAILED, err);
        return false;
    }
    return w->destroyed != 1 || removal_prove(w, STEP_PROVE_AFTER, i, 1, true, err);
}

static bool remove_all(struct removal_walk *w, struct err *err)
{
    for (size_t i = 0; i < w->job->count; i++) {
        const uint32_t owner = w->items[i].of->owner;
        if (!w->items[i].wanted || w->items[i].gone ||
            (owner && w->c->transfers.at[owner - 1].outcome == KEY_REFUSED &&
             w->items[owner - 1].wanted)) /* left out at its gate: what accompanies it stays */
            continue;
        if (!remove_one(w, i, err))
            return false;
    }
    return true;
}

static bool run(struct removal_walk *w, struct err *err)
{
    struct ceremony *c = w->c;

    if (!removal_plan(w, err) || (to_destroy(w) && !review(w, err)) || !removal_goes_on(w, err))
        return false;
    c->walk.begun = true;
    if (!inventory_open(c->side, &c->result.left, &c->narrator, err) || !sweep(w, err))
        return false;
    return (!to_destroy(w) || removal_step(w, STEP_DISTINGUISH, NULL, distinguish, NULL, err)) &&
           prove_all_now(w, err) && remove_all(w, err);
}

/* --- the end --- */

static bool prove_at_end(struct removal_walk *w, void *ctx, struct step_result *result,
                         struct err *err)
{
    size_t count = 0;

    (void)ctx;
    for (size_t i = 0; i < w->c->transfers.count; i++)
        count += w->c->transfers.at[i].outcome == KEY_DESTROYED;
    text_print(result->text, sizeof result->text, "%zu cop%s proven by one more process", count,
               count == 1 ? "y" : "ies");
    return count == 0 || removal_prove(w, STEP_PROVE_FRESH, 0, w->job->count, true, err);
}

/* An HSM may deny a key that it still has: its list of objects must not have it either. */
static bool read_all_again(struct removal_walk *w, struct err *err)
{
    struct party *party = removal_party(w, w->from);
    uint64_t *now = NULL;
    size_t all = 0;
    bool ok = !party->gone && party->hsm->driver->handles(party->hsm, &now, &all, err);

    for (size_t i = 0; i < w->job->count; i++) {
        const struct key_desc *key = w->items[i].gone ? NULL : w->items[i].at[w->from];
        struct err why;
        if (!ok || w->c->transfers.at[i].outcome != KEY_DESTROYED || !key ||
            !bsearch(&key->handle, now, all, sizeof *now, key_compare_handles))
            continue;
        err_set(&why, ERR_HSM, "the HSM denied it once, and still lists it");
        w->destroyed--;
        set_outcome(w, i, KEY_UNKNOWN, &why);
    }
    free(now);
    return ok;
}

static bool close_inventory(struct removal_walk *w, void *ctx, struct step_result *result,
                            struct err *err)
{
    struct ceremony *c = w->c;

    (void)ctx;
    return read_all_again(w, err) && inventory_close(c->side, &c->transfers, &c->result.left,
                                                     &c->narrator, result->text, err);
}

static void note(struct removal_walk *w, const struct err *err)
{
    if (w->failed.code == ERR_NONE)
        w->failed = *err;
}

static size_t count(const struct removal_walk *w, enum key_outcome outcome)
{
    size_t found = 0;

    for (size_t i = 0; i < w->c->transfers.count; i++)
        found += w->c->transfers.at[i].outcome == outcome;
    return found;
}

/* A key that the report calls migrated, and that is kept. */
static const struct plan_item *first_left(const struct removal_walk *w)
{
    for (size_t i = 0; i < w->c->transfers.count; i++)
        if (w->c->transfers.at[i].outcome == KEY_REFUSED && !w->items[i].of->refused[0] &&
            w->c->plan.items[i].reason.code != ERR_NONE)
            return &w->c->plan.items[i];
    return NULL;
}

/* "Nothing was destroyed" is true only when no key is; then another run may start over. */
static int exit_of(const struct removal_walk *w)
{
    const struct leftovers *left = &w->c->result.left;
    const enum err_code code = w->failed.code == ERR_DATA ? ERR_CONFLICT : w->failed.code;
    const bool again = code == ERR_HSM || code == ERR_GONE || code == ERR_FAILED ||
                       code == ERR_STOPPED || code == ERR_UNSUPPORTED || code == ERR_IO;

    if (left->left_over || left->unsure || count(w, KEY_UNKNOWN))
        return err_exit(ERR_UNFINISHED);
    if (code != ERR_NONE && (w->destroyed || w->job->left[0]))
        return err_exit(ERR_UNFINISHED);
    if (left->lost)
        return err_exit(ERR_HSM);
    if (code != ERR_NONE)
        return err_exit(again ? ERR_FAILED : code);
    return first_left(w) ? err_exit(first_left(w)->reason.code) : 0;
}

static const char *last_sentence(const struct removal_walk *w)
{
    const bool retires = w->job->what == REMOVAL_RETIRE;

    if (w->c->result.left.lost)
        return "objects that were there before are gone: the warnings name them";
    if (w->c->result.left.left_over)
        return "something is left over: the inventories and warnings say what";
    if (count(w, KEY_UNKNOWN))
        return "look for each unknown key on its token: the HSM did not show whether it is there";
    if (w->failed.code != ERR_NONE && w->destroyed == 0)
        return count(w, KEY_DESTROYED) ? "no further key was destroyed; each key says whether the "
                                         "interrupted removal destroyed it"
                                       : "no key was destroyed";
    if (w->failed.code != ERR_NONE)
        return "it did not come to its end; each key says whether it is destroyed";
    return w->job->clean ? "what the interrupted removal has left was removed"
           : retires     ? "every key that was destroyed on the source is proven on the destination"
                         : "every copy that was destroyed on the destination is proven on the "
                           "source";
}

static void finish(struct removal_walk *w)
{
    struct ceremony *c = w->c;
    const bool any = count(w, KEY_DESTROYED) > 0;
    struct end_word word = {.left_over = c->result.left.left_over, .transfers = &c->transfers};
    struct err err;

    for (size_t i = 0; i < c->transfers.count; i++)
        ending_say_done(c, &c->transfers.at[i]);
    note(w, &c->result.failure);
    if (w->failed.code != ERR_NONE)
        emit_error(&c->narrator, &w->failed);
    word.exit_code = c->result.exit_code = exit_of(w);
    word.outcome = w->failed.code == ERR_STOPPED && !any ? END_ABORTED
                   : word.exit_code == 0                 ? END_COMPLETE
                   : any                                 ? END_PARTIAL
                                                         : END_FAILED;
    word.text = last_sentence(w);
    c->walk.phase = PHASE_OVER;
    if (!emit_end(&c->narrator, &word, &err)) {
        emit_error(&c->narrator, &err);
        c->result.exit_code = c->result.exit_code ? c->result.exit_code : err_exit(err.code);
    }
}

static void end(struct removal_walk *w)
{
    struct err last;

    if (!removal_step(w, (enum step_id)INVENTORY_STEP, NULL, close_inventory, NULL, &last))
        note(w, &last);
    if (!removal_step(w, STEP_PROVE_FRESH, NULL, prove_at_end, NULL, &last))
        note(w, &last);
    finish(w);
}

/* It took over an interrupted removal, and ended before it touched a key: its report still says
 * what that one has destroyed. */
static bool own_up(struct removal_walk *w)
{
    struct err refused;
    bool any = false;

    for (size_t i = 0; i < w->job->count; i++)
        any |= w->job->keys[i].begun;
    if (!any || (w->c->plan.count == 0 && !removal_plan_unseen(w, &refused)))
        return false;
    for (size_t i = 0; i < w->job->count; i++)
        if (w->items[i].gone)
            take_gone(w, i);
    finish(w);
    return true;
}

bool removal_run(struct ceremony *c, const struct removal_job *job, struct err *err)
{
    struct removal_walk w = {.c = c,
                             .job = job,
                             .from = removal_from(job->what),
                             .keeper = removal_keeper(job->what),
                             .items = calloc(job->count + 1, sizeof *w.items)};
    bool ok = w.items || err_set(err, ERR_FAILED, "no memory for the keys of a report");

    if (ok && removal_enter(&w, &w.failed) && run(&w, &w.failed))
        err_clear(&w.failed); /* a driver may have left what it got over */
    if (ok && (c->walk.begun || w.failed.code == ERR_NONE))
        end(&w);
    else if (ok && !own_up(&w)) {
        *err = w.failed;
        ok = false;
    }
    for (size_t i = 0; w.items && i < job->count; i++)
        witness_free(&w.items[i].witness);
    free(w.items);
    secret_free(&c->side[SIDE_SOURCE].pin);
    secret_free(&c->side[SIDE_DESTINATION].pin);
    return ok || (err->now[0] ? false : err_now(err, "Nothing was destroyed"));
}
