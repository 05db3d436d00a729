/* SPDX-License-Identifier: Apache-2.0 */
/* What a token can really do, found by trying with throw-away session keys. */
#ifndef HSMFERRY_DRIVER_PKCS11_PKCS11_CAPABILITIES_H
#define HSMFERRY_DRIVER_PKCS11_PKCS11_CAPABILITIES_H

#include "driver/pkcs11/pkcs11_session.h"

/* Meets the contract of hsm/hsm.h. The trying is done once for a session. */
bool p11_capabilities(struct hsm *hsm, struct hsm_capabilities *caps, struct err *err);

/* How this token speaks alg, valid as long as the session.
 * Errors: as p11_capabilities(); ERR_UNSUPPORTED for no such algorithm. */
bool p11_capability(struct p11 *p, enum hsm_alg alg, const struct hsm_capability **cap,
                    struct err *err);

#endif
