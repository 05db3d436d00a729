/* SPDX-License-Identifier: Apache-2.0 */
/* A PIN in a separate file (RFC 7512 pin-source). */
#ifndef HSMFERRY_BASE_PIN_H
#define HSMFERRY_BASE_PIN_H

#include <stdbool.h>

#include "base/err.h"
#include "base/secret.h"

/* Reads the PIN from the only line of this file, without the end of the line, into *pin; its
 * previous content is wiped. The PIN is stored in no memory other than locked pages. Errors:
 * ERR_NO_INPUT (no such file), ERR_DENIED (a link, not a regular file, owned by another user, or
 * others may read or write it), ERR_USAGE (empty, too long, more than one line, a NUL byte),
 * ERR_IO, ERR_FAILED. *pin is then unchanged. */
bool pin_read_file(const char *path, struct secret *pin, struct err *err);

#endif
