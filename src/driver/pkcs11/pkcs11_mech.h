/* SPDX-License-Identifier: Apache-2.0 */
/* C_WrapKey and C_UnwrapKey as such: algorithms by mechanism number, complete templates. */
#ifndef HSMFERRY_DRIVER_PKCS11_PKCS11_MECH_H
#define HSMFERRY_DRIVER_PKCS11_PKCS11_MECH_H

#include "driver/pkcs11/pkcs11_session.h"

/* An algorithm, and the mechanism by which this token provides it. */
struct p11_mech {
    enum hsm_alg alg;
    CK_MECHANISM_TYPE number;
    enum dialect_parameter parameter;
};
struct p11_mech p11_mech_of(enum hsm_alg alg, const struct dialect_mechanism *mechanism);

/* Encrypts key under wrapping. Returns CKR_DEVICE_ERROR also if the answer has an impossible
 * length. */
CK_RV p11_mech_wrap(struct p11 *p, struct p11_mech mech, CK_OBJECT_HANDLE wrapping,
                    CK_OBJECT_HANDLE key, struct bytes *wrapped_key);

/* Decrypts wrapped_key under unwrapping into a temporary object with the attributes of template;
 * with_length: send CKA_VALUE_LEN if the template has a length and the dialect does not decide. If
 * the token refuses the template, tries again without the attributes that it may not know; if the
 * template is incomplete for it, with more. */
CK_RV p11_mech_unwrap(struct p11 *p, struct p11_mech mech, CK_OBJECT_HANDLE unwrapping,
                      const struct bytes *wrapped_key, const struct hsm_template *template,
                      bool with_length, CK_OBJECT_HANDLE *handle);

#endif
