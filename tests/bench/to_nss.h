/* SPDX-License-Identifier: Apache-2.0 */
/* The native API of NSS with nothing around it: keys are unwrapped into a database. What fails ends
 * the program. Its headers and those of p11-kit do not go into one file. */
#ifndef HSMFERRY_TESTS_BENCH_TO_NSS_H
#define HSMFERRY_TESTS_BENCH_TO_NSS_H

#include <stddef.h>

/* Opens the database, as "sql:FOLDER", and makes the key that unwraps a session object. */
void nss_open(const char *database, const char *pin, const unsigned char *kek, size_t kek_len);

/* Unwraps an AES key of this size into the database, under this label. */
void nss_take(unsigned char *blob, size_t len, int size, const char *label);

void nss_close(void);

#endif
