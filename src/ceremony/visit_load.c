/* SPDX-License-Identifier: Apache-2.0 */
/* load: the source encrypts its keys for a destination that it knows from an offer. */
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include "base/text.h"
#include "ceremony/demands.h"
#include "ceremony/rows.h"
#include "ceremony/samples.h"
#include "ceremony/visit_parts.h"
#include "ceremony/visit_sign.h"
#include "sealed/sealed_expect.h"
#include "sealed/sealed_write.h"
#include "transfer/evidence.h"
#include "transfer/public_object.h"

/* --- the offer --- */

static const struct sealed_offer *offer_of(const struct visit_walk *v)
{
    return &sealed_file(v->job->file)->offer;
}

/* The stage of the bundle that this visit writes. */
static enum sealed_stage stage_of(const struct visit_walk *v)
{
    return v->job->order == SEALED_ONE_BUNDLE ? SEALED_STAGE_ALL
           : v->job->ack                      ? SEALED_STAGE_KEYS
                                              : SEALED_STAGE_CANARY;
}

static bool is_loaded(const struct visit_walk *v, struct err *err)
{
    const struct visit_file *bundle =
        v->past ? &v->past->written[SEALED_BUNDLE][stage_of(v)] : NULL;
    char words[TEXT_WORDS_SIZE];

    if (!bundle || !bundle->is)
        return false;
    err_set(err, ERR_DENIED, "this offer was loaded before: %.200s", bundle->path);
    err_now(err, "Nothing was encrypted");
    err_next(err, "Carry it to the other room. Its words to read out in the other room: %s",
             text_words(bundle->sha256, 0, FILE_WORDS, words));
    return true;
}

static bool check_ack(struct visit_walk *v, struct err *err)
{
    const struct visit_file *bundle =
        v->past ? &v->past->written[SEALED_BUNDLE][SEALED_STAGE_CANARY] : NULL;
    struct sealed_expected expected = {
        .format = SEALED_ACK,
        .stages = 1U << SEALED_STAGE_CANARY,
        .migration = v->c->setup.visit.migration,
        .expires_ms = sealed_file(v->job->file)->head.expires_ms,
    };

    if (!v->job->ack)
        return true;
    if (v->job->order != SEALED_STRICT)
        return err_set(err, ERR_USAGE, "an acknowledgement belongs to the order strict only");
    if (!bundle || !bundle->is) {
        err_set(err, ERR_DENIED, "no journal of this room has written a bundle for this offer");
        return err_next(err, "Load the offer without an acknowledgement first");
    }
    expected.answers = bundle->sha256;
    expected.not_before_ms = bundle->utc_ms / 1000 * 1000;
    return visit_expect(v, v->job->ack, &expected, err);
}

static bool check_load(struct visit_walk *v, struct err *err)
{
    struct sealed_expected expected = {.format = SEALED_OFFER, .stages = 1U << SEALED_STAGE_OFFER};

    return visit_expect(v, v->job->file, &expected, err) && !is_loaded(v, err) && check_ack(v, err);
}

/* The offer names the one first that the destination wants most: somebody between the rooms may
 * want another. */
static bool warn_of_another(struct visit_walk *v, enum hsm_alg alg, uint32_t at, struct err *err)
{
    struct sealed_offer one = {.transport_count = 1};
    const struct sealed_transport *first;
    enum hsm_alg wanted;
    uint32_t bits;
    struct err ignored;
    bool known;

    one.transports[0] = offer_of(v)->transports[0];
    known = sealed_choose_transport(&one, &first, &wanted, &bits, &ignored);
    return at == 0 ||
           emit_warning(&v->c->narrator, SIDE_SOURCE, NO_ITEM, err, "transport-offered",
                        "the offer names %.31s first, which the source cannot use or the policy "
                        "does not allow; %s is used instead",
                        known ? hsm_alg_name(wanted) : one.transports[0].name, hsm_alg_name(alg));
}

/* Its first transport that the source can use and the policy allows. Its key is checked by
 * STEP_RELAY_PUBLIC as every transport key. */
static bool choose_transport(struct visit_walk *v, enum hsm_alg *alg, struct err *err)
{
    const struct sealed_offer *offer = offer_of(v);
    const struct policy *policy = &v->c->setup.policy;

    for (uint32_t i = 0; i < offer->transport_count; i++) {
        struct sealed_offer one = {.transport_count = 1};
        const struct sealed_transport *chosen;
        uint32_t bits;
        one.transports[0] = offer->transports[i];
        if (!sealed_choose_transport(&one, &chosen, alg, &bits, err) || bits != policy->rsa_bits ||
            !policy_allows(policy, *alg) || !v->own->caps.alg[*alg].wrap)
            continue;
        err_clear(err);
        return bytes_set(&v->c->transport.wire.spki, chosen->spki.data, chosen->spki.len, err) &&
               warn_of_another(v, *alg, i, err);
    }
    err_set(err, ERR_UNSUPPORTED,
            "the offer has no transport of RSA %u that the source can use and the policy allows",
            policy->rsa_bits);
    return err_next(err, "Compare \"rsa-bits\" and \"oaep-hashes\" in the ceremony file with what "
                         "`hsmferry probe` finds on both sides.");
}

/* What the destination offers as a transport, it unwraps. */
static void believe_transports(const struct sealed_offer *offer, struct hsm_capabilities *caps)
{
    struct sealed_offer one = {.transport_count = 1};
    const struct sealed_transport *chosen;
    enum hsm_alg alg;
    uint32_t bits;
    struct err ignored;

    for (uint32_t i = 0; i < offer->transport_count; i++) {
        one.transports[0] = offer->transports[i];
        if (!sealed_choose_transport(&one, &chosen, &alg, &bits, &ignored) || caps->alg[alg].unwrap)
            continue;
        caps->alg[alg].unwrap = true;
        text_print(caps->alg[alg].unwrap_call, sizeof caps->alg[alg].unwrap_call,
                   "in the other room");
    }
}

/* The destination as its offer describes it. */
static bool take_destination(struct visit_walk *v, struct err *err)
{
    struct ceremony *c = v->c;
    const struct agreement on = agreement_of(c);
    struct party *to = &c->side[SIDE_DESTINATION];
    struct policy only = c->setup.policy;
    enum hsm_alg alg;

    to->caps = offer_of(v)->can;
    believe_transports(offer_of(v), &to->caps);
    if (!script_watch_open(&c->verdicts.script, &v->own->keys, false, &c->narrator, err) ||
        !visit_capabilities(v, err) || !choose_transport(v, &alg, err))
        return false;
    policy_only(&only, alg);
    return negotiate(&only, &v->own->caps, &to->caps, &c->suite, err) &&
           emit_suite(&c->narrator, &on, err);
}

/* --- the plan --- */

/* Why no evidence is sealed. */
static void set_unsealed(const struct visit_walk *v, struct err *why)
{
    const struct hsm_capability *from = &v->own->caps.evidence, *to = &offer_of(v)->can.evidence;

    err_set(why, ERR_UNSUPPORTED,
            "its proof would show a weak value to anyone who has the file, and it cannot be "
            "encrypted: %s: %.120s",
            !from->wrap   ? "source"
            : !to->unwrap ? "destination"
                          : "both",
            !from->wrap   ? from->reason
            : !to->unwrap ? to->reason
                          : "they have no envelope with integrity in common");
}

/* An answer that would let anyone who has the file guess a weak value is encrypted under the
 * evidence key; if the HSMs cannot do that, the key needs the waiver. */
static void choose_evidence(struct visit_walk *v)
{
    struct plan *plan = &v->c->plan;
    struct transport *t = &v->c->transport;
    const enum hsm_alg alg = v->c->suite.evidence;

    for (size_t i = 0; i < plan->count; i++) {
        struct plan_item *item = &plan->items[i];
        const uint32_t public = evidence_in_clear(item->key, item->proofs);
        const uint32_t sealed = alg < HSM_ALGS ? evidence_by_seal(item->key, item->proofs) : 0;
        struct err why;
        if (item->route == ROUTE_NONE || item->route == ROUTE_PUBLIC || item->unproven)
            continue;
        item->proofs = public ? public : sealed;
        if (item->proofs) {
            t->evidence.wanted = t->evidence.wanted || !public;
            t->evidence.alg = alg;
            continue;
        }
        if (v->c->setup.policy.waive_unproven && !suite_is_weak(item->alg)) {
            item->unproven = true;
            continue;
        }
        set_unsealed(v, &why);
        item->route = ROUTE_NONE;
        err_note_set(&item->reason, &why);
        plan->movable--;
    }
}

/* What accompanies a key that is refused is refused, too. */
static void refuse_companions(struct visit_walk *v)
{
    struct plan *plan = &v->c->plan;

    for (size_t i = 0; i < plan->count; i++) {
        struct plan_item *item = &plan->items[i];
        struct err why;
        if (item->route == ROUTE_NONE || !item->companion_of ||
            plan->items[item->companion_of - 1].route != ROUTE_NONE)
            continue;
        err_set(&why, ERR_CONFLICT, "its private key is not migrated");
        item->route = ROUTE_NONE;
        err_note_set(&item->reason, &why);
        plan->companions--;
    }
}

static bool nothing_to_load(const struct plan *plan, struct err *err)
{
    struct err reason = plan->count ? err_note_get(&plan->items[0].reason) : (struct err){0};

    if (plan->count == 0)
        err_set(err, ERR_NO_INPUT, "no key on the source was selected");
    else
        err_set(err, reason.code, "none of the keys can be migrated; the first: %s", reason.what);
    return err_next(err, "Read the reason next to each key, and select others.");
}

static bool make_plan(struct visit_walk *v, struct err *err)
{
    struct ceremony *c = v->c;
    const struct agreement on = agreement_of(c);
    const struct key_list nothing = {0}; /* accept compares with what is on the destination */

    c->narrator.plan++;
    if (!plan_review(c, &nothing, v->job->selection, err) ||
        !public_objects_judge(source_of(c), &c->plan, err))
        return false;
    choose_evidence(v);
    refuse_companions(v);
    if (!transfers_make(&c->plan, &c->transport, &c->transfers, err))
        return false;
    for (size_t i = 0; i < c->transfers.count; i++)
        if (c->plan.items[i].route == ROUTE_NONE)
            transfer_leave_out(&c->transfers.at[i]);
    return emit_plan(&c->narrator, &on, &c->plan, &c->transfers, err) &&
           script_watch_plan(&c->verdicts.script, &c->plan, &c->narrator, err) &&
           (c->plan.movable > 0 || nothing_to_load(&c->plan, err));
}

/* --- the script --- */

/* The officers write down why the plan is not as the script says; that is the only answer. */
static bool follow_script(struct visit_walk *v, struct err *err)
{
    struct script_watch *script = &v->c->verdicts.script;
    char ignored[1024];

    while (!script_watch_pass(script, &v->c->narrator, err)) {
        if (!script->wanted)
            return false;
        if (v->job->answer(v->job->ctx, ignored, sizeof ignored))
            continue;
        err_set(err, ERR_STOPPED, "no exception says why the plan is not as the script says");
        return err_next(err, "Choose the keys of the script, or write down why not.");
    }
    return true;
}

/* --- gates --- */

static bool ask_review(struct visit_walk *v, struct err *err)
{
    char word[32];

    if (stage_of(v) == SEALED_STAGE_CANARY)
        return visit_review(v, "load canary", err);
    text_print(word, sizeof word, "load %zu", v->c->plan.movable);
    return visit_review(v, word, err);
}

static bool leave_out(struct visit_walk *v, struct transfer *t, struct err *err)
{
    struct gatekeeper *k = &v->c->gatekeeper;
    struct err why = {0};

    k->skip = false;
    t->outcome = KEY_REFUSED;
    err_set(&why, ERR_STOPPED, "left out at its gate");
    err_note_set(&t->err, &why);
    err_note_set(&t->item->reason, &why);
    t->item->route = ROUTE_NONE;
    v->c->plan.movable--;
    return script_watch_left_out(&v->c->verdicts.script, t, &v->c->narrator, err) &&
           emit_left_out(&v->c->narrator, t, k->officer,
                         script_watch_names(&v->c->verdicts.script, t), err);
}

/* All of them before the file begins, whose head counts the keys. */
static bool ask_keys(struct visit_walk *v, struct err *err)
{
    struct ceremony *c = v->c;

    for (size_t i = 0; i < c->transfers.count; i++) {
        struct transfer *t = &c->transfers.at[i];
        const struct gate_subject about = {
            .gate = GATE_KEY, .item = t->item, .number = t->number, .keys = c->plan.movable};
        if (t->item->route == ROUTE_NONE || t->item->route == ROUTE_PUBLIC)
            continue;
        if (!visit_gate(v, &about, err) || (c->gatekeeper.skip && !leave_out(v, t, err)))
            return false;
        gatekeeper_next_key(&c->gatekeeper);
    }
    refuse_companions(v);
    for (size_t i = 0; i < c->transfers.count; i++)
        if (c->plan.items[i].route == ROUTE_NONE && c->transfers.at[i].outcome == KEY_PENDING)
            transfer_leave_out(&c->transfers.at[i]);
    return c->plan.movable > 0 || err_set(err, ERR_STOPPED, "every key was left out at its gate");
}

/* --- the bundle --- */

/* Ownership of both passes to the file's record. */
static void put_public(struct sealed_evidence *to, struct bytes *challenge, struct bytes *answer)
{
    to->challenge = *challenge;
    *challenge = (struct bytes){0}; /* ownership was passed on */
    if (!answer)
        return;
    to->answer.clear = *answer;
    *answer = (struct bytes){0}; /* ownership was passed on */
}

static bool put_cipher(struct sealed_evidence *to, const struct evidence_cipher *from,
                       struct err *err)
{
    return bytes_set(&to->challenge, from->challenge, sizeof from->challenge, err) &&
           bytes_set(&to->answer.iv, from->iv, sizeof from->iv, err) &&
           bytes_set(&to->answer.ciphertext, from->ciphertext, sizeof from->ciphertext, err);
}

static bool put_evidence(struct sealed_key *key, struct evidence *evidence, struct err *err)
{
    bool ok = true;

    while (ok && key->proof_count < AHEAD_TURNS &&
           (evidence->sealed || evidence->challenge[key->proof_count].len > 0)) {
        const uint32_t i = key->proof_count++;
        key->proofs[i].proof = evidence->proof;
        if (evidence->sealed)
            ok = put_cipher(&key->proofs[i], &evidence->cipher[i], err);
        else
            put_public(&key->proofs[i], &evidence->challenge[i], &evidence->answer[i]);
    }
    key->open.proof = evidence->proof;
    if (evidence->sealed)
        return ok && put_cipher(&key->open, &evidence->open_cipher, err);
    put_public(&key->open, &evidence->open, NULL);
    return ok;
}

/* The evidence becomes the record's. */
static bool add_evidence(struct visit_walk *v, const struct transfer *t, struct sealed_key *key,
                         struct err *err)
{
    struct evidence_subject with = {.evidence_key = v->c->transport.source.evidence_key,
                                    .number = key->number};
    struct evidence evidence = {0};
    bool ok;

    for (unsigned i = 0; i < SEALED_PROOFS_MAX; i++)
        key->proofs[i].proof = HSM_PROOFS;
    key->open.proof = HSM_PROOFS;
    if (t->item->unproven || t->item->route == ROUTE_PUBLIC)
        return true;
    text_print(with.migration, sizeof with.migration, "%s", v->c->setup.visit.migration);
    ok = evidence_ask(v->own->hsm, t->item, &t->wire.spki, with.evidence_key ? &with : NULL,
                      &evidence, err) &&
         put_evidence(key, &evidence, err);
    evidence_free(&evidence);
    return ok;
}

/* Encrypts one key, and adds it to the file. stands_for: the keys that a test key stands for, which
 * is tried in silence; NULL: it is none. */
static bool add_key(struct visit_walk *v, struct sealed_writer *w, struct transfer *t,
                    uint32_t number, const struct key_sample *stands_for, struct err *err)
{
    const struct plan_item *item = t->item;
    struct sealed_key key = {
        .number = number,
        .role = stands_for ? SEALED_TEST_KEY
                : t->owner ? SEALED_COMPANION
                           : SEALED_KEY,
        .companion_of = item->companion_of ? number - t->number + (uint32_t)item->companion_of : 0,
        .desc = *item->key,
        .want_flags = item->want_flags,
        .route = item->route,
        .alg = item->route == ROUTE_PUBLIC ? (enum hsm_alg)SEALED_ALG_NONE : item->alg,
    };
    const enum step_id steps[2] = {item->route == ROUTE_PUBLIC ? STEP_READ_OBJECT : STEP_WRAP_KEY,
                                   item->route == ROUTE_PUBLIC ? STEP_RELAY_OBJECT
                                                               : STEP_RELAY_KEY};
    const struct crew crew = crew_of(v->c);
    bool ok = visit_goes_on(v, err);

    for (size_t i = 0; ok && i < 2; i++) {
        struct step_result result = {0};
        ok = stands_for ? rows_carry_out(&crew, i, t, &result, err)
                        : visit_key_row(v, t, steps[i], err);
    }
    ok = ok && add_evidence(v, t, &key, err);
    if (ok) {
        key.desc.handle = 0;
        key.desc.kind = stands_for ? stands_for->kind : item->key->kind;
        key.public_half = t->wire.spki;
        key.wrapped = t->wire.wrapped;
        ok = sealed_add_key(w, &key, err);
        key.public_half = key.wrapped = (struct bytes){0}; /* still those of the transfer */
    }
    sealed_key_free(&key);
    transfer_reset(t);
    return ok;
}

static bool add_samples(struct visit_walk *v, struct sealed_writer *w, const struct samples *s,
                        uint32_t *number, struct err *err)
{
    for (size_t i = 0; i < s->plan.count; i++)
        if (s->plan.items[i].route != ROUTE_NONE &&
            !add_key(v, w, &s->transfers.at[i], ++*number, &s->kinds[i], err))
            return false;
    return true;
}

/* The numbers of the file are those of the plan, after the test keys. */
static bool add_keys(struct visit_walk *v, struct sealed_writer *w, uint32_t tests, struct err *err)
{
    struct ceremony *c = v->c;

    for (size_t i = 0; i < c->transfers.count; i++) {
        struct transfer *t = &c->transfers.at[i];
        if (t->item->route == ROUTE_NONE)
            continue;
        if (!add_key(v, w, t, tests + t->number, NULL, err)) {
            t->outcome = KEY_FAILED;
            err_note_set(&t->err, err);
            return false;
        }
        t->outcome = KEY_BUNDLED;
    }
    return true;
}

static uint32_t count_keys(const struct visit_walk *v, const struct samples *s)
{
    const struct plan *plan = &v->c->plan;
    const bool keys = stage_of(v) != SEALED_STAGE_CANARY;

    return (uint32_t)(s->plan.movable + (keys ? plan->movable + plan->companions : 0));
}

static bool begin_bundle(struct visit_walk *v, const struct samples *s, struct sealed_file *file,
                         struct sealed_writer **w, struct err *err)
{
    const struct transport *t = &v->c->transport;

    file->head =
        visit_head(v, SEALED_BUNDLE, stage_of(v), v->job->ack ? v->job->ack : v->job->file);
    file->head.keys = count_keys(v, s);
    text_print(file->bundle.transport, sizeof file->bundle.transport, "%s",
               sealed_transport_name(v->c->suite.transport));
    SHA256(t->wire.spki.data, t->wire.spki.len, file->bundle.transport_sha256);
    file->bundle.kek.alg = v->c->suite.transport;
    file->bundle.evidence.alg =
        t->evidence.wanted ? t->evidence.alg : (enum hsm_alg)SEALED_ALG_NONE;
    return (!t->evidence.wanted ||
            bytes_set(&file->bundle.evidence.wrapped, t->evidence.wrapped.data,
                      t->evidence.wrapped.len, err)) &&
           bytes_set(&file->bundle.kek.wrapped, t->wire.wrapped_kek.data, t->wire.wrapped_kek.len,
                     err) &&
           sealed_begin(v->job->out, file, w, err);
}

/* In the order one-bundle the source encrypts before the destination has decrypted the KEK: the
 * ceremony file says so. In the order strict another KEK of the same transport was decrypted. */
static bool write_bundle(struct visit_walk *v, const struct samples *s, struct err *err)
{
    struct sealed_file *file = calloc(1, sizeof *file);
    struct sealed_writer *w = NULL;
    uint8_t sha256[SHA256_SIZE];
    uint32_t tests = 0;
    bool ok = file || err_set(err, ERR_FAILED, "no memory for a bundle");

    v->c->transport.wire.there |= WIRE_ACCEPTED;
    ok = ok && begin_bundle(v, s, file, &w, err) && add_samples(v, w, s, &tests, err) &&
         (stage_of(v) == SEALED_STAGE_CANARY || add_keys(v, w, tests, err));
    if (ok) {
        ok = sealed_finish(w, sha256, err);
        w = NULL; /* freed */
        v->stays = ok;
        ok = ok && visit_written(v, &file->head, sha256, err);
    }
    sealed_abandon(w);
    if (file)
        sealed_file_free(file);
    free(file);
    return ok;
}

/* --- the visit --- */

static bool make_kek(struct visit_walk *v, struct err *err)
{
    const struct gate_subject about = {.gate = GATE_FINGERPRINT,
                                       .transport_key = &v->c->transport.wire.read_back,
                                       .keys = v->c->plan.movable};

    v->c->transport.wire.there |= WIRE_PUBLIC;
    return visit_transport_row(v, STEP_RELAY_PUBLIC, err) &&
           visit_transport_row(v, STEP_LOAD_PUBLIC, err) && visit_gate(v, &about, err) &&
           visit_transport_row(v, STEP_MAKE_KEK, err) &&
           visit_transport_row(v, STEP_WRAP_KEK, err) &&
           visit_transport_row(v, STEP_RELAY_KEK, err);
}

static bool take_files(struct visit_walk *v, const char *trust, const char *ack, struct err *err)
{
    return visit_taken(v, v->job->file, trust, err) &&
           (!v->job->ack || visit_taken(v, v->job->ack, ack, err));
}

static bool run_load(struct visit_walk *v, struct err *err)
{
    char trust[EVENT_TEXT_MAX], ack[EVENT_TEXT_MAX] = "";
    struct samples samples = {0};
    bool ok = visit_trust(v, v->job->file, trust, err) &&
              (!v->job->ack || visit_trust(v, v->job->ack, ack, err)) && take_destination(v, err) &&
              make_plan(v, err) && follow_script(v, err) && ask_review(v, err) &&
              (stage_of(v) == SEALED_STAGE_CANARY || ask_keys(v, err)) &&
              take_files(v, trust, ack, err) && make_kek(v, err) &&
              (stage_of(v) == SEALED_STAGE_KEYS || samples_make(v, &samples, err)) &&
              write_bundle(v, &samples, err);

    samples_end(v, &samples);
    return ok;
}

static bool close_load(struct visit_walk *v, struct err *err)
{
    struct err record;

    if (!script_watch_end(&v->c->verdicts.script, &v->c->transfers, &v->c->narrator, &record))
        emit_error(&v->c->narrator, &record);
    for (size_t i = 0; i < v->c->transfers.count; i++)
        if (v->c->transfers.at[i].outcome == KEY_BUNDLED && !v->stays)
            v->c->transfers.at[i].outcome = KEY_PENDING;
    return visit_step(v, STEP_DESTROY, visit_undo_transport, err);
}

const struct visit_row visit_load = {VISIT_LOAD, check_load, run_load, close_load, NULL, NULL};
