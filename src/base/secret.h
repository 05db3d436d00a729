/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes that must not outlive their use: PINs. They live in pages of their own, locked, left out
 * of core dumps, wiped when released.
 */
#ifndef HSMFERRY_BASE_SECRET_H
#define HSMFERRY_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { SECRET_PIN_MAX = 255 }; /* the longest PIN in bytes */

/* {0} is an empty, valid value. */
struct secret {
    uint8_t *data; /* cap bytes, the first len of them in use */
    size_t len;
    size_t cap;
};

/* Gives *s room for cap bytes in pages of its own between two guard pages: mmap, mlock (a failure
 * to lock is tolerated where RLIMIT_MEMLOCK forbids it), MADV_DONTDUMP, MADV_WIPEONFORK.
 * Errors: ERR_FAILED (no memory). */
bool secret_new(struct secret *s, size_t cap, struct err *err);

/* Copies len bytes in. Errors: ERR_USAGE when they do not fit. */
bool secret_set(struct secret *s, const void *data, size_t len, struct err *err);

/* Wipes and releases; s is empty afterwards. NULL and an empty secret are fine. */
void secret_free(struct secret *s);

/* Takes the whole process out of core dumps and ptrace's reach: RLIMIT_CORE 0, not dumpable.
 * Called first thing in both programs. */
bool secret_harden_process(struct err *err);

/* Checks a PIN: 1 to SECRET_PIN_MAX bytes, no NUL byte. Errors: ERR_USAGE; the message never
 * holds any of it. */
bool secret_check_pin(const struct secret *pin, struct err *err);

#endif
