/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The canary: before a real key is touched, test keys that the source generates take the rows of
 * the same tables, under a separate transport, and are destroyed on both sides. A failure shows
 * which capability does not exist. The last rows make token objects, so that a destination that
 * cannot store is detected too, unless the policy forbids writes before the review. Each write is
 * announced first: after a crash, resume and clean search for the object. The narrator of these
 * steps is muted: they are recorded as EVENT_CANARY only.
 */
#include "ceremony/canary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include "ceremony/fresh.h"
#include "ceremony/members.h"
#include "ceremony/negotiation.h"
#include "plan/companion.h"
#include "plan/provable.h"
#include "transfer/commit.h"
#include "transfer/proof.h"
#include "transfer/public_object.h"

struct canary {
    struct ceremony *real;
    struct narrator muted;
    struct party side[2]; /* as the real ones, with separate inventories */
    struct crew crew;     /* of these parties and of muted */
    struct suite suite;   /* as it was when the canary began: what was made by it is undone by it */
    struct transport transport;
    struct plan plan;
    struct transfers transfers;
    struct key_sample *samples; /* the kinds of keys for which the items of the plan stand */
    struct leftovers left;
    enum hsm_alg alg; /* of the transport */
    bool stores;      /* test keys are also made token objects */
    bool announced;   /* ... and one write was announced */
    bool stored;      /* one may exist now, under the final handle of its transfer */
    bool lost;        /* one may exist for which there is no handle */
};

/* --- the kinds of keys to try --- */

/* A key that is there already, for example after an interruption, is not migrated. */
static bool is_untried(const struct ceremony *c, size_t i)
{
    const struct plan_item *item = &c->plan.items[i];

    return (item->route == ROUTE_ENVELOPE || item->route == ROUTE_DIRECT) &&
           !(c->transfers.at && c->transfers.at[i].final) &&
           !suite_trial(&c->suite, item->key, item->alg);
}

/* A ceremony that resumes writes nothing before it has examined everything. */
static bool canary_stores(const struct ceremony *c)
{
    return c->setup.policy.writes_before_review && (!c->setup.interrupted || c->walk.begun);
}

bool canary_due(const struct ceremony *c)
{
    if (c->setup.sealing || c->setup.policy.canary == CANARY_NONE ||
        c->suite.trial_count == TRIALS_MAX)
        return false;
    for (size_t i = 0; i < c->plan.count; i++)
        if (is_untried(c, i))
            return true;
    return false;
}

static bool is_listed(const struct canary *y, const struct key_sample *sample, enum hsm_alg alg)
{
    for (size_t i = 0; i < y->plan.count; i++)
        if (y->plan.items[i].alg == alg && key_sample_equal(&y->samples[i], sample))
            return true;
    return false;
}

/* Does a public key object accompany such a key? */
static bool has_public(const struct ceremony *c, const struct key_sample *sample)
{
    for (size_t i = 0; i < c->plan.count; i++) {
        const struct plan_item *item = &c->plan.items[i];
        struct key_sample of;
        if (item->route != ROUTE_PUBLIC || item->key->class != KEY_CLASS_PUBLIC ||
            !item->companion_of)
            continue;
        key_sample_of(c->plan.items[item->companion_of - 1].key, &of);
        if (key_sample_equal(&of, sample))
            return true;
    }
    return false;
}

/* One test key for each kind and wrap option, each followed by a place for its public key. */
static bool list_samples(struct canary *y, struct err *err)
{
    const struct ceremony *c = y->real;
    struct plan *plan = &y->plan;
    size_t room = TRIALS_MAX - c->suite.trial_count;

    plan->items = calloc(2 * room, sizeof *plan->items);
    y->samples = calloc(2 * room, sizeof *y->samples);
    if (!plan->items || !y->samples)
        return err_set(err, ERR_FAILED, "no memory for the keys of the canary");
    for (size_t i = 0; i < c->plan.count && room > 0; i++) {
        const struct plan_item *item = &c->plan.items[i];
        struct key_sample sample;
        key_sample_of(item->key, &sample);
        if (!is_untried(c, i) || is_listed(y, &sample, item->alg))
            continue;
        y->samples[plan->count] = sample;
        plan->items[plan->count] = (struct plan_item){.route = item->route, .alg = item->alg};
        if (!plan_item_own(&plan->items[plan->count++], err))
            return false;
        room--;
        if (!y->stores || !has_public(c, &sample))
            continue;
        y->samples[plan->count] = sample;
        plan->items[plan->count] =
            (struct plan_item){.route = ROUTE_PUBLIC, .companion_of = plan->count};
        plan->count++;
    }
    return transfers_make(plan, &y->transport, &y->transfers, err);
}

static bool canary_begin(struct canary *y, struct ceremony *c, struct err *err)
{
    struct transport *t = &y->transport;

    *y = (struct canary){.real = c,
                         .muted.muted = &c->narrator,
                         .crew = {y->side, &y->muted},
                         .alg = c->suite.transport,
                         .stores = canary_stores(c)};
    t->policy = &c->setup.policy;
    y->suite = c->suite;
    t->suite = &y->suite;
    memcpy(t->label, c->transport.label, sizeof t->label);
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++) {
        struct party *party = &y->side[side];
        party->hsm = c->side[side].hsm;
        party->caps = c->side[side].caps;
        party->keys = c->side[side].keys; /* lent */
    }
    party_join(y->side, t, &y->transfers);
    /* The canary must not touch objects that existed at the login. */
    return known_copy(&c->side[SIDE_SOURCE].known, &y->side[SIDE_SOURCE].known, err) &&
           known_copy(&c->side[SIDE_DESTINATION].known, &y->side[SIDE_DESTINATION].known, err) &&
           list_samples(y, err);
}

static void canary_end(struct canary *y)
{
    transfers_free(&y->transfers);
    transport_free(&y->transport);
    plan_free(&y->plan);
    free(y->side[SIDE_SOURCE].known.before);
    free(y->side[SIDE_DESTINATION].known.before);
    free(y->samples);
}

/* --- running rows --- */

/* Does this wrap option not work, as opposed to the HSM, the record, or this program? */
static bool is_mechanism_failure(const struct err *err)
{
    return err->code == ERR_HSM || err->code == ERR_UNSUPPORTED || err->code == ERR_DATA ||
           err->code == ERR_DENIED || err->code == ERR_CONFLICT || err->code == ERR_NO_INPUT;
}

static void note_crossed(struct event *e, const struct bytes *crossed)
{
    e->canary.bytes = (uint32_t)crossed->len;
    SHA256(crossed->data, crossed->len, e->canary.sha256);
}

static const char *title_of(const struct transfer *t, enum step_id id)
{
    if (t && t->item->route == ROUTE_PUBLIC)
        return id == STEP_COMMIT ? "make its public key a token object" : "its public key";
    return id == STEP_COMMIT ? "make it a token object" : step_title(id);
}

/* Describes the failure. If the destination rejects as damaged a test key that was wrapped a moment
 * ago, the cause is probably its type. t: NULL: the transport failed. */
static void say_failed(const struct transfer *t, enum step_id id, const struct err *err,
                       struct event *e)
{
    char type[KEY_TYPE_TEXT];

    if (id == STEP_UNWRAP_KEY && err->code == ERR_DATA)
        snprintf(e->canary.text, sizeof e->canary.text,
                 "%s: the destination takes no %s key, or not as the source wraps it",
                 title_of(t, id), key_type_text(t->item->key, type));
    else
        snprintf(e->canary.text, sizeof e->canary.text, "%s: %.180s%s%s", title_of(t, id),
                 err->what, err->hsm_name[0] ? ", " : "", err->hsm_name);
}

/* Runs the rows of the transport, and notes in *e the data that crossed the relay last. On failure
 * *failed is the step. */
static bool run_transport(struct canary *y, struct event *e, enum step_id *failed, struct err *err)
{
    size_t count;
    const struct transport_row *rows = rows_of_transport(&y->transport, &count);

    for (size_t i = 0; i < count; i++) {
        struct step_result result = {0};
        y->transport.done |= 1U << i; /* even if only half of it is */
        if (!rows_run_transport(&y->crew, i, &y->transport, &result, err)) {
            *failed = rows[i].head.id;
            say_failed(NULL, *failed, err, e);
            return false;
        }
        if (result.crossed)
            note_crossed(e, result.crossed);
    }
    return true;
}

/* The same for the rows of a key: those up to its first proof, or those that commit it. */
static bool run_rows(struct canary *y, struct transfer *t, bool keep, struct event *e,
                     struct err *err)
{
    size_t count;
    const struct transfer_row *rows = rows_of(t, &count);

    for (size_t i = 0; i < count; i++) {
        struct step_result result = {0};
        if ((rows[i].head.id >= STEP_COMMIT) != keep)
            continue;
        t->done |= 1U << i; /* even if only half of it is */
        if (!rows_run(&y->crew, i, t, &result, err)) {
            say_failed(t, rows[i].head.id, err, e);
            return false;
        }
        if (result.crossed)
            note_crossed(e, result.crossed);
        if (rows[i].head.id == STEP_WRAP_KEY) /* a generic secret arrives as what it stands for */
            t->item->own->kind = y->samples[t - y->transfers.at].kind;
    }
    return true;
}

/* Undoes the rows of a key; kept: except for its token object. */
static void undo_rows(struct canary *y, struct transfer *t, bool kept, struct err *err)
{
    size_t count;
    const struct transfer_row *rows = rows_of(t, &count);

    for (size_t i = count; i-- > 0;) {
        bool commit = rows[i].head.id == STEP_COMMIT;
        if (rows[i].undo && (t->done & 1U << i) && !(commit && kept) &&
            !rows_undo(&y->crew, i, t, err))
            y->lost |= commit;
    }
    t->proven = false; /* it is not kept */
    transfer_reset(t);
}

static bool emit_canary(struct canary *y, struct event *e, int64_t begun, struct err *err)
{
    const struct ceremony_host *host = &y->real->host;

    e->kind = EVENT_CANARY;
    e->side = SIDE_RELAY;
    e->canary.micros = host->mono_us(host->ctx) - begun;
    return emit_event(&y->real->narrator, e, err);
}

/* --- the transport --- */

/* The side that failed does not support a capability that it advertised. Removes it from the
 * capabilities and negotiates again; the next round tries the strongest transport that is left. */
static bool refute_transport(struct canary *y, enum step_id failed, const struct event *e,
                             struct err *err)
{
    struct ceremony *c = y->real;
    const struct agreement on = agreement_of(c);
    const enum hsm_alg alg = c->suite.transport;
    char why[160];
    struct suite again;

    snprintf(why, sizeof why, "canary: %.150s", e->canary.text);
    negotiation_refute(c, step_side(failed) == SIDE_DESTINATION ? SIDE_DESTINATION : SIDE_SOURCE,
                       alg, why);
    if (!negotiation_run(c, &again, err))
        return false;
    c->suite = again;
    return emit_suite_again(&c->narrator, &on, alg, why, err);
}

/* Does this failure refute the transport, so that the next one is tried? A public key that is not
 * what it should be does not: it may be an attempt to get a weaker transport used. */
static bool refutes(const struct canary *y, enum step_id failed, const struct err *err)
{
    if (failed >= STEP_WRAP_KEK)
        return is_mechanism_failure(err);
    return wrap_is_agreed(y->alg) && step_side(failed) != SIDE_RELAY &&
           (err->code == ERR_HSM || err->code == ERR_UNSUPPORTED);
}

/* Transports the AES key to the destination. *refuted: the transport does not work, and another one
 * must be tried. */
static bool try_transport(struct canary *y, bool *refuted, struct err *err)
{
    int64_t begun = y->real->host.mono_us(y->real->host.ctx);
    struct event e = {.canary = {.transport = true, .kind = KEY_KIND_AES, .alg = y->alg}};
    enum step_id failed = STEP_MAKE_PAIR;
    bool ok;

    snprintf(e.canary.type, sizeof e.canary.type, "transport AES %d", KEK_BITS);
    ok = run_transport(y, &e, &failed, err);
    if (ok)
        snprintf(e.canary.text, sizeof e.canary.text, "the destination decrypted the AES key");
    else if (!refutes(y, failed, err))
        return false;
    e.canary.state = ok ? CANARY_PASSED : CANARY_FAILED;
    *refuted = !ok;
    return emit_canary(y, &e, begun, err) && (ok || refute_transport(y, failed, &e, err));
}

/* --- one test key --- */

/* Makes an item of the plan from the test key. */
static bool plan_sample(struct canary *y, struct plan_item *item, enum key_kind kind,
                        struct event *e, struct err *err)
{
    struct hsm *hsm = source_of(y->real);
    uint64_t handle = item->key->handle;
    bool ok = hsm->driver->describe(hsm, handle, item->own, err);
    struct key_desc arrives = *item->own;

    arrives.kind = kind;
    item->own->handle = handle;
    item->want_flags = policy_want_flags(&y->real->setup.policy, item->key);
    item->proofs = provable_by(&y->real->suite, &arrives);
    if (ok && item->proofs == 0)
        ok = err_set(err, ERR_UNSUPPORTED, "both sides can answer no proof of such a key");
    if (!ok)
        snprintf(e->canary.text, sizeof e->canary.text, "%.200s", err->what);
    return ok;
}

/* The place of a test key's public key object; NULL: it has none. */
static struct transfer *public_of(struct canary *y, const struct transfer *key)
{
    bool has = key->number < y->transfers.count && key[1].owner == key->item;

    return has ? &y->transfers.at[key->number] : NULL;
}

/* Announces that it becomes a token object, makes it one, and proves it again. */
static bool store_sample(struct canary *y, struct transfer *t, struct event *e, struct err *err)
{
    struct event announced = *e;

    announced.kind = EVENT_CANARY;
    announced.side = SIDE_DESTINATION;
    announced.canary.state = CANARY_COMMITS;
    announced.canary.bytes = 0;
    memset(announced.canary.sha256, 0, sizeof announced.canary.sha256);
    snprintf(announced.canary.text, sizeof announced.canary.text,
             "becomes a token object%s with the label %s",
             public_of(y, t) ? ", and so does its public key," : "", y->transport.label);
    if (!emit_event(&y->real->narrator, &announced, err))
        return false;
    y->announced = y->stored = true;
    t->item->own->flags |= KEY_TOKEN; /* as the real keys have it */
    t->item->own->flags_known |= KEY_TOKEN;
    return run_rows(y, t, true, e, err);
}

/* Also makes a token object of its public key, if the plan has such objects, and reads it back. If
 * the destination does not accept it, that is a warning only: no key fails for it (walk.c). */
static bool store_public(struct canary *y, const struct transfer *of, struct event *e,
                         struct err *undone, struct err *err)
{
    struct transfer *t = public_of(y, of);
    struct event tried = *e; /* the data that crossed last are those of the key */
    struct bytes spki = {0};
    bool ok;

    if (!t)
        return true;
    if (!companion_made_of(of->item, of->number, t->item, err))
        return false;
    t->item->route = ROUTE_PUBLIC;
    t->item->want_flags = policy_public_flags(t->item->key);
    t->item->proofs = 1U << HSM_PROOF_BYTES;
    ok = public_object_read(source_of(y->real), t->item, &spki, err);
    if (!ok) {
        say_failed(t, STEP_READ_OBJECT, err, &tried);
    } else {
        SHA256(spki.data, spki.len, t->item->sha256);
        memcpy(t->item->own->spki_sha256, t->item->sha256, sizeof t->item->sha256);
        t->item->own->has_public = true;
        ok = run_rows(y, t, false, &tried, err) && run_rows(y, t, true, &tried, err);
    }
    bytes_free(&spki);
    undo_rows(y, t, ok, undone);
    if (ok)
        return true;
    snprintf(e->canary.text, sizeof e->canary.text, "%s", tried.canary.text);
    return companion_may_be_dropped(err->code) &&
           (emit_note(&y->real->narrator, EVENT_WARNING, SIDE_RELAY, "canary",
                      "%s keys are migrated without their public key objects: %.150s",
                      e->canary.type, tried.canary.text) ||
            emit_why(&y->real->narrator, err));
}

/* Records the outcome of a test key in the suite, and emits it. */
static bool note_trial(struct canary *y, const struct key_sample *sample, struct event *e,
                       int64_t begun, struct err *err)
{
    struct ceremony *c = y->real;
    enum hsm_alg alg = e->canary.alg;
    struct trial *trial = &c->suite.trials[c->suite.trial_count++];
    bool failed = e->canary.state == CANARY_FAILED;
    bool refused = failed || c->setup.policy.canary == CANARY_REQUIRED;

    *trial = (struct trial){.sample = *sample,
                            .alg = alg,
                            .state = e->canary.state,
                            .unsupported = failed && err->code == ERR_UNSUPPORTED};
    snprintf(trial->reason, sizeof trial->reason, "%.159s", e->canary.text);
    if (!emit_canary(y, e, begun, err))
        return false;
    return e->canary.state == CANARY_PASSED ||
           emit_note(&c->narrator, refused ? EVENT_REJECTED : EVENT_WARNING, SIDE_RELAY,
                     hsm_alg_name(alg), "%s %s: %.150s", failed ? "canary" : "no canary",
                     e->canary.type, e->canary.text) ||
           emit_why(&c->narrator, err);
}

/* Migrates test key number i end to end. False only if no further key can be tried. The inventory
 * shows objects that could not be destroyed. */
static bool try_sample(struct canary *y, size_t i, struct err *err)
{
    const struct known *known = &y->side[SIDE_SOURCE].known;
    struct hsm *hsm = source_of(y->real);
    const struct key_sample generated = key_sample_generated(&y->samples[i]);
    struct transfer *t = &y->transfers.at[i];
    struct plan_item *item = t->item;
    int64_t begun = y->real->host.mono_us(y->real->host.ctx);
    struct event e = {.canary = {.kind = y->samples[i].kind, .alg = item->alg}};
    struct err undone = {0};
    uint64_t sample = 0, public = 0;
    bool made, ok;

    key_sample_text(&y->samples[i], e.canary.type);
    made = hsm->driver->make_key(hsm, &generated, y->transport.label, &sample, &public, err);
    if (made) {
        made = known_made(known, t, &sample, err);
        made = known_made(known, t, &public, err) && made;
        item->own->handle = sample;
    }
    if (!made)
        snprintf(e.canary.text, sizeof e.canary.text, "%.200s%s%s", err->what,
                 err->hsm_name[0] ? ", " : "", err->hsm_name);
    ok = made && plan_sample(y, item, y->samples[i].kind, &e, err) &&
         run_rows(y, t, false, &e, err) && (!y->stores || store_sample(y, t, &e, err));
    undo_rows(y, t, ok, &undone);
    ok = ok && store_public(y, t, &e, &undone, err);
    if (ok)
        snprintf(e.canary.text, sizeof e.canary.text, "%s%s", proof_sentence(t->proof),
                 y->stores ? ", also once it was a token object" : "");
    e.canary.state = ok ? CANARY_PASSED : made ? CANARY_FAILED : CANARY_IMPOSSIBLE;
    known_destroy(known, hsm, t, &sample, &undone);
    known_destroy(known, hsm, t, &public, &undone);
    if (!ok && !is_mechanism_failure(err))
        return false;
    if (undone.code == ERR_GONE) {
        *err = undone;
        return false;
    }
    return note_trial(y, &y->samples[i], &e, begun, err);
}

/* --- the whole --- */

/* A module may report that it stored a key that only its own process sees, for example if its disk
 * is full. So another process must find the test keys. */
static bool look_afresh(struct canary *y, struct err *err)
{
    const struct transfer *missing;
    char type[64];

    if (!fresh_find(y->real, &y->transfers, &missing, err))
        return false;
    if (!missing)
        return true;
    err_set(err, ERR_HSM, "canary %s: reported as stored, but a fresh process does not find it",
            key_sample_text(&y->samples[missing - y->transfers.at], type));
    return err_next(err, "Look whether the destination's disk or token is full or read-only.");
}

static void destroy_stored(struct canary *y)
{
    const struct party *to = &y->side[SIDE_DESTINATION];
    struct err ignored; /* the inventory shows objects that were not destroyed */
    bool gone = true;

    for (size_t i = 0; i < y->transfers.count; i++) {
        struct transfer *t = &y->transfers.at[i];
        gone &= commit_undo(to->hsm, t, &ignored);
    }
    y->stored = y->stored && (!gone || y->lost);
}

static bool try_all(struct canary *y, struct err *err)
{
    struct ceremony *c = y->real;
    bool refuted = false;

    /* The objects on both sides must be recorded before any object is made. */
    if (y->stores && !c->result.left.opened &&
        !inventory_open(c->side, &c->result.left, &c->narrator, err))
        return false;
    if (!inventory_open(y->side, &y->left, &y->muted, err) || !try_transport(y, &refuted, err))
        return false;
    for (size_t i = 0; !refuted && i < y->plan.count; i++) {
        if (atomic_load(&c->walk.stop))
            return err_set(err, ERR_STOPPED, "stopped by the officers before the review");
        if (y->plan.items[i].route != ROUTE_PUBLIC && !try_sample(y, i, err))
            return false;
    }
    return !y->stored || look_afresh(y, err);
}

/* From now on a crash leaves nothing. */
static bool emit_clean(struct canary *y, struct err *err)
{
    struct event e = {
        .kind = EVENT_CANARY,
        .side = SIDE_RELAY,
        .canary = {.state = CANARY_CLEAN, .transport = true, .kind = KEY_KIND_AES, .alg = y->alg}};

    snprintf(e.canary.type, sizeof e.canary.type, "test keys");
    snprintf(e.canary.text, sizeof e.canary.text, "the inventories of both sides are as they were");
    return !y->announced || emit_event(&y->real->narrator, &e, err);
}

/* Destroys all objects of the canary, and checks that they are gone. */
static bool clean_up(struct canary *y, struct err *err)
{
    const struct leftovers *left = &y->left;
    struct err ignored;
    char why[EVENT_TEXT_MAX];
    bool clean;

    destroy_stored(y);
    rows_undo_transport(&y->crew, &y->transport, &ignored); /* the inventory shows what is left */
    clean = inventory_close(y->side, &y->transfers, &y->left, &y->muted, why, err);
    if (clean)
        return emit_clean(y, err);
    if (!y->stored && !left->left_over && !left->lost && !left->unsure && err->code == ERR_GONE)
        return false;
    snprintf(why, sizeof why, "%.150s", err->what);
    if (left->lost && !y->stored && !left->left_over && !left->unsure) {
        err_set(err, ERR_HSM, "after the canary something is gone: %s", why);
        return err_now(err, "Objects that were there before are gone: the warnings name them.");
    }
    err_set(err, ERR_UNFINISHED, "something of the canary may be left over, with the label %s: %s",
            y->transport.label, why);
    err_now(err, left->lost ? "Objects that were there before are gone: the warnings name them."
                 : y->side[SIDE_SOURCE].intact ? "No real key was touched."
                                               : "Whether a real key was touched is not known.");
    return err_next(err,
                    "Look for objects with the label %s on both tokens, and destroy them: resume "
                    "and clean do, with the journal.",
                    y->transport.label);
}

bool canary_run(struct ceremony *c, struct err *err)
{
    struct canary y;
    struct err cleaning = {0};
    bool ok = canary_begin(&y, c, err) && try_all(&y, err);

    if (!clean_up(&y, &cleaning) && (ok || cleaning.code == ERR_UNFINISHED || y.left.lost)) {
        *err = cleaning;
        ok = false;
    }
    canary_end(&y);
    return ok || (err->now[0] ? false : inventory_say_now(c->side, err));
}

bool canary_must_pass(struct ceremony *c, struct err *err)
{
    enum hsm_alg transport = c->suite.transport;

    if (!canary_due(c))
        return true;
    if (!canary_run(c, err))
        return false;
    if (c->suite.transport != transport) {
        c->suite.transport = transport; /* what was made by it is undone by it */
        err_set(err, ERR_HSM, "canary: %s does not work any more", hsm_alg_name(transport));
        return c->walk.begun ? err_now(err, "No key was wrapped.")
                             : inventory_say_now(c->side, err);
    }
    for (unsigned i = 0; i < c->suite.trial_count; i++) {
        const struct trial *trial = &c->suite.trials[i];
        if (trial->state == CANARY_PASSED ||
            (trial->state == CANARY_IMPOSSIBLE && c->setup.policy.canary != CANARY_REQUIRED))
            continue;
        err_set(err, ERR_HSM, "canary by %s: %s", hsm_alg_name(trial->alg), trial->reason);
        return c->walk.begun ? err_now(err, "No key was wrapped.")
                             : inventory_say_now(c->side, err);
    }
    return true;
}

bool canary_must_store(struct ceremony *c, struct err *err)
{
    if (!canary_stores(c))
        return true;
    c->suite.trial_count = 0; /* they did not store */
    return canary_must_pass(c, err);
}
