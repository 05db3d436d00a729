/* SPDX-License-Identifier: Apache-2.0 */
/* Wrapped keys as the relay sees them: their length, and the uniform error for damage. */
#ifndef HSMFERRY_TRANSFER_WRAPPED_KEY_H
#define HSMFERRY_TRANSFER_WRAPPED_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "hsm/hsm.h"

/* Does this algorithm produce wrapped keys of this length? rsa_bits: of the transport key. Errors:
 * ERR_DATA, with the same message whatever is wrong. */
bool wrapped_key_check(enum hsm_alg alg, uint32_t rsa_bits, const struct bytes *wrapped_key,
                       struct err *err);

/* Is it this error? */
bool wrapped_key_is_bad(const struct err *err);

/* The contract's wrap() and unwrap(), with that message. */
bool wrapped_key_wrap(struct hsm *hsm, enum hsm_alg alg, uint64_t wrapping, uint64_t key,
                      struct bytes *wrapped_key, struct err *err);
bool wrapped_key_unwrap(struct hsm *hsm, enum hsm_alg alg, uint64_t unwrapping,
                        const struct bytes *wrapped_key, const struct hsm_template *template,
                        uint64_t *handle, struct err *err);

/* The same in two layers. */
bool wrapped_key_wrap_layers(struct hsm *hsm, const struct hsm_layers *by, uint64_t key,
                             struct bytes *wrapped_key, struct err *err);
bool wrapped_key_unwrap_layers(struct hsm *hsm, const struct hsm_layers *by,
                               const struct bytes *wrapped_key, const struct hsm_template *template,
                               uint64_t *handle, struct err *err);
bool wrapped_key_check_layers(enum hsm_alg inner, size_t octets, const struct bytes *wrapped_key,
                              struct err *err);

#endif
