/* SPDX-License-Identifier: Apache-2.0 */
#include "hsm/wrap_alg.h"

#include <string.h>

enum { AES_BLOCK = 16, HALF_BLOCK = 8 };

static size_t oaep_max(const struct wrap_alg *alg, size_t modulus)
{
    size_t overhead = 2 * (size_t)alg->hash_len + 2;

    return modulus > overhead ? modulus - overhead : 0;
}

/* RFC 8017 section 7.1.1 */
static size_t oaep_len(const struct wrap_alg *alg, size_t len, size_t modulus)
{
    return len <= oaep_max(alg, modulus) ? modulus : 0;
}

/* RFC 5649 section 4.1: padded to a multiple of 8 octets, plus one semiblock. */
static size_t kwp_len(const struct wrap_alg *alg, size_t len, size_t modulus)
{
    (void)modulus;
    return len ? (len + alg->block - 1) / alg->block * alg->block + HALF_BLOCK : 0;
}

/* RFC 3394 section 2.2.1: two semiblocks or more, plus one. */
static size_t kw_len(const struct wrap_alg *alg, size_t len, size_t modulus)
{
    (void)modulus;
    return len % alg->block == 0 && len + HALF_BLOCK >= alg->least ? len + HALF_BLOCK : 0;
}

/* RFC 5652 section 6.3: at least one octet of padding. */
static size_t cbc_len(const struct wrap_alg *alg, size_t len, size_t modulus)
{
    (void)modulus;
    return alg->iv + (len / alg->block + 1) * alg->block;
}

static size_t rsa_aes_len(const struct wrap_alg *alg, size_t len, size_t modulus)
{
    size_t inner = kwp_len(alg, len, modulus);

    return inner ? modulus + inner : 0;
}

static const struct wrap_alg algs[HSM_ALGS] = {
    [HSM_RSA_OAEP_SHA256] = {.name = "rsa-oaep-sha256",
                             .title = "RSA-OAEP with SHA-256",
                             .standard = "RFC 8017",
                             .words = "the key itself under the transport key",
                             .family = WRAP_RSA_OAEP,
                             .has_integrity = true,
                             .exact_length = WRAP_LENGTH_KEPT,
                             .block = 1,
                             .least = 1,
                             .hash_len = 32,
                             .hash = "SHA-256", /* and an empty label */
                             .wrapped_len = oaep_len},
    [HSM_RSA_OAEP_SHA1] = {.name = "rsa-oaep-sha1",
                           .title = "RSA-OAEP with SHA-1",
                           .standard = "RFC 8017",
                           .words = "the key itself under the transport key",
                           .family = WRAP_RSA_OAEP,
                           .has_integrity = true,
                           .exact_length = WRAP_LENGTH_KEPT,
                           .block = 1,
                           .least = 1,
                           .hash_len = 20,
                           .hash = "SHA-1",
                           .wrapped_len = oaep_len},
    [HSM_AES_KWP] = {.name = "aes-kwp",
                     .title = "AES key wrap with padding",
                     .standard = "RFC 5649",
                     .words = "RFC 5649: protects integrity, carries every length",
                     .family = WRAP_AES,
                     .has_integrity = true,
                     .repeats = true,
                     .exact_length = WRAP_LENGTH_ASK,
                     .block = HALF_BLOCK,
                     .least = 2 * HALF_BLOCK,
                     .value = {0xa6, 0x59, 0x59, 0xa6}, /* section 3; the length follows it */
                     .value_len = 4,
                     .openssl = "AES-256-WRAP-PAD",
                     .wrapped_len = kwp_len},
    [HSM_AES_KW] = {.name = "aes-kw",
                    .title = "AES key wrap",
                    .standard = "RFC 3394",
                    .words = "RFC 3394: protects integrity, carries multiples of 8 bytes",
                    .family = WRAP_AES,
                    .has_integrity = true,
                    .repeats = true,
                    .exact_length = WRAP_LENGTH_MULTIPLE,
                    .block = HALF_BLOCK,
                    .least = 3 * HALF_BLOCK,
                    .value = {0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6}, /* section 2.2.3.1 */
                    .value_len = 8,
                    .openssl = "AES-256-WRAP",
                    .wrapped_len = kw_len},
    [HSM_AES_CBC_PAD] = {.name = "aes-cbc-pad",
                         .title = "AES-CBC",
                         .standard = "CBC with PKCS#7 padding",
                         .words = "NO INTEGRITY: only the proof shows whether a key was altered",
                         .family = WRAP_AES,
                         .exact_length = WRAP_LENGTH_KEPT, /* PKCS#7 padding is self-describing */
                         .iv = AES_BLOCK,
                         .block = AES_BLOCK,
                         .least = 2 * AES_BLOCK,
                         .openssl = "AES-256-CBC",
                         .wrapped_len = cbc_len},
    [HSM_RSA_AES_SHA256] = {.name = "rsa-aes-sha256",
                            .title = "RSA AES key wrap with SHA-256",
                            .standard = "PKCS #11 CKM_RSA_AES_KEY_WRAP",
                            .words = "a fresh AES key, and the key under it, in one blob",
                            .family = WRAP_RSA_AES,
                            .has_integrity = true,
                            .exact_length = WRAP_LENGTH_ASK,
                            .block = HALF_BLOCK,
                            .least = 2 * HALF_BLOCK, /* beyond the modulus */
                            .hash_len = 32,
                            .hash = "SHA-256",
                            .outer = HSM_RSA_OAEP_SHA256,
                            .inner = HSM_AES_KWP,
                            .wrapped_len = rsa_aes_len},
    [HSM_RSA_AES_SHA1] = {.name = "rsa-aes-sha1",
                          .title = "RSA AES key wrap with SHA-1",
                          .standard = "PKCS #11 CKM_RSA_AES_KEY_WRAP",
                          .words = "a fresh AES key, and the key under it, in one blob",
                          .family = WRAP_RSA_AES,
                          .has_integrity = true,
                          .exact_length = WRAP_LENGTH_ASK,
                          .block = HALF_BLOCK,
                          .least = 2 * HALF_BLOCK,
                          .hash_len = 20,
                          .hash = "SHA-1",
                          .outer = HSM_RSA_OAEP_SHA1,
                          .inner = HSM_AES_KWP,
                          .wrapped_len = rsa_aes_len},
    [HSM_ECDH_P521] = {.name = "ecdh-p521",
                       .title = "ECDH on P-521",
                       .standard = "SP 800-56A C(2e, 0s, ECC CDH)",
                       .words = "an AES key under a key that both sides derive",
                       .family = WRAP_AGREED,
                       .has_integrity = true,
                       .exact_length = WRAP_LENGTH_ASK,
                       .block = HALF_BLOCK,
                       .least = 2 * HALF_BLOCK,
                       .inner = HSM_AES_KWP,
                       .curve = "P-521",
                       .bits = 521,
                       .wrapped_len = kwp_len},
    [HSM_ECDH_P384] = {.name = "ecdh-p384",
                       .title = "ECDH on P-384",
                       .standard = "SP 800-56A C(2e, 0s, ECC CDH)",
                       .words = "an AES key under a key that both sides derive",
                       .family = WRAP_AGREED,
                       .has_integrity = true,
                       .exact_length = WRAP_LENGTH_ASK,
                       .block = HALF_BLOCK,
                       .least = 2 * HALF_BLOCK,
                       .inner = HSM_AES_KWP,
                       .curve = "P-384",
                       .bits = 384,
                       .wrapped_len = kwp_len},
    [HSM_ECDH_P256] = {.name = "ecdh-p256",
                       .title = "ECDH on P-256",
                       .standard = "SP 800-56A C(2e, 0s, ECC CDH)",
                       .words = "an AES key under a key that both sides derive",
                       .family = WRAP_AGREED,
                       .has_integrity = true,
                       .exact_length = WRAP_LENGTH_ASK,
                       .block = HALF_BLOCK,
                       .least = 2 * HALF_BLOCK,
                       .inner = HSM_AES_KWP,
                       .curve = "P-256",
                       .bits = 256,
                       .wrapped_len = kwp_len},
    [HSM_ML_KEM_1024] = {.name = "ml-kem-1024",
                         .title = "ML-KEM-1024",
                         .standard = "FIPS 203",
                         .words = "an AES key under a key that one side encapsulates",
                         .family = WRAP_AGREED,
                         .has_integrity = true,
                         .exact_length = WRAP_LENGTH_ASK,
                         .block = HALF_BLOCK,
                         .least = 2 * HALF_BLOCK,
                         .inner = HSM_AES_KWP,
                         .kem = 1024,
                         .bits = 1024,
                         .wrapped_len = kwp_len},
    [HSM_ML_KEM_768] = {.name = "ml-kem-768",
                        .title = "ML-KEM-768",
                        .standard = "FIPS 203",
                        .words = "an AES key under a key that one side encapsulates",
                        .family = WRAP_AGREED,
                        .has_integrity = true,
                        .exact_length = WRAP_LENGTH_ASK,
                        .block = HALF_BLOCK,
                        .least = 2 * HALF_BLOCK,
                        .inner = HSM_AES_KWP,
                        .kem = 768,
                        .bits = 768,
                        .wrapped_len = kwp_len},
    [HSM_ECDH_P384_ML_KEM_768] = {.name = "ecdh-p384+ml-kem-768",
                                  .title = "ECDH on P-384 with ML-KEM-768",
                                  .standard = "SP 800-56A C(2e, 0s, ECC CDH) and FIPS 203",
                                  .words =
                                      "an AES key under two keys; both must be found to read it",
                                  .family = WRAP_AGREED,
                                  .has_integrity = true,
                                  .exact_length = WRAP_LENGTH_ASK,
                                  .block = HALF_BLOCK,
                                  .least = 2 * HALF_BLOCK,
                                  .inner = HSM_AES_KWP,
                                  .curve = "P-384",
                                  .kem = 768,
                                  .bits = 384,
                                  .wrapped_len = kwp_len},
};

const struct wrap_alg *wrap_alg(enum hsm_alg alg)
{
    return &algs[alg];
}

enum hsm_alg wrap_alg_named(const char *name)
{
    enum hsm_alg alg = 0;

    while (alg < HSM_ALGS && strcmp(wrap_alg(alg)->name, name) != 0)
        alg++;
    return alg;
}

bool wrap_is_by_rsa(enum hsm_alg alg)
{
    return algs[alg].family == WRAP_RSA_OAEP || algs[alg].family == WRAP_RSA_AES;
}

bool wrap_is_agreed(enum hsm_alg alg)
{
    return algs[alg].family == WRAP_AGREED;
}

bool wrap_is_post_quantum(enum hsm_alg alg)
{
    return wrap_is_agreed(alg) && algs[alg].kem != 0;
}

size_t wrap_ciphertext_len(enum hsm_alg alg, size_t len, size_t modulus)
{
    return algs[alg].wrapped_len(&algs[alg], len, modulus);
}

bool wrap_may_be_ciphertext(enum hsm_alg alg, size_t len, size_t modulus)
{
    const struct wrap_alg *a = &algs[alg];

    if (a->family == WRAP_RSA_OAEP)
        return len == modulus;
    if (a->family == WRAP_RSA_AES)
        len = len > modulus ? len - modulus : 0;
    return len >= a->least && len % a->block == 0;
}

size_t wrap_oaep_max(enum hsm_alg alg, size_t modulus)
{
    return oaep_max(&algs[alg], modulus);
}
