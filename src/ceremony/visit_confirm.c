/* SPDX-License-Identifier: Apache-2.0 */
/* confirm: the source judges the answers of the destination to the challenges that its own bundle
 * left open. Only then does it call a key migrated. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ceremony/visit_parts.h"
#include "sealed/sealed_expect.h"
#include "sealed/sealed_words.h"
#include "transfer/evidence.h"
#include "transfer/public_object.h"

/* A record of the own bundle, and its key here. */
struct sent {
    uint32_t number; /* in the file */
    bool answered;   /* the receipt has a result for it */
    struct evidence evidence;
    struct bytes spki;
};

struct confirm {
    struct sealed_reader *bundle; /* the own one */
    struct sent *sent;            /* one for each item of the plan */
    size_t count, room;
};

static struct confirm *own_of(const struct visit_walk *v)
{
    return v->own_data;
}

static enum sealed_stage stage_of(const struct visit_walk *v)
{
    return v->job->order == SEALED_ONE_BUNDLE ? SEALED_STAGE_ALL : SEALED_STAGE_KEYS;
}

static const struct visit_file *bundle_of(const struct visit_walk *v)
{
    return v->past ? &v->past->written[SEALED_BUNDLE][stage_of(v)] : NULL;
}

/* --- the files --- */

/* The deadline is for what opens and loads, not for what judges. */
static bool check_confirm(struct visit_walk *v, struct err *err)
{
    const struct sealed_head *head = &sealed_file(v->job->file)->head;
    const struct visit_file *bundle = bundle_of(v);
    struct sealed_expected expected = {.format = SEALED_RECEIPT, .stages = 1U << stage_of(v)};
    int64_t now = v->c->host.utc_ms(v->c->host.ctx);

    if (!bundle || !bundle->is) {
        err_set(err, ERR_DENIED, "no journal in this report folder has written that bundle");
        err_now(err, "Nothing was judged");
        return err_next(err, "Use the ceremony file, and the folder, with which it was loaded");
    }
    expected.migration = v->past->migration;
    expected.offer = v->past->taken[SEALED_OFFER][SEALED_STAGE_OFFER].sha256;
    expected.answers = bundle->sha256;
    expected.not_before_ms = bundle->utc_ms / 1000 * 1000;
    expected.now_ms = now < head->expires_ms ? now : head->expires_ms - 1;
    return visit_expect(v, v->job->file, &expected, err);
}

/* It is the own file: the journal says which one. */
static bool open_bundle(struct visit_walk *v, struct err *err)
{
    const struct visit_file *bundle = bundle_of(v);
    struct sealed_expected expected = {
        .format = SEALED_BUNDLE, .stages = 1U << stage_of(v), .migration = v->past->migration};
    struct confirm *own = own_of(v);
    char words[TEXT_WORDS_SIZE];
    uint8_t sha256[SHA256_SIZE];
    unsigned left;

    if (!sealed_open(bundle->path, &own->bundle, err))
        return err_next(err, "Keep a copy of the bundle in the folder of its report.");
    expected.now_ms = sealed_file(own->bundle)->head.expires_ms - 1;
    if (!visit_expect(v, own->bundle, &expected, err))
        return false;
    if (sealed_trust_words(own->bundle, text_words(bundle->sha256, 0, SEALED_WORDS, words), &left,
                           err) &&
        sealed_sha256(own->bundle, sha256, err) && memcmp(sha256, bundle->sha256, SHA256_SIZE) == 0)
        return true;
    err_set(err, ERR_DATA, "the bundle in this report folder is not the one that was written");
    return err_next(err, "Determine who changed it: %.200s", bundle->path);
}

/* --- the plan: what was sent --- */

/* The same key on the source now; NULL: it is not there, or not the same. */
static const struct key_desc *find_key(const struct visit_walk *v, const struct key_desc *sent)
{
    const struct key_list *keys = &v->own->keys;

    for (size_t i = 0; i < keys->count; i++) {
        const struct key_desc *key = &keys->keys[i];
        if (key_same_name(key, sent) && key->kind == sent->kind &&
            (!key->has_public || !sent->has_public ||
             memcmp(key->spki_sha256, sent->spki_sha256, sizeof key->spki_sha256) == 0))
            return key;
    }
    return NULL;
}

static struct sent *add_sent(struct confirm *own, struct err *err)
{
    if (own->count == own->room) {
        const size_t room = own->room ? 2 * own->room : 64;
        struct sent *more = reallocarray(own->sent, room, sizeof *more);
        if (!more) {
            err_set(err, ERR_FAILED, "no memory for the records of a bundle");
            return NULL;
        }
        own->sent = more;
        own->room = room;
    }
    own->sent[own->count] = (struct sent){0};
    return &own->sent[own->count++];
}

/* The place of the key that this one accompanies, from 1; 0: none. */
static size_t owner_of(const struct confirm *own, const struct sealed_key *key)
{
    for (size_t i = 0; key->companion_of && i < own->count; i++)
        if (own->sent[i].number == key->companion_of)
            return i + 1;
    return 0;
}

static bool add_item(struct visit_walk *v, const struct sealed_key *key, struct err *err)
{
    struct plan *plan = &v->c->plan;
    const struct key_desc *found = find_key(v, &key->desc);
    struct plan_item item = {
        .route = key->route,
        .alg = key->alg < SEALED_ALG_NONE ? key->alg : 0,
        .want_flags = key->want_flags,
        .proofs = key->open.proof < HSM_PROOFS ? 1U << key->open.proof : 0,
        .companion_of = owner_of(own_of(v), key),
    };
    struct key_desc *own = calloc(1, sizeof *own);

    if (!own)
        return err_set(err, ERR_FAILED, "no memory for the keys of a bundle");
    *own = key->desc;
    own->handle = found ? found->handle : 0;
    item.own = own;
    item.key = own;
    item.unproven = key->route != ROUTE_PUBLIC && key->open.proof >= HSM_PROOFS;
    if (!plan_add(plan, &item, err)) /* takes it over, or frees it */
        return false;
    ++*(item.companion_of ? &plan->companions : &plan->movable);
    return true;
}

static bool note_sent(void *ctx, const struct sealed_key *key, struct err *err)
{
    struct visit_walk *v = ctx;
    struct confirm *own = own_of(v);
    struct sent *sent;

    if (key->role == SEALED_TEST_KEY)
        return true;
    sent = add_sent(own, err);
    if (!sent)
        return false;
    sent->number = key->number;
    sent->evidence.proof = key->open.proof;
    return (key->open.challenge.len == 0 ||
            bytes_set(&sent->evidence.open, key->open.challenge.data, key->open.challenge.len,
                      err)) &&
           (key->public_half.len == 0 ||
            bytes_set(&sent->spki, key->public_half.data, key->public_half.len, err)) &&
           add_item(v, key, err);
}

static bool make_plan(struct visit_walk *v, struct err *err)
{
    struct ceremony *c = v->c;
    const struct agreement on = agreement_of(c);

    c->narrator.plan++;
    return sealed_read_keys(own_of(v)->bundle, note_sent, v, err) &&
           transfers_make(&c->plan, &c->transport, &c->transfers, err) &&
           emit_plan(&c->narrator, &on, &c->plan, &c->transfers, err);
}

/* --- the receipt --- */

struct judging {
    const struct sealed_result *result;
    struct sent *sent;
};

static bool cannot(struct err *err, const char *why)
{
    return err_set(err, ERR_DATA, "%s", why);
}

/* Is the answer the one of a holder of this key, to the challenge that was left open? */
static bool judge(struct visit_walk *v, struct transfer *t, void *ctx, struct step_result *result,
                  struct err *err)
{
    const struct judging *judging = ctx;
    const struct sealed_evidence *open = &judging->result->open;
    const struct evidence *evidence = &judging->sent->evidence;

    result->call = evidence->proof < HSM_PROOFS ? hsm_proof_name(evidence->proof) : NULL;
    if (evidence->open.len == 0)
        return cannot(err, "no challenge was left open for it");
    if (open->proof != evidence->proof || !bytes_equal(&open->challenge, &evidence->open))
        return cannot(err, "the receipt does not answer the challenge that was left open");
    if (t->item->key->handle == 0)
        return cannot(err, "the key is no longer on the source");
    if (!evidence_judge(v->own->hsm, t->item, &judging->sent->spki, evidence, &open->answer.clear,
                        err))
        return false;
    t->proof = evidence->proof;
    text_print(result->text, sizeof result->text,
               "the destination has answered the challenge that was left open");
    return true;
}

static bool says_migrated(const struct sealed_result *result)
{
    return result->outcome == KEY_MIGRATED || result->outcome == KEY_UNPROVEN;
}

/* A wrong answer is what a stranger, or another key, gives. */
static bool take_result(void *ctx, const struct sealed_result *result, struct err *err)
{
    struct visit_walk *v = ctx;
    struct confirm *own = own_of(v);
    struct ceremony *c = v->c;
    struct judging judging = {.result = result};
    struct err why = {0};
    struct transfer *t;
    size_t at = 0;

    while (at < own->count && own->sent[at].number != result->number)
        at++;
    if (at == own->count || own->sent[at].answered)
        return err_set(err, ERR_DATA, "the receipt is about a key that was not sent: %u",
                       result->number);
    judging.sent = &own->sent[at];
    judging.sent->answered = true;
    t = &c->transfers.at[at];
    if (!visit_goes_on(v, err))
        return false;
    if (!says_migrated(result)) {
        t->outcome = result->outcome == KEY_REFUSED ? KEY_REFUSED : KEY_FAILED;
        err_set(&why, ERR_DENIED, "the destination says: %.200s", result->text);
        err_note_set(&t->err, &why);
        return true;
    }
    if (visit_key_step(v, t, STEP_PROVE, judge, &judging, &why) &&
        emit_proof(&c->narrator, c->side, t, STEP_PROVE_FRESH, NULL, &why)) {
        t->proven = true;
        t->outcome = KEY_MIGRATED;
        return true;
    }
    t->outcome = KEY_REPORTED;
    err_note_set(&t->err, &why);
    if (why.code != ERR_DATA || judging.sent->evidence.open.len == 0)
        return true;
    *err = why;
    return false;
}

/* --- the visit --- */

static bool run_confirm(struct visit_walk *v, struct err *err)
{
    char trust[EVENT_TEXT_MAX], word[32];
    const struct agreement on = agreement_of(v->c);
    struct confirm *own = v->own_data = calloc(1, sizeof *own);

    if (!own)
        return err_set(err, ERR_FAILED, "no memory for a receipt");
    if (!open_bundle(v, err) || !visit_trust(v, v->job->file, trust, err) ||
        !visit_capabilities(v, err) || !emit_own(&v->c->narrator, &on, v->side, err) ||
        !make_plan(v, err))
        return false;
    text_print(word, sizeof word, "confirm %zu", v->c->plan.movable);
    return visit_review(v, word, err) && visit_taken(v, v->job->file, trust, err) &&
           sealed_read_results(v->job->file, take_result, v, err);
}

static void free_confirm(struct visit_walk *v)
{
    struct confirm *own = own_of(v);

    for (size_t i = 0; own && i < own->count; i++) {
        evidence_free(&own->sent[i].evidence);
        bytes_free(&own->sent[i].spki);
    }
    if (own) {
        sealed_close(own->bundle);
        free(own->sent);
    }
    free(own);
    v->own_data = NULL;
}

const struct visit_row visit_confirm = {VISIT_CONFIRM, check_confirm, run_confirm,
                                        NULL,          NULL,          free_confirm};
