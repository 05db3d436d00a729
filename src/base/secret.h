/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes that must not outlive their use: PINs. They are stored in separate pages, which are locked,
 * excluded from core dumps, and wiped when released.
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

/* Allocates cap bytes for *s in separate pages between two guard pages: mmap, mlock (which may fail
 * if RLIMIT_MEMLOCK forbids it), MADV_DONTDUMP, MADV_WIPEONFORK. Errors: ERR_FAILED (no memory). */
bool secret_new(struct secret *s, size_t cap, struct err *err);

/* Copies len bytes into *s. Errors: ERR_USAGE if they do not fit. */
bool secret_set(struct secret *s, const void *data, size_t len, struct err *err);

/* Wipes and releases the memory; s is empty afterwards. s may be NULL or empty. */
void secret_free(struct secret *s);

/* Excludes the whole process from core dumps and ptrace: RLIMIT_CORE 0, not dumpable. Both programs
 * call it first. */
bool secret_harden_process(struct err *err);

/* Checks a PIN: 1 to SECRET_PIN_MAX bytes, no NUL byte. Errors: ERR_USAGE; the message never
 * contains any part of it. */
bool secret_check_pin(const struct secret *pin, struct err *err);

#endif
