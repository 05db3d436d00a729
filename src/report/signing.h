/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures next to a report: REPORT.sig with the public key REPORT.pub.pem, the second one
 * REPORT.2.sig with REPORT.2.pub.pem. Each signs the exact bytes of the report, in the form that
 * `openssl dgst -sha256 -verify` accepts.
 */
#ifndef HSMFERRY_REPORT_SIGNING_H
#define HSMFERRY_REPORT_SIGNING_H

#include <stdbool.h>
#include <stdio.h>

#include "base/bytes.h"
#include "base/err.h"
#include "protocol/event.h"

enum { SIGNING_MAX = 9, SIGNING_PATH_MAX = EVENT_PATH_MAX + 192 };

struct signing_files {
    char signature[SIGNING_PATH_MAX];
    char public_key[SIGNING_PATH_MAX];
};

/* How a report was signed, or that it was not. {0}: not signed. */
struct signing {
    bool done;
    char by[EVENT_TEXT_MAX]; /* the key and its token */
    char report[SIGNING_PATH_MAX];
    struct signing_files files;
    char why[ERR_WHAT_MAX]; /* if not done: the reason */
};

/* Is there a signature with this number (from 1) next to the report? *files receives its files. */
bool signing_find(const char *report, unsigned number, struct signing_files *files);

/* Writes a signature and its public half (DER) next to the report, under the first free number;
 * files receives the names. Errors: ERR_CONFLICT (this key has already signed it; there are
 * SIGNING_MAX signatures), ERR_IO, ERR_DATA (no public key). */
bool signing_keep(const char *report, const struct bytes *signature, const struct bytes *spki,
                  struct signing_files *files, struct err *err);

/* The shell command that checks the signature; out has SIGNING_COMMAND_MAX bytes. Returns out. */
enum { SIGNING_COMMAND_MAX = 4 * 3 * SIGNING_PATH_MAX + 64 };
const char *signing_command(const struct signing *signing, char *out);

/* Appends a blank and a word as a shell reads it at place at of out. Returns the new end. */
size_t signing_add_word(char *out, size_t size, size_t at, const char *word);

/* Lines for the end of a ceremony: the signature and how to check it, or UNSIGNED and why. */
void signing_print(const struct signing *signing, FILE *out);

#endif
