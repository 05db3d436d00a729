/* SPDX-License-Identifier: Apache-2.0 */
/* The proofs of the copies that stay, each by a process that took no part in what came before. */
#include <openssl/sha.h>
#include <string.h>

#include "base/text.h"
#include "ceremony/removal_parts.h"
#include "hsm/fidelity.h"
#include "plan/name_index.h"

/* What a fresh process sees of the side that keeps the keys. */
struct look {
    struct hsm *hsm;
    struct key_list list;
    struct names names;
};

static bool look_begin(struct removal_walk *w, struct look *look, struct err *err)
{
    const struct ceremony_host *host = &w->c->host;

    *look = (struct look){0};
    return host->open(host->ctx, w->keeper, &look->hsm, err) &&
           party_enter(removal_party(w, w->keeper), look->hsm, &look->list, err) &&
           names_make(&look->list, &look->names, err);
}

static void look_end(struct look *look)
{
    names_free(&look->names);
    key_list_free(&look->list);
    if (look->hsm)
        look->hsm->driver->close(look->hsm);
}

/* The public half of a private key as its side reports it now, which must be the one of the
 * report; of a public object the whole object. */
static bool read_whole(struct removal_walk *w, enum side side, const struct removal_item *item,
                       struct bytes *whole, struct err *err)
{
    struct hsm *hsm = removal_party(w, side)->hsm;
    const struct key_desc *key = item->at[side];
    uint8_t sha256[SHA256_SIZE];

    if (key->class == KEY_CLASS_SECRET)
        return true;
    if (!proof_value(hsm, key->class, key->handle, whole, err))
        return false;
    SHA256(whole->data, whole->len, sha256);
    return key->class == KEY_CLASS_CERTIFICATE || !item->of->was.has_public ||
           memcmp(sha256, item->of->was.spki_sha256, sizeof sha256) == 0 ||
           err_set(err, ERR_CONFLICT, "the public half on the %s is no longer that of the report",
                   side_name(side));
}

bool removal_witness(struct removal_walk *w, size_t i, struct err *err)
{
    struct removal_item *item = &w->items[i];
    const struct key_desc *key = item->at[w->from];
    struct bytes whole = {0};
    bool ok;

    if (item->gone) { /* its HSM cannot be asked any more */
        ok = item->at[w->keeper]->class != KEY_CLASS_PRIVATE ||
             (read_whole(w, w->keeper, item, &whole, err) &&
              witness_of_half(w->c->plan.items[i].proofs, &whole, &item->witness, err));
    } else
        ok = read_whole(w, w->from, item, &whole, err) &&
             witness_take(removal_party(w, w->from)->hsm,
                          &(struct proof_place){key->handle, key->class, {0}},
                          w->c->plan.items[i].proofs, &whole, &item->witness, err);
    bytes_free(&whole);
    return ok;
}

/* A secret whose HSM cannot be asked: by the check value in the report. */
static bool judge_check(const struct removal_item *item, struct hsm *hsm, uint64_t handle,
                        struct err *err)
{
    static const struct {
        enum kcv_method method;
        enum hsm_proof proof;
    } by[] = {{KCV_ECB, HSM_PROOF_KCV_ECB}, {KCV_CMAC, HSM_PROOF_KCV_CMAC}};
    uint8_t zeros[16] = {0};
    const struct bytes block = {
        zeros, strncmp(item->of->type, key_kind_name(KEY_KIND_DES3), 4) == 0 ? 8 : sizeof zeros};

    for (size_t i = 0; i < sizeof by / sizeof by[0]; i++) {
        const struct kcv_value *was = &item->of->check[by[i].method];
        struct bytes now = {0};
        bool same;
        if (!was->len || !hsm->driver->prove(hsm, by[i].proof, handle, &block, &now, err))
            continue;
        same = now.len == was->len && memcmp(now.data, was->octets, was->len) == 0;
        bytes_free(&now);
        return same || err_set(err, ERR_DATA, "its check value is no longer the one in the report");
    }
    err_clear(err);
    return true; /* it was proven before its key was destroyed */
}

struct judging {
    const struct look *look;
    enum witness_turn turn;
    size_t i;
};

/* The copy is a token object, still the key of the report, and answers as the other side did. */
static bool judge(struct removal_walk *w, void *ctx, struct step_result *result, struct err *err)
{
    const struct judging *j = ctx;
    struct removal_item *item = &w->items[j->i];
    struct transfer *t = &w->c->transfers.at[j->i];
    struct hsm *hsm = j->look->hsm;
    const struct key_desc *listed = names_only(&j->look->names, item->at[w->keeper]);
    char type[KEY_TYPE_TEXT];
    struct key_desc found;

    if (!listed)
        return err_set(err, ERR_CONFLICT,
                       "a fresh process does not find exactly one key of this name on the %s",
                       side_name(w->keeper));
    if (!hsm->driver->describe(hsm, listed->handle, &found, err))
        return false;
    if (key_is_not(&found, KEY_TOKEN))
        return err_set(err, ERR_CONFLICT, "its copy is no token object: it ends with a session");
    if (found.kind != item->at[w->keeper]->kind)
        return err_set(err, ERR_CONFLICT, "its copy is %s now, and the report says %s",
                       key_type_text(&found, type), item->of->type);
    if (item->witness ? !witness_judge(item->witness, j->turn, hsm,
                                       &(struct proof_place){found.handle, found.class, {0}}, err)
                      : !judge_check(item, hsm, found.handle, err))
        return false;
    if (item->witness)
        t->proof = witness_proof(item->witness);
    t->proven = item->witness != NULL;
    text_print(result->text, sizeof result->text, "by a fresh process on the %s",
               side_name(w->keeper));
    return compact_set(&t->found, &found, sizeof found) ||
           err_set(err, ERR_FAILED, "no memory for the description of a key");
}

static bool emit_proven(struct removal_walk *w, size_t i, enum step_id stage, struct err *err)
{
    const struct transfer *t = &w->c->transfers.at[i];
    const struct party *side = w->c->side;
    const enum hsm_proof proof = t->proof;
    struct event e = {.kind = EVENT_PROOF, .side = w->keeper, .key = t->number};

    if (!w->items[i].witness)
        return true;
    e.proof.proof = proof;
    e.proof.state = EVENT_OK;
    e.proof.stage = stage;
    for (enum side at = SIDE_SOURCE; at <= SIDE_DESTINATION; at++)
        text_cut(e.proof.call[at], sizeof e.proof.call[at],
                 proof == HSM_PROOF_BYTES ? side[at].caps.op_calls[HSM_READ_PUBLIC]
                                          : side[at].caps.proof_calls[proof]);
    text_cut(e.proof.text, sizeof e.proof.text, proof_sentence(proof));
    return emit_event(&w->c->narrator, &e, err);
}

static enum witness_turn turn_of(enum step_id stage)
{
    return stage == STEP_PROVE_NOW     ? WITNESS_NOW
           : stage == STEP_PROVE_AFTER ? WITNESS_AFTER
                                       : WITNESS_END;
}

bool removal_prove(struct removal_walk *w, enum step_id stage, size_t first, size_t count,
                   bool destroyed, struct err *err)
{
    struct look look;
    bool ok = look_begin(w, &look, err);

    for (size_t i = first; ok && i < first + count; i++) {
        struct judging judging = {&look, turn_of(stage), i};
        const struct transfer *t = &w->c->transfers.at[i];
        if (!w->items[i].wanted || (destroyed && t->outcome != KEY_DESTROYED))
            continue;
        /* The closing step is one for all keys. */
        ok = (stage == STEP_PROVE_FRESH ? judge(w, &judging, &(struct step_result){0}, err)
                                        : removal_step(w, stage, t, judge, &judging, err)) &&
             emit_proven(w, i, stage, err);
        if (!ok)
            w->c->transfers.at[i].proven = false;
    }
    look_end(&look);
    return ok;
}
