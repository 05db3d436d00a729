/* SPDX-License-Identifier: Apache-2.0 */
/* Test keys that represent real keys of the same type (hsm/hsm.h, make_key()). */
#ifndef HSMFERRY_DRIVER_NSS_NSS_SAMPLE_H
#define HSMFERRY_DRIVER_NSS_NSS_SAMPLE_H

#include "driver/nss/nss_db.h"

bool nss_make_key(struct hsm *hsm, const struct key_sample *sample, const char *label,
                  uint64_t *handle, uint64_t *public_handle, struct err *err);

/* The DER OBJECT IDENTIFIER of a curve in nss_curves, in out. Returns false if it has none. */
bool nss_curve_params(const char *name, uint8_t *out, size_t size, SECItem *params);

#endif
