/* SPDX-License-Identifier: Apache-2.0 */
/* Is a public key one under which only the owner of a private key can answer? */
#ifndef HSMFERRY_HSM_PUBLIC_CHECK_H
#define HSMFERRY_HSM_PUBLIC_CHECK_H

#include <stdbool.h>

#include <openssl/evp.h>

/* As EVP_PKEY_public_check(), and never milder, in about half of its time for RSA keys. The queue
 * of OpenSSL's errors is left empty. */
bool public_check(EVP_PKEY *pkey);

#endif
