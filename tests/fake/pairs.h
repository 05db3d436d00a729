/* SPDX-License-Identifier: Apache-2.0 */
/* RSA pairs that were made when the tests were built, for tests of everything but their making: to
 * search for primes takes most of the time of a small ceremony. */
#ifndef HSMFERRY_TESTS_FAKE_PAIRS_H
#define HSMFERRY_TESTS_FAKE_PAIRS_H

#include <openssl/evp.h>

/* The next pair of this size, a reference of the caller's own: PAIRS_EACH calls give different
 * ones. NULL: there is none of this size. */
enum { PAIRS_EACH = 3 };
EVP_PKEY *pairs_take(unsigned bits);

#endif
