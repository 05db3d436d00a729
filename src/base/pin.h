/* SPDX-License-Identifier: Apache-2.0 */
/* A PIN that waits in a file of its own (RFC 7512 pin-source). */
#ifndef HSMFERRY_BASE_PIN_H
#define HSMFERRY_BASE_PIN_H

#include <stdbool.h>

#include "base/err.h"
#include "base/secret.h"

/* Reads the PIN in the one line of this file, without the line's end, into *pin; what was in it is
 * wiped. The PIN touches no other memory than locked pages.
 * Errors: ERR_NO_INPUT (no such file), ERR_DENIED (a link, no regular file, of another user, or
 * others may read or write it), ERR_USAGE (empty, too long, more than one line, a NUL byte),
 * ERR_IO, ERR_FAILED. *pin is then unchanged. */
bool pin_read_file(const char *path, struct secret *pin, struct err *err);

#endif
