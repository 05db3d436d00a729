/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/agreed_rules.h"

#include <string.h>

#include "hsm/wrap_alg.h"

bool agreed_may_meet(const struct agreed *is, const struct hsm_meeting *with, struct err *err)
{
    if (is->pair != with->private_handle || is->public != with->public_handle ||
        is->alg != with->alg || is->kem != with->kem_private ||
        is->kem_public != with->kem_public ||
        (with->sent ? !is->sent.len || !bytes_equal(&is->sent, with->sent) : is->sent.len > 0))
        return err_set(err, ERR_DENIED, "this session did not generate this pair to agree with");
    return !is->peer.len || (is->source == with->source && bytes_equal(&is->peer, with->peer)) ||
           err_set(err, ERR_DENIED, "this pair has met another public key before");
}

/* A key that stays is AES-256, and can never leave. */
static bool may_stay(const struct agreed *is, const struct hsm_agreement *on, struct err *err)
{
    const struct hsm_template *key = on->key;

    if (is->kem || is->sent.len || (on->kdf != HSM_KDF_NONE && on->kdf != HSM_KDF_SHA256))
        return err_set(err, ERR_DENIED, "a key that stays is derived on a curve alone");
    return (key->class == KEY_CLASS_SECRET && key->kind == KEY_KIND_AES &&
            key->length == HSM_AGREED_BITS / 8 && (key->flags & KEY_SENSITIVE) &&
            (key->flags & KEY_PRIVATE) && !(key->flags & KEY_EXTRACTABLE) && !key->spki) ||
           err_set(err, ERR_DENIED, "a key that stays is AES of %d bits that can never leave",
                   HSM_AGREED_BITS);
}

/* The use of a key of this side, in this layer. */
static bool is_use(const struct agreed *is, const struct hsm_agreement *on)
{
    if (on->key)
        return on->use == 0;
    return on->use == (is->source ? KEY_WRAP : KEY_UNWRAP) ||
           (on->kdf == HSM_KDF_NESTED && on->use == (is->source ? KEY_ENCRYPT : KEY_DECRYPT));
}

bool agreed_may_derive(struct agreed *is, const struct hsm_agreement *on, struct err *err)
{
    bool *derived =
        on->use == KEY_ENCRYPT || on->use == KEY_DECRYPT ? &is->outer_derived : &is->derived;

    if (is->pair != on->private_handle || is->kem != on->kem_handle || is->alg != on->alg ||
        !is->met || !bytes_equal(&is->peer, on->peer) ||
        memcmp(is->info, on->info, sizeof is->info) != 0 || !is_use(is, on))
        return err_set(err, ERR_DENIED,
                       "this pair did not meet this public key, or is for another use");
    if (!(hsm_kdfs_of(is->alg) & 1U << on->kdf) || (is->sent.len && is->kdf != on->kdf))
        return err_set(err, ERR_DENIED, "this pair does not derive by %s", hsm_kdf_name(on->kdf));
    if (on->key && !may_stay(is, on, err))
        return false;
    if (*derived || is->stays)
        return err_set(err, ERR_DENIED, "this pair has derived its key already");
    is->stays = on->key != NULL;
    return *derived = true;
}

bool agreed_check_staying(const struct key_desc *key, const struct hsm_template *as,
                          struct err *err)
{
    if (key->class != KEY_CLASS_SECRET || key->kind != KEY_KIND_AES ||
        (key->bits && key->bits != HSM_AGREED_BITS))
        return err_set(err, ERR_DENIED, "the derived key is not AES of %d bits", HSM_AGREED_BITS);
    if (key->flags & key->flags_known & KEY_USES & ~as->flags)
        return err_set(err, ERR_DENIED, "the derived key may do more than was asked for");
    return (!key_is(key, KEY_EXTRACTABLE) && !key_is_not(key, KEY_SENSITIVE) &&
            !key_is(key, KEY_TOKEN)) ||
           err_set(err, ERR_DENIED, "the derived key could leave its HSM, or is kept already");
}

/* Some APIs leave a derived key open to every use, or readable. */
bool agreed_check_derived(const struct key_desc *key, uint32_t use, struct err *err)
{
    if (key->class != KEY_CLASS_SECRET ||
        (use != KEY_DERIVE &&
         (key->kind != KEY_KIND_AES || (key->bits && key->bits != HSM_AGREED_BITS))))
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
    if (is->key && is->key == under)
        return spend(is, alg, key == is->kek) ||
               err_set(err, ERR_DENIED, "the derived key wraps one fresh AES key, and once");
    return !agreed_has(is, under) ||
           err_set(err, ERR_DENIED, "this key of the agreement wraps nothing yet");
}

bool agreed_may_unwrap(struct agreed *is, enum hsm_alg alg, uint64_t under,
                       const struct hsm_template *t, struct err *err)
{
    const bool kek = t->class == KEY_CLASS_SECRET && t->kind == KEY_KIND_AES &&
                     !(t->flags & (KEY_TOKEN | KEY_EXTRACTABLE)) && (t->flags & KEY_SENSITIVE) &&
                     (t->flags & KEY_USES) == KEY_UNWRAP;

    if (is->key && is->key == under)
        return spend(is, alg, kek) ||
               err_set(err, ERR_DENIED, "the derived key unwraps one AES key, and once");
    return !agreed_has(is, under) ||
           err_set(err, ERR_DENIED, "this key of the agreement unwraps nothing yet");
}

bool agreed_is_layered(const struct agreed *is, const struct hsm_layers *by, struct err *err)
{
    return (is->key && is->key == by->inner && is->outer && is->outer == by->outer &&
            memcmp(is->info, by->info, sizeof is->info) == 0) ||
           err_set(err, ERR_DENIED, "these are not the two keys of this session's agreement");
}

bool agreed_has(const struct agreed *is, uint64_t handle)
{
    return handle &&
           (is->pair == handle || is->kem == handle || is->key == handle || is->outer == handle);
}

void agreed_gone(struct agreed *is, uint64_t handle)
{
    if (is->key == handle)
        is->key = 0;
    if (is->outer == handle)
        is->outer = 0;
    if (is->kek == handle)
        is->kek = 0;
    if (is->kem == handle)
        is->kem = 0;
    if (is->pair != handle)
        return;
    agreed_free(is);
    *is = (struct agreed){.key = is->key,
                          .outer = is->outer,
                          .kem = is->kem,
                          .kek = is->kek,
                          .alg = is->alg,
                          .spent = is->spent};
}

void agreed_free(struct agreed *is)
{
    bytes_free(&is->peer);
    bytes_free(&is->sent);
}
