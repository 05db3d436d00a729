/* SPDX-License-Identifier: Apache-2.0 */
#include "hsm/key_agreement.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/sha.h>

#include "hsm/ml_kem.h"
#include "hsm/spki.h"
#include "hsm/wrap_alg.h"

int agreement_curve(enum hsm_alg alg)
{
    return EC_curve_nist2nid(wrap_alg(alg)->curve);
}

/* --- parts --- */

static size_t point_len(enum hsm_alg alg)
{
    return 1 + 2 * (((size_t)wrap_alg(alg)->bits + 7) / 8);
}

/* The second part of a hybrid has a known length, and the rest is the first one. */
static struct agreement_parts split(enum hsm_alg alg, const struct bytes *all, size_t kem_len)
{
    const struct wrap_alg *a = wrap_alg(alg);
    size_t first = all->len;

    if (!a->kem)
        return (struct agreement_parts){.on_curve = *all};
    if (!a->curve)
        return (struct agreement_parts){.kem = *all};
    if (all->len <= kem_len)
        return (struct agreement_parts){{NULL, 0}, {NULL, 0}};
    first -= kem_len;
    return (struct agreement_parts){{all->data, first}, {all->data + first, kem_len}};
}

struct agreement_parts agreement_split(enum hsm_alg alg, const struct bytes *crosses)
{
    const unsigned set = wrap_alg(alg)->kem;
    const struct agreement_parts of_answer = split(alg, crosses, ml_kem_ciphertext_len(set)),
                                 of_public = split(alg, crosses, ml_kem_spki_len(set));

    return of_public.kem.len && ml_kem_read_spki(set, &of_public.kem).len ? of_public : of_answer;
}

bool agreement_join(const struct agreement_parts *parts, struct bytes *crosses, struct err *err)
{
    struct bytes all = {0};

    if (!bytes_make(&all, parts->on_curve.len + parts->kem.len, err))
        return false;
    if (parts->on_curve.len)
        memcpy(all.data, parts->on_curve.data, parts->on_curve.len);
    if (parts->kem.len)
        memcpy(all.data + parts->on_curve.len, parts->kem.data, parts->kem.len);
    bytes_free(crosses);
    *crosses = all; /* ownership was passed on */
    return true;
}

struct bytes agreement_point(enum hsm_alg alg, const struct bytes *crosses)
{
    const struct bytes spki = agreement_split(alg, crosses).on_curve;
    const size_t len = point_len(alg);

    return spki.len > len ? (struct bytes){spki.data + spki.len - len, len}
                          : (struct bytes){NULL, 0};
}

/* --- checks --- */

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

static bool check_curve(enum hsm_alg alg, const struct bytes *spki, const char *what,
                        struct err *err)
{
    const int curve = agreement_curve(alg);
    const size_t len = point_len(alg);
    const struct bytes point = spki->len > len ? (struct bytes){spki->data + spki->len - len, len}
                                               : (struct bytes){NULL, 0};

    if (!is_one_form(curve, &point, spki))
        return err_set(err, ERR_DATA, "the %s is not an uncompressed point on %s in DER's one form",
                       what, wrap_alg(alg)->curve);
    return is_on_curve(curve, &point) ||
           err_set(err, ERR_DATA, "the %s is not a point on %s", what, wrap_alg(alg)->curve);
}

static bool check_kem_public(enum hsm_alg alg, const struct bytes *spki, const char *what,
                             struct err *err)
{
    const unsigned set = wrap_alg(alg)->kem;
    const struct bytes key = ml_kem_read_spki(set, spki);

    if (key.len == 0)
        return err_set(err, ERR_DATA, "the %s is not an ML-KEM-%u public key in DER's one form",
                       what, set);
    return ml_kem_is_public(set, key.data, key.len) ||
           err_set(err, ERR_DATA, "the %s has numbers that no ML-KEM-%u public key has", what, set);
}

static bool check_ciphertext(enum hsm_alg alg, const struct bytes *text, const char *what,
                             struct err *err)
{
    const unsigned set = wrap_alg(alg)->kem;

    return text->len == ml_kem_ciphertext_len(set) ||
           err_set(err, ERR_DATA, "the %s is not a ciphertext of ML-KEM-%u", what, set);
}

static bool suspect(struct err *err)
{
    return err_next(err, "Do not continue with these HSMs until you know who changed the key, or "
                         "how it was generated.");
}

bool agreement_check_public(enum hsm_alg alg, const struct bytes *spki, const char *what,
                            struct err *err)
{
    const struct agreement_parts is = split(alg, spki, ml_kem_spki_len(wrap_alg(alg)->kem));

    return ((!wrap_alg(alg)->kem || check_kem_public(alg, &is.kem, what, err)) &&
            (!wrap_alg(alg)->curve || check_curve(alg, &is.on_curve, what, err))) ||
           suspect(err);
}

bool agreement_check_answer(enum hsm_alg alg, const struct bytes *answer, const char *what,
                            struct err *err)
{
    const struct agreement_parts is = split(alg, answer, ml_kem_ciphertext_len(wrap_alg(alg)->kem));

    return ((!wrap_alg(alg)->kem || check_ciphertext(alg, &is.kem, what, err)) &&
            (!wrap_alg(alg)->curve || check_curve(alg, &is.on_curve, what, err))) ||
           suspect(err);
}

/* --- what both sides know --- */

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

static bool check(const struct hsm_meeting *with, bool from_source, const struct bytes *crosses,
                  const char *what, struct err *err)
{
    return (from_source ? agreement_check_answer : agreement_check_public)(with->alg, crosses, what,
                                                                           err);
}

/* What this side sent, with each public half read from the HSM now. No HSM reports a ciphertext
 * again: the source's is the one that it returned. */
static bool read_own(struct hsm *hsm, const struct hsm_meeting *with, struct bytes *own,
                     struct err *err)
{
    const struct wrap_alg *alg = wrap_alg(with->alg);
    const uint64_t handle = with->public_handle ? with->public_handle : with->private_handle,
                   second_handle = with->kem_public ? with->kem_public : with->kem_private,
                   kem = alg->curve ? second_handle : handle;
    struct bytes first = {0}, second = {0};
    struct agreement_parts parts;
    bool ok = !alg->kem || !with->source || with->sent ||
              err_set(err, ERR_FAILED, "the source does not say what it encapsulated");

    if (ok && alg->curve)
        ok = hsm->driver->public_key(hsm, handle, &first, err);
    if (ok && alg->kem && !with->source)
        ok = hsm->driver->public_key(hsm, kem, &second, err);
    parts = (struct agreement_parts){first, second};
    if (ok && alg->kem && with->source)
        parts.kem = agreement_split(with->alg, with->sent).kem;
    ok = ok && agreement_join(&parts, own, err);
    bytes_free(&first);
    bytes_free(&second);
    if (ok && with->source && with->sent && !bytes_equal(own, with->sent))
        ok = err_set(err, ERR_DATA, "the HSM reports another public key than it sent");
    return ok;
}

bool agreement_meet(struct hsm *hsm, const struct hsm_meeting *with, struct bytes *known,
                    struct err *err)
{
    struct bytes own = {0}, mine, theirs;
    bool ok = check(with, !with->source, with->peer, "other side's public key", err) &&
              read_own(hsm, with, &own, err) &&
              check(with, with->source, &own, "own public key", err);

    if (ok && wrap_alg(with->alg)->curve) {
        mine = agreement_point(with->alg, &own);
        theirs = agreement_point(with->alg, with->peer);
        ok = !bytes_equal(&mine, &theirs) ||
             err_set(err, ERR_DATA, "the other side's public key is this side's own");
    }
    ok = ok && write_known(with, &own, known, err);
    bytes_free(&own);
    return ok;
}

/* --- the key that follows --- */

uint32_t agreement_secret_use(enum hsm_kdf kdf)
{
    return kdf == HSM_KDF_HKDF ? KEY_DERIVE : kdf == HSM_KDF_NESTED ? KEY_ENCRYPT : KEY_WRAP;
}

uint64_t agreement_encapsulated(const struct hsm_agreement *on)
{
    if (on->kdf == HSM_KDF_KEM && on->use == KEY_WRAP)
        return on->private_handle;
    return on->kdf == HSM_KDF_NESTED && on->use == KEY_ENCRYPT ? on->kem_handle : 0;
}

bool agreement_key_of_two(const struct bytes *on_curve, const struct bytes *kem,
                          const uint8_t *info, uint8_t key[HSM_AGREED_BITS / 8])
{
    const struct agreement_parts parts = {*on_curve, *kem};
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    struct bytes both = {0};
    char digest[] = "SHA256";
    bool ok = ctx && agreement_join(&parts, &both, NULL);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, both.data, both.len),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)info,
                                          HSM_INFO_SIZE),
        OSSL_PARAM_construct_end(),
    };

    ok = ok && EVP_KDF_derive(ctx, key, HSM_AGREED_BITS / 8, params) == 1;
    bytes_free(&both);
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
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
