/* SPDX-License-Identifier: Apache-2.0 */
/* C_WrapKey and C_UnwrapKey as such: algorithms by mechanism number, templates in full. */
#ifndef HSMFERRY_DRIVER_PKCS11_PKCS11_MECH_H
#define HSMFERRY_DRIVER_PKCS11_PKCS11_MECH_H

#include "driver/pkcs11/pkcs11_session.h"

/* An algorithm, and how this token knows it. */
struct p11_mech {
    enum hsm_alg alg;
    CK_MECHANISM_TYPE number;
    enum dialect_parameter parameter;
};
struct p11_mech p11_mech_of(enum hsm_alg alg, const struct dialect_mechanism *mechanism);

/* Encrypts key under wrapping. CKR_DEVICE_ERROR also for an answer that cannot be. */
CK_RV p11_mech_wrap(struct p11 *p, struct p11_mech mech, CK_OBJECT_HANDLE wrapping,
                    CK_OBJECT_HANDLE key, struct bytes *wrapped_key);

/* Decrypts wrapped_key under unwrapping into a temporary object as template says; with_length: say
 * CKA_VALUE_LEN where the template has a length and the dialect does not decide. A token that
 * refuses something that it may not know is asked with less, and where it asks for more with more.
 */
CK_RV p11_mech_unwrap(struct p11 *p, struct p11_mech mech, CK_OBJECT_HANDLE unwrapping,
                      const struct bytes *wrapped_key, const struct hsm_template *template,
                      bool with_length, CK_OBJECT_HANDLE *handle);

#endif
