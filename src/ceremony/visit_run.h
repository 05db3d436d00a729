/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A VISIT: the part of a ceremony in two rooms that takes place in one of them. It opens the HSM of
 * its own side, walks the rows of that side in the same tables, and reaches the other side only
 * through files (src/sealed):
 *
 *     offer    destination  makes the transport pair, as token objects
 *     load     source       makes the KEK, encrypts the keys, answers the challenges in advance
 *     accept   destination  decrypts, proves and keeps the keys, destroys the pair
 *     confirm  source       judges the answers to the challenges that were left open
 *     withdraw destination  destroys an unused pair
 *
 * What earlier visits of the same room did comes from their journals. A visit that was cut off
 * starts over, except accept, which goes on where its journal ends.
 */
#ifndef HSMFERRY_CEREMONY_VISIT_RUN_H
#define HSMFERRY_CEREMONY_VISIT_RUN_H

#include <stdbool.h>

#include "base/err.h"
#include "ceremony/visit_job.h"

struct ceremony;

/* Carries out the whole visit, to its EVENT_END. Errors: before anything began; afterwards
 * ceremony_exit_code() is the result, and true is returned. */
bool visit_run(struct ceremony *c, const struct visit_job *job, struct err *err);

#endif
