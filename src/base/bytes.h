/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes that a structure owns: ciphertexts, public keys, answers. For secrets see secret.h. */
#ifndef HSMFERRY_BASE_BYTES_H
#define HSMFERRY_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* {0} is an empty, valid value. The owner frees it with bytes_free(). */
struct bytes {
    uint8_t *data;
    size_t len;
};

/* Replaces the content of *to with a copy of len bytes. On failure (memory) *to is unchanged. */
bool bytes_set(struct bytes *to, const void *data, size_t len, struct err *err);

/* Replaces the content of *to with len zero bytes, to be overwritten. */
bool bytes_make(struct bytes *to, size_t len, struct err *err);

/* Wipes (always, because a proof's answer may be secret), frees and empties. b may be NULL. */
void bytes_free(struct bytes *b);

/* Same length and same content; compared in constant time for equal lengths. */
bool bytes_equal(const struct bytes *a, const struct bytes *b);

#endif
