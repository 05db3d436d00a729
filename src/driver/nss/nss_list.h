/* SPDX-License-Identifier: Apache-2.0 */
/* Listing and reading objects (hsm/hsm.h). */
#ifndef HSMFERRY_DRIVER_NSS_NSS_LIST_H
#define HSMFERRY_DRIVER_NSS_NSS_LIST_H

#include "hsm/hsm.h"

bool nss_list(struct hsm *hsm, struct key_list *list, struct err *err);
bool nss_handles(struct hsm *hsm, uint64_t **handles, size_t *count, struct err *err);
bool nss_describe(struct hsm *hsm, uint64_t handle, struct key_desc *key, struct err *err);
bool nss_public_key(struct hsm *hsm, uint64_t handle, struct bytes *spki, struct err *err);

#endif
