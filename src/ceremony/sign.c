/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/sign.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include "ceremony/party.h"
#include "plan/provable.h"
#include "transfer/proof.h"

static bool enter(const struct ceremony_host *host, struct hsm *hsm, const struct uri *token,
                  struct hsm_slot *slot, struct err *err)
{
    struct hsm_slot_list slots = {0};
    const struct hsm_slot *found;
    struct secret pin = {0};
    bool ok;

    if (!hsm->driver->slots(hsm, &slots, err))
        return false;
    ok = party_find_slot(&slots, "key that signs", token, &found, err) &&
         secret_new(&pin, SECRET_PIN_MAX, err);
    if (ok)
        *slot = *found;
    if (ok && party_needs_pin(slot))
        ok = host->pin(host->ctx, SIDE_RELAY, slot, &pin, err) && secret_check_pin(&pin, err);
    ok = ok && party_log_in(hsm, slot->id, &pin, err);
    secret_free(&pin);
    free(slots.slots);
    return ok;
}

static bool find_key(struct hsm *hsm, const struct uri *uri, struct key_desc *key, struct err *err)
{
    struct key_list list = {0};
    unsigned found = 0;

    if (!hsm->driver->list(hsm, &list, err))
        return false;
    for (size_t i = 0; i < list.count; i++)
        if (list.keys[i].class == KEY_CLASS_PRIVATE && uri_matches_key(uri, &list.keys[i])) {
            *key = list.keys[i];
            found++;
        }
    key_list_free(&list);
    if (found == 1)
        return true;
    err_set(err, found ? ERR_CONFIG : ERR_NO_INPUT,
            "%s private key on that token is named by %.200s", found ? "more than one" : "no",
            uri->text);
    return err_next(err, "Correct \"key\" under \"sign-report\" in the ceremony file");
}

static enum hsm_proof proof_of(const struct key_desc *key)
{
    return key->kind == KEY_KIND_RSA  ? HSM_PROOF_RSA_SIGN
           : key->kind == KEY_KIND_EC ? HSM_PROOF_ECDSA
                                      : HSM_PROOFS;
}

/* Mechanisms that hash would need the whole file inside the HSM, and PSS is another kind of
 * signature. */
bool sign_may(const struct key_desc *key, struct err *err)
{
    const enum hsm_proof proof = proof_of(key);
    const struct suite bare = {.proofs = 1U << proof};

    if (proof == HSM_PROOFS)
        return err_set(err, ERR_UNSUPPORTED, "a key of this kind signs no file: RSA and EC do");
    if (provable_by(&bare, key))
        return true;
    err_set(err, ERR_UNSUPPORTED, "this key signs no file: %s",
            !key_is(key, KEY_SIGN)        ? "its uses do not allow it to sign"
            : proof == HSM_PROOF_RSA_SIGN ? "its allowed mechanisms lack CKM_RSA_PKCS"
                                          : "its allowed mechanisms lack CKM_ECDSA");
    return err_next(err, "Name another key that signs in the ceremony file");
}

bool sign_digest(struct hsm *hsm, const uint8_t sha256[32], struct signature *out, struct err *err)
{
    const enum hsm_proof proof = proof_of(&out->key);
    struct bytes digest = {0};
    bool ok;

    if (!sign_may(&out->key, err))
        return false;
    ok = hsm->driver->public_key(hsm, out->key.handle, &out->spki, err) &&
         bytes_set(&digest, sha256, 32, err) &&
         hsm->driver->prove(hsm, proof, out->key.handle, &digest, &out->bytes, err) &&
         proof_signature(&out->spki, proof, &digest, &out->bytes, err);
    bytes_free(&digest);
    return ok;
}

bool sign_sha256(const struct ceremony_host *host, const struct uri *token, const struct uri *key,
                 const uint8_t sha256[32], struct signature *out, struct err *err)
{
    struct hsm *hsm;
    bool ok;

    if (!host->open(host->ctx, SIDE_RELAY, &hsm, err))
        return false;
    ok = enter(host, hsm, token, &out->slot, err) && find_key(hsm, key, &out->key, err) &&
         sign_digest(hsm, sha256, out, err);
    hsm->driver->close(hsm);
    if (!ok)
        signature_free(out);
    return ok;
}

bool sign_public_half(const struct ceremony_host *host, const struct uri *token,
                      const struct uri *key, uint8_t sha256[32], struct err *err)
{
    struct signature of = {0};
    struct hsm *hsm;
    bool ok;

    if (!host->open(host->ctx, SIDE_RELAY, &hsm, err))
        return false;
    ok = enter(host, hsm, token, &of.slot, err) && find_key(hsm, key, &of.key, err) &&
         hsm->driver->public_key(hsm, of.key.handle, &of.spki, err);
    if (ok)
        SHA256(of.spki.data, of.spki.len, sha256);
    hsm->driver->close(hsm);
    signature_free(&of);
    return ok;
}

void signature_free(struct signature *signature)
{
    bytes_free(&signature->bytes);
    bytes_free(&signature->spki);
}
