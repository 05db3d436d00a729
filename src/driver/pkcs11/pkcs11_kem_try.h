/* SPDX-License-Identifier: Apache-2.0 */
/* Transports by ML-KEM, tried against an independent implementation. */
#ifndef HSMFERRY_DRIVER_PKCS11_PKCS11_KEM_TRY_H
#define HSMFERRY_DRIVER_PKCS11_PKCS11_KEM_TRY_H

#include "driver/pkcs11/pkcs11_probe.h"

/* Agrees on keys by each KDF of each of them, in the directions that are wanted, and exchanges test
 * keys under them. The mechanisms are the standard's; no dialect names them. */
void p11_try_kems(struct probe *b);

#endif
