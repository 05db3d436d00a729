/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In the place of OpenSSL's own functions, for the agent that thousands of runs start: RSA pairs
 * are not searched for but read from the file SHIM_PAIR (PEM). SoftHSM and the agent call these;
 * whatever else they do with such a pair is the real thing.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>

static EVP_PKEY *read_pair(void)
{
    const char *path = getenv("SHIM_PAIR");
    FILE *file = path ? fopen(path, "r") : NULL;
    EVP_PKEY *pair = file ? PEM_read_PrivateKey(file, NULL, NULL, NULL) : NULL;

    if (file)
        fclose(file);
    return pair;
}

EVP_PKEY *EVP_PKEY_Q_keygen(OSSL_LIB_CTX *libctx, const char *propq, const char *type, ...)
{
    (void)libctx, (void)propq, (void)type;
    return read_pair();
}

int RSA_generate_key_ex(RSA *rsa, int bits, BIGNUM *e, BN_GENCB *cb)
{
    EVP_PKEY *pair = read_pair();
    const RSA *from = pair ? EVP_PKEY_get0_RSA(pair) : NULL;
    int ok = from && RSA_bits(from) == bits &&
             RSA_set0_key(rsa, BN_dup(RSA_get0_n(from)), BN_dup(RSA_get0_e(from)),
                          BN_dup(RSA_get0_d(from))) &&
             RSA_set0_factors(rsa, BN_dup(RSA_get0_p(from)), BN_dup(RSA_get0_q(from))) &&
             RSA_set0_crt_params(rsa, BN_dup(RSA_get0_dmp1(from)), BN_dup(RSA_get0_dmq1(from)),
                                 BN_dup(RSA_get0_iqmp(from)));

    (void)e, (void)cb;
    EVP_PKEY_free(pair);
    return ok;
}
