/* SPDX-License-Identifier: Apache-2.0 */
#include "hsm/key_agreement.h"

#include <string.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include "hsm/spki.h"
#include "hsm/wrap_alg.h"

int agreement_curve(enum hsm_alg alg)
{
    return EC_curve_nist2nid(wrap_alg(alg)->curve);
}

struct bytes agreement_point(enum hsm_alg alg, const struct bytes *spki)
{
    const size_t len = 1 + 2 * (((size_t)wrap_alg(alg)->bits + 7) / 8);

    return spki->len > len ? (struct bytes){spki->data + spki->len - len, len}
                           : (struct bytes){NULL, 0};
}

/* Named curve, uncompressed, nothing added: then these octets are the only ones for this point. */
static bool is_one_form(int curve, const struct bytes *point, const struct bytes *spki)
{
    struct bytes again = {0};
    bool is = point->len > 0 && point->data[0] == POINT_CONVERSION_UNCOMPRESSED &&
              spki_write_ec(curve, point->data, point->len, &again) && bytes_equal(&again, spki);

    bytes_free(&again);
    return is;
}

/* OpenSSL reads no coordinate that is not below p, and no point that is not on the curve. These
 * curves have a cofactor of 1, so each point on them but infinity has the full order. */
static bool is_on_curve(int curve, const struct bytes *point)
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(curve);
    EC_POINT *is = group ? EC_POINT_new(group) : NULL;
    bool ok = is && EC_POINT_oct2point(group, is, point->data, point->len, NULL) == 1 &&
              EC_POINT_is_on_curve(group, is, NULL) == 1 && !EC_POINT_is_at_infinity(group, is);

    EC_POINT_free(is);
    EC_GROUP_free(group);
    ERR_clear_error();
    return ok;
}

bool agreement_check_public(enum hsm_alg alg, const struct bytes *spki, const char *what,
                            struct err *err)
{
    const int curve = agreement_curve(alg);
    const struct bytes point = agreement_point(alg, spki);

    if (!is_one_form(curve, &point, spki))
        err_set(err, ERR_DATA, "the %s is not an uncompressed point on %s in DER's one form", what,
                wrap_alg(alg)->curve);
    else if (!is_on_curve(curve, &point))
        err_set(err, ERR_DATA, "the %s is not a point on %s", what, wrap_alg(alg)->curve);
    else
        return true;
    return err_next(err, "Do not continue with these HSMs until you know who changed the key, or "
                         "how it was generated.");
}

size_t agreement_known(enum hsm_alg alg, const char *migration, const uint8_t destination[32],
                       const uint8_t source[32], uint8_t out[AGREEMENT_KNOWN_MAX])
{
    const char *name = hsm_alg_name(alg);
    const size_t name_len = strlen(name) + 1, label_len = strnlen(migration, KEY_LABEL_MAX);
    uint8_t *at = out;

    memcpy(at, name, name_len);
    at += name_len;
    memcpy(at, migration, label_len);
    at += label_len;
    *at++ = '\0';
    memcpy(at, destination, SHA256_DIGEST_LENGTH);
    memcpy(at + SHA256_DIGEST_LENGTH, source, SHA256_DIGEST_LENGTH);
    return (size_t)(at - out) + 2 * SHA256_DIGEST_LENGTH;
}

static bool write_known(const struct hsm_meeting *with, const struct bytes *own,
                        struct bytes *known, struct err *err)
{
    const struct bytes *to = with->source ? with->peer : own,
                       *from = with->source ? own : with->peer;
    uint8_t destination[SHA256_DIGEST_LENGTH], source[SHA256_DIGEST_LENGTH];
    uint8_t text[AGREEMENT_KNOWN_MAX];

    SHA256(to->data, to->len, destination);
    SHA256(from->data, from->len, source);
    return bytes_set(known, text,
                     agreement_known(with->alg, with->migration, destination, source, text), err);
}

bool agreement_meet(struct hsm *hsm, const struct hsm_meeting *with, struct bytes *known,
                    struct err *err)
{
    const uint64_t handle = with->public_handle ? with->public_handle : with->private_handle;
    struct bytes own = {0};
    bool ok = agreement_check_public(with->alg, with->peer, "other side's public key", err) &&
              hsm->driver->public_key(hsm, handle, &own, err) &&
              agreement_check_public(with->alg, &own, "own public key", err);

    if (ok && bytes_equal(&own, with->peer))
        ok = err_set(err, ERR_DATA, "the other side's public key is this side's own");
    ok = ok && write_known(with, &own, known, err);
    bytes_free(&own);
    return ok;
}

static bool derive_x963(const uint8_t *secret, size_t len, const uint8_t *info, uint8_t *key)
{
    static const uint8_t counter[] = {0, 0, 0, 1}; /* one block is the whole key */
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
              EVP_DigestUpdate(ctx, secret, len) == 1 &&
              EVP_DigestUpdate(ctx, counter, sizeof counter) == 1 &&
              EVP_DigestUpdate(ctx, info, HSM_INFO_SIZE) == 1 &&
              EVP_DigestFinal_ex(ctx, key, NULL) == 1;

    EVP_MD_CTX_free(ctx);
    return ok;
}

bool agreement_key(enum hsm_kdf kdf, const uint8_t *secret, size_t len, const uint8_t *info,
                   uint8_t key[HSM_AGREED_BITS / 8])
{
    if (kdf == HSM_KDF_SHA256)
        return derive_x963(secret, len, info, key);
    if (len < HSM_AGREED_BITS / 8)
        return false;
    memcpy(key, secret + len - HSM_AGREED_BITS / 8, HSM_AGREED_BITS / 8);
    return true;
}
