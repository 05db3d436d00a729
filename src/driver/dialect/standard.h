/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers of the standard for each algorithm, which a dialect need not name. */
#ifndef HSMFERRY_DRIVER_DIALECT_STANDARD_H
#define HSMFERRY_DRIVER_DIALECT_STANDARD_H

#include "driver/dialect/dialect.h"

enum { STANDARD_MECHANISMS = 2 };

/* The mechanisms of PKCS#11 v3.1 (sections 2.1 and 2.14) for this algorithm; an empty name: no
 * further one. That a token lists a number does not say that it follows the standard: it must be
 * tried. */
const struct dialect_mechanism *standard_mechanisms(enum hsm_alg alg);

#endif
