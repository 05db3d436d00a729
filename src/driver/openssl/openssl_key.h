/* SPDX-License-Identifier: Apache-2.0 */
/* The temporary objects of a ceremony: they are in this process only. */
#ifndef HSMFERRY_DRIVER_OPENSSL_OPENSSL_KEY_H
#define HSMFERRY_DRIVER_OPENSSL_OPENSSL_KEY_H

#include "hsm/hsm.h"

/* As in hsm.h. */
bool openssl_load_public(struct hsm *hsm, const struct bytes *spki, const char *label,
                         uint64_t *handle, struct err *err);
bool openssl_make_kek(struct hsm *hsm, uint32_t bits, const char *label, uint64_t *handle,
                      struct err *err);
bool openssl_make_key(struct hsm *hsm, const struct key_sample *sample, const char *label,
                      uint64_t *handle, uint64_t *public_handle, struct err *err);
bool openssl_destroy(struct hsm *hsm, uint64_t handle, struct err *err);

#endif
