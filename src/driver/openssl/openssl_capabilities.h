/* SPDX-License-Identifier: Apache-2.0 */
/* The capabilities of OpenSSL as a source, tried with test keys. */
#ifndef HSMFERRY_DRIVER_OPENSSL_OPENSSL_CAPABILITIES_H
#define HSMFERRY_DRIVER_OPENSSL_OPENSSL_CAPABILITIES_H

#include "hsm/hsm.h"

/* As in hsm.h. Of the transports, only RSA-OAEP is there. */
bool openssl_capabilities(struct hsm *hsm, const struct hsm_wanted *wanted,
                          struct hsm_capabilities *caps, struct err *err);

#endif
