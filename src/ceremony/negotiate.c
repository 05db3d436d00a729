/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/negotiate.h"

#include <stdio.h>
#include <string.h>

/* Candidates, strongest first. */
static const struct {
    enum hsm_alg alg;
    uint32_t hash_len; /* octets of the OAEP hash */
} transports[] = {
    {HSM_RSA_OAEP_SHA256, 32},
    {HSM_RSA_OAEP_SHA1, 20},
};

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
    for (size_t i = 0; i < sizeof transports / sizeof transports[0]; i++) {
        enum hsm_alg alg = transports[i].alg;
        if (!(policy->transports & 1U << alg)) {
            reject(deal, alg, "", "the policy does not allow it");
            continue;
        }
        if (!common(source, destination, alg, deal))
            continue;
        deal->transport = alg;
        deal->direct_max = policy->rsa_bits / 8 - 2 * transports[i].hash_len - 2;
        snprintf(deal->transport_reason, sizeof deal->transport_reason,
                 "the strongest that both sides speak and the policy allows");
        return true;
    }
    return false;
}

static void choose_envelope(const struct hsm_offers *source, const struct hsm_offers *destination,
                            struct negotiation *deal)
{
    deal->has_envelope = common(source, destination, HSM_AES_KWP, deal);
    deal->envelope = HSM_AES_KWP;
    snprintf(deal->envelope_reason, sizeof deal->envelope_reason, "%s",
             deal->has_envelope ? "RFC 5649: protects integrity, carries every length"
                                : "no common envelope: only secrets that fit go, under OAEP");
    deal->exact = source->exact_length == HSM_YES || destination->takes_length == HSM_YES;
}

bool negotiate(const struct policy *policy, const struct hsm_offers *source,
               const struct hsm_offers *destination, struct negotiation *deal, struct err *err)
{
    const uint32_t by_destination =
        1U << HSM_PROOF_RSA_SIGN | 1U << HSM_PROOF_ECDSA | 1U << HSM_PROOF_RSA_DECRYPT;

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
    choose_envelope(source, destination, deal);
    /* What a private key does is checked with its public half; a secret needs both sides. */
    deal->proofs = (source->proofs & destination->proofs) | (destination->proofs & by_destination);
    return true;
}
