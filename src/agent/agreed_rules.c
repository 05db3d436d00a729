/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/agreed_rules.h"

#include <string.h>

#include "hsm/wrap_alg.h"

bool agreed_may_meet(const struct agreed *is, const struct hsm_meeting *with, struct err *err)
{
    if (is->pair != with->private_handle || is->public != with->public_handle ||
        is->alg != with->alg)
        return err_set(err, ERR_DENIED, "this session did not generate this pair to agree with");
    return !is->peer.len || (is->source == with->source && bytes_equal(&is->peer, with->peer)) ||
           err_set(err, ERR_DENIED, "this pair has met another public key before");
}

bool agreed_may_derive(struct agreed *is, const struct hsm_agreement *on, struct err *err)
{
    const uint32_t use = is->source ? KEY_WRAP : KEY_UNWRAP;

    if (is->pair != on->private_handle || is->alg != on->alg || !is->peer.len ||
        !bytes_equal(&is->peer, on->peer) || memcmp(is->info, on->info, sizeof is->info) != 0 ||
        on->use != use)
        return err_set(err, ERR_DENIED,
                       "this pair did not meet this public key, or is for another use");
    if (is->derived)
        return err_set(err, ERR_DENIED, "this pair has derived its key already");
    return is->derived = true;
}

/* Some APIs leave a derived key open to every use, or readable. */
bool agreed_check_derived(const struct key_desc *key, uint32_t use, struct err *err)
{
    if (key->class != KEY_CLASS_SECRET || key->kind != KEY_KIND_AES ||
        (key->bits && key->bits != HSM_AGREED_BITS))
        return err_set(err, ERR_DENIED, "the derived key is not AES of %d bits", HSM_AGREED_BITS);
    if (key_is_not(key, use) || (key->flags & key->flags_known & KEY_USES & ~use))
        return err_set(err, ERR_DENIED, "the derived key may do something else than %s",
                       key_flag_name(use));
    return (!key_is(key, KEY_EXTRACTABLE) && !key_is_not(key, KEY_SENSITIVE) &&
            !key_is(key, KEY_TOKEN)) ||
           err_set(err, ERR_DENIED, "the derived key could leave its HSM");
}

/* Is the derived key asked for the one thing that it does? It is spent in any case. */
static bool spend(struct agreed *is, enum hsm_alg alg, bool for_kek)
{
    const bool first = !is->spent;

    is->spent = true;
    return first && for_kek && alg == wrap_alg(is->alg)->inner;
}

bool agreed_may_wrap(struct agreed *is, enum hsm_alg alg, uint64_t under, uint64_t key,
                     struct err *err)
{
    return !is->key || is->key != under || spend(is, alg, key == is->kek) ||
           err_set(err, ERR_DENIED, "the derived key wraps one fresh AES key, and once");
}

bool agreed_may_unwrap(struct agreed *is, enum hsm_alg alg, uint64_t under,
                       const struct hsm_template *t, struct err *err)
{
    const bool kek = t->class == KEY_CLASS_SECRET && t->kind == KEY_KIND_AES &&
                     !(t->flags & (KEY_TOKEN | KEY_EXTRACTABLE)) && (t->flags & KEY_SENSITIVE) &&
                     (t->flags & KEY_USES) == KEY_UNWRAP;

    return !is->key || is->key != under || spend(is, alg, kek) ||
           err_set(err, ERR_DENIED, "the derived key unwraps one AES key, and once");
}

bool agreed_has(const struct agreed *is, uint64_t handle)
{
    return handle && (is->pair == handle || is->key == handle);
}

void agreed_gone(struct agreed *is, uint64_t handle)
{
    if (is->key == handle)
        is->key = 0;
    if (is->kek == handle)
        is->kek = 0;
    if (is->pair != handle)
        return;
    bytes_free(&is->peer);
    *is = (struct agreed){.key = is->key, .kek = is->kek, .alg = is->alg, .spent = is->spent};
}
