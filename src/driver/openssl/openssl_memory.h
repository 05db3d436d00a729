/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory of OpenSSL in an agent that reads key files. OpenSSL does not wipe all that it frees:
 * after a key was read, its octets are in freed memory several times. So OpenSSL gets its memory
 * here: in separate pages, which are locked, excluded from core dumps and lost in a forked child,
 * and every piece is wiped when it is freed.
 */
#ifndef HSMFERRY_DRIVER_OPENSSL_OPENSSL_MEMORY_H
#define HSMFERRY_DRIVER_OPENSSL_OPENSSL_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* From now on OpenSSL uses this memory; once is enough. Errors: ERR_FAILED (OpenSSL has allocated
 * memory before; or a control shows that it does not use this one). */
bool openssl_memory_use(struct err *err);

/* Octets of memory that could not be locked, because RLIMIT_MEMLOCK forbids it; 0: none. */
size_t openssl_memory_unlocked(void);

/* Overwrites the part of the stack that the calls before may have used: OpenSSL's code for some
 * curves leaves a private scalar there. */
void openssl_stack_wipe(void);

#endif
