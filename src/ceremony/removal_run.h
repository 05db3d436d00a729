/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A REMOVAL destroys what the report of an earlier ceremony names: `retire` the keys of the source,
 * `undo` the copies on the destination. Nothing is destroyed before
 *
 *     1  test keys have shown that both sides are not one token seen twice,
 *     2  a fresh process has read each copy that stays, and proven it by challenges of now;
 *
 * then each key is
 *
 *     3  announced, read by its handle, destroyed, and read again.
 *     4  After the first one, another fresh process proves its copy before the next is touched.
 *
 * At the end one more fresh process proves all of them. The answers of the HSM that loses a key are
 * taken before, and kept in memory (transfer/witness.h).
 */
#ifndef HSMFERRY_CEREMONY_REMOVAL_RUN_H
#define HSMFERRY_CEREMONY_REMOVAL_RUN_H

#include <stdbool.h>

#include "base/err.h"
#include "ceremony/removal_job.h"

struct ceremony;

/* Carries out the whole removal, to its EVENT_END. Errors: before anything began; afterwards
 * ceremony_exit_code() is the result, and true is returned. */
bool removal_run(struct ceremony *c, const struct removal_job *job, struct err *err);

#endif
