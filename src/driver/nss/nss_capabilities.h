/* SPDX-License-Identifier: Apache-2.0 */
/* The contract's capabilities() (hsm/hsm.h). */
#ifndef HSMFERRY_DRIVER_NSS_NSS_CAPABILITIES_H
#define HSMFERRY_DRIVER_NSS_NSS_CAPABILITIES_H

#include "hsm/hsm.h"

bool nss_capabilities(struct hsm *hsm, const struct hsm_wanted *wanted,
                      struct hsm_capabilities *caps, struct err *err);

#endif
