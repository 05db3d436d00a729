/* SPDX-License-Identifier: Apache-2.0 */
/* The capabilities of a token, determined with temporary test keys. */
#ifndef HSMFERRY_DRIVER_PKCS11_PKCS11_CAPABILITIES_H
#define HSMFERRY_DRIVER_PKCS11_PKCS11_CAPABILITIES_H

#include "driver/pkcs11/pkcs11_session.h"

/* Meets the contract of hsm/hsm.h. The tests run once for each session. */
bool p11_capabilities(struct hsm *hsm, const struct hsm_wanted *wanted,
                      struct hsm_capabilities *caps, struct err *err);

/* The mechanism and result of alg on this token, valid as long as the session. Errors: as
 * p11_capabilities(); ERR_UNSUPPORTED for an unknown algorithm. */
bool p11_capability(struct p11 *p, enum hsm_alg alg, const struct hsm_capability **cap,
                    struct err *err);

#endif
