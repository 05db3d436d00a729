/* SPDX-License-Identifier: Apache-2.0 */
/* Public keys of ML-KEM, as a token reports them. */
#ifndef HSMFERRY_DRIVER_PKCS11_PKCS11_KEM_PUBLIC_H
#define HSMFERRY_DRIVER_PKCS11_PKCS11_KEM_PUBLIC_H

#include "driver/pkcs11/pkcs11_session.h"

/* The SubjectPublicKeyInfo of an ML-KEM public key; false: it is none, or cannot be read. */
bool p11_kem_public(struct p11 *p, uint64_t handle, struct bytes *spki);

#endif
