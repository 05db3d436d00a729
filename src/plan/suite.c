/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/suite.h"

#include <stdio.h>
#include <string.h>

#include "hsm/wrap_alg.h"

static void reject(struct negotiation *deal, enum hsm_alg alg, const char *who, const char *why)
{
    unsigned n = deal->rejected_count;

    if (n == HSM_ALGS)
        return;
    deal->rejected[n].alg = alg;
    snprintf(deal->rejected[n].reason, sizeof deal->rejected[n].reason, "%s%s%.128s", who,
             *who ? ": " : "", *why ? why : "not offered");
    deal->rejected_count++;
}

/* Can the source wrap and the destination unwrap by alg? Otherwise it is rejected with the
 * reason of the side that cannot. */
static bool common(const struct hsm_offers *source, const struct hsm_offers *destination,
                   enum hsm_alg alg, struct negotiation *deal)
{
    if (!source->alg[alg].wrap)
        reject(deal, alg, "source", source->alg[alg].reason);
    else if (!destination->alg[alg].unwrap)
        reject(deal, alg, "destination", destination->alg[alg].reason);
    else
        return true;
    return false;
}

static bool choose_transport(const struct policy *policy, const struct hsm_offers *source,
                             const struct hsm_offers *destination, struct negotiation *deal)
{
    for (enum hsm_alg alg = 0; alg < HSM_ALGS; alg++) {
        if (wrap_alg(alg)->family != WRAP_RSA_OAEP)
            continue;
        if (!(policy->transports & 1U << alg)) {
            reject(deal, alg, "", "the policy does not allow it");
            continue;
        }
        if (!common(source, destination, alg, deal))
            continue;
        deal->transport = alg;
        deal->direct_max = (uint32_t)wrap_oaep_max(alg, policy->rsa_bits / 8);
        snprintf(deal->transport_reason, sizeof deal->transport_reason,
                 "the strongest that both sides speak and the policy allows");
        return true;
    }
    return false;
}

/* Does a secret of any length arrive as it left? */
static bool is_exact(enum hsm_alg alg, const struct hsm_offers *source,
                     const struct hsm_offers *destination)
{
    enum wrap_length length = wrap_alg(alg)->exact_length;

    return length == WRAP_LENGTH_KEPT ||
           (length == WRAP_LENGTH_ASK &&
            (source->exact_length == HSM_YES || destination->takes_length == HSM_YES));
}

/* What is weak comes after the key directly under OAEP, which protects its integrity. */
static void choose_envelopes(const struct policy *policy, const struct hsm_offers *source,
                             const struct hsm_offers *destination, bool weak,
                             struct negotiation *deal)
{
    for (enum hsm_alg alg = 0; alg < HSM_ALGS; alg++) {
        if (wrap_alg(alg)->family != WRAP_AES || negotiation_is_weak(alg) != weak)
            continue;
        if (weak && !policy->unauthenticated)
            reject(deal, alg, "", "no integrity, and the policy does not allow that");
        else if (common(source, destination, alg, deal))
            deal->ways[deal->way_count++] =
                (struct way){ROUTE_ENVELOPE, alg, is_exact(alg, source, destination)};
    }
}

const struct trial *negotiation_trial(const struct negotiation *deal, const struct key_desc *key,
                                      enum hsm_alg alg)
{
    struct key_sample sample;

    key_sample_of(key, &sample);
    for (unsigned i = 0; i < deal->trial_count; i++)
        if (deal->trials[i].alg == alg && key_sample_equal(&deal->trials[i].sample, &sample))
            return &deal->trials[i];
    return NULL;
}

bool negotiation_is_weak(enum hsm_alg alg)
{
    return !wrap_alg(alg)->has_integrity;
}

bool negotiate(const struct policy *policy, const struct hsm_offers *source,
               const struct hsm_offers *destination, struct negotiation *deal, struct err *err)
{
    *deal = (struct negotiation){0};
    if (!choose_transport(policy, source, destination, deal)) {
        err_set(err, ERR_UNSUPPORTED,
                "no way to carry the AES key that both sides speak: %s %.120s; "
                "%s %.120s",
                hsm_alg_name(deal->rejected[0].alg), deal->rejected[0].reason,
                hsm_alg_name(deal->rejected[1].alg), deal->rejected[1].reason);
        err_now(err, "Nothing was changed.");
        return err_next(err, "Allow another OAEP hash in the policy, or use other HSMs.");
    }
    choose_envelopes(policy, source, destination, false, deal);
    deal->ways[deal->way_count++] = (struct way){ROUTE_DIRECT, deal->transport, true};
    choose_envelopes(policy, source, destination, true, deal);
    deal->by_destination = destination->proofs;
    deal->one_per_id = destination->one_per_id;
    deal->lost_templates = destination->lost_templates;
    deal->lost_terms = destination->lost_terms;
    deal->lost_flags = destination->lost_flags;
    deal->limits = destination->limits;
    deal->digest_max = source->limits.digest_max;
    deal->proofs = source->proofs & destination->proofs; /* both are asked */
    return true;
}
