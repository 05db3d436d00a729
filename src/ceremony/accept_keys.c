/* SPDX-License-Identifier: Apache-2.0 */
/* The second reading of a bundle: each record is decrypted, proven and kept. */
#include <string.h>

#include <openssl/sha.h>

#include "base/text.h"
#include "ceremony/accept_parts.h"
#include "ceremony/at_hand.h"
#include "ceremony/rows.h"
#include "plan/provable.h"

/* --- second reading: test keys --- */

bool accept_try_rows(struct visit_walk *v, struct transfer *t, const enum step_id *steps,
                     size_t step_count, struct err *err)
{
    const struct crew crew = crew_of(v->c);
    size_t count;
    const struct transfer_row *rows = rows_of(t, &count);
    bool ok = true;

    for (size_t i = 0; ok && i < step_count; i++)
        for (size_t at = 0; ok && at < count; at++) {
            struct step_result result = {0};
            if (rows[at].head.id == steps[i])
                ok = rows_carry_out(&crew, at, t, &result, err);
        }
    return ok;
}

bool accept_say_trial(struct visit_walk *v, const struct trial *trial, const struct key_desc *key,
                      const struct bytes *wrapped, const char *passed, struct err *err)
{
    struct event e = {.kind = EVENT_CANARY, .side = SIDE_RELAY};

    e.canary.state = trial->state;
    e.canary.kind = key->kind;
    e.canary.alg = trial->alg;
    key_type_text(key, e.canary.type);
    e.canary.bytes = (uint32_t)wrapped->len;
    SHA256(wrapped->data, wrapped->len, e.canary.sha256);
    text_print(e.canary.text, sizeof e.canary.text, "%s",
               trial->state == CANARY_PASSED ? passed : trial->reason);
    return emit_event(&v->c->narrator, &e, err);
}

/* A test key that does not arrive ends the visit: no real key is the first to try a way. */
static bool try_sample(struct visit_walk *v, struct record *record, const struct sealed_key *key,
                       struct err *err)
{
    static const enum step_id steps[] = {STEP_RELAY_KEY, STEP_UNWRAP_KEY, STEP_PROVE};
    struct accept *a = accept_of(v);
    struct hsm *hsm = v->own->hsm;
    struct key_desc desc = key->desc;
    struct plan_item item = {.key = &desc,
                             .route = key->route,
                             .alg = key->alg,
                             .want_flags = policy_want_flags(&v->c->setup.policy, &desc),
                             .proofs = provable_by(&v->c->suite, &desc)};
    struct transfer t = {.item = &item, .transport = &v->c->transport, .number = 1};
    struct trial trial = {.alg = key->alg, .state = CANARY_PASSED};
    struct err why = {0}, ignored;
    bool ok = accept_is_allowed(v, record) && item.want_flags == key->want_flags;

    key_sample_of(&desc, &trial.sample);
    if (!ok)
        err_set(&why, ERR_DATA, "the bundle carries a test key in a way that is not allowed");
    ok = ok && bytes_set(&t.wire.wrapped, key->wrapped.data, key->wrapped.len, &why) &&
         (key->public_half.len == 0 ||
          bytes_set(&t.wire.spki, key->public_half.data, key->public_half.len, &why)) &&
         evidence_take(&record->evidence, &t.wire.spki, &t, &why);
    t.wire.there |= WIRE_KEY;
    ok = ok && accept_try_rows(v, &t, steps, sizeof steps / sizeof steps[0], &why);
    known_destroy(&v->own->known, hsm, NULL, &t.temporary, &ignored);
    transfer_reset(&t);
    ahead_free(&t.ahead);
    compact_free(&t.found);
    if (!ok) {
        trial.state = CANARY_FAILED;
        text_print(trial.reason, sizeof trial.reason, "%.150s", why.what);
    }
    if (a->trial_count < TRIALS_MAX)
        a->trials[a->trial_count++] = trial;
    if (!accept_say_trial(v, &trial, &key->desc, &key->wrapped,
                          "the test key of the source arrived, and was proven", err))
        return false;
    if (!ok)
        *err = why;
    return ok;
}

/* --- second reading: keys --- */

/* The destination answers the challenge that the source will judge. */
static bool answer_open(struct visit_walk *v, struct record *record, struct err *err)
{
    const struct transfer *t = record->transfer;

    return record->evidence.open.len == 0 || t->item->unproven ||
           evidence_answer(v->own->hsm, t, t->final, &record->evidence, &record->answer, err);
}

static bool keep_key(struct visit_walk *v, struct record *record, struct err *err)
{
    static const enum step_id of_key[] = {STEP_RELAY_KEY, STEP_UNWRAP_KEY, STEP_PROVE, STEP_COMMIT,
                                          STEP_PROVE_AGAIN};
    static const enum step_id of_object[] = {STEP_RELAY_OBJECT, STEP_COMMIT, STEP_PROVE_AGAIN};
    struct transfer *t = record->transfer;
    const bool public = t->item->route == ROUTE_PUBLIC;
    const enum step_id *steps = public ? of_object : of_key;
    const size_t count =
        public ? sizeof of_object / sizeof of_object[0] : sizeof of_key / sizeof of_key[0];

    if (t->final) { /* it was kept before the visit was cut off */
        const struct crew crew = crew_of(v->c);
        if (!rows_prove_again(&crew, t, err))
            return false;
        t->proven = true;
        return true;
    }
    if (!accept_of(v)->pair[0].handle)
        return err_set(err, ERR_NO_INPUT, "the transport pair is gone, and it was not kept before");
    for (size_t i = 0; i < count; i++)
        if (!visit_key_row(v, t, steps[i], err))
            return false;
    return true;
}

static bool keep_record(struct visit_walk *v, struct record *record, const struct sealed_key *key,
                        struct err *err)
{
    struct ceremony *c = v->c;
    struct transfer *t = record->transfer;
    struct err why = {0};
    bool ok;

    if (!t || t->item->route == ROUTE_NONE || t->outcome != KEY_PENDING)
        return true;
    c->walk.phase = PHASE_KEYS;
    c->walk.item = t->number - 1;
    c->walk.at = 0;
    if (!visit_goes_on(v, err) || at_hand_is_over(c, t))
        return !atomic_load(&c->walk.stop);
    ok = (key->wrapped.len == 0 ||
          bytes_set(&t->wire.wrapped, key->wrapped.data, key->wrapped.len, &why)) &&
         (key->public_half.len == 0 ||
          bytes_set(&t->wire.spki, key->public_half.data, key->public_half.len, &why)) &&
         (t->item->unproven || evidence_take(&record->evidence, &t->wire.spki, t, &why));
    t->wire.there |= WIRE_KEY | WIRE_OBJECT;
    ok = ok && keep_key(v, record, &why) && answer_open(v, record, &why);
    if (ok) {
        at_hand_leave(c);
        return true;
    }
    if (at_hand_fail(c, &why))
        return true;
    *err = why;
    return false;
}

bool accept_take_record(void *ctx, const struct sealed_key *key, struct err *err)
{
    struct visit_walk *v = ctx;
    struct record *record = accept_record_of(accept_of(v), key->number);

    if (!record || record->role != key->role)
        return err_set(err, ERR_CONFLICT, "the bundle has changed since it was checked");
    return key->role == SEALED_TEST_KEY
               ? !accept_of(v)->pair[0].handle || try_sample(v, record, key, err)
               : keep_record(v, record, key, err);
}
