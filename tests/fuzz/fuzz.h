/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz targets: one file for each parser of what a file, an HSM or another process says. Each holds
 * LLVMFuzzerTestOneInput(), which libFuzzer calls with whatever it makes up ("make fuzz"), and
 * replay.c with the inputs in corpus/ and found/ ("make check"). A target looks not only for what
 * AddressSanitizer sees: it states what must be true of the answer with fuzz_must().
 *
 * A new target is one file here, a line in Makefile.am, and a few inputs in corpus/NAME. An input
 * that a fuzzer has found goes into found/NAME together with the repair.
 */
#ifndef HSMFERRY_TESTS_FUZZ_FUZZ_H
#define HSMFERRY_TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Ends the program with words unless holds: a finding. */
void fuzz_must(bool holds, const char *words);

/* A failure that is fit for an officer: it has a code and a sentence, and a terminal is safe from
 * every sentence of it. */
void fuzz_must_report(const struct err *err);

/* Is text what text_safe() writes? Is it at least harmless on a terminal? */
bool fuzz_is_safe(const char *text);
bool fuzz_is_harmless(const char *text);

/* A file of this process with this content, which nobody else can read: always the same one. */
const char *fuzz_file(const void *data, size_t len);

/* A file in memory with this content, read from its start. The caller closes it. */
int fuzz_memory(const void *data, size_t len);

/* All that is in such a file; freed with bytes_free(). */
struct bytes fuzz_content(int fd);

/* An input is cut into parts: each is two octets of length, low first, and as much as there is. */
struct fuzz_input {
    const uint8_t *data;
    size_t len;
};
uint8_t fuzz_take_octet(struct fuzz_input *in); /* 0 at the end */
struct fuzz_input fuzz_take_part(struct fuzz_input *in);

/* The input or part as a string, up to its first zero; the caller frees it. */
char *fuzz_string(const uint8_t *data, size_t len);

#endif
