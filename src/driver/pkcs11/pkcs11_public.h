/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates and public keys, which contain no secrets and are stored as complete objects. */
#ifndef HSMFERRY_DRIVER_PKCS11_PKCS11_PUBLIC_H
#define HSMFERRY_DRIVER_PKCS11_PKCS11_PUBLIC_H

#include "driver/pkcs11/pkcs11_session.h"

/* These meet the contract of hsm/hsm.h. */
bool p11_certificate(struct hsm *hsm, uint64_t handle, struct bytes *der, struct err *err);
bool p11_make_public(struct hsm *hsm, const struct hsm_template *template, uint64_t *final,
                     struct err *err);

#endif
