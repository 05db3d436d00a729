/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Displaying untrusted text: labels, names and messages from an HSM, a file or another process; and
 * fingerprints in a form that people can read.
 */
#ifndef HSMFERRY_BASE_TEXT_H
#define HSMFERRY_BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for text_safe() of len bytes: four characters for each byte and the terminator. */
#define TEXT_SAFE_SIZE(len) (4 * (size_t)(len) + 1)

/* Writes len raw bytes into out as text that is safe on a terminal, in a log and in YAML. Printable
 * UTF-8 passes unchanged; a backslash becomes "\\"; every other byte becomes "\xHH": control,
 * bidirectional and other format characters, blanks other than U+0020, zero-width, private and
 * unassigned characters, combining marks without a base character (or more than four on one
 * character), and each byte of invalid, overlong or surrogate UTF-8. Injective: different bytes
 * never give the same text, in any locale. Leading and trailing spaces become "\x20" so that they
 * are visible. Text that does not fit ends with a whole unit. out has size bytes and is always
 * terminated. Returns the length written. */
size_t text_safe(const void *raw, size_t len, char *out, size_t size);

/* The inverse of text_safe(). Returns false if text_safe() does not write this text. *len: in, room
 * in raw; out, bytes written. */
bool text_unsafe(const char *text, void *raw, size_t *len);

/* The width in columns of safe UTF-8 text on a terminal (combining characters 0, wide ones 2), in
 * any locale. */
int text_width(const char *text);

/* Copies as much of text as fits in columns, without splitting a character or an escape; if it was
 * shortened, the last column shows "~". With middle, it is shortened in the middle instead (for
 * paths). out is terminated. */
void text_fit(const char *text, int columns, bool middle, char *out, size_t size);

/* Bytes of text that go on one line of this many columns (4 or more): up to the last blank that
 * lets them fit, else as many whole characters and escapes as fit. 0 only if text is empty. */
size_t text_line_len(const char *text, int columns);

/* snprintf() that ends, where text does not fit, at the end of a character or an escape, and not in
 * a blank: what is left of safe text is safe text. Returns the length written. */
size_t text_print(char *out, size_t size, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
size_t text_vprint(char *out, size_t size, const char *fmt, va_list args)
    __attribute__((format(printf, 3, 0)));

/* Lower-case hex of len bytes; out has room for 2*len+1. Returns out. */
char *text_hex(const void *raw, size_t len, char *out);

/* Converts hex (either case, no separators) to bytes. *len: in, room; out, bytes. */
bool text_unhex(const char *hex, uint8_t *raw, size_t *len);

enum { SHA256_SIZE = 32, TEXT_GROUPS_SIZE = 80, TEXT_WORDS_SIZE = 32 * 12 };

/* The first count (1..16) groups of four hex digits of a SHA-256: "9f31 c0de 77a2". out has
 * TEXT_GROUPS_SIZE bytes. Returns out. */
char *text_groups(const uint8_t sha256[SHA256_SIZE], unsigned count, char *out);

/* Byte number position (0..31) of a fingerprint as a PGP word: even positions from the two-syllable
 * list, odd ones from the three-syllable list (Juola and Zimmermann, 1996), so that a swapped or
 * missing word is noticed. */
const char *text_word(uint8_t byte, unsigned position);

/* Words number first to first+count-1 (first from 0) of a SHA-256, separated by blanks. out has
 * TEXT_WORDS_SIZE bytes. Returns out. */
char *text_words(const uint8_t sha256[SHA256_SIZE], unsigned first, unsigned count, char *out);

/* Compares an officer's input with expected: leading and trailing blanks are ignored, runs of
 * blanks count as one, and case is ignored if fold is set. */
bool text_typed_equal(const char *typed, const char *expected, bool fold);

/* UTC as "2026-11-23T12:41:07Z" from milliseconds since 1970; with_ms adds ".123". out has 32
 * bytes. Returns out. */
char *text_time(int64_t utc_ms, bool with_ms, char *out);

/* Does pattern match the whole of name? '*' stands for any run of bytes. */
bool text_glob(const char *pattern, size_t pattern_len, const void *name, size_t name_len);

/* Copies a string; one that does not fit is cut between two characters (UTF-8). */
void text_cut(char *to, size_t size, const char *from);

/* A number with a comma before each three digits: "1,240". Returns out. */
enum { TEXT_COUNT_SIZE = 32 };
char *text_count(size_t count, char out[TEXT_COUNT_SIZE]);

#endif
