/* SPDX-License-Identifier: Apache-2.0 */
/* One object's attributes, read in one call if the token allows it, otherwise one by one. */
#ifndef HSMFERRY_DRIVER_PKCS11_PKCS11_READ_H
#define HSMFERRY_DRIVER_PKCS11_PKCS11_READ_H

#include <stdbool.h>

#include <p11-kit/pkcs11.h>

#include "driver/pkcs11/pkcs11_session.h"
#include "driver/pkcs11/pkcs11_spki.h"

/* Defined by NSS only: the public half of an EC private key, as a bare point. */
#define P11_CKA_NSS_DB 0xd5a0db00UL

/* None of these is secret: neither CKA_VALUE nor a private component is among them. CKA_VALUE is
 * read of public keys alone, whose type was read before. */
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

/* The attributes that an object returned. It points into itself: never copy it. A label or id
 * longer than KEY_LABEL_MAX or KEY_ID_MAX is truncated. */
enum { P11_ROOM = 16384 };
struct p11_object {
    struct view field[P11_FIELDS]; /* data NULL: not returned */
    uint32_t flags, flags_known;   /* enum key_flag */
    bool dates_hidden;             /* it has dates, but the HSM fails to read them */
    const char
        *failed;   /* the first attribute among the constraints that the HSM fails to read ... */
    CK_RV failure; /* ... and its error; NULL: none failed */
    struct p11_template_lens lens;
    CK_ULONG set;       /* CKA_PARAMETER_SET of a kind that has some; 0: not returned */
    struct view public; /* CKA_VALUE of a public key of these kinds */
    _Alignas(16) uint8_t room[P11_ROOM];
};

/* Reads the object with this handle. Attributes that it does not have or does not reveal are
 * omitted. An attribute that the HSM fails to read does not prevent the others from being read,
 * except class, type, label and id: without them the object as a whole cannot be read. Of
 * nested templates the lengths are read at most; pkcs11_template.h reads them. Errors: those of
 * ckr_set(). */
bool p11_read(struct p11 *p, CK_OBJECT_HANDLE handle, struct p11_object *object, struct err *err);

/* Does this return code mean that reading cannot continue, because the object, the session or the
 * HSM is gone? */
bool p11_ends_reading(CK_RV rv);

/* The value of a field that holds a CK_ULONG. Returns false if it was not returned. */
bool p11_number(const struct p11_object *object, enum p11_field field, CK_ULONG *value);

#endif
