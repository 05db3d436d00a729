/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/derived_key.h"

#include "hsm/facts.h"
#include "hsm/wrap_alg.h"
#include "protocol/gate.h"

static bool is_by_ecdh(enum transport_kind kind)
{
    for (enum hsm_alg alg = 0; alg < HSM_ALGS; alg++)
        if (transport_kinds[kind].algs & UINT32_C(1) << alg)
            return wrap_is_agreed(alg) && !wrap_alg(alg)->kem;
    return false;
}

bool derived_key_policy(struct policy *policy, struct err *err)
{
    enum transport_kind allowed[TRANSPORTS];
    const unsigned count = policy_transports(policy, allowed);

    policy->order.count = 0;
    for (unsigned i = 0; i < count; i++)
        if (is_by_ecdh(allowed[i]))
            policy->order.at[policy->order.count++] = (uint8_t)allowed[i];
    policy->gates |= 1U << GATE_REVIEW | 1U << GATE_FINGERPRINT;
    policy->canary = CANARY_NONE;
    return policy->order.count > 0 ||
           err_set(err, ERR_CONFIG, "a key is derived by ECDH, which the policy does not allow");
}

bool derived_key_item(const struct derived_key *derived, struct plan_item *item, struct err *err)
{
    const uint32_t flags = derived->uses | DERIVED_GUARDS;

    item->want_flags = flags;
    if (item->from)
        return true;
    const uint64_t old_handle = item->key->handle;
    if (!plan_item_rename(item, &derived->name, err))
        return false;
    item->old_handle = old_handle;
    *item->own = (struct key_desc){.class = KEY_CLASS_SECRET,
                                   .kind = KEY_KIND_AES,
                                   .length = HSM_AGREED_BITS / 8,
                                   .bits = HSM_AGREED_BITS,
                                   .flags = flags,
                                   .flags_known = KEY_USES | KEY_EXTRACTABLE | DERIVED_GUARDS};
    key_set_label(item->own, derived->name.label, derived->name.label_len);
    key_set_id(item->own, derived->name.id, derived->name.id_len);
    return true;
}
