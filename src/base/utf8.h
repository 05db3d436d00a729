/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8, one character at a time: strict decoding, and which characters may be shown. */
#ifndef HSMFERRY_BASE_UTF8_H
#define HSMFERRY_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Decodes one character by the strict rules of RFC 3629: no overlong form, no surrogate, nothing
 * beyond U+10FFFF. Returns its length, or 0 if no valid character begins at raw. len is not 0. */
size_t utf8_decode(const uint8_t *raw, size_t len, uint32_t *point);

/* The width of a character in columns: 0 (it combines with the previous one), 1 or 2; -1 if it must
 * not be shown literally: it is unassigned, controls, directs, joins or hides other text, looks
 * like a blank, or is for private use. U+0020 has width 1. Independent of the process's locale. */
int utf8_width(uint32_t point);

#endif
