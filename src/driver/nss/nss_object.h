/* SPDX-License-Identifier: Apache-2.0 */
/* One object of an NSS database, opened by its handle. */
#ifndef HSMFERRY_DRIVER_NSS_NSS_OBJECT_H
#define HSMFERRY_DRIVER_NSS_NSS_OBJECT_H

#include <keyhi.h>
#include <pk11pub.h>

#include "driver/nss/nss_db.h"
#include "hsm/key.h"

enum { NSS_ATTRIBUTES_MAX = 40 };

/* Octets of the longest secret that NSS unwraps (MAX_KEY_LEN of its softoken), and that is digested
 * here. */
enum { NSS_SECRET_MAX = 256 };

/* An object as it was when it was opened. */
struct nss_object {
    struct key_desc desc;
    struct nss *nss; /* where it is */
    PK11SymKey *key; /* the object, of whatever class, to read and write it; secrets: to use it */
    SECKEYPrivateKey private; /* private keys: to use it */
    PLArenaPool *arena;       /* holds the values of: */
    CK_ATTRIBUTE attributes[NSS_ATTRIBUTES_MAX];
    unsigned count;
};

/* Reads all that the driver uses of it. Closed with nss_object_close(), also after a failure.
 * Errors: ERR_NO_INPUT (no such object). */
bool nss_object_open(struct nss *nss, uint64_t handle, struct nss_object *object, struct err *err);
void nss_object_close(struct nss_object *object);

/* The value of one of the attributes that were read, empty where the object lacks it. */
SECItem nss_object_value(const struct nss_object *object, CK_ATTRIBUTE_TYPE type);

/* Writes raw bytes (a label of any bytes, too: NSS's own nicknames are C strings). */
bool nss_write(PK11ObjectType type, void *object, CK_ATTRIBUTE_TYPE attribute, const void *value,
               size_t len);

/* NSS's attribute for each use of a key; flag 0 at the end. */
struct nss_use {
    CK_ATTRIBUTE_TYPE type;
    CK_FLAGS operation; /* NSS's bit for it where it takes CK_FLAGS */
    uint32_t flag;      /* ours */
};
extern const struct nss_use nss_uses[];

#endif
