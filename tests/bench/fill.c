/* SPDX-License-Identifier: Apache-2.0 */
/* The keys that are moved. */
#include "tests/bench/bare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>

enum {
    RSA_BYTES = 256,
    PRIME_BYTES = RSA_BYTES / 2,
    POOL_MAX = 160,
    SECRET_BYTES = 32,
    EXPONENT = 65537
};

static const CK_BYTE exponent[] = {1, 0, 1};
static const CK_BYTE p256[] = {0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07};

/* Label and id of a key, the same for both halves. */
struct name {
    char label[BARE_LABEL_MAX];
    CK_BYTE id[4];
};

static struct name name_of(unsigned number)
{
    struct name name = {
        .id = {1, (CK_BYTE)(number >> 16), (CK_BYTE)(number >> 8), (CK_BYTE)number}};

    snprintf(name.label, sizeof name.label, "key-%05u", number);
    return name;
}

static void add_name(struct template *t, const struct name *name)
{
    template_add(t, CKA_LABEL, name->label, strlen(name->label));
    template_add(t, CKA_ID, name->id, sizeof name->id);
}

static void add_public(struct template *t, const struct name *name)
{
    template_add_bool(t, CKA_TOKEN, CK_TRUE);
    template_add_bool(t, CKA_PRIVATE, CK_FALSE);
    template_add_bool(t, CKA_VERIFY, CK_TRUE);
    template_add_bool(t, CKA_ENCRYPT, CK_FALSE);
    template_add_bool(t, CKA_WRAP, CK_FALSE);
    add_name(t, name);
}

static void make_secret(const struct bare *token, const struct kind *kind, const struct name *name)
{
    const CK_ULONG size = SECRET_BYTES;
    CK_MECHANISM mechanism = {kind->generate, NULL, 0};
    struct template t = {.count = 0};
    CK_OBJECT_HANDLE key;

    kind_add(&t, kind, CK_TRUE, CK_TRUE);
    add_name(&t, name);
    template_add_number(&t, CKA_VALUE_LEN, &size);
    bare_must(token->p11->C_GenerateKey(token->session, &mechanism, t.attributes, t.count, &key),
              "C_GenerateKey");
}

static void make_pair(const struct bare *token, const struct kind *kind, const struct name *name)
{
    CK_MECHANISM mechanism = {kind->generate, NULL, 0};
    struct template public = {.count = 0}, private = {.count = 0};
    CK_OBJECT_HANDLE public_key, key;

    template_add(&public, CKA_EC_PARAMS, p256, sizeof p256);
    add_public(&public, name);
    kind_add(&private, kind, CK_TRUE, CK_TRUE);
    add_name(&private, name);
    bare_must(token->p11->C_GenerateKeyPair(token->session, &mechanism, public.attributes,
                                            public.count, private.attributes, private.count,
                                            &public_key, &key),
              "C_GenerateKeyPair");
}

/* --- RSA keys: made of a small number of primes, or ten thousand of them would take a quarter of
 * an hour. Each modulus occurs once; such keys are fit for nothing but this. */

static BIGNUM *primes[POOL_MAX];

static BIGNUM *prime(unsigned at)
{
    bare_must(at < POOL_MAX ? CKR_OK : CKR_DATA_LEN_RANGE, "fill: so many RSA keys");
    while (primes[at] == NULL) {
        BIGNUM *made = BN_new();
        if (BN_generate_prime_ex(made, PRIME_BYTES * 8, 0, NULL, NULL, NULL) != 1)
            bare_must(CKR_RANDOM_NO_RNG, "BN_generate_prime_ex");
        if (BN_mod_word(made, EXPONENT) == 1)
            BN_free(made);
        else
            primes[at] = made;
    }
    return primes[at];
}

/* The number-th pair of primes: (1,0), (2,0), (2,1), (3,0) ... */
static void primes_of(unsigned number, BIGNUM **p, BIGNUM **q)
{
    unsigned row = 1;

    for (; number >= row; row++)
        number -= row;
    *p = prime(row);
    *q = prime(number);
}

/* The numbers of an RSA key as PKCS#11 has them. */
struct rsa {
    CK_BYTE modulus[RSA_BYTES], private[RSA_BYTES];
    CK_BYTE p[PRIME_BYTES], q[PRIME_BYTES], dp[PRIME_BYTES], dq[PRIME_BYTES], inverse[PRIME_BYTES];
};

static void rsa_of(unsigned number, struct rsa *rsa)
{
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *p, *q, *e = BN_new(), *n = BN_new(), *d = BN_new(), *phi = BN_new(), *less = BN_new();
    int ok = BN_set_word(e, EXPONENT);

    primes_of(number, &p, &q);
    ok &= BN_mul(n, p, q, ctx) & BN_sub(phi, n, p) & BN_sub(phi, phi, q) & BN_add_word(phi, 1);
    ok &= BN_mod_inverse(d, e, phi, ctx) != NULL;
    ok &= BN_bn2binpad(n, rsa->modulus, RSA_BYTES) == RSA_BYTES;
    ok &= BN_bn2binpad(d, rsa->private, RSA_BYTES) == RSA_BYTES;
    ok &= BN_bn2binpad(p, rsa->p, PRIME_BYTES) == PRIME_BYTES;
    ok &= BN_bn2binpad(q, rsa->q, PRIME_BYTES) == PRIME_BYTES;
    ok &= BN_sub(less, p, BN_value_one()) & BN_mod(phi, d, less, ctx);
    ok &= BN_bn2binpad(phi, rsa->dp, PRIME_BYTES) == PRIME_BYTES;
    ok &= BN_sub(less, q, BN_value_one()) & BN_mod(phi, d, less, ctx);
    ok &= BN_bn2binpad(phi, rsa->dq, PRIME_BYTES) == PRIME_BYTES;
    ok &= BN_mod_inverse(phi, q, p, ctx) != NULL;
    ok &= BN_bn2binpad(phi, rsa->inverse, PRIME_BYTES) == PRIME_BYTES;
    bare_must(ok ? CKR_OK : CKR_GENERAL_ERROR, "fill: the numbers of an RSA key");
    BN_free(less), BN_free(phi), BN_free(d), BN_free(n), BN_free(e);
    BN_CTX_free(ctx);
}

static void put_rsa(const struct bare *token, const struct kind *kind, const struct name *name,
                    unsigned number)
{
    const CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
    struct template public = {.count = 0}, private = {.count = 0};
    CK_OBJECT_HANDLE made;
    struct rsa rsa;

    rsa_of(number, &rsa);
    kind_add(&private, kind, CK_TRUE, CK_TRUE);
    add_name(&private, name);
    template_add(&private, CKA_MODULUS, rsa.modulus, sizeof rsa.modulus);
    template_add(&private, CKA_PUBLIC_EXPONENT, exponent, sizeof exponent);
    template_add(&private, CKA_PRIVATE_EXPONENT, rsa.private, sizeof rsa.private);
    template_add(&private, CKA_PRIME_1, rsa.p, sizeof rsa.p);
    template_add(&private, CKA_PRIME_2, rsa.q, sizeof rsa.q);
    template_add(&private, CKA_EXPONENT_1, rsa.dp, sizeof rsa.dp);
    template_add(&private, CKA_EXPONENT_2, rsa.dq, sizeof rsa.dq);
    template_add(&private, CKA_COEFFICIENT, rsa.inverse, sizeof rsa.inverse);
    template_add_number(&public, CKA_CLASS, &class);
    template_add_number(&public, CKA_KEY_TYPE, &kind->type);
    add_public(&public, name);
    template_add(&public, CKA_MODULUS, rsa.modulus, sizeof rsa.modulus);
    template_add(&public, CKA_PUBLIC_EXPONENT, exponent, sizeof exponent);
    bare_must(token->p11->C_CreateObject(token->session, private.attributes, private.count, &made),
              "C_CreateObject");
    bare_must(token->p11->C_CreateObject(token->session, public.attributes, public.count, &made),
              "C_CreateObject");
}

void fill(const struct bare *token, const struct kind *kind, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        const struct name name = name_of(i);
        if (kind->generate == 0)
            put_rsa(token, kind, &name, i);
        else if (kind->class == CKO_SECRET_KEY)
            make_secret(token, kind, &name);
        else
            make_pair(token, kind, &name);
    }
}
