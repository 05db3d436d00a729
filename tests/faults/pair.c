/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In the place of OpenSSL's own functions, and of NSS's, for agents that thousands of runs start.
 * Only the search for primes is left out; whatever is done with such a pair is the real thing.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "tests/faults/pair.h"

#include <blapit.h>
#include <dlfcn.h>
#include <openssl/rsa.h>
#include <secitem.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/fake/pairs.h"

/* --- OpenSSL --- */

EVP_PKEY *EVP_PKEY_Q_keygen(OSSL_LIB_CTX *libctx, const char *propq, const char *type, ...)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(libctx, type, propq);
    EVP_PKEY *made = NULL;
    bool is_rsa = strcmp(type, "RSA") == 0, is_ec = strcmp(type, "EC") == 0;
    va_list args;

    va_start(args, type);
    size_t bits = is_rsa ? va_arg(args, size_t) : 0;
    const char *curve = is_ec ? va_arg(args, const char *) : NULL;
    va_end(args);
    if (is_rsa)
        made = pairs_take((unsigned)bits);
    if (!made && ctx && EVP_PKEY_keygen_init(ctx) == 1 &&
        (!is_rsa || EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, (int)bits) == 1) &&
        (!is_ec || EVP_PKEY_CTX_set_group_name(ctx, curve) == 1))
        EVP_PKEY_keygen(ctx, &made);
    EVP_PKEY_CTX_free(ctx);
    return made;
}

static int search(RSA *rsa, int bits, BIGNUM *e, BN_GENCB *cb)
{
    void *symbol = dlsym(RTLD_NEXT, "RSA_generate_key_ex");
    int (*generate)(RSA *, int, BIGNUM *, BN_GENCB *);

    memcpy(&generate, &symbol, sizeof generate);
    return symbol && generate(rsa, bits, e, cb);
}

int RSA_generate_key_ex(RSA *rsa, int bits, BIGNUM *e, BN_GENCB *cb)
{
    EVP_PKEY *pair = pairs_take((unsigned)bits);
    const RSA *from = pair ? EVP_PKEY_get0_RSA(pair) : NULL;
    int ok = from &&
             RSA_set0_key(rsa, BN_dup(RSA_get0_n(from)), BN_dup(RSA_get0_e(from)),
                          BN_dup(RSA_get0_d(from))) &&
             RSA_set0_factors(rsa, BN_dup(RSA_get0_p(from)), BN_dup(RSA_get0_q(from))) &&
             RSA_set0_crt_params(rsa, BN_dup(RSA_get0_dmp1(from)), BN_dup(RSA_get0_dmq1(from)),
                                 BN_dup(RSA_get0_iqmp(from)));

    EVP_PKEY_free(pair);
    return pair ? ok : search(rsa, bits, e, cb);
}

/* --- NSS --- */

/* How NSS's arithmetic is entered: a table, of which this is the beginning. */
struct arithmetic {
    unsigned short length, version;
    RSAPrivateKey *(*new_rsa)(int bits, SECItem *e);
};

static struct arithmetic real;

static bool put_number(RSAPrivateKey *key, SECItem *item, const BIGNUM *number)
{
    return SECITEM_AllocItem(key->arena, item, (unsigned)BN_num_bytes(number)) &&
           BN_bn2bin(number, item->data) > 0;
}

static RSAPrivateKey *give_rsa(int bits, SECItem *e)
{
    EVP_PKEY *pair = pairs_take((unsigned)bits);
    const RSA *from = pair ? EVP_PKEY_get0_RSA(pair) : NULL;
    PLArenaPool *arena = PORT_NewArena(NSS_FREEBL_DEFAULT_CHUNKSIZE);
    RSAPrivateKey *key = arena ? PORT_ArenaZAlloc(arena, sizeof *key) : NULL;
    bool ok = key && from;

    if (key)
        key->arena = arena;
    ok = ok && SECITEM_AllocItem(arena, &key->version, 1) &&
         put_number(key, &key->modulus, RSA_get0_n(from)) &&
         put_number(key, &key->publicExponent, RSA_get0_e(from)) &&
         put_number(key, &key->privateExponent, RSA_get0_d(from)) &&
         put_number(key, &key->prime1, RSA_get0_p(from)) &&
         put_number(key, &key->prime2, RSA_get0_q(from)) &&
         put_number(key, &key->exponent1, RSA_get0_dmp1(from)) &&
         put_number(key, &key->exponent2, RSA_get0_dmq1(from)) &&
         put_number(key, &key->coefficient, RSA_get0_iqmp(from));
    EVP_PKEY_free(pair);
    if (ok)
        return key;
    if (arena)
        PORT_FreeArena(arena, PR_TRUE);
    return real.new_rsa(bits, e); /* the small ones by which NSS moves a key between its slots */
}

void pair_give_to_nss(void)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *library = dlopen("libfreeblpriv3.so", RTLD_NOW);
    void *symbol = library ? dlsym(library, "FREEBL_GetVector") : NULL;
    struct arithmetic *(*get)(void);
    struct arithmetic *table;
    char *at;

    if (!symbol)
        return;
    memcpy(&get, &symbol, sizeof get);
    table = get();
    real = *table;
    at = (char *)table - (size_t)table % page;
    if (mprotect(at, page, PROT_READ | PROT_WRITE) != 0)
        abort();
    table->new_rsa = give_rsa;
}
