/* SPDX-License-Identifier: Apache-2.0 */
/* One object of an NSS database, opened by its handle. */
#ifndef HSMFERRY_DRIVER_NSS_NSS_OBJECT_H
#define HSMFERRY_DRIVER_NSS_NSS_OBJECT_H

#include <keyhi.h>
#include <pk11pub.h>

#include "driver/nss/nss_attribute.h"
#include "driver/nss/nss_db.h"
#include "hsm/key.h"

/* The length in octets of the longest secret that NSS unwraps (MAX_KEY_LEN of its softoken) and
 * that is digested here. */
enum { NSS_SECRET_MAX = 256 };

/* An object, as read when it was opened. */
struct nss_object {
    struct key_desc desc;
    struct nss *nss; /* the database that holds it */
    PK11SymKey *key; /* any object, to read and write its attributes; a secret key, to use it */
    SECKEYPrivateKey private; /* private keys: to use it */
    struct nss_attributes values;
};

/* Reads everything that the driver uses of the object. The caller closes it with
 * nss_object_close(), also after a failure. Errors: ERR_NO_INPUT (no such object). */
bool nss_object_open(struct nss *nss, uint64_t handle, struct nss_object *object, struct err *err);
void nss_object_close(struct nss_object *object);

#endif
