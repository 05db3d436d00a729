/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that the destination is known not to take, whatever wraps them. */
#ifndef HSMFERRY_PLAN_LIMITS_H
#define HSMFERRY_PLAN_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "hsm/facts.h"
#include "hsm/key.h"
#include "plan/suite.h"

/* Does the destination with these limits take such a key, as far as is known? Also for public keys.
 * Errors: ERR_UNSUPPORTED (it does not; the message names the limit). */
bool limits_allow(const struct hsm_limits *limits, const struct key_desc *key, struct err *err);

/* The most octets of a secret that fit directly under the transport key and are taken. */
uint32_t limits_direct(const struct suite *suite);

/* Would what limits this key, or shall (want_flags), get lost on the destination, or its proof fail
 * on the source, as far as both are known? Errors: ERR_DENIED, ERR_UNSUPPORTED, by their names. */
bool limits_keep(const struct suite *suite, const struct key_desc *key, uint32_t want_flags,
                 struct err *err);

#endif
