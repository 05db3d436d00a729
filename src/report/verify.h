/* SPDX-License-Identifier: Apache-2.0 */
/* Is this audit report intact, valid by the published schema, and consistent? */
#ifndef HSMFERRY_REPORT_VERIFY_H
#define HSMFERRY_REPORT_VERIFY_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/err.h"
#include "report/yaml_tree.h"

/* Reads a file, regardless of its owner. max: its maximum size. Errors: ERR_NO_INPUT, ERR_IO,
 * ERR_DATA (too large, not a regular file). */
bool verify_load(const char *path, size_t max, struct bytes *to, struct err *err);

enum { VERIFY_REPORT_MAX = 128 << 20, VERIFY_SIGNATURE_MAX = 16 << 10 };

/* Three checks that need only the report; each reports the first difference. Errors: ERR_DATA,
 * ERR_FAILED (memory). */

/* Is the last line the seal of all lines before it? */
bool verify_seal(const struct bytes *report, struct err *err);

/* Is it exactly the output of a struct writer, and does it conform to the schema? The caller frees
 * *out with yaml_tree_free(). */
bool verify_schema(const struct bytes *report, struct yaml_tree **out, struct err *err);

/* Is its content possible (verify_rules.h)? */
bool verify_logic(const struct yaml_tree *report, struct err *err);

/* Is it, byte for byte, the report made from the journal at this path, and are the steps there in
 * order (verify_rules.h)? *tree: the same report; it is freed while the journal is read, and made
 * again, so that both are never in memory. Reports the first line that differs. Errors also: as
 * journal_read(). */
bool verify_journal(const struct bytes *report, struct yaml_tree **tree, const char *journal,
                    struct err *err);

/* Is signature a signature of these bytes (SHA-256; PKCS#1 v1.5 or ECDSA in DER) by the key in
 * pem? */
bool verify_signature(const struct bytes *report, const struct bytes *signature,
                      const struct bytes *pem, struct err *err);

/* The same for a signature and a key in files. Errors also: as verify_load(). */
bool verify_signature_files(const struct bytes *report, const char *signature, const char *pem,
                            struct err *err);

#endif
