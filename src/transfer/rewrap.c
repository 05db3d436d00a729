/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rewrap comparison, for keys whose uses allow no proof: both sides wrap the key under the
 * same AES key, by a deterministic algorithm. That AES key is generated for this purpose only, is
 * transported as the key-encryption key is, and may only wrap keys, on both sides: so a destination
 * cannot return the ciphertext that it was sent. The copy must be extractable in any case; no guard
 * is relaxed for this.
 */
#include "transfer/rewrap.h"

#include <stdio.h>
#include <string.h>

#include <openssl/sha.h>

#include "base/text.h"
#include "hsm/wrap_alg.h"
#include "transfer/own_key.h"
#include "transfer/transport.h"

struct second_key {
    uint64_t handle[2];       /* by side; 0: not made */
    struct bytes wrapped_kek; /* as it crossed */
};

static bool none(struct kcv *kcv, const char *why)
{
    memset(kcv->value, 0, sizeof kcv->value);
    text_print(kcv->text, sizeof kcv->text, "%s", why);
    return true;
}

static bool choose(const struct transport *t, enum hsm_alg *alg)
{
    for (*alg = 0; *alg < HSM_ALGS; ++*alg)
        if (wrap_alg(*alg)->repeats && t->source.caps->alg[*alg].wrap &&
            t->destination.caps->alg[*alg].wrap)
            return true;
    return false;
}

/* What carries the second AES key, which is the transport key; a derived key carries one AES key
 * only, so then it is that one. */
static enum hsm_alg carrier(const struct transport *t)
{
    return wrap_is_agreed(t->suite->transport) ? wrap_alg(t->suite->transport)->inner
                                               : t->suite->transport;
}

/* On the source. */
static bool make_second(struct hsm *hsm, const struct transfer *of, struct second_key *second,
                        struct err *err)
{
    const struct transport *t = of->transport;
    struct step_result unused = {0}; /* unreported attributes were listed for the first AES key */
    uint64_t *handle = &second->handle[SIDE_SOURCE];

    return hsm->driver->make_kek(hsm, KEK_BITS, t->label, handle, err) &&
           known_made(t->source.known, of, handle, err) &&
           transport_check_own(hsm, &t->source, *handle, &own_second_source_kek, &unused, err) &&
           hsm->driver->wrap(hsm, carrier(t),
                             carrier(t) == t->suite->transport ? t->source.public_key
                                                               : t->source.kek,
                             *handle, &second->wrapped_kek, err);
}

/* On the destination. */
static bool take_second(struct hsm *hsm, const struct transfer *of, struct second_key *second,
                        struct err *err)
{
    const struct transport *t = of->transport;
    const struct hsm_template template = transport_kek_template(t, KEY_WRAP);
    struct step_result unused = {0};
    uint64_t *handle = &second->handle[SIDE_DESTINATION];

    return hsm->driver->unwrap(hsm, carrier(t),
                               carrier(t) == t->suite->transport ? t->destination.private_key
                                                                 : t->destination.kek,
                               &second->wrapped_kek, &template, handle, err) &&
           known_made(t->destination.known, of, handle, err) &&
           transport_check_own(hsm, &t->destination, *handle, &own_second_destination_kek, &unused,
                               err);
}

static bool unmake_second(struct hsm *const hsm[2], const struct transfer *of,
                          struct second_key *second, struct err *err)
{
    const struct known *known[2] = {of->transport->source.known, of->transport->destination.known};
    bool ok = true;

    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++)
        ok &= known_destroy(known[side], hsm[side], of, &second->handle[side], err);
    bytes_free(&second->wrapped_kek);
    return ok;
}

static bool digest_of(struct hsm *hsm, enum hsm_alg alg, uint64_t under, uint64_t key,
                      struct kcv_value *value, struct err *err)
{
    struct bytes wrapped_key = {0};
    bool ok = hsm->driver->wrap(hsm, alg, under, key, &wrapped_key, err);

    if (ok) {
        value->len = SHA256_DIGEST_LENGTH;
        SHA256(wrapped_key.data, wrapped_key.len, value->octets);
    }
    bytes_free(&wrapped_key);
    return ok;
}

static bool wrap_both(struct hsm *const hsm[2], const struct transfer *t, uint64_t handle,
                      enum hsm_alg alg, struct kcv *kcv, struct err *err)
{
    const uint64_t key[2] = {t->item->key->handle, handle};
    struct second_key second = {0};
    char crossed[2 * SHA256_DIGEST_LENGTH + 1];
    uint8_t sha256[SHA256_DIGEST_LENGTH];
    struct err undo;
    bool ok = make_second(hsm[SIDE_SOURCE], t, &second, err) &&
              take_second(hsm[SIDE_DESTINATION], t, &second, err);

    for (enum side side = SIDE_SOURCE; ok && side <= SIDE_DESTINATION; side++)
        ok = digest_of(hsm[side], alg, second.handle[side], key[side], &kcv->value[side], err);
    if (ok) {
        SHA256(second.wrapped_kek.data, second.wrapped_kek.len, sha256);
        text_print(kcv->text, sizeof kcv->text,
                   "by %s under a second AES key, which crossed as sha256 %s", hsm_alg_name(alg),
                   text_hex(sha256, sizeof sha256, crossed));
    }
    if (!unmake_second(hsm, t, &second, &undo)) {
        *err = undo;
        return false;
    }
    return ok;
}

bool rewrap_check(struct hsm *const hsm[2], struct transfer *t, uint64_t handle,
                  const struct key_desc *found, struct kcv *kcv, struct err *err)
{
    bool secret = found->class == KEY_CLASS_SECRET;
    enum hsm_alg alg;

    *kcv = (struct kcv){.method = KCV_REWRAP};
    if (!key_is(found, KEY_EXTRACTABLE))
        return none(kcv, "the copy may not leave, and is not loosened for this");
    if (!choose(t->transport, &alg) || t->transport->destination.private_key == 0)
        return none(kcv, "not both HSMs can encrypt it so that the ciphertexts compare");
    if (!wrap_both(hsm, t, handle, alg, kcv, err)) {
        bool fatal = err->code == ERR_GONE || err->code == ERR_DATA || err->code == ERR_UNFINISHED;
        return !fatal && none(kcv, err->what);
    }
    if (memcmp(&kcv->value[0], &kcv->value[1], sizeof kcv->value[0]) == 0)
        return t->rewrapped = true;
    if (!secret) /* HSMs encode private keys in several valid ways (RFC 5958) */
        return none(kcv, "both sides write the private key in forms that do not compare");
    err_set(err, ERR_DATA, "encrypted under the same key, source and destination differ");
    return err_next(err, "Do not use this key on the destination; determine what altered it.");
}
