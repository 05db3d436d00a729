/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The source as a file describes it, for the room that has only the destination: it lists its
 * objects and returns what is public of them. It answers no challenge and changes nothing.
 */
#ifndef HSMFERRY_CEREMONY_PAPER_H
#define HSMFERRY_CEREMONY_PAPER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "hsm/hsm.h"
#include "hsm/key.h"

/* Errors: ERR_FAILED (memory). Ended with the driver's close(). */
bool paper_new(struct hsm **out, struct err *err);

/* From now on it answers with the check values of its keys, which are encryptions of a block of
 * zeros: HSMs report them by several methods, so this is not true of every file. */
void paper_has_checks(struct hsm *paper);

/* Adds an object; handles ascend. value: the SubjectPublicKeyInfo of a private key, the DER of a
 * public object; empty of a secret. Errors: ERR_DATA (the handle is 0 or does not ascend),
 * ERR_FAILED (memory). */
bool paper_add(struct hsm *paper, const struct key_desc *key, const struct bytes *value,
               struct err *err);

#endif
