/* SPDX-License-Identifier: Apache-2.0 */
/* The driver for software keys: a file in PKCS#12, PKCS#8 or PEM, read by OpenSSL. */
#ifndef HSMFERRY_DRIVER_OPENSSL_OPENSSL_H
#define HSMFERRY_DRIVER_OPENSSL_OPENSSL_H

#include "hsm/hsm.h"

/* A source only: keys leave the file, and none arrives; functions of a destination fail with
 * ERR_UNSUPPORTED. where.module is the absolute path of the file, and where.module_sha256 pins its
 * content. The passphrase takes the place of the PIN. The first open() of a process gives OpenSSL
 * another allocator, so nothing may have used OpenSSL before. One file at a time. */
extern const struct hsm_driver openssl_driver;

#endif
