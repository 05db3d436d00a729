/* SPDX-License-Identifier: Apache-2.0 */
#include "transfer/sealing.h"

#include <ctype.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/text.h"
#include "plan/policy.h"

static const char pem_begin[] = "-----BEGIN ";

static bool not_a_key(struct err *err)
{
    err_set(err, ERR_DATA, "the file holds no such public key as SubjectPublicKeyInfo");
    return err_next(err, "Give the public key as the service hands it out, one alone, in DER or "
                         "PEM.");
}

/* One block in PEM, and nothing like another one. */
static bool read_pem(const struct bytes *file, struct bytes *der, struct err *err)
{
    BIO *bio = BIO_new_mem_buf(file->data, (int)file->len);
    char *name = NULL, *header = NULL, *more = NULL;
    unsigned char *data = NULL;
    long len = 0;
    bool ok = bio && PEM_read_bio(bio, &name, &header, &data, &len) == 1 && len > 0 &&
              strcmp(name, PEM_STRING_PUBLIC) == 0 && !header[0];

    OPENSSL_free(name);
    OPENSSL_free(header);
    name = header = NULL;
    ok = ok ? bytes_set(der, data, (size_t)len, err) : not_a_key(err);
    OPENSSL_clear_free(data, (size_t)(len > 0 ? len : 0)); /* it may be a private key */
    data = NULL;
    if (ok && PEM_read_bio(bio, &name, &header, &data, &len) == 1)
        ok = err_set(err, ERR_DATA, "the file holds more than one key");
    more = name;
    OPENSSL_free(more);
    OPENSSL_free(header);
    OPENSSL_clear_free(data, (size_t)(data ? len : 0));
    BIO_free(bio);
    ERR_clear_error();
    return ok;
}

static bool is_pem(const struct bytes *file)
{
    return memmem(file->data, file->len, pem_begin, sizeof pem_begin - 1) != NULL;
}

static uint32_t bits_of(const struct bytes *der)
{
    const unsigned char *at = der->data;
    EVP_PKEY *pkey = d2i_PUBKEY(NULL, &at, (long)der->len);
    int bits = pkey && EVP_PKEY_get_base_id(pkey) == EVP_PKEY_RSA ? EVP_PKEY_get_bits(pkey) : 0;

    EVP_PKEY_free(pkey);
    ERR_clear_error();
    return bits > 0 ? (uint32_t)bits : 0;
}

/* The DER to its last byte: what is hashed must be what is parsed. */
static bool is_public(const struct bytes *der)
{
    const unsigned char *at = der->data;
    EVP_PKEY *pkey = d2i_PUBKEY(NULL, &at, (long)der->len);
    bool ok = pkey && at == der->data + der->len;

    EVP_PKEY_free(pkey);
    ERR_clear_error();
    return ok;
}

bool sealing_read_public(const struct bytes *file, struct bytes *spki, struct err *err)
{
    if (file->len == 0 || file->len > SEALING_KEY_FILE_MAX)
        return not_a_key(err);
    return (is_pem(file) ? read_pem(file, spki, err)
                         : bytes_set(spki, file->data, file->len, err)) &&
           (is_public(spki) || not_a_key(err));
}

static bool check_bits(const struct sealing *sealing, uint32_t floor, struct err *err)
{
    const struct service *service = sealing->service;
    const uint32_t bits = sealing->bits;

    if (bits < floor) {
        err_set(err, ERR_DENIED, "the wrapping key has %u bits, and the policy wants %u or more",
                bits, floor);
        return err_next(err, "Get a longer wrapping key from the service, or set rsa-bits in the "
                             "policy.");
    }
    if (bits >= service->bits_min && bits <= service->bits_max && bits % 1024 == 0)
        return true;
    err_set(err, ERR_UNSUPPORTED, "a wrapping key of %s has %u to %u bits, and this one %u",
            service->title, service->bits_min, service->bits_max, bits);
    return err_next(err, "Check that this is the wrapping key of that service.");
}

bool sealing_take_key(struct sealing *sealing, const struct bytes *file, uint32_t floor,
                      struct err *err)
{
    struct policy policy = policy_default();

    if (!sealing_read_public(file, &sealing->spki, err))
        return false;
    sealing->bits = bits_of(&sealing->spki);
    if (sealing->bits == 0)
        return not_a_key(err);
    policy.rsa_bits = sealing->bits;
    return check_bits(sealing, floor, err) &&
           policy_check_transport(&policy, sealing->spki.data, sealing->spki.len, err);
}

/* It goes into JSON as it is. */
static bool is_url(const char *kid)
{
    for (const char *at = kid; *at; at++)
        if (!isgraph((unsigned char)*at) || *at == '"' || *at == '\\')
            return false;
    return strncmp(kid, "https://", 8) == 0 && strlen(kid) < SEALING_KID_MAX;
}

bool sealing_take_kid(struct sealing *sealing, const char *kid, struct err *err)
{
    bool wanted = sealing->service->form == SERVICE_BYOK;

    if (!kid && !wanted)
        return true;
    if (!wanted)
        return err_set(err, ERR_USAGE, "a file for %s names no wrapping key: leave out --kid",
                       sealing->service->title);
    if (!kid || !is_url(kid)) {
        err_set(err, ERR_USAGE, "the file for %s must name its wrapping key by a URL",
                sealing->service->title);
        return err_next(err, "Give it with --kid: https://..., with its version");
    }
    text_print(sealing->kid, sizeof sealing->kid, "%s", kid);
    return true;
}

void sealing_free(struct sealing *sealing)
{
    bytes_free(&sealing->spki);
}
