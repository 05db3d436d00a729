/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures of reports (record/verify.h). Three parts: the signature file, the public key as PEM,
 * and the report. What is taken for a signature, OpenSSL's other way to verify must take, too, and
 * it must be one of this report alone. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "report/verify.h"
#include "tests/fuzz/fuzz.h"

/* The key, as d2i_PUBKEY() reads what the PEM holds. */
static EVP_PKEY *key_in(const struct bytes *pem)
{
    BIO *bio = BIO_new_mem_buf(pem->data, (int)pem->len);
    unsigned char *der = NULL;
    const unsigned char *at;
    long len = 0;
    EVP_PKEY *key = NULL;

    fuzz_must(bio != NULL, "this host has memory for a key");
    if (PEM_bytes_read_bio(&der, &len, NULL, PEM_STRING_PUBLIC, bio, NULL, NULL) == 1) {
        at = der;
        key = d2i_PUBKEY(NULL, &at, len);
    }
    OPENSSL_free(der);
    BIO_free(bio);
    return key;
}

static bool is_signature(EVP_PKEY *key, const struct bytes *signature, const struct bytes *report)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    uint8_t sha256[SHA256_DIGEST_LENGTH];
    bool is = ctx && EVP_PKEY_verify_init(ctx) == 1 &&
              EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1 &&
              EVP_PKEY_verify(ctx, signature->data, signature->len,
                              SHA256(report->data, report->len, sha256), sizeof sha256) == 1;

    EVP_PKEY_CTX_free(ctx);
    return is;
}

static void check_taken(const struct bytes *report, const struct bytes *signature,
                        const struct bytes *pem)
{
    EVP_PKEY *key = key_in(pem);
    uint8_t *copy = malloc(report->len + 1);
    struct bytes other = {copy, report->len + 1};
    struct err err = {0};
    char curve[64];

    fuzz_must(copy != NULL, "this host has memory for a report");
    fuzz_must(key && (EVP_PKEY_is_a(key, "RSA") ||
                      (EVP_PKEY_is_a(key, "EC") &&
                       EVP_PKEY_get_group_name(key, curve, sizeof curve, NULL) == 1)),
              "reports are signed by RSA keys, or EC keys on a known curve");
    fuzz_must(is_signature(key, signature, report), "a signature is one for OpenSSL, too");
    memcpy(copy, report->data, report->len);
    copy[report->len] = '\n';
    fuzz_must(!verify_signature(&other, signature, pem, &err),
              "a signature is not one of a longer report, too");
    fuzz_must_report(&err);
    free(copy);
    EVP_PKEY_free(key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct fuzz_input in = {data, len};
    struct fuzz_input first = fuzz_take_part(&in), second = fuzz_take_part(&in);
    const struct bytes signature = {(uint8_t *)first.data, first.len},
                       pem = {(uint8_t *)second.data, second.len},
                       report = {(uint8_t *)in.data, in.len};
    struct err err = {0};

    /* verify_load() refuses an empty file, and a larger one than these. */
    if (first.len == 0 || second.len == 0 || in.len == 0 || first.len > VERIFY_SIGNATURE_MAX ||
        second.len > VERIFY_SIGNATURE_MAX)
        return 0;
    if (verify_signature(&report, &signature, &pem, &err)) {
        check_taken(&report, &signature, &pem);
    } else {
        fuzz_must_report(&err);
        fuzz_must(err.code == ERR_DATA, "what is no signature is wrong data");
    }
    ERR_clear_error();
    return 0;
}
