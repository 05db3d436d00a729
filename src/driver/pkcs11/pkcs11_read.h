/* SPDX-License-Identifier: Apache-2.0 */
/* One object's attributes, read in one call where the token allows it, else one by one. */
#ifndef HSMFERRY_DRIVER_PKCS11_PKCS11_READ_H
#define HSMFERRY_DRIVER_PKCS11_PKCS11_READ_H

#include <stdbool.h>

#include <p11-kit/pkcs11.h>

#include "driver/pkcs11/pkcs11_session.h"
#include "driver/pkcs11/pkcs11_spki.h"

/* NSS: the public half of an EC private key, as a bare point. Elsewhere there is no such thing. */
#define P11_CKA_NSS_DB 0xd5a0db00UL

/* Never a secret one: nothing here is CKA_VALUE or a private component. */
enum p11_field {
    P11_CLASS,
    P11_KEY_TYPE,
    P11_VALUE_LEN,
    P11_LABEL,
    P11_ID,
    P11_KCV,
    P11_MODULUS,
    P11_EXPONENT,
    P11_EC_PARAMS,
    P11_EC_POINT,
    P11_NSS_POINT,
    P11_START_DATE,
    P11_END_DATE,
    P11_ALLOWED_MECHANISMS,
    P11_SUBJECT,
    P11_FIELDS
};

/* What an object told. It points into itself: never copy it. Of a label or id whose length is more
 * than KEY_LABEL_MAX or KEY_ID_MAX, only so much is there. */
enum { P11_ROOM = 12288 };
struct p11_object {
    struct view field[P11_FIELDS]; /* data NULL: not told */
    uint32_t flags, flags_known;   /* enum key_flag */
    bool dates_hidden;             /* it has some, but the HSM fails to read them */
    const char *failed; /* of what binds a key, the first that the HSM fails to read ... */
    CK_RV failure;      /* ... and its error; NULL: all of that was read, or is not told */
    _Alignas(16) uint8_t room[P11_ROOM];
};

/* Reads the object with this handle; attributes that it does not have or tell are left out. One
 * that the HSM fails to read does not hide the others; where it is the class, the type, the label
 * or the id, the object as a whole cannot be read. CKA_WRAP_TEMPLATE and its kin are not among
 * them: see pkcs11_template.h. */
bool p11_read(struct p11 *p, CK_OBJECT_HANDLE handle, struct p11_object *object, struct err *err);

/* After this answer nothing more can be read of this object: it, the session or the HSM is gone. */
bool p11_ends_reading(CK_RV rv);

/* A field that holds a CK_ULONG. Returns false where it was not told. */
bool p11_number(const struct p11_object *object, enum p11_field field, CK_ULONG *value);

#endif
