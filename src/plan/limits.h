/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that the destination is known not to accept, whatever wraps them. */
#ifndef HSMFERRY_PLAN_LIMITS_H
#define HSMFERRY_PLAN_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "hsm/facts.h"
#include "hsm/key.h"
#include "plan/suite.h"

/* Does a destination with these limits accept such a key, as far as is known? Also for public keys.
 * Errors: ERR_UNSUPPORTED (it does not; the message names the limit). */
bool limits_allow(const struct hsm_limits *limits, const struct key_desc *key, struct err *err);

/* The longest secret, in octets, that the transport key can wrap directly and the destination
 * accepts. */
uint32_t limits_direct(const struct suite *suite);

/* Does the destination preserve the constraints of this key and want_flags, and can the source
 * prove it, as far as both are known? Errors: ERR_DENIED, ERR_UNSUPPORTED; the message names the
 * constraint. */
bool limits_keep(const struct suite *suite, const struct key_desc *key, uint32_t want_flags,
                 struct err *err);

#endif
