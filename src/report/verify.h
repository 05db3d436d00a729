/* SPDX-License-Identifier: Apache-2.0 */
/* Is this audit report whole, of the published form, and in agreement with itself? */
#ifndef HSMFERRY_REPORT_VERIFY_H
#define HSMFERRY_REPORT_VERIFY_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/err.h"
#include "report/yaml_tree.h"

/* Reads a file, whoever's it is. max: the most that it may hold. Errors: ERR_NO_INPUT, ERR_IO,
 * ERR_DATA (too large, no regular file). */
bool verify_load(const char *path, size_t max, struct bytes *to, struct err *err);

enum { VERIFY_REPORT_MAX = 128 << 20, VERIFY_SIGNATURE_MAX = 16 << 10 };

/* The three questions that need nothing but the report; each names the first difference.
 * Errors: ERR_DATA, ERR_FAILED (memory). */

/* Is the last line the seal of all before it? */
bool verify_seal(const struct bytes *report, struct err *err);

/* Is it what a struct writer writes, and as the schema says? *out is freed with yaml_tree_free().
 */
bool verify_schema(const struct bytes *report, struct yaml_tree **out, struct err *err);

/* Can a ceremony be so (verify_rules.h)? */
bool verify_logic(const struct yaml_tree *report, struct err *err);

/* Is it the report that the journal at this path makes, byte for byte? It names the first line that
 * is another. Errors also: as report_again(). */
bool verify_journal(const struct bytes *report, const char *journal, struct err *err);

/* Is signature one of these bytes (SHA-256; PKCS#1 v1.5 or ECDSA in DER) by the key in pem? */
bool verify_signature(const struct bytes *report, const struct bytes *signature,
                      const struct bytes *pem, struct err *err);

/* The same for a signature and a key in files. Errors also: as verify_load(). */
bool verify_signature_files(const struct bytes *report, const char *signature, const char *pem,
                            struct err *err);

#endif
