/* SPDX-License-Identifier: Apache-2.0 */
/* The objects of a token: finding, reading and describing them. */
#ifndef HSMFERRY_DRIVER_PKCS11_PKCS11_OBJECT_H
#define HSMFERRY_DRIVER_PKCS11_PKCS11_OBJECT_H

#include "driver/pkcs11/pkcs11_attr.h"
#include "driver/pkcs11/pkcs11_read.h"
#include "driver/pkcs11/pkcs11_session.h"

/* The handles of all objects that match, in ascending order. The caller frees *handles. */
bool p11_find(struct p11 *p, struct p11_attrs *with, uint64_t **handles, size_t *count,
              struct err *err);

/* Describes the object that was read, without its templates. spki may be NULL; otherwise it is
 * empty, and filled if key->has_public is set. */
void p11_object_key(const struct p11_object *o, uint64_t handle, struct key_desc *key,
                    struct bytes *spki);

/* These meet the contract of hsm/hsm.h. */
bool p11_list(struct hsm *hsm, struct key_list *list, struct err *err);
bool p11_list_some(struct hsm *hsm, const uint64_t *handles, size_t count, bool last,
                   struct key_list *list, struct err *err);
bool p11_handles(struct hsm *hsm, uint64_t **handles, size_t *count, struct err *err);
bool p11_describe(struct hsm *hsm, uint64_t handle, struct key_desc *key, struct err *err);
bool p11_public_key(struct hsm *hsm, uint64_t handle, struct bytes *spki, struct err *err);

#endif
