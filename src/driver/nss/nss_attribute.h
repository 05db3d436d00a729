/* SPDX-License-Identifier: Apache-2.0 */
/* Raw attributes of one NSS object, read in one call. */
#ifndef HSMFERRY_DRIVER_NSS_NSS_ATTRIBUTE_H
#define HSMFERRY_DRIVER_NSS_NSS_ATTRIBUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pk11pub.h>
#include <secport.h>

enum { NSS_ATTRIBUTES_MAX = 40 };

/* {0} is empty. */
struct nss_attributes {
    PLArenaPool *arena; /* the memory of the values: */
    CK_ATTRIBUTE attr[NSS_ATTRIBUTES_MAX];
    unsigned count;
};

/* Requests an attribute; at most NSS_ATTRIBUTES_MAX of them. */
void nss_attributes_want(struct nss_attributes *a, CK_ATTRIBUTE_TYPE type);

/* Reads the requested attributes of object; those that it lacks are omitted. Returns false if it
 * has none of them. The caller frees *a with nss_attributes_free(), also after a failure. */
bool nss_attributes_read(struct nss_attributes *a, PK11SymKey *object);
void nss_attributes_free(struct nss_attributes *a);

/* The value of an attribute that was read; empty if the object lacks it. It points into *a. */
SECItem nss_attributes_value(const struct nss_attributes *a, CK_ATTRIBUTE_TYPE type);

/* Writes raw bytes. Unlike NSS's own nicknames, which are C strings, a label may contain any
 * bytes. */
bool nss_write(PK11ObjectType type, void *object, CK_ATTRIBUTE_TYPE attribute, const void *value,
               size_t len);

/* NSS's attribute for each use of a key; the last row has flag 0. */
struct nss_use {
    CK_ATTRIBUTE_TYPE type;
    CK_FLAGS operation; /* NSS's bit for it in CK_FLAGS */
    uint32_t flag;      /* ours */
};
enum { NSS_USES = 9 };
extern const struct nss_use nss_uses[NSS_USES + 1];

#endif
