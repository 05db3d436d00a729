/* SPDX-License-Identifier: Apache-2.0 */
/* PKCS#11 templates: building them in full, and the attributes in them that tokens may refuse. */
#ifndef HSMFERRY_DRIVER_PKCS11_PKCS11_ATTR_H
#define HSMFERRY_DRIVER_PKCS11_PKCS11_ATTR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <p11-kit/pkcs11.h>

#include "hsm/key.h"

/* A template under construction. {0} is empty. It points into itself: never copy it. Values added
 * by address must outlive it. */
enum { P11_ATTRS_MAX = 32 };
struct p11_attrs {
    CK_ATTRIBUTE attr[P11_ATTRS_MAX];
    CK_ULONG count;
    CK_ULONG numbers[P11_ATTRS_MAX];
    uint32_t omit; /* enum key_flag: omitted by p11_attrs_flags() */
};

void p11_attrs_add(struct p11_attrs *t, CK_ATTRIBUTE_TYPE type, const void *value, size_t len);
void p11_attrs_bool(struct p11_attrs *t, CK_ATTRIBUTE_TYPE type, bool value);
void p11_attrs_number(struct p11_attrs *t, CK_ATTRIBUTE_TYPE type, CK_ULONG value);

/* Converts between PKCS#11's numbers and our classes and kinds. A number without an equivalent
 * becomes the OTHER one. */
enum key_class p11_class_of(CK_OBJECT_CLASS number);
enum key_kind p11_kind_of(CK_KEY_TYPE number);
bool p11_class_number(enum key_class class, CK_OBJECT_CLASS *number);
bool p11_kind_number(enum key_kind kind, CK_KEY_TYPE *number);

/* Attributes that some tokens do not know or do not accept in a template. If a token refuses the
 * template, the call is repeated with fewer of them. The uses, CKA_SENSITIVE and CKA_EXTRACTABLE of
 * a key that is generated are never omitted. */
enum p11_extra {
    P11_ALLOWED = 1 << 0,     /* CKA_ALLOWED_MECHANISMS: one only */
    P11_FORCE = 1 << 1,       /* CKA_UNWRAP_TEMPLATE: unwrapped keys must be sensitive */
    P11_COPYABLE = 1 << 2,    /* guards that a template may contain: these are new in 2.40 ... */
    P11_MODIFIABLE = 1 << 3,  /* ... and these are older */
    P11_SECRECY = 1 << 4,     /* CKA_SENSITIVE and CKA_EXTRACTABLE of a key that is unwrapped */
    P11_CONSTRAINTS = 1 << 5, /* dates, allowed mechanisms, subject */
};

/* Our key flags and PKCS#11's boolean attributes: KEY_FLAGS rows. */
struct p11_flag {
    uint32_t flag;
    CK_ATTRIBUTE_TYPE type;
    unsigned classes; /* bit (1 << enum key_class) for each class whose template contains it */
    unsigned extra;   /* sent only with this enum p11_extra; 0: always */
};
extern const struct p11_flag p11_flags[KEY_FLAGS];

/* CKA_WRAP_TEMPLATE, CKA_UNWRAP_TEMPLATE and CKA_DERIVE_TEMPLATE. */
extern const CK_ATTRIBUTE_TYPE p11_template_types[KEY_TEMPLATES];

/* Iterates over the subsets of may that are tried, from the strongest to the weakest: *row starts
 * at 0, *extras receives the set to send. Returns false after the last. */
bool p11_extras_next(unsigned may, unsigned *row, unsigned *extras);

/* Is rv a token's answer to an attribute that it does not accept in a template? */
bool p11_refuses_template(CK_RV rv);

/* Adds all uses and guards that a key of this class can have, with the values in flags. Guards with
 * a default in the standard are sent only if they differ from it: some tokens cannot store them at
 * all. */
void p11_attrs_flags(struct p11_attrs *t, enum key_class class, uint32_t flags, unsigned extras);

#endif
