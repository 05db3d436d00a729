/* SPDX-License-Identifier: Apache-2.0 */
/* Wrapping and unwrapping keys. */
#ifndef HSMFERRY_DRIVER_PKCS11_PKCS11_WRAP_H
#define HSMFERRY_DRIVER_PKCS11_PKCS11_WRAP_H

#include "hsm/hsm.h"

/* These meet the contract of hsm/hsm.h. */
bool p11_wrap(struct hsm *hsm, enum hsm_alg alg, uint64_t wrapping, uint64_t key,
              struct bytes *wrapped_key, struct err *err);
bool p11_unwrap(struct hsm *hsm, enum hsm_alg alg, uint64_t unwrapping,
                const struct bytes *wrapped_key, const struct hsm_template *template,
                uint64_t *handle, struct err *err);

#endif
