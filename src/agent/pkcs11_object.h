/* SPDX-License-Identifier: Apache-2.0 */
/* The objects of a token: finding them, reading them, saying what they are. */
#ifndef HSMFERRY_AGENT_PKCS11_OBJECT_H
#define HSMFERRY_AGENT_PKCS11_OBJECT_H

#include "hsm/hsm.h"

/* These meet the contract of hsm/hsm.h. */
bool p11_list(struct hsm *hsm, struct key_list *list, struct err *err);
bool p11_handles(struct hsm *hsm, uint64_t **handles, size_t *count, struct err *err);
bool p11_describe(struct hsm *hsm, uint64_t handle, struct key_desc *key, struct err *err);
bool p11_public_key(struct hsm *hsm, uint64_t handle, struct bytes *spki, struct err *err);

#endif
