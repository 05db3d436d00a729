/* SPDX-License-Identifier: Apache-2.0 */
/* The names and numbers of the algorithms are those of FIPS 203. */
#include "hsm/ml_kem.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

enum {
    N = 256,
    Q = 3329,
    K_MAX = 4,
    ETA_OCTETS = 128, /* 64 * eta; eta is 2 in both sets */
    POLYNOMIAL = 384, /* octets of one with coefficients of 12 bits */
    SHAKE_ROOM = 1344 /* 896 candidates, of which 256 are below q */
};

struct set {
    unsigned k, du, dv;
};

static struct set set_of(unsigned set)
{
    return set == 1024 ? (struct set){4, 11, 5} : (struct set){3, 10, 4};
}

size_t ml_kem_public_len(unsigned set)
{
    return POLYNOMIAL * (size_t)set_of(set).k + 32;
}

size_t ml_kem_ciphertext_len(unsigned set)
{
    const struct set s = set_of(set);

    return 32 * ((size_t)s.du * s.k + s.dv);
}

/* --- hashes --- */

struct part {
    const void *data;
    size_t len;
};

/* name: a hash, or a XOF of which out_len octets are taken. */
static bool hash(const char *name, const struct part *parts, size_t count, uint8_t *out,
                 size_t out_len)
{
    EVP_MD *md = EVP_MD_fetch(NULL, name, NULL);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = md && ctx && EVP_DigestInit_ex(ctx, md, NULL) == 1;

    for (size_t i = 0; ok && i < count; i++)
        ok = EVP_DigestUpdate(ctx, parts[i].data, parts[i].len) == 1;
    if (ok)
        ok = EVP_MD_get_flags(md) & EVP_MD_FLAG_XOF ? EVP_DigestFinalXOF(ctx, out, out_len) == 1
                                                    : EVP_DigestFinal_ex(ctx, out, NULL) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_MD_free(md);
    return ok;
}

/* --- polynomials --- */

typedef uint16_t poly[N];

static uint32_t power_of_17(unsigned exponent)
{
    uint32_t power = 1;

    while (exponent-- > 0)
        power = power * 17 % Q;
    return power;
}

static unsigned reverse_7(unsigned i)
{
    unsigned reversed = 0;

    for (unsigned bit = 0; bit < 7; bit++)
        reversed |= (i >> bit & 1) << (6 - bit);
    return reversed;
}

/* Algorithm 9 */
static void ntt(poly f)
{
    unsigned i = 1;

    for (unsigned len = N / 2; len >= 2; len /= 2)
        for (unsigned start = 0; start < N; start += 2 * len) {
            const uint32_t zeta = power_of_17(reverse_7(i++));
            for (unsigned j = start; j < start + len; j++) {
                const uint32_t t = zeta * f[j + len] % Q;
                f[j + len] = (uint16_t)((f[j] + Q - t) % Q);
                f[j] = (uint16_t)((f[j] + t) % Q);
            }
        }
}

/* Algorithm 10 */
static void inverse_ntt(poly f)
{
    unsigned i = N / 2 - 1;

    for (unsigned len = 2; len <= N / 2; len *= 2)
        for (unsigned start = 0; start < N; start += 2 * len) {
            const uint32_t zeta = power_of_17(reverse_7(i--));
            for (unsigned j = start; j < start + len; j++) {
                const uint32_t t = f[j];
                f[j] = (uint16_t)((t + f[j + len]) % Q);
                f[j + len] = (uint16_t)(zeta * (f[j + len] + Q - t) % Q);
            }
        }
    for (unsigned j = 0; j < N; j++)
        f[j] = (uint16_t)(f[j] * 3303U % Q);
}

/* Algorithms 11 and 12, added to sum. */
static void add_product(const poly f, const poly g, poly sum)
{
    for (unsigned i = 0; i < N / 2; i++) {
        const uint32_t gamma = power_of_17(2 * reverse_7(i) + 1);
        const uint32_t a0 = f[2 * i], a1 = f[2 * i + 1], b0 = g[2 * i], b1 = g[2 * i + 1];
        sum[2 * i] = (uint16_t)((sum[2 * i] + a0 * b0 + a1 * b1 % Q * gamma) % Q);
        sum[2 * i + 1] = (uint16_t)((sum[2 * i + 1] + a0 * b1 + a1 * b0) % Q);
    }
}

static void add(const poly f, poly sum)
{
    for (unsigned i = 0; i < N; i++)
        sum[i] = (uint16_t)((sum[i] + f[i]) % Q);
}

/* Algorithm 5 with the compression to d bits of section 4.2.1; d = 12: none. */
static void encode(const poly f, unsigned d, uint8_t *out)
{
    memset(out, 0, 32 * (size_t)d);
    for (unsigned i = 0; i < N; i++) {
        const uint32_t value =
            d == 12 ? f[i] : (((uint32_t)f[i] << d) + Q / 2) / Q & ((1U << d) - 1);
        for (unsigned bit = 0; bit < d; bit++)
            out[(i * d + bit) / 8] |= (uint8_t)((value >> bit & 1) << (i * d + bit) % 8);
    }
}

/* Algorithm 6, and the decompression. */
static void decode(const uint8_t *in, unsigned d, poly f)
{
    for (unsigned i = 0; i < N; i++) {
        uint32_t value = 0;
        for (unsigned bit = 0; bit < d; bit++)
            value |= (uint32_t)(in[(i * d + bit) / 8] >> (i * d + bit) % 8 & 1) << bit;
        f[i] = (uint16_t)(d == 12 ? value % Q : (value * Q + (1U << (d - 1))) >> d);
    }
}

/* Algorithm 7 */
static bool sample_uniform(const uint8_t *rho, uint8_t column, uint8_t row, poly f)
{
    const uint8_t place[] = {column, row};
    const struct part parts[] = {{rho, 32}, {place, sizeof place}};
    uint8_t octets[SHAKE_ROOM];
    unsigned count = 0;

    if (!hash("SHAKE128", parts, 2, octets, sizeof octets))
        return false;
    for (size_t i = 0; count < N && i + 3 <= sizeof octets; i += 3) {
        const unsigned one = octets[i] | (octets[i + 1] & 15U) << 8;
        const unsigned two = octets[i + 1] >> 4 | (unsigned)octets[i + 2] << 4;
        if (one < Q)
            f[count++] = (uint16_t)one;
        if (two < Q && count < N)
            f[count++] = (uint16_t)two;
    }
    return count == N;
}

/* Algorithm 8 with eta = 2, on the output of PRF(seed, number). */
static bool sample_small(const uint8_t *seed, uint8_t number, poly f)
{
    const struct part parts[] = {{seed, 32}, {&number, 1}};
    uint8_t octets[ETA_OCTETS];

    if (!hash("SHAKE256", parts, 2, octets, sizeof octets))
        return false;
    for (unsigned i = 0; i < N; i++) {
        const unsigned nibble = octets[i / 2] >> 4 * (i % 2);
        f[i] = (uint16_t)((Q + (nibble & 1) + (nibble >> 1 & 1) - (nibble >> 2 & 1) -
                           (nibble >> 3 & 1)) %
                          Q);
    }
    OPENSSL_cleanse(octets, sizeof octets);
    return true;
}

/* --- K-PKE --- */

/* Algorithm 13. public_key is written, and the decryption key. */
static bool make_keys(struct set s, const uint8_t *d, uint8_t *public_key, uint8_t *private_key)
{
    const uint8_t k = (uint8_t)s.k;
    const struct part parts[] = {{d, 32}, {&k, 1}};
    uint8_t seeds[64];
    poly secret[K_MAX], t, a;
    bool ok = hash("SHA3-512", parts, 2, seeds, sizeof seeds);

    for (uint8_t i = 0; ok && i < k; i++) {
        ok = sample_small(seeds + 32, i, secret[i]);
        if (ok)
            ntt(secret[i]);
    }
    for (uint8_t i = 0; ok && i < k; i++) {
        ok = sample_small(seeds + 32, (uint8_t)(k + i), t);
        if (ok)
            ntt(t);
        for (uint8_t j = 0; ok && j < k; j++) {
            ok = sample_uniform(seeds, j, i, a);
            add_product(a, secret[j], t);
        }
        encode(t, 12, public_key + POLYNOMIAL * (size_t)i);
        encode(secret[i], 12, private_key + POLYNOMIAL * (size_t)i);
    }
    memcpy(public_key + POLYNOMIAL * (size_t)k, seeds, 32);
    OPENSSL_cleanse(seeds, sizeof seeds);
    OPENSSL_cleanse(secret, sizeof secret);
    return ok;
}

/* Algorithm 14 */
static bool encrypt(struct set s, const uint8_t *public_key, const uint8_t *message,
                    const uint8_t *random, uint8_t *ciphertext)
{
    const uint8_t k = (uint8_t)s.k;
    poly y[K_MAX], sum, v = {0}, a, small;
    bool ok = true;

    for (uint8_t i = 0; ok && i < k; i++) {
        ok = sample_small(random, i, y[i]);
        if (ok)
            ntt(y[i]);
    }
    for (uint8_t i = 0; ok && i < k; i++) {
        memset(sum, 0, sizeof sum);
        for (uint8_t j = 0; ok && j < k; j++) {
            ok = sample_uniform(public_key + POLYNOMIAL * (size_t)k, i, j, a); /* transposed */
            add_product(a, y[j], sum);
        }
        inverse_ntt(sum);
        ok = ok && sample_small(random, (uint8_t)(k + i), small);
        add(small, sum);
        encode(sum, s.du, ciphertext + 32 * (size_t)s.du * i);
        decode(public_key + POLYNOMIAL * (size_t)i, 12, a);
        add_product(a, y[i], v);
    }
    inverse_ntt(v);
    ok = ok && sample_small(random, (uint8_t)(2 * k), small);
    add(small, v);
    decode(message, 1, small);
    add(small, v);
    encode(v, s.dv, ciphertext + 32 * (size_t)s.du * k);
    OPENSSL_cleanse(y, sizeof y);
    return ok;
}

/* Algorithm 15 */
static void decrypt(struct set s, const uint8_t *private_key, const uint8_t *ciphertext,
                    uint8_t *message)
{
    poly sum = {0}, u, w;

    for (unsigned i = 0; i < s.k; i++) {
        decode(ciphertext + 32 * (size_t)s.du * i, s.du, u);
        ntt(u);
        decode(private_key + POLYNOMIAL * (size_t)i, 12, w);
        add_product(w, u, sum);
    }
    inverse_ntt(sum);
    decode(ciphertext + 32 * (size_t)s.du * s.k, s.dv, w);
    for (unsigned i = 0; i < N; i++)
        w[i] = (uint16_t)((w[i] + Q - sum[i]) % Q);
    encode(w, 1, message);
    OPENSSL_cleanse(w, sizeof w);
}

/* --- ML-KEM --- */

static bool hash_public(unsigned set, const uint8_t *public_key, uint8_t out[32])
{
    const struct part all = {public_key, ml_kem_public_len(set)};

    return hash("SHA3-256", &all, 1, out, 32);
}

bool ml_kem_generate(unsigned set, const uint8_t seed[ML_KEM_SEED],
                     uint8_t public_key[ML_KEM_PUBLIC_MAX], uint8_t private_key[ML_KEM_PRIVATE_MAX])
{
    const struct set s = set_of(set);
    const size_t len = ml_kem_public_len(set);
    uint8_t *at = private_key + POLYNOMIAL * (size_t)s.k;

    if (!make_keys(s, seed, public_key, private_key) || !hash_public(set, public_key, at + len))
        return false;
    memcpy(at, public_key, len);
    memcpy(at + len + 32, seed + 32, 32);
    return true;
}

bool ml_kem_encapsulate(unsigned set, const uint8_t *public_key, const uint8_t message[32],
                        uint8_t ciphertext[ML_KEM_CIPHERTEXT_MAX], uint8_t secret[ML_KEM_SECRET])
{
    uint8_t digest[32], both[64];
    const struct part parts[] = {{message, 32}, {digest, sizeof digest}};
    bool ok = hash_public(set, public_key, digest) &&
              hash("SHA3-512", parts, 2, both, sizeof both) &&
              encrypt(set_of(set), public_key, message, both + 32, ciphertext);

    memcpy(secret, both, ML_KEM_SECRET);
    OPENSSL_cleanse(both, sizeof both);
    return ok;
}

bool ml_kem_decapsulate(unsigned set, const uint8_t *private_key, const uint8_t *ciphertext,
                        uint8_t secret[ML_KEM_SECRET])
{
    const struct set s = set_of(set);
    const size_t len = ml_kem_ciphertext_len(set);
    const uint8_t *public_key = private_key + POLYNOMIAL * (size_t)s.k,
                  *digest = public_key + ml_kem_public_len(set), *z = digest + 32;
    uint8_t message[32], both[64], other[ML_KEM_SECRET], again[ML_KEM_CIPHERTEXT_MAX];
    const struct part parts[] = {{message, sizeof message}, {digest, 32}},
                      rejected[] = {{z, 32}, {ciphertext, len}};
    bool ok;

    decrypt(s, private_key, ciphertext, message);
    ok = hash("SHA3-512", parts, 2, both, sizeof both) &&
         hash("SHAKE256", rejected, 2, other, sizeof other) &&
         encrypt(s, public_key, message, both + 32, again);
    if (ok)
        memcpy(secret, CRYPTO_memcmp(ciphertext, again, len) == 0 ? both : other, ML_KEM_SECRET);
    OPENSSL_cleanse(message, sizeof message);
    OPENSSL_cleanse(both, sizeof both);
    return ok;
}

/* --- public keys --- */

bool ml_kem_is_public(unsigned set, const uint8_t *key, size_t len)
{
    if (len != ml_kem_public_len(set))
        return false;
    for (size_t i = 0; i + 3 <= len - 32; i += 3)
        if ((key[i] | (key[i + 1] & 15) << 8) >= Q || (key[i + 1] >> 4 | key[i + 2] << 4) >= Q)
            return false;
    return true;
}

/* SEQUENCE { SEQUENCE { OID 2.16.840.1.101.3.4.4.2 or .3 }, BIT STRING }, up to the key. */
enum { SPKI_HEAD = 22 };

static void write_head(unsigned set, uint8_t head[SPKI_HEAD])
{
    static const uint8_t form[SPKI_HEAD] = {0x30, 0x82, 0,    0,    0x30, 0x0b, 0x06, 0x09,
                                            0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x04,
                                            0,    0x03, 0x82, 0,    0,    0};
    const size_t bits = ml_kem_public_len(set) + 1, all = bits + SPKI_HEAD - 5;

    memcpy(head, form, SPKI_HEAD);
    head[2] = (uint8_t)(all >> 8);
    head[3] = (uint8_t)all;
    head[16] = set == 1024 ? 3 : 2;
    head[19] = (uint8_t)(bits >> 8);
    head[20] = (uint8_t)bits;
}

size_t ml_kem_spki_len(unsigned set)
{
    return SPKI_HEAD + ml_kem_public_len(set);
}

bool ml_kem_write_spki(unsigned set, const uint8_t *key, size_t len, struct bytes *spki)
{
    if (len != ml_kem_public_len(set) || !bytes_make(spki, SPKI_HEAD + len, NULL))
        return false;
    write_head(set, spki->data);
    memcpy(spki->data + SPKI_HEAD, key, len);
    return true;
}

struct bytes ml_kem_read_spki(unsigned set, const struct bytes *spki)
{
    uint8_t head[SPKI_HEAD];

    write_head(set, head);
    if (spki->len != ml_kem_spki_len(set) || memcmp(spki->data, head, SPKI_HEAD) != 0)
        return (struct bytes){NULL, 0};
    return (struct bytes){spki->data + SPKI_HEAD, spki->len - SPKI_HEAD};
}
