/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/pkcs11/pkcs11_attr.h"

#include <assert.h>

#include "driver/dialect/pkcs11_3_2.h"

enum {
    SECRET = 1 << KEY_CLASS_SECRET,
    PRIVATE = 1 << KEY_CLASS_PRIVATE,
    PUBLIC = 1 << KEY_CLASS_PUBLIC,
};

const struct p11_flag p11_flags[KEY_FLAGS] = {
    {KEY_ENCRYPT, CKA_ENCRYPT, SECRET | PUBLIC, 0},
    {KEY_DECRYPT, CKA_DECRYPT, SECRET | PRIVATE, 0},
    {KEY_SIGN, CKA_SIGN, SECRET | PRIVATE, 0},
    {KEY_VERIFY, CKA_VERIFY, SECRET | PUBLIC, 0},
    {KEY_WRAP, CKA_WRAP, SECRET | PUBLIC, 0},
    {KEY_UNWRAP, CKA_UNWRAP, SECRET | PRIVATE, 0},
    {KEY_DERIVE, CKA_DERIVE, SECRET | PRIVATE | PUBLIC, 0},
    {KEY_SIGN_RECOVER, CKA_SIGN_RECOVER, PRIVATE, 0},
    {KEY_VERIFY_RECOVER, CKA_VERIFY_RECOVER, PUBLIC, 0},
    {KEY_PRIVATE, CKA_PRIVATE, SECRET | PRIVATE | PUBLIC, 0},
    {KEY_SENSITIVE, CKA_SENSITIVE, SECRET | PRIVATE, P11_SECRECY},
    {KEY_EXTRACTABLE, CKA_EXTRACTABLE, SECRET | PRIVATE, P11_SECRECY},
    {KEY_MODIFIABLE, CKA_MODIFIABLE, SECRET | PRIVATE, P11_MODIFIABLE},
    {KEY_COPYABLE, CKA_COPYABLE, SECRET | PRIVATE, P11_COPYABLE},
    {KEY_WRAP_WITH_TRUSTED, CKA_WRAP_WITH_TRUSTED, SECRET | PRIVATE, 0},
    {KEY_ALWAYS_AUTHENTICATE, CKA_ALWAYS_AUTHENTICATE, PRIVATE, 0},
    /* never sent: a temporary key that cannot be destroyed would not be temporary ... */
    {KEY_DESTROYABLE, CKA_DESTROYABLE, 0, 0},
    /* ... these are set by the HSM ... */
    {KEY_TRUSTED, CKA_TRUSTED, 0, 0},
    {KEY_ALWAYS_SENSITIVE, CKA_ALWAYS_SENSITIVE, 0, 0},
    {KEY_NEVER_EXTRACTABLE, CKA_NEVER_EXTRACTABLE, 0, 0},
    {KEY_LOCAL, CKA_LOCAL, 0, 0},
    /* ... and every template sets this one separately. */
    {KEY_TOKEN, CKA_TOKEN, 0, 0},
    /* Sent only if set: a token that has no ML-KEM does not know them. */
    {KEY_ENCAPSULATE, CKA_ENCAPSULATE, PUBLIC, 0},
    {KEY_DECAPSULATE, CKA_DECAPSULATE, PRIVATE, 0},
};

const CK_ATTRIBUTE_TYPE p11_template_types[KEY_TEMPLATES] = {
    [KEY_TEMPLATE_WRAP] = CKA_WRAP_TEMPLATE,
    [KEY_TEMPLATE_UNWRAP] = CKA_UNWRAP_TEMPLATE,
    [KEY_TEMPLATE_DERIVE] = CKA_DERIVE_TEMPLATE,
};

static const struct {
    enum key_class class;
    CK_OBJECT_CLASS number;
} classes[] = {
    {KEY_CLASS_SECRET, CKO_SECRET_KEY}, {KEY_CLASS_PRIVATE, CKO_PRIVATE_KEY},
    {KEY_CLASS_PUBLIC, CKO_PUBLIC_KEY}, {KEY_CLASS_CERTIFICATE, CKO_CERTIFICATE},
    {KEY_CLASS_DATA, CKO_DATA},
};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

enum key_class p11_class_of(CK_OBJECT_CLASS number)
{
    for (size_t i = 0; i < COUNT(classes); i++)
        if (classes[i].number == number)
            return classes[i].class;
    return KEY_CLASS_OTHER;
}

enum key_kind p11_kind_of(CK_KEY_TYPE number)
{
    return key_kind_of_type(number);
}

bool p11_class_number(enum key_class class, CK_OBJECT_CLASS *number)
{
    for (size_t i = 0; i < COUNT(classes); i++)
        if (classes[i].class == class) {
            *number = classes[i].number;
            return true;
        }
    return false;
}

bool p11_kind_number(enum key_kind kind, CK_KEY_TYPE *number)
{
    *number = key_kind_row(kind)->type;
    return *number != KEY_TYPE_NONE;
}

void p11_attrs_add(struct p11_attrs *t, CK_ATTRIBUTE_TYPE type, const void *value, size_t len)
{
    assert(t->count < P11_ATTRS_MAX);
    t->attr[t->count++] = (CK_ATTRIBUTE){type, (void *)(value ? value : ""), len};
}

void p11_attrs_bool(struct p11_attrs *t, CK_ATTRIBUTE_TYPE type, bool value)
{
    static const CK_BBOOL yes = CK_TRUE, no = CK_FALSE;

    p11_attrs_add(t, type, value ? &yes : &no, sizeof yes);
}

void p11_attrs_number(struct p11_attrs *t, CK_ATTRIBUTE_TYPE type, CK_ULONG value)
{
    t->numbers[t->count] = value;
    p11_attrs_add(t, type, &t->numbers[t->count], sizeof value);
}

bool p11_extras_next(unsigned may, unsigned *row, unsigned *extras)
{
    static const unsigned rows[] = {
        P11_ALLOWED | P11_FORCE | P11_COPYABLE | P11_MODIFIABLE | P11_SECRECY | P11_CONSTRAINTS,
        P11_FORCE | P11_COPYABLE | P11_MODIFIABLE | P11_SECRECY | P11_CONSTRAINTS,
        P11_ALLOWED | P11_COPYABLE | P11_MODIFIABLE | P11_SECRECY | P11_CONSTRAINTS,
        P11_COPYABLE | P11_MODIFIABLE | P11_SECRECY | P11_CONSTRAINTS,
        P11_MODIFIABLE | P11_SECRECY | P11_CONSTRAINTS,
        P11_SECRECY | P11_CONSTRAINTS,
        P11_SECRECY,
        P11_MODIFIABLE,
        0,
    };
    enum { ROWS = sizeof rows / sizeof rows[0] };
    unsigned before = *row == 0 ? ~0u : rows[*row - 1] & may;

    while (*row < ROWS && (rows[*row] & may) == before)
        ++*row;
    if (*row == ROWS)
        return false;
    *extras = rows[(*row)++] & may;
    return true;
}

bool p11_refuses_template(CK_RV rv)
{
    return rv == CKR_ATTRIBUTE_TYPE_INVALID || rv == CKR_ATTRIBUTE_VALUE_INVALID ||
           rv == CKR_ATTRIBUTE_READ_ONLY || rv == CKR_TEMPLATE_INCONSISTENT;
}

static bool is_sent(const struct p11_flag *f, enum key_class class, uint32_t flags, unsigned extras)
{
    const uint32_t of_ml_kem = KEY_ENCAPSULATE | KEY_DECAPSULATE;
    const uint32_t always = (KEY_USES & ~of_ml_kem) | KEY_PRIVATE | KEY_SENSITIVE | KEY_EXTRACTABLE;
    const uint32_t standard =
        KEY_MODIFIABLE | KEY_COPYABLE; /* guards whose standard default is true */

    if (!(f->classes & 1u << class) || (extras & f->extra) != f->extra)
        return false;
    return (f->flag & always) || (flags & of_ml_kem & f->flag) ||
           ((flags ^ standard) & ~of_ml_kem & f->flag);
}

void p11_attrs_flags(struct p11_attrs *t, enum key_class class, uint32_t flags, unsigned extras)
{
    for (size_t i = 0; i < KEY_FLAGS; i++)
        if (!(t->omit & p11_flags[i].flag) && is_sent(&p11_flags[i], class, flags, extras))
            p11_attrs_bool(t, p11_flags[i].type, (flags & p11_flags[i].flag) != 0);
}
