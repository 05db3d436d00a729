/* SPDX-License-Identifier: Apache-2.0 */
/* Converts public keys between NSS's structures and SubjectPublicKeyInfo. */
#ifndef HSMFERRY_DRIVER_NSS_NSS_SPKI_H
#define HSMFERRY_DRIVER_NSS_NSS_SPKI_H

#include <keyhi.h>

#include "base/bytes.h"
#include "driver/nss/nss_attribute.h"
#include "hsm/key.h"

/* The OID inside the DER of CKA_EC_PARAMS; empty if params name no curve. Points into params. */
SECItem nss_curve_oid(SECItem params);

/* The supported curves; the last row has name NULL. */
struct nss_curve {
    SECOidTag tag;
    const char *name;
};
extern const struct nss_curve nss_curves[];

/* The public half of a public or private key, from its own attributes. Errors: ERR_UNSUPPORTED (it
 * has none). */
bool nss_spki_of(const struct key_desc *desc, const struct nss_attributes *values,
                 struct bytes *spki, struct err *err);

/* Decodes a SubjectPublicKeyInfo with NSS; the caller frees *key with SECKEY_DestroyPublicKey().
 * Trailing bytes are refused. Errors: ERR_DATA. */
bool nss_spki_read(const struct bytes *spki, SECKEYPublicKey **key, struct err *err);

#endif
