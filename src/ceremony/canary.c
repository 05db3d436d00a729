/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The canary: before a real key is touched, throw-away keys made on the source for the purpose go
 * the whole way - the rows of the table itself, under transport keys of their own - and are
 * destroyed on both sides. What fails shows which words of which side are not true. The last row
 * makes a token object, under the label of temporaries, and so does its public key where the plan
 * has such objects: so a destination that cannot store is found out too. Each such write is
 * announced before, since a crash may leave what it made, and resume and clean look for it; the
 * policy may forbid them before the review.
 *
 * It is a ceremony inside the ceremony: a second struct ceremony on the same two HSMs, whose plan
 * is the throw-away keys, and whose steps nobody hears of but through EVENT_CANARY.
 */
#include "ceremony/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include "plan/companion.h"
#include "plan/provable.h"
#include "transfer/proof.h"

struct canary {
    struct event_sink sink; /* of the trial */
    struct ceremony *real;
    struct ceremony *trial;
    struct key_sample *samples; /* what the items of the trial's plan stand for */
    bool stores;                /* throw-away keys become token objects, too */
    bool announced;             /* ... and one was announced */
    bool stored; /* one may be there now; the handles are in the fates of the trial */
    bool lost;   /* one for which there is no handle may be */
};

/* Of all that the trial tells, only warnings are the officers' business; that of the clock the real
 * ceremony has itself. */
static bool hear(struct event_sink *sink, const struct event *event, struct err *err)
{
    struct canary *y = (struct canary *)sink;
    struct event copy = *event;

    return event->kind != EVENT_WARNING || strcmp(event->note.name, TELL_CLOCK) == 0 ||
           ceremony_tell(y->real, &copy, err);
}

/* --- what is to be tried --- */

/* A key that is there already, as after an interruption, goes nowhere. */
static bool is_untried(const struct ceremony *c, size_t i)
{
    const struct plan_item *item = &c->plan.items[i];

    return (item->route == ROUTE_ENVELOPE || item->route == ROUTE_DIRECT) &&
           !(c->fates && c->fates[i].final) && !negotiation_trial(&c->deal, &item->key, item->alg);
}

/* Whoever resumes writes nothing before everything was looked at. */
static bool canary_stores(const struct ceremony *c)
{
    return c->setup.policy.writes_before_review && (!c->setup.prior || c->begun);
}

bool canary_due(const struct ceremony *c)
{
    if (c->setup.policy.canary == CANARY_NONE || c->deal.trial_count == TRIALS_MAX)
        return false;
    for (size_t i = 0; i < c->plan.count; i++)
        if (is_untried(c, i))
            return true;
    return false;
}

static bool is_listed(const struct canary *y, const struct key_sample *sample, enum hsm_alg alg)
{
    for (size_t i = 0; i < y->trial->plan.count; i++)
        if (y->trial->plan.items[i].alg == alg && key_sample_equal(&y->samples[i], sample))
            return true;
    return false;
}

/* Does the public key object of such a key go along? */
static bool has_public(const struct ceremony *c, const struct key_sample *sample)
{
    for (size_t i = 0; i < c->plan.count; i++) {
        const struct plan_item *item = &c->plan.items[i];
        struct key_sample of;
        if (item->route != ROUTE_PUBLIC || item->key.class != KEY_CLASS_PUBLIC ||
            item->companion_of == 0)
            continue;
        key_sample_of(&c->plan.items[item->companion_of - 1].key, &of);
        if (key_sample_equal(&of, sample))
            return true;
    }
    return false;
}

/* One throw-away key for each kind and way, and a place behind it for its public key. */
static bool list_samples(struct canary *y, struct err *err)
{
    const struct ceremony *c = y->real;
    struct plan *plan = &y->trial->plan;
    size_t room = TRIALS_MAX - c->deal.trial_count;

    plan->items = calloc(2 * room, sizeof *plan->items);
    y->trial->fates = calloc(2 * room, sizeof *y->trial->fates);
    y->samples = calloc(2 * room, sizeof *y->samples);
    if (!plan->items || !y->trial->fates || !y->samples)
        return err_set(err, ERR_FAILED, "no memory for throw-away keys");
    for (size_t i = 0; i < c->plan.count && room > 0; i++) {
        const struct plan_item *item = &c->plan.items[i];
        struct key_sample sample;
        key_sample_of(&item->key, &sample);
        if (!is_untried(c, i) || is_listed(y, &sample, item->alg))
            continue;
        y->samples[plan->count] = sample;
        plan->items[plan->count++] = (struct plan_item){.route = item->route, .alg = item->alg};
        room--;
        if (!y->stores || !has_public(c, &sample))
            continue;
        y->samples[plan->count] = sample;
        plan->items[plan->count] =
            (struct plan_item){.route = ROUTE_PUBLIC, .companion_of = plan->count};
        plan->count++;
    }
    return true;
}

/* What was there at the login is nothing of the trial's either. */
static bool copy_inventory(const struct party *from, struct party *to, struct err *err)
{
    to->before = calloc(from->before_count + 1, sizeof *to->before);
    if (!to->before)
        return err_set(err, ERR_FAILED, "no memory for an inventory");
    to->before_count = from->before_count;
    if (from->before)
        memcpy(to->before, from->before, from->before_count * sizeof *to->before);
    return true;
}

static bool canary_begin(struct canary *y, struct ceremony *c, struct err *err)
{
    struct ceremony *t = calloc(1, sizeof *t);

    *y = (struct canary){.sink.emit = hear, .real = c, .trial = t, .stores = canary_stores(c)};
    if (!t)
        return err_set(err, ERR_FAILED, "no memory for throw-away keys");
    t->setup = c->setup;
    t->host = c->host;
    t->host.sink = &y->sink;
    t->deal = c->deal;
    memcpy(t->label, c->label, sizeof t->label);
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++) {
        t->side[side].hsm = c->side[side].hsm;
        t->side[side].offers = c->side[side].offers;
        t->side[side].keys = c->side[side].keys; /* lent */
        if (!copy_inventory(&c->side[side], &t->side[side], err))
            return false;
    }
    return list_samples(y, err);
}

static void canary_end(struct canary *y)
{
    struct ceremony *t = y->trial;

    if (!t)
        return;
    passage_reset(t);
    bytes_free(&t->pair.spki);
    bytes_free(&t->read_back);
    bytes_free(&t->aes_blob);
    free(t->side[SIDE_SOURCE].before);
    free(t->side[SIDE_DESTINATION].before);
    plan_free(&t->plan);
    free(t->fates);
    free(t);
    free(y->samples);
}

/* --- running rows --- */

/* Is it this way that does not work, and not the HSM, the record, or we? */
static bool is_of_the_way(const struct err *err)
{
    return err->code == ERR_HSM || err->code == ERR_UNSUPPORTED || err->code == ERR_DATA ||
           err->code == ERR_DENIED || err->code == ERR_CONFLICT || err->code == ERR_NO_INPUT;
}

static void note_crossed(struct event *e, const struct bytes *crossed)
{
    e->canary.bytes = (uint32_t)crossed->len;
    SHA256(crossed->data, crossed->len, e->canary.sha256);
}

static const char *title_of(const struct ceremony *t, enum step_id id)
{
    if (t->plan.items[t->item].route == ROUTE_PUBLIC)
        return id == STEP_COMMIT ? "make its public key a token object" : "its public key";
    return id == STEP_COMMIT ? "make it a token object" : step_title(id);
}

/* What failed, in words. One answer to a throw-away key that was made and wrapped a moment ago is
 * more likely the answer to its type than to damage. */
static void say_failed(const struct ceremony *t, enum step_id id, const struct err *err,
                       struct event *e)
{
    char type[KEY_TYPE_TEXT];

    if (id == STEP_UNWRAP_KEY && err->code == ERR_DATA)
        snprintf(e->canary.text, sizeof e->canary.text,
                 "%s: the destination takes no %s key, or not as the source wraps it",
                 title_of(t, id), key_type_text(&t->plan.items[t->item].key, type));
    else
        snprintf(e->canary.text, sizeof e->canary.text, "%s: %.180s%s%s", title_of(t, id),
                 err->what, err->hsm_name[0] ? ", " : "", err->hsm_name);
}

/* Runs the rows before the keys, those of a key up to its first proof, or those that keep it, and
 * notes in *e what crossed the relay last. On failure trial->at is the row. */
static bool run_rows(struct ceremony *t, enum row_for which, struct event *e, struct err *err)
{
    size_t count;
    const struct step_row *rows = steps_table(&count);

    for (size_t i = 0; i < count; i++) {
        struct step_facts facts = {0};
        if (rows[i].for_each != which || rows[i].closing)
            continue;
        t->at = i;
        t->done |= rows[i].undo ? 1U << i : 0; /* also half of it */
        if (!rows[i].run(t, &facts, err)) {
            say_failed(t, rows[i].id, err, e);
            return false;
        }
        if (facts.crossed)
            note_crossed(e, facts.crossed);
    }
    return true;
}

/* Takes back what the rows of a key have left; kept: but for its token object. */
static void undo_key_rows(struct canary *y, bool kept, struct err *err)
{
    struct ceremony *t = y->trial;
    size_t count;
    const struct step_row *rows = steps_table(&count);

    for (size_t i = count; i-- > 0;)
        if (rows[i].for_each != ROW_ONCE && (t->done & 1U << i)) {
            bool commit = rows[i].id == STEP_COMMIT;
            t->done &= ~(1U << i);
            if (!(commit && kept) && rows[i].undo && !rows[i].undo(t, err))
                y->lost |= commit;
        }
    t->fates[t->item].proven = false; /* it does not stay */
    passage_reset(t);
}

static bool tell_canary(struct canary *y, struct event *e, int64_t begun, struct err *err)
{
    const struct ceremony_host *host = &y->real->host;

    e->kind = EVENT_CANARY;
    e->side = SIDE_RELAY;
    e->canary.micros = host->mono_us(host->ctx) - begun;
    return ceremony_tell(y->real, e, err);
}

/* --- the transport --- */

/* Whoever failed here does not do what it offered. The strongest transport that is left is tried
 * in the next round. */
static bool refute_transport(struct canary *y, const struct event *e, struct err *err)
{
    struct ceremony *c = y->real;
    enum hsm_alg alg = c->deal.transport;
    size_t count;
    bool unwrap = steps_table(&count)[y->trial->at].id == STEP_UNWRAP_AES;
    struct hsm_offer *offer = &c->side[unwrap ? SIDE_DESTINATION : SIDE_SOURCE].offers.alg[alg];
    struct negotiation again;

    if (unwrap)
        offer->unwrap = false;
    else
        offer->wrap = false;
    snprintf(offer->reason, sizeof offer->reason, "canary: %.150s", e->canary.text);
    if (!negotiate(&c->setup.policy, &c->side[SIDE_SOURCE].offers,
                   &c->side[SIDE_DESTINATION].offers, &again, err))
        return false;
    c->deal = again;
    return tell_deal_again(c, alg, offer->reason, err);
}

/* Brings the AES key to the destination. *refuted: the transport does not work, and another one
 * is to be tried. */
static bool try_transport(struct canary *y, bool *refuted, struct err *err)
{
    struct ceremony *t = y->trial;
    int64_t begun = t->host.mono_us(t->host.ctx);
    struct event e = {
        .canary = {.transport = true, .kind = KEY_KIND_AES, .alg = t->deal.transport}};
    size_t count;
    bool ok;

    snprintf(e.canary.type, sizeof e.canary.type, "transport AES %d", AES_BITS);
    ok = run_rows(t, ROW_ONCE, &e, err);
    if (ok)
        snprintf(e.canary.text, sizeof e.canary.text, "the destination decrypted the AES key");
    else if (!is_of_the_way(err) || steps_table(&count)[t->at].id < STEP_WRAP_AES)
        return false;
    e.canary.state = ok ? CANARY_PASSED : CANARY_FAILED;
    *refuted = !ok;
    return tell_canary(y, &e, begun, err) && (ok || refute_transport(y, &e, err));
}

/* --- one throw-away key --- */

/* Makes the throw-away key into an item of the plan. */
static bool plan_sample(struct canary *y, struct plan_item *item, struct event *e, struct err *err)
{
    struct hsm *hsm = source_of(y->trial);
    uint64_t handle = item->key.handle;
    bool ok = hsm->driver->describe(hsm, handle, &item->key, err);

    item->key.handle = handle;
    item->want_flags = policy_want_flags(&y->real->setup.policy, &item->key);
    item->proofs = provable_by(&y->trial->deal, &item->key);
    if (ok && item->proofs == 0)
        ok = err_set(err, ERR_UNSUPPORTED, "both sides can answer no proof of such a key");
    if (!ok)
        snprintf(e->canary.text, sizeof e->canary.text, "%.200s", err->what);
    return ok;
}

/* The place of a throw-away key's public key object; NULL: it has none. */
static struct plan_item *public_of(struct ceremony *t, size_t key)
{
    bool has = key + 1 < t->plan.count && t->plan.items[key + 1].companion_of == key + 1;

    return has ? &t->plan.items[key + 1] : NULL;
}

/* Makes it a token object, which is announced before, and proves it again. */
static bool store_sample(struct canary *y, const struct event *tried, struct event *e,
                         struct err *err)
{
    struct event announced = *tried;

    announced.kind = EVENT_CANARY;
    announced.side = SIDE_DESTINATION;
    announced.canary.state = CANARY_COMMITS;
    announced.canary.bytes = 0;
    memset(announced.canary.sha256, 0, sizeof announced.canary.sha256);
    snprintf(announced.canary.text, sizeof announced.canary.text,
             "becomes a token object%s with the label %s",
             public_of(y->trial, y->trial->item) ? ", and so does its public key," : "",
             y->trial->label);
    if (!ceremony_tell(y->real, &announced, err))
        return false;
    y->announced = y->stored = true;
    item_of(y->trial)->key.flags |= KEY_TOKEN; /* as those have that it stands for */
    item_of(y->trial)->key.flags_known |= KEY_TOKEN;
    return run_rows(y->trial, ROW_ITEM, e, err);
}

/* Makes its public key a token object, too, where the plan has such ones, and reads it back. That a
 * destination has no place for it costs no key (walk.c), and is told. */
static bool store_public(struct canary *y, size_t of, struct event *e, struct err *undone,
                         struct err *err)
{
    struct ceremony *t = y->trial;
    struct plan_item *item = public_of(t, of);
    struct event told = *e; /* what crossed last is the key */
    struct bytes spki = {0};
    bool ok;

    if (!item)
        return true;
    *item = companion_made_of(&t->plan.items[of], of + 1);
    item->route = ROUTE_PUBLIC;
    item->want_flags = policy_public_flags(&item->key);
    item->proofs = 1U << HSM_PROOF_BYTES;
    t->item = of + 1;
    ok = steps_read_public(t, item, &spki, err);
    if (!ok) {
        say_failed(t, STEP_READ_OBJECT, err, &told);
    } else {
        SHA256(spki.data, spki.len, item->sha256);
        memcpy(item->key.spki_sha256, item->sha256, sizeof item->sha256);
        item->key.has_public = true;
        ok = run_rows(t, ROW_PUBLIC, &told, err) && run_rows(t, ROW_ITEM, &told, err);
    }
    bytes_free(&spki);
    undo_key_rows(y, ok, undone);
    if (ok)
        return true;
    snprintf(e->canary.text, sizeof e->canary.text, "%s", told.canary.text);
    return companion_is_spared(err->code) &&
           (tell_note(y->real, EVENT_WARNING, SIDE_RELAY, "canary",
                      "%s keys go without their public key objects: %.150s", e->canary.type,
                      told.canary.text) ||
            tell_why(y->real, err));
}

/* What became of a throw-away key goes into the deal, and to the officers. */
static bool note_trial(struct canary *y, const struct key_sample *sample, struct event *e,
                       int64_t begun, struct err *err)
{
    struct ceremony *c = y->real;
    enum hsm_alg alg = e->canary.alg;
    struct trial *trial = &c->deal.trials[c->deal.trial_count++];
    bool failed = e->canary.state == CANARY_FAILED;
    bool refused = failed || c->setup.policy.canary == CANARY_REQUIRED;

    *trial = (struct trial){.sample = *sample, .alg = alg, .state = e->canary.state};
    snprintf(trial->reason, sizeof trial->reason, "%.159s", e->canary.text);
    if (!tell_canary(y, e, begun, err))
        return false;
    return e->canary.state == CANARY_PASSED ||
           tell_note(c, refused ? EVENT_REJECTED : EVENT_WARNING, SIDE_RELAY, hsm_alg_name(alg),
                     "%s %s: %.150s", failed ? "canary" : "no canary", e->canary.type,
                     e->canary.text) ||
           tell_why(c, err);
}

/* Sends throw-away key number i the whole way. False only where nothing more is to be tried; what
 * could not be destroyed, the inventory shows. */
static bool try_sample(struct canary *y, size_t i, struct err *err)
{
    struct ceremony *t = y->trial;
    struct hsm *hsm = source_of(t);
    struct plan_item *item = &t->plan.items[i];
    int64_t begun = t->host.mono_us(t->host.ctx);
    struct event e = {.canary = {.kind = y->samples[i].kind, .alg = item->alg}};
    struct err undone = {0};
    uint64_t sample = 0, public = 0;
    bool made, ok;

    t->item = i;
    key_sample_text(&y->samples[i], e.canary.type);
    made = hsm->driver->make_key(hsm, &y->samples[i], t->label, &sample, &public, err);
    if (made) {
        made = steps_made(t, SIDE_SOURCE, &sample, err);
        made = steps_made(t, SIDE_SOURCE, &public, err) && made;
        item->key.handle = sample;
    }
    if (!made)
        snprintf(e.canary.text, sizeof e.canary.text, "%.200s%s%s", err->what,
                 err->hsm_name[0] ? ", " : "", err->hsm_name);
    ok = made && plan_sample(y, item, &e, err) && run_rows(t, ROW_KEY, &e, err) &&
         (!y->stores || store_sample(y, &e, &e, err));
    undo_key_rows(y, ok, &undone);
    ok = ok && store_public(y, i, &e, &undone, err);
    if (ok)
        snprintf(e.canary.text, sizeof e.canary.text, "%s%s", proof_sentence(t->fates[i].proof),
                 y->stores ? ", also once it was a token object" : "");
    e.canary.state = ok ? CANARY_PASSED : made ? CANARY_FAILED : CANARY_IMPOSSIBLE;
    steps_destroy(t, SIDE_SOURCE, &sample, &undone);
    steps_destroy(t, SIDE_SOURCE, &public, &undone);
    if (!ok && !is_of_the_way(err))
        return false;
    if (undone.code == ERR_GONE) {
        *err = undone;
        return false;
    }
    return note_trial(y, &y->samples[i], &e, begun, err);
}

/* --- the whole --- */

static bool is_stored(const struct key_list *list, const char *label, const struct key_desc *like)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct key_desc *key = &list->keys[i];
        if (key->class == like->class && key->kind == like->kind &&
            key->label_len == strlen(label) && memcmp(key->label, label, key->label_len) == 0 &&
            (!like->has_public || !key->has_public ||
             memcmp(key->spki_sha256, like->spki_sha256, sizeof key->spki_sha256) == 0))
            return true;
    }
    return false;
}

/* A module may say that it stored what only its own process sees, as where its disk is full:
 * another process must find the throw-away keys. */
static bool look_afresh(struct canary *y, struct err *err)
{
    struct ceremony *c = y->real, *t = y->trial;
    struct key_list list = {0};
    struct hsm *fresh = NULL;
    bool ok = c->host.open(c->host.ctx, SIDE_DESTINATION, &fresh, err) &&
              closing_enter(c, fresh, &list, err);

    if (!ok && err->code == ERR_UNFINISHED)
        err->code = ERR_HSM; /* of the canary nothing stays */
    for (size_t i = 0; ok && i < t->plan.count; i++)
        if (t->fates[i].final && !is_stored(&list, t->label, &t->plan.items[i].key)) {
            char type[64];
            ok = err_set(err, ERR_HSM,
                         "canary %s: the destination said that it stored it, and a fresh process "
                         "does not find it",
                         key_sample_text(&y->samples[i], type));
            err_next(err, "Look whether the destination's disk or token is full or read-only.");
        }
    key_list_free(&list);
    if (fresh)
        fresh->driver->close(fresh);
    return ok;
}

static void destroy_stored(struct canary *y)
{
    struct ceremony *t = y->trial;
    struct err ignored; /* what it did not, the inventory shows */
    bool gone = true;

    for (t->item = 0; t->item < t->plan.count; t->item++)
        gone &= steps_destroy(t, SIDE_DESTINATION, &t->fates[t->item].final, &ignored);
    y->stored = y->stored && (!gone || y->lost);
}

/* What is there before anything is made must be in the record before. */
static bool take_inventories(struct canary *y, struct err *err)
{
    return (!y->stores || y->real->inventory || opening_inventory(y->real, err)) &&
           opening_inventory(y->trial, err);
}

static bool try_all(struct canary *y, struct err *err)
{
    bool refuted = false;

    if (!take_inventories(y, err) || !try_transport(y, &refuted, err))
        return false;
    for (size_t i = 0; !refuted && i < y->trial->plan.count; i++) {
        if (atomic_load(&y->real->stop))
            return err_set(err, ERR_STOPPED, "stopped by the officers before the review");
        if (y->trial->plan.items[i].route != ROUTE_PUBLIC && !try_sample(y, i, err))
            return false;
    }
    return !y->stored || look_afresh(y, err);
}

/* No crash leaves anything from here on. */
static bool tell_clean(struct canary *y, struct err *err)
{
    struct event e = {.kind = EVENT_CANARY, .side = SIDE_RELAY};

    e.canary.state = CANARY_CLEAN;
    e.canary.transport = true;
    e.canary.kind = KEY_KIND_AES;
    e.canary.alg = y->trial->deal.transport;
    snprintf(e.canary.type, sizeof e.canary.type, "throw-away keys");
    snprintf(e.canary.text, sizeof e.canary.text, "the inventories of both sides are as they were");
    return !y->announced || ceremony_tell(y->real, &e, err);
}

/* Destroys what the trial has made, and looks whether it is gone. */
static bool clean_up(struct canary *y, struct err *err)
{
    struct ceremony *t = y->trial;
    struct step_facts facts;
    struct err ignored;
    char why[EVENT_TEXT_MAX];
    bool clean;

    destroy_stored(y);
    closing_destroy(t, &facts, &ignored); /* what it did not, the inventory shows */
    clean = closing_inventory(t, &facts, err);
    if (clean)
        return tell_clean(y, err);
    if (!y->stored && !t->left_over && !t->lost && !t->unsure && err->code == ERR_GONE)
        return false;
    snprintf(why, sizeof why, "%.150s", err->what);
    if (t->lost) {
        err_set(err, ERR_UNFINISHED, "after the canary something is gone: %s", why);
        return err_now(err, "Objects that were there before are gone: the warnings name them.");
    }
    err_set(err, ERR_UNFINISHED, "something of the canary may be left over, with the label %s: %s",
            t->label, why);
    if (t->side[SIDE_SOURCE].intact)
        err_now(err, "No real key was touched.");
    else
        err_now(err, "Whether a real key was touched is not known.");
    return err_next(err,
                    "Look for objects with the label %s on both tokens, and destroy them: resume "
                    "and clean do, with the journal.",
                    t->label);
}

bool canary_run(struct ceremony *c, struct err *err)
{
    struct canary y;
    struct err cleaning = {0};
    bool ok = canary_begin(&y, c, err) && try_all(&y, err);

    if (y.trial && !clean_up(&y, &cleaning) && (ok || cleaning.code == ERR_UNFINISHED)) {
        *err = cleaning;
        ok = false;
    }
    canary_end(&y);
    return ok || (err->now[0] ? false : inventory_tell_now(c, err));
}

bool canary_must_pass(struct ceremony *c, struct err *err)
{
    enum hsm_alg transport = c->deal.transport;

    if (!canary_due(c))
        return true;
    if (!canary_run(c, err))
        return false;
    if (c->deal.transport != transport) {
        err_set(err, ERR_HSM, "canary: %s does not work any more", hsm_alg_name(transport));
        return c->begun ? err_now(err, "No key was wrapped.") : inventory_tell_now(c, err);
    }
    for (unsigned i = 0; i < c->deal.trial_count; i++) {
        const struct trial *trial = &c->deal.trials[i];
        if (trial->state == CANARY_PASSED ||
            (trial->state == CANARY_IMPOSSIBLE && c->setup.policy.canary != CANARY_REQUIRED))
            continue;
        err_set(err, ERR_HSM, "canary by %s: %s", hsm_alg_name(trial->alg), trial->reason);
        return c->begun ? err_now(err, "No key was wrapped.") : inventory_tell_now(c, err);
    }
    return true;
}

bool canary_must_store(struct ceremony *c, struct err *err)
{
    if (!canary_stores(c))
        return true;
    c->deal.trial_count = 0; /* they did not store */
    return canary_must_pass(c, err);
}
