/* SPDX-License-Identifier: Apache-2.0 */
/* Object creation and destruction (hsm/hsm.h). */
#ifndef HSMFERRY_DRIVER_NSS_NSS_KEY_H
#define HSMFERRY_DRIVER_NSS_NSS_KEY_H

#include <pk11pub.h>

#include "driver/nss/nss_db.h"
#include "hsm/hsm.h"

/* Creates a temporary object with exactly these attributes. */
bool nss_create(struct nss *nss, const CK_ATTRIBUTE *attributes, int count, uint64_t *handle,
                struct err *err);

bool nss_make_pair(struct hsm *hsm, uint32_t bits, const char *label, struct hsm_pair *pair,
                   struct err *err);
bool nss_load_public(struct hsm *hsm, const struct bytes *spki, const char *label, uint64_t *handle,
                     struct err *err);
bool nss_make_kek(struct hsm *hsm, uint32_t bits, const char *label, uint64_t *handle,
                  struct err *err);
bool nss_make_evidence_key(struct hsm *hsm, const char *label, uint64_t *handle, struct err *err);
bool nss_commit(struct hsm *hsm, uint64_t temporary, const uint8_t *label, size_t label_len,
                const uint8_t *id, size_t id_len, uint64_t *final, struct err *err);
bool nss_destroy(struct hsm *hsm, uint64_t handle, struct err *err);
bool nss_remove(struct hsm *hsm, const struct key_desc *is, struct err *err);
bool nss_tighten(struct hsm *hsm, const struct key_desc *is, const struct tightening *to,
                 struct err *err);

#endif
