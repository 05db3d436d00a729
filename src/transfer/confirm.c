/* SPDX-License-Identifier: Apache-2.0 */
#include "transfer/confirm.h"

#include <stdio.h>

#include "hsm/fidelity.h"
#include "transfer/ahead.h"
#include "transfer/in_line.h"
#include "transfer/kcv.h"
#include "transfer/rewrap.h"
#include "transfer/transport.h"

struct proof_pair confirm_pair(struct hsm *const hsm[2], const struct transfer *t, uint64_t handle)
{
    return (struct proof_pair){
        .source = hsm[SIDE_SOURCE],
        .source_key = t->item->key->handle,
        .source_spki = &t->wire.spki,
        .source_shown = t->item->shown,
        .destination = hsm[SIDE_DESTINATION],
        .destination_key = handle,
        .class = t->item->key->class,
        .half = t->item->half,
    };
}

bool confirm_attributes(const struct plan_item *item, const struct key_desc *is, bool temporary,
                        struct err *err)
{
    const struct fidelity_pair pair = {item->key, &item->want_flags, is, temporary};

    if (fidelity_check(&pair, err))
        return true;
    if (err->code == ERR_DENIED)
        return err_next(err, "Leave this key on the source, or take an HSM that has this guard.");
    return err_next(err, "Move nothing more there before you know why the destination did this.");
}

static bool prove(struct hsm *const hsm[2], struct transfer *t, uint64_t handle,
                  const struct key_desc *found, enum ahead_turn turn, struct step_result *result,
                  struct err *err)
{
    const struct proof_pair pair = confirm_pair(hsm, t, handle);

    if (t->item->route == ROUTE_DERIVED) /* another object of the source answers each time */
        ahead_free(&t->ahead);
    if (!ahead_run(&pair, &t->ahead, turn, proof_exact(t->item->proofs, t->item->key, found),
                   &t->proof, err))
        return false;
    result->has_proof = true;
    result->proof = t->proof;
    result->call = hsm_proof_name(t->proof);
    snprintf(result->text, sizeof result->text, "%s", ahead_sentence(t->ahead, t->proof));
    return true;
}

static struct kcv_pair kcv_pair_of(struct hsm *const hsm[2], const struct transfer *t,
                                   uint64_t handle, const struct key_desc *found)
{
    return (struct kcv_pair){{t->item->key, found},
                             {hsm[SIDE_SOURCE], hsm[SIDE_DESTINATION]},
                             {t->item->key->handle, handle},
                             ahead_checks(t->ahead)};
}

/* One by CMAC besides one by ECB: on request only, since it costs both sides two calls. */
static bool is_enough(const struct transfer *t, const struct step_result *result)
{
    return !t->transport->policy->cmac && result->kcv_count > 0 &&
           result->kcvs[0].method == KCV_ECB && result->kcvs[0].value[SIDE_SOURCE].len > 0;
}

static bool compare_kcvs(struct hsm *const hsm[2], const struct transfer *t, uint64_t handle,
                         const struct key_desc *found, struct step_result *result, struct err *err)
{
    const struct kcv_pair pair = kcv_pair_of(hsm, t, handle, found);

    for (unsigned i = 0; i < kcv_count(t->item->key) && !is_enough(t, result); i++) {
        if (!kcv_compute(&pair, i, t->transport->suite->proofs, &result->kcvs[i], err))
            return false;
        result->kcv_count = i + 1;
    }
    return true;
}

/* Of a key that comes as a file: a check value finds confusion, but an attacker finds another key
 * with the same one after 2^24 tries. */
static bool compare_returned(struct hsm *const hsm[2], struct transfer *t, uint64_t handle,
                             const struct key_desc *found, struct step_result *result,
                             struct err *err)
{
    const bool has_check = t->item->key->kcv_len > 0;

    snprintf(result->text, sizeof result->text, "UNPROVEN by waiver: %s",
             has_check ? "only its check value agrees, which shows no attack"
                       : "nothing came by another way that could show it");
    if (!has_check)
        return true;
    if (!compare_kcvs(hsm, t, handle, found, result, err))
        return false;
    for (unsigned i = 0; i < result->kcv_count; i++)
        if (result->kcvs[i].value[SIDE_DESTINATION].len > 0)
            return true;
    err_set(err, ERR_UNSUPPORTED,
            "the destination cannot compute the check value of this key: %.160s",
            result->kcv_count ? result->kcvs[0].text : "");
    return err_next(err, "Leave out \"check-value\" in the ceremony file, or use another HSM.");
}

/* The evidence for the key, beyond the fact that its envelope could be opened. */
static bool compare_unproven(struct hsm *const hsm[2], struct transfer *t, uint64_t handle,
                             const struct key_desc *found, struct step_result *result,
                             struct err *err)
{
    if (t->transport->suite->returned)
        return compare_returned(hsm, t, handle, found, result, err);
    if (!hsm[SIDE_SOURCE]->driver->wrap) { /* in another room: there is nothing to compare */
        snprintf(result->text, sizeof result->text,
                 "UNPROVEN by waiver: its evidence could not travel encrypted");
        return true;
    }
    snprintf(result->text, sizeof result->text, "UNPROVEN by waiver: its uses allow no proof");
    if (!compare_kcvs(hsm, t, handle, found, result, err) ||
        !rewrap_check(hsm, t, handle, found, &result->kcvs[result->kcv_count], err))
        return false;
    result->kcv_count++;
    return true;
}

/* Explains a failed proof, if it can: a destination that sets the parity bits of a DES key (FIPS
 * 46-3) holds another value than a source that stores it without odd parity, although both are the
 * same key for the cipher. This cannot be known in advance, since the value is never visible. Only
 * an envelope with integrity rules out that the key was altered. Always false. */
static bool explain_parity(struct hsm *const hsm[2], struct transfer *t, struct err *err)
{
    const struct key_desc *key = t->item->key;
    struct key_desc arrived;
    const struct kcv_pair pair = kcv_pair_of(hsm, t, t->temporary, &arrived);

    compact_get(t->arrived, &arrived, sizeof arrived);
    if (err->code != ERR_DATA || key->kind != KEY_KIND_DES3 || suite_is_weak(t->item->alg) ||
        !kcv_agree(&pair, t->transport->suite->proofs))
        return false;
    t->parity = true;
    err_set(err, ERR_UNSUPPORTED,
            "a DES key without odd parity (FIPS 46-3), which this destination sets: the check "
            "values agree, the bytes would not be the original's");
    return err_next(err, "Leave it on the source, or give it odd parity at its origin.");
}

bool confirm_arrived(struct hsm *const hsm[2], struct transfer *t, struct step_result *result,
                     struct err *err)
{
    struct key_desc arrived;

    compact_get(t->arrived, &arrived, sizeof arrived);
    if (t->item->unproven)
        return compare_unproven(hsm, t, t->temporary, &arrived, result, err);
    return prove(hsm, t, t->temporary, &arrived, AHEAD_ARRIVED, result, err)
               ? compare_kcvs(hsm, t, t->temporary, &arrived, result, err)
               : explain_parity(hsm, t, err);
}

/* Only the bytes of a public object matter. If the destination stores it with other attributes than
 * requested, the object is removed and the ceremony continues. */
static bool confirm_object(struct hsm *const hsm[2], struct transfer *t,
                           const struct key_desc *found, struct step_result *result,
                           struct err *err)
{
    if (!prove(hsm, t, t->final, found, AHEAD_FINAL, result, err))
        return false;
    if (confirm_attributes(t->item, found, false, err))
        return true;
    err->code = ERR_DENIED;
    return false;
}

bool confirm_final(struct hsm *const hsm[2], struct transfer *t, struct step_result *result,
                   struct err *err)
{
    struct hsm *to = hsm[SIDE_DESTINATION];
    struct key_desc found;

    if (!transfer_describe(to, t->final, &found, &t->found, err))
        return false;
    if (t->item->route == ROUTE_PUBLIC)
        return confirm_object(hsm, t, &found, result, err);
    if (t->item->route == ROUTE_ALIGNED ? !in_line_holds(t->item, &found, err)
                                        : !confirm_attributes(t->item, &found, false, err))
        return false;
    return t->item->unproven ? compare_unproven(hsm, t, t->final, &found, result, err)
                             : prove(hsm, t, t->final, &found, AHEAD_FINAL, result, err);
}

bool confirm_finish(struct hsm *hsm, struct transfer *t, struct err *err)
{
    if (t->temporary != t->final &&
        !known_destroy(t->transport->destination.known, hsm, t, &t->temporary, err))
        return false;
    t->proven = true;
    return true;
}
