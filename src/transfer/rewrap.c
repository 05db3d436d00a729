/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The re-wrap comparison, for keys whose uses allow no proof: both sides encrypt theirs under the
 * same AES key, by an algorithm that makes the same of the same. That key is made for this alone,
 * goes the way of the AES transport key, and may encrypt keys only, on both sides: a destination
 * cannot repeat what it was sent. The copy must be one that may leave anyway; nothing is loosened
 * for this.
 */
#include "ceremony/state.h"

#include <stdio.h>
#include <string.h>

#include <openssl/sha.h>

#include "base/text.h"
#include "hsm/wrap_alg.h"

struct second_key {
    uint64_t handle[2]; /* by side; 0: not made */
    struct bytes blob;  /* as it crossed */
};

static bool none(struct check *check, const char *why)
{
    memset(check->value, 0, sizeof check->value);
    text_print(check->text, sizeof check->text, "%s", why);
    return true;
}

static bool choose(const struct ceremony *c, enum hsm_alg *alg)
{
    for (*alg = 0; *alg < HSM_ALGS; ++*alg)
        if (wrap_alg(*alg)->repeats && c->side[SIDE_SOURCE].offers.alg[*alg].wrap &&
            c->side[SIDE_DESTINATION].offers.alg[*alg].wrap)
            return true;
    return false;
}

static bool make_second(struct ceremony *c, struct second_key *second, struct err *err)
{
    struct hsm *from = source_of(c), *to = destination_of(c);
    struct step_facts facts = {0}; /* what is not reported was said of the first AES key */
    const struct hsm_template template = {
        .class = KEY_CLASS_SECRET,
        .kind = KEY_KIND_AES,
        .length = AES_BITS / 8,
        .flags = KEY_WRAP | KEY_SENSITIVE | KEY_PRIVATE | KEY_DESTROYABLE,
        .label = (const uint8_t *)c->label,
        .label_len = strlen(c->label),
    };

    return from->driver->make_aes(from, AES_BITS, c->label, &second->handle[SIDE_SOURCE], err) &&
           steps_made(c, SIDE_SOURCE, &second->handle[SIDE_SOURCE], err) &&
           steps_check_own_key(c, SIDE_SOURCE, second->handle[SIDE_SOURCE], &own_second_source_aes,
                               &facts, err) &&
           from->driver->wrap(from, c->deal.transport, c->public_handle,
                              second->handle[SIDE_SOURCE], &second->blob, err) &&
           to->driver->unwrap(to, c->deal.transport, c->pair.private_handle, &second->blob,
                              &template, &second->handle[SIDE_DESTINATION], err) &&
           steps_made(c, SIDE_DESTINATION, &second->handle[SIDE_DESTINATION], err) &&
           steps_check_own_key(c, SIDE_DESTINATION, second->handle[SIDE_DESTINATION],
                               &own_second_destination_aes, &facts, err);
}

static bool unmake_second(struct ceremony *c, struct second_key *second, struct err *err)
{
    bool ok = true;

    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++)
        ok &= steps_destroy(c, side, &second->handle[side], err);
    bytes_free(&second->blob);
    return ok;
}

static bool digest_of(struct hsm *hsm, enum hsm_alg alg, uint64_t under, uint64_t key,
                      struct key_check_value *value, struct err *err)
{
    struct bytes blob = {0};
    bool ok = hsm->driver->wrap(hsm, alg, under, key, &blob, err);

    if (ok) {
        value->len = SHA256_DIGEST_LENGTH;
        SHA256(blob.data, blob.len, value->octets);
    }
    bytes_free(&blob);
    return ok;
}

static bool wrap_both(struct ceremony *c, uint64_t handle, enum hsm_alg alg, struct check *check,
                      struct err *err)
{
    struct second_key second = {0};
    char crossed[2 * SHA256_DIGEST_LENGTH + 1];
    uint8_t sha256[SHA256_DIGEST_LENGTH];
    struct err undo;
    bool ok = make_second(c, &second, err) &&
              digest_of(source_of(c), alg, second.handle[SIDE_SOURCE], item_of(c)->key.handle,
                        &check->value[SIDE_SOURCE], err) &&
              digest_of(destination_of(c), alg, second.handle[SIDE_DESTINATION], handle,
                        &check->value[SIDE_DESTINATION], err);

    if (ok) {
        SHA256(second.blob.data, second.blob.len, sha256);
        text_print(check->text, sizeof check->text,
                   "by %s under a second AES key, which crossed as sha256 %s", hsm_alg_name(alg),
                   text_hex(sha256, sizeof sha256, crossed));
    }
    if (!unmake_second(c, &second, &undo)) {
        *err = undo;
        return false;
    }
    return ok;
}

bool rewrap_check(struct ceremony *c, uint64_t handle, const struct key_desc *found,
                  struct check *check, struct err *err)
{
    bool secret = found->class == KEY_CLASS_SECRET;
    enum hsm_alg alg;

    *check = (struct check){.method = KEY_CHECK_REWRAP};
    if (!key_is(found, KEY_EXTRACTABLE))
        return none(check, "the copy may not leave, and is not loosened for this");
    if (!choose(c, &alg) || c->pair.private_handle == 0)
        return none(check, "not both HSMs can encrypt it so that the ciphertexts compare");
    if (!wrap_both(c, handle, alg, check, err)) {
        bool fatal = err->code == ERR_GONE || err->code == ERR_DATA || err->code == ERR_UNFINISHED;
        return !fatal && none(check, err->what);
    }
    if (memcmp(&check->value[0], &check->value[1], sizeof check->value[0]) == 0)
        return c->fates[c->item].rewrapped = true;
    if (!secret) /* HSMs write private keys in several ways (RFC 5958), all of them right */
        return none(check, "both sides write the private key in forms that do not compare");
    err_set(err, ERR_DATA, "encrypted under the same key, source and destination differ");
    return err_next(err, "Do not use this key on the destination; find out what altered it.");
}
