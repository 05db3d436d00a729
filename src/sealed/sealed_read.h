/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads sealed files, in this order; each function refuses to be called before the one above it:
 *
 *     sealed_open()         reads the whole file once: is it intact, and exactly as it is written?
 *     sealed_expect()       is it the file that this visit takes (sealed_expect.h)?
 *     sealed_trust_...()    who wrote it: by a signature, or by words
 *     sealed_read_keys()    reads it again, hands out each key, and checks that it is the same file
 */
#ifndef HSMFERRY_SEALED_SEALED_READ_H
#define HSMFERRY_SEALED_SEALED_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "sealed/sealed.h"
#include "sealed/sealed_expect.h"
#include "sealed/sealed_signature.h"

struct sealed_reader;

/* Opens a regular file, regardless of its owner, reads it to its end, and keeps it open: it is not
 * opened by its name again. Memory grows by one SHA-256 for each key. Errors: ERR_DATA (not
 * a sealed file, or altered, or cut off: the message has line and column), ERR_NO_INPUT,
 * ERR_DENIED, ERR_IO, ERR_FAILED. The caller ends it with sealed_close(). */
bool sealed_open(const char *path, struct sealed_reader **out, struct err *err);
void sealed_close(struct sealed_reader *r);

/* What the file says, without its keys or results. Before sealed_trust_...(), all of it is the
 * claim of a stranger. Valid until sealed_close(). */
const struct sealed_file *sealed_file(const struct sealed_reader *r);

/* Is it the file that is expected? Errors: as sealed_expect() in sealed_expect.h. */
bool sealed_check(struct sealed_reader *r, const struct sealed_expected *expected, struct err *err);

/* Is there a signature next to the file (PATH.sig, PATH.2.sig ...) by one of these keys? which
 * receives its index. Errors: ERR_DENIED (by none of them; the message says what was found),
 * ERR_DATA (it is not a signature of this file). */
bool sealed_trust_signature(struct sealed_reader *r, const struct sealed_signers *signers,
                            size_t *which, struct err *err);

/* Are these the first SEALED_WORDS words of the file's SHA-256, which the writer's room reads out?
 * left: how many more answers may be given. Errors: ERR_DENIED (they are not; no message shows a
 * word of the file). With 0 left the file stays refused, whatever is typed. */
bool sealed_trust_words(struct sealed_reader *r, const char *typed, unsigned *left,
                        struct err *err);

/* The SHA-256 of the whole file, for journal and screen. Errors: ERR_DENIED before the file is
 * trusted: it must not be shown to the person who is asked for its words. */
bool sealed_sha256(const struct sealed_reader *r, uint8_t sha256[SHA256_SIZE], struct err *err);

/* The size of the file in octets. */
uint64_t sealed_size(const struct sealed_reader *r);

/* Hands out each key of a bundle, or each result of a receipt, in the order of the file; what it
 * points to is valid during the call. A callback that returns false ends the reading with its
 * error. May be called again. Errors: ERR_DENIED (not checked, or not trusted), ERR_CONFLICT (the
 * file has changed since sealed_open(): keys may have been handed out, but none that differs from
 * what was checked), those of the callback. */
typedef bool sealed_key_fn(void *ctx, const struct sealed_key *key, struct err *err);
typedef bool sealed_result_fn(void *ctx, const struct sealed_result *result, struct err *err);
bool sealed_read_keys(struct sealed_reader *r, sealed_key_fn *fn, void *ctx, struct err *err);
bool sealed_read_results(struct sealed_reader *r, sealed_result_fn *fn, void *ctx, struct err *err);

#endif
