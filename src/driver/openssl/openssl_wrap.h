/* SPDX-License-Identifier: Apache-2.0 */
/* Wrapping by OpenSSL: a private key as PKCS#8 (RFC 5208), under an AES key or an RSA key. */
#ifndef HSMFERRY_DRIVER_OPENSSL_OPENSSL_WRAP_H
#define HSMFERRY_DRIVER_OPENSSL_OPENSSL_WRAP_H

#include "driver/openssl/openssl_object.h"
#include "hsm/hsm.h"

/* OpenSSL's call for an algorithm; "": it is not done here. */
const char *openssl_wrap_call(enum hsm_alg alg);

/* As in hsm.h. */
bool openssl_wrap(struct hsm *hsm, enum hsm_alg alg, uint64_t wrapping, uint64_t key,
                  struct bytes *wrapped_key, struct err *err);

#endif
