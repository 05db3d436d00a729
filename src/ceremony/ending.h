/* SPDX-License-Identifier: Apache-2.0 */
/* How a ceremony ends: what became of each key, the outcome, the exit code, the last word. */
#ifndef HSMFERRY_CEREMONY_ENDING_H
#define HSMFERRY_CEREMONY_ENDING_H

#include "base/err.h"
#include "transfer/transfer.h"

struct ceremony;

/* Something failed; the first failure counts. */
void ending_note_failure(struct ceremony *c, const struct err *err);

/* The last word on one key, once. False: the record refuses it. */
bool ending_say_done(struct ceremony *c, struct transfer *t);

/* The last step was carried out: judges the whole, and says so. */
void ending_finish(struct ceremony *c);

#endif
