/* SPDX-License-Identifier: Apache-2.0 */
/* The mechanisms of the standard for each algorithm, which a dialect need not name. */
#ifndef HSMFERRY_DRIVER_DIALECT_STANDARD_H
#define HSMFERRY_DRIVER_DIALECT_STANDARD_H

#include "driver/dialect/dialect.h"

/* The mechanism of PKCS#11 v3.1 (sections 2.1 and 2.14) with this index for an algorithm; NULL: it
 * has no further one. That a token lists its number does not say that it follows the standard: it
 * must be tried. */
const struct dialect_mechanism *standard_mechanism(enum hsm_alg alg, unsigned index);

#endif
