/* SPDX-License-Identifier: Apache-2.0 */
/* The contract's offers() (hsm/hsm.h). */
#ifndef HSMFERRY_DRIVER_NSS_NSS_OFFER_H
#define HSMFERRY_DRIVER_NSS_NSS_OFFER_H

#include "hsm/hsm.h"

bool nss_offer(struct hsm *hsm, struct hsm_offers *offers, struct err *err);

#endif
