/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 one character at a time: strict decoding, and what may be shown. */
#ifndef HSMFERRY_BASE_UTF8_H
#define HSMFERRY_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Decodes one character by the strict rules of RFC 3629: no overlong form, no surrogate, nothing
 * beyond U+10FFFF. Returns its bytes, or 0 when no valid character begins at raw. len is not 0. */
size_t utf8_decode(const uint8_t *raw, size_t len, uint32_t *point);

/* Columns that a character takes: 0 (it combines with the one before), 1 or 2; -1 when it must not
 * be shown as it is: it is unassigned, controls, directs, joins or hides other text, looks like a
 * blank, or means something only by private agreement. U+0020 is a blank that is 1. The process's
 * own locale does not matter. */
int utf8_width(uint32_t point);

#endif
