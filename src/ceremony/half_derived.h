/* SPDX-License-Identifier: Apache-2.0 */
/* What an interrupted ceremony may have left of a new key. */
#ifndef HSMFERRY_CEREMONY_HALF_DERIVED_H
#define HSMFERRY_CEREMONY_HALF_DERIVED_H

#include <stdbool.h>

#include "base/err.h"
#include "ceremony/ceremony.h"

/* Was it to derive a key? */
bool half_derived_is(const struct ceremony *c);

/* Destroys on both sides what was kept of the new key and announced: nobody has used it, since no
 * report names it, and a new one can be made. Examines both sides before it changes one. Errors:
 * ERR_CONFLICT (it was proven on both sides, or an object of its name was not announced; nothing
 * was touched), those of remove(). */
bool half_derived_sweep(struct ceremony *c, struct err *err);

#endif
