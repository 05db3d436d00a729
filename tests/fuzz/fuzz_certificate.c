/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates and public keys that go along with a private key (ceremony/companion.h). The first
 * octet chooses; then comes the owner's public key, as a part, and the object. */
#include <openssl/err.h>
#include <openssl/x509.h>
#include <string.h>

#include "plan/companion.h"
#include "tests/fuzz/fuzz.h"

/* The public key of a certificate, as OpenSSL alone reads it. */
static struct bytes key_of(const struct bytes *der)
{
    const unsigned char *at = der->data;
    X509 *x = d2i_X509(NULL, &at, (long)der->len);
    X509_PUBKEY *key = x ? X509_get_X509_PUBKEY(x) : NULL;
    unsigned char *out = NULL;
    int len = key ? i2d_X509_PUBKEY(key, &out) : -1;
    struct bytes spki = {0};

    fuzz_must(x && at == der->data + der->len, "a certificate is one to its last octet");
    fuzz_must(len > 0 && bytes_set(&spki, out, (size_t)len, NULL), "a certificate has a key");
    OPENSSL_free(out);
    X509_free(x);
    return spki;
}

/* One key has more than one encoding: its point may be compressed, or hybrid. */
static bool is_same_key(const struct bytes *a, const struct bytes *b)
{
    const unsigned char *at_a = a->data, *at_b = b->data;
    EVP_PKEY *x = d2i_PUBKEY(NULL, &at_a, (long)a->len), *y = d2i_PUBKEY(NULL, &at_b, (long)b->len);
    bool same = x && y && EVP_PKEY_eq(x, y) == 1;

    EVP_PKEY_free(x);
    EVP_PKEY_free(y);
    return same;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct fuzz_input in = {data, len};
    uint8_t choice = fuzz_take_octet(&in);
    struct fuzz_input part = fuzz_take_part(&in);
    const struct bytes owner = {(uint8_t *)part.data, part.len}, der = {(uint8_t *)in.data, in.len};
    const bool is_certificate = choice & 1, is_owned = choice & 2;
    const struct key_desc key = {.class = is_certificate ? KEY_CLASS_CERTIFICATE : KEY_CLASS_PUBLIC,
                                 .kind = is_certificate ? KEY_KIND_NONE
                                         : choice & 4   ? KEY_KIND_EC
                                                        : KEY_KIND_RSA};
    char subject[EVENT_TEXT_MAX] = "";
    struct err err = {0};

    if (!companion_check(&key, &der, is_owned ? &owner : NULL, subject, &err)) {
        fuzz_must_report(&err);
        fuzz_must(err.code == ERR_DATA || err.code == ERR_CONFLICT,
                  "a companion that is refused is wrong, or another key's");
    } else if (is_certificate) {
        struct bytes spki = key_of(&der);
        fuzz_must(fuzz_is_harmless(subject), "a subject is harmless");
        fuzz_must(!is_owned || is_same_key(&spki, &owner), "a certificate is of its owner's key");
        bytes_free(&spki);
    } else {
        fuzz_must(!is_owned || is_same_key(&der, &owner), "a public key is its owner's");
    }
    ERR_clear_error();
    return 0;
}
