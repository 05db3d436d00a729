/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/suite.h"

#include <stdio.h>
#include <string.h>

/* Transports, strongest first. */
static const struct {
    enum hsm_alg alg;
    uint32_t hash_len; /* octets of the OAEP hash */
} transports[] = {
    {HSM_RSA_OAEP_SHA256, 32},
    {HSM_RSA_OAEP_SHA1, 20},
};

/* Envelopes, strongest first. What is weak comes behind the key directly under OAEP, which protects
 * its integrity. */
static const struct {
    enum hsm_alg alg;
    bool weak;
    const char *words;
} envelopes[] = {
    {HSM_AES_KWP, false, "RFC 5649: protects integrity, carries every length"},
    {HSM_AES_KW, false, "RFC 3394: protects integrity, carries multiples of 8 bytes"},
    {HSM_AES_CBC_PAD, true, "NO INTEGRITY: only the proof shows whether a key was altered"},
};
enum { ENVELOPES = sizeof envelopes / sizeof envelopes[0] };

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

/* Does a secret of any length arrive as it left? Padding as of PKCS#7 takes itself off again. */
static bool is_exact(enum hsm_alg alg, const struct hsm_offers *source,
                     const struct hsm_offers *destination)
{
    return alg == HSM_AES_CBC_PAD || (alg == HSM_AES_KWP && (source->exact_length == HSM_YES ||
                                                             destination->takes_length == HSM_YES));
}

static void choose_envelopes(const struct policy *policy, const struct hsm_offers *source,
                             const struct hsm_offers *destination, bool weak,
                             struct negotiation *deal)
{
    for (size_t i = 0; i < ENVELOPES; i++) {
        enum hsm_alg alg = envelopes[i].alg;
        if (envelopes[i].weak != weak)
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

const char *negotiation_envelope_words(enum hsm_alg alg)
{
    for (size_t i = 0; i < ENVELOPES; i++)
        if (envelopes[i].alg == alg)
            return envelopes[i].words;
    return "the key itself under the transport key";
}

bool negotiation_is_weak(enum hsm_alg alg)
{
    for (size_t i = 0; i < ENVELOPES; i++)
        if (envelopes[i].alg == alg)
            return envelopes[i].weak;
    return false;
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
