/* SPDX-License-Identifier: Apache-2.0 */
/* How strong a key is, so that nothing weaker carries it unnoticed. */
#ifndef HSMFERRY_PLAN_STRENGTH_H
#define HSMFERRY_PLAN_STRENGTH_H

#include <stdint.h>

#include "hsm/key.h"

/* Security strength in bits (NIST SP 800-57 part 1 rev. 5, table 2; FIPS 140-3 IG D.B for an RSA
 * size between its rows). A cipher key whose length is not told counts as the longest. 0: a stored
 * value, as strong as its owner made it. */
unsigned strength_of(enum key_kind kind, uint32_t bits);

/* The same of a key, whose parameter set may decide it. */
unsigned strength_of_key(const struct key_desc *key);

#endif
