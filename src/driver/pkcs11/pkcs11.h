/* SPDX-License-Identifier: Apache-2.0 */
/* The driver for any PKCS#11 module. */
#ifndef HSMFERRY_DRIVER_PKCS11_PKCS11_H
#define HSMFERRY_DRIVER_PKCS11_PKCS11_H

#include "hsm/hsm.h"

extern const struct hsm_driver pkcs11_driver;

#endif
