/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/wanted.h"

#include "hsm/wrap_alg.h"
#include "plan/provable.h"

/* Those by which a test key like this one is proven: make_key() of hsm/hsm.h has its uses. */
static uint32_t proofs_of_canary(const struct key_desc *key)
{
    const uint32_t uses = KEY_ENCRYPT | KEY_DECRYPT | KEY_SIGN |
                          (key->kind == KEY_KIND_MONTGOMERY ? KEY_DERIVE : 0) |
                          (key->kind == KEY_KIND_ML_KEM ? KEY_DECAPSULATE : 0);
    struct key_desc test = {.class = key->class,
                            .kind = key->kind,
                            .length = key->length,
                            .flags = uses,
                            .flags_known = uses};

    return provable_at_all(&test);
}

static void add(struct hsm_wanted *wanted, const struct key_desc *key, bool canary)
{
    const struct key_constraints *has = &key->constraints;

    wanted->kinds |= UINT32_C(1) << key->kind;
    if (!key_is_movable_class(key))
        return;
    wanted->proofs |= provable_at_all(key) | (canary ? proofs_of_canary(key) : 0);
    if (key_kind_is(key->kind, KEY_FAMILY_CIPHER))
        wanted->proofs |= UINT32_C(1) << HSM_PROOF_KCV_ECB | UINT32_C(1) << HSM_PROOF_KCV_CMAC;
    if (has->start[0] || has->end[0])
        wanted->constraints |= KEY_DATES;
    if (has->allowed_count)
        wanted->constraints |= KEY_ALLOWED;
    wanted->unmodifiable |= !key_is(key, KEY_MODIFIABLE);
}

static bool is_allowed(const struct policy *policy, enum hsm_alg alg)
{
    if (wrap_alg(alg)->family != WRAP_AES && !policy_allows_transport(policy, transport_of(alg)))
        return false;
    if (wrap_alg(alg)->family == WRAP_RSA_OAEP)
        return policy->transports & UINT32_C(1) << alg;
    return policy->unauthenticated || wrap_alg(alg)->has_integrity;
}

struct hsm_wanted wanted_for(const struct key_list *keys, const struct policy *policy,
                             enum hsm_role role, bool pads)
{
    struct hsm_wanted wanted = {.role = role};

    for (enum hsm_alg alg = 0; alg < HSM_ALGS; alg++)
        if (is_allowed(policy, alg))
            wanted.algs |= UINT32_C(1) << alg;
    for (size_t i = 0; i < keys->count; i++)
        add(&wanted, &keys->keys[i], policy->canary != CANARY_NONE);
    if (pads)
        wanted.kinds |= UINT32_C(1) << KEY_KIND_GENERIC;
    return wanted;
}
