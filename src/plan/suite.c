/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/suite.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "hsm/wrap_alg.h"

static void reject(struct suite *suite, enum hsm_alg alg, const char *who, const char *why)
{
    unsigned n = suite->rejected_count;

    if (n == HSM_ALGS)
        return;
    suite->rejected[n].alg = alg;
    snprintf(suite->rejected[n].reason, sizeof suite->rejected[n].reason, "%s%s%.128s", who,
             *who ? ": " : "", *why ? why : "not offered");
    suite->rejected_count++;
}

/* Can the source wrap and the destination unwrap by alg? Otherwise it is rejected with the
 * reason of the side that cannot. */
static bool common(const struct hsm_capabilities *source,
                   const struct hsm_capabilities *destination, enum hsm_alg alg,
                   struct suite *suite)
{
    if (!source->alg[alg].wrap)
        reject(suite, alg, "source", source->alg[alg].reason);
    else if (!destination->alg[alg].unwrap)
        reject(suite, alg, "destination", destination->alg[alg].reason);
    else
        return true;
    return false;
}

static bool choose_transport(const struct policy *policy, const struct hsm_capabilities *source,
                             const struct hsm_capabilities *destination, enum wrap_family family,
                             struct suite *suite)
{
    for (enum hsm_alg alg = 0; alg < HSM_ALGS; alg++) {
        if (wrap_alg(alg)->family != family)
            continue;
        if (!policy_allows(policy, alg)) {
            reject(suite, alg, "", "the policy does not allow it");
            continue;
        }
        if (!common(source, destination, alg, suite))
            continue;
        suite->transport = alg;
        if (family == WRAP_RSA_OAEP)
            suite->direct_max = (uint32_t)wrap_oaep_max(alg, policy->rsa_bits / 8);
        snprintf(suite->transport_reason, sizeof suite->transport_reason,
                 "the strongest that both sides speak and the policy allows");
        return true;
    }
    return false;
}

/* The strongest KDF that both sides have and the policy allows; HSM_KDFS: none. */
static enum hsm_kdf common_kdf(const struct policy *policy, uint32_t kdfs)
{
    enum hsm_kdf kdf = 0;

    while (kdf < HSM_KDFS && !(kdfs & UINT32_C(1) << kdf))
        kdf++;
    return kdf == HSM_KDF_NONE && policy->kdf_required ? HSM_KDFS : kdf;
}

/* A transport that both sides agree on; the AES key is wrapped under the derived one. */
static bool choose_agreed(const struct policy *policy, const struct hsm_capabilities *source,
                          const struct hsm_capabilities *destination, enum hsm_alg alg,
                          struct suite *suite)
{
    const enum hsm_alg inner = wrap_alg(alg)->inner;
    enum hsm_kdf kdf;

    /* one that a side is not known to have is worth a word only if the policy names it */
    if (policy->order.count == 0 &&
        !(source->alg[alg].mechanism && destination->alg[alg].mechanism))
        return false;
    if (!common(source, destination, alg, suite))
        return false;
    kdf = common_kdf(policy, source->alg[alg].kdfs & destination->alg[alg].kdfs);
    if (kdf == HSM_KDFS)
        reject(suite, alg, "",
               policy->kdf_required ? "no KDF that both sides have, and the policy requires one"
                                    : "no way to derive the key that both sides have");
    else if (!source->alg[inner].wrap || !destination->alg[inner].unwrap)
        reject(suite, alg, "", "not both sides can wrap under the derived key by aes-kwp");
    else {
        suite->transport = alg;
        suite->kdf = kdf;
        snprintf(suite->transport_reason, sizeof suite->transport_reason,
                 "the strongest that both sides speak and the policy allows%s%s%s",
                 kdf == HSM_KDF_NESTED ? "; in two layers" : "",
                 kdf == HSM_KDF_NONE ? "; no KDF: the AES key is the shared point's x-coordinate"
                                     : "",
                 kdf == HSM_KDF_NONE && wrap_alg(alg)->bits > HSM_AGREED_BITS ? ", cut" : "");
        return true;
    }
    return false;
}

static bool choose_kind(const struct policy *policy, const struct hsm_capabilities *source,
                        const struct hsm_capabilities *destination, enum transport_kind kind,
                        struct suite *suite)
{
    if (kind == TRANSPORT_RSA_OAEP)
        return choose_transport(policy, source, destination, WRAP_RSA_OAEP, suite) ||
               choose_transport(policy, source, destination, WRAP_RSA_AES, suite);
    for (enum hsm_alg alg = 0; alg < HSM_ALGS; alg++)
        if (transport_kinds[kind].algs & UINT32_C(1) << alg)
            return choose_agreed(policy, source, destination, alg, suite);
    return false;
}

/* Is the length of any secret preserved? */
static bool is_exact(enum hsm_alg alg, const struct hsm_capabilities *source,
                     const struct hsm_capabilities *destination)
{
    enum wrap_length length = wrap_alg(alg)->exact_length;

    return length == WRAP_LENGTH_KEPT ||
           (length == WRAP_LENGTH_ASK &&
            (source->exact_length == HSM_YES || destination->takes_length == HSM_YES));
}

/* Envelopes without integrity come after direct wrapping by OAEP, which protects integrity. */
static void choose_envelopes(const struct policy *policy, const struct hsm_capabilities *source,
                             const struct hsm_capabilities *destination, bool weak,
                             struct suite *suite)
{
    for (enum hsm_alg alg = 0; alg < HSM_ALGS; alg++) {
        if (wrap_alg(alg)->family != WRAP_AES || suite_is_weak(alg) != weak)
            continue;
        if (weak && !policy->unauthenticated)
            reject(suite, alg, "", "no integrity, and the policy does not allow that");
        else if (common(source, destination, alg, suite))
            suite->options[suite->option_count++] =
                (struct wrap_option){ROUTE_ENVELOPE, alg, is_exact(alg, source, destination)};
    }
}

/* Under the transport key itself: by its algorithm; then in one blob, which carries every length.
 * An HSM with the two calls of such a blob makes and takes it as well; two of those have an
 * envelope, which is no weaker. */
static void choose_direct(const struct policy *policy, const struct hsm_capabilities *source,
                          const struct hsm_capabilities *destination, struct suite *suite)
{
    suite->options[suite->option_count++] = (struct wrap_option){
        ROUTE_DIRECT, suite->transport, is_exact(suite->transport, source, destination)};
    if (wrap_alg(suite->transport)->family == WRAP_RSA_AES)
        return;
    for (enum hsm_alg alg = 0; alg < HSM_ALGS; alg++)
        if (wrap_alg(alg)->family == WRAP_RSA_AES && policy_allows(policy, alg) &&
            source->alg[alg].wrap && destination->alg[alg].unwrap &&
            !(source->alg[wrap_alg(alg)->inner].wrap &&
              destination->alg[wrap_alg(alg)->inner].unwrap)) {
            suite->options[suite->option_count++] =
                (struct wrap_option){ROUTE_DIRECT, alg, is_exact(alg, source, destination)};
            return;
        }
}

const struct trial *suite_trial(const struct suite *suite, const struct key_desc *key,
                                enum hsm_alg alg)
{
    struct key_sample sample;

    key_sample_of(key, &sample);
    for (unsigned i = 0; i < suite->trial_count; i++)
        if (suite->trials[i].alg == alg && key_sample_equal(&suite->trials[i].sample, &sample))
            return &suite->trials[i];
    return NULL;
}

bool suite_is_weak(enum hsm_alg alg)
{
    return !wrap_alg(alg)->has_integrity;
}

static void no_transport(const struct suite *suite, struct err *err)
{
    char each[ERR_WHAT_MAX] = "";
    size_t len = 0;

    for (unsigned i = 0; i < suite->rejected_count; i++)
        len += text_print(each + len, sizeof each - len, "%s%s %.90s", i ? "; " : "",
                          hsm_alg_name(suite->rejected[i].alg), suite->rejected[i].reason);
    err_set(err, ERR_UNSUPPORTED, "no way to carry the AES key that both sides speak: %s", each);
}

/* The strongest envelope with integrity, which every AES key fits. */
static enum hsm_alg evidence_envelope(const struct suite *suite,
                                      const struct hsm_capabilities *source,
                                      const struct hsm_capabilities *destination)
{
    for (unsigned i = 0; i < suite->option_count; i++)
        if (suite->options[i].route == ROUTE_ENVELOPE && !suite_is_weak(suite->options[i].alg) &&
            source->evidence.wrap && destination->evidence.unwrap)
            return suite->options[i].alg;
    return HSM_ALGS;
}

bool negotiate(const struct policy *policy, const struct hsm_capabilities *source,
               const struct hsm_capabilities *destination, struct suite *suite, struct err *err)
{
    enum transport_kind kinds[TRANSPORTS];
    const unsigned count = policy_transports(policy, kinds);
    unsigned at = 0;

    *suite = (struct suite){0};
    while (at < count && !choose_kind(policy, source, destination, kinds[at], suite))
        at++;
    if (at == count) {
        no_transport(suite, err);
        err_now(err, "Nothing was changed.");
        return err_next(err, "Allow another transport or OAEP hash in the policy, or use other "
                             "HSMs.");
    }
    choose_envelopes(policy, source, destination, false, suite);
    if (!wrap_is_agreed(suite->transport)) /* a derived key carries one AES key and nothing else */
        choose_direct(policy, source, destination, suite);
    choose_envelopes(policy, source, destination, true, suite);
    suite->evidence = evidence_envelope(suite, source, destination);
    suite->by_destination = destination->proofs;
    suite->one_per_id = destination->one_per_id;
    suite->lost_templates = destination->lost_templates;
    suite->lost_constraints = destination->lost_constraints;
    suite->lost_flags = destination->lost_flags;
    suite->limits = destination->limits;
    suite->digest_max = source->limits.digest_max;
    suite->proofs = source->proofs & destination->proofs; /* both are asked */
    return true;
}
