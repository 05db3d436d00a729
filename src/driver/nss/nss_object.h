/* SPDX-License-Identifier: Apache-2.0 */
/* One object of an NSS database, opened by its handle. */
#ifndef HSMFERRY_DRIVER_NSS_NSS_OBJECT_H
#define HSMFERRY_DRIVER_NSS_NSS_OBJECT_H

#include <keyhi.h>
#include <pk11pub.h>

#include "driver/nss/nss_attribute.h"
#include "driver/nss/nss_db.h"
#include "hsm/key.h"

/* Octets of the longest secret that NSS unwraps (MAX_KEY_LEN of its softoken), and that is digested
 * here. */
enum { NSS_SECRET_MAX = 256 };

/* An object as it was when it was opened. */
struct nss_object {
    struct key_desc desc;
    struct nss *nss; /* where it is */
    PK11SymKey *key; /* the object, of whatever class, to read and write it; secrets: to use it */
    SECKEYPrivateKey private; /* private keys: to use it */
    struct nss_attributes values;
};

/* Reads all that the driver uses of it. Closed with nss_object_close(), also after a failure.
 * Errors: ERR_NO_INPUT (no such object). */
bool nss_object_open(struct nss *nss, uint64_t handle, struct nss_object *object, struct err *err);
void nss_object_close(struct nss_object *object);

#endif
