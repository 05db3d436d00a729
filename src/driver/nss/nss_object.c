/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/nss/nss_object.h"

#include <stdlib.h>
#include <string.h>

#include <cert.h>
#include <keyhi.h>
#include <pk11pub.h>
#include <pkcs11t.h>
#include <prprf.h>
#include <secitem.h>
#include <secoid.h>
#include <secport.h>

#include "base/text.h"
#include "driver/dialect/ckname.h"
#include "driver/nss/nss_spki.h"

/* --- reading attributes --- */

/* Without CKA_LOCAL: NSS reports it as false even for keys that it generated. */
static const struct {
    CK_ATTRIBUTE_TYPE type;
    uint32_t flag;
} guards[] = {
    {CKA_EXTRACTABLE, KEY_EXTRACTABLE},
    {CKA_MODIFIABLE, KEY_MODIFIABLE},
    {CKA_COPYABLE, KEY_COPYABLE},
    {CKA_DESTROYABLE, KEY_DESTROYABLE},
    {CKA_WRAP_WITH_TRUSTED, KEY_WRAP_WITH_TRUSTED},
    {CKA_ALWAYS_AUTHENTICATE, KEY_ALWAYS_AUTHENTICATE},
    {CKA_TRUSTED, KEY_TRUSTED},
    {CKA_ALWAYS_SENSITIVE, KEY_ALWAYS_SENSITIVE},
    {CKA_NEVER_EXTRACTABLE, KEY_NEVER_EXTRACTABLE},
};

/* The attributes that are read in addition to uses and guards; never a secret value. CKA_NSS_DB of
 * a private key is its public value. */
static const CK_ATTRIBUTE_TYPE values[] = {CKA_CLASS,           CKA_KEY_TYPE,
                                           CKA_LABEL,           CKA_ID,
                                           CKA_VALUE_LEN,       CKA_MODULUS,
                                           CKA_PUBLIC_EXPONENT, CKA_EC_PARAMS,
                                           CKA_EC_POINT,        CKA_NSS_DB,
                                           CKA_SUBJECT,         CKA_START_DATE,
                                           CKA_END_DATE,        CKA_ALLOWED_MECHANISMS,
                                           CKA_WRAP_TEMPLATE,   CKA_UNWRAP_TEMPLATE,
                                           CKA_DERIVE_TEMPLATE};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

_Static_assert(NSS_USES + COUNT(guards) + COUNT(values) <= NSS_ATTRIBUTES_MAX,
               "room for all attributes");

static CK_ULONG number_of(const struct nss_object *object, CK_ATTRIBUTE_TYPE type)
{
    SECItem value = nss_attributes_value(&object->values, type);
    CK_ULONG number = CK_UNAVAILABLE_INFORMATION;

    if (value.len == sizeof number)
        memcpy(&number, value.data, sizeof number);
    return number;
}

static void set_flag(struct nss_object *object, CK_ATTRIBUTE_TYPE type, uint32_t flag)
{
    SECItem value = nss_attributes_value(&object->values, type);

    if (value.len != sizeof(CK_BBOOL))
        return;
    object->desc.flags_known |= flag;
    if (value.data[0] != CK_FALSE)
        object->desc.flags |= flag;
}

/* --- interpreting attributes --- */

static const struct {
    CK_OBJECT_CLASS theirs;
    enum key_class ours;
} classes[] = {
    {CKO_SECRET_KEY, KEY_CLASS_SECRET}, {CKO_PRIVATE_KEY, KEY_CLASS_PRIVATE},
    {CKO_PUBLIC_KEY, KEY_CLASS_PUBLIC}, {CKO_CERTIFICATE, KEY_CLASS_CERTIFICATE},
    {CKO_DATA, KEY_CLASS_DATA},
};

/* NSS's own type of a pair; nullKey: of a secret, or of a key that this driver only lists. */
static KeyType nss_type(enum key_kind kind)
{
    return kind == KEY_KIND_RSA ? rsaKey : kind == KEY_KIND_EC ? ecKey : nullKey;
}

static void set_curve(struct key_desc *desc, SECItem params)
{
    SECItem oid = nss_curve_oid(params);
    SECOidTag tag = oid.len ? SECOID_FindOIDTag(&oid) : SEC_OID_UNKNOWN;
    char *dotted = oid.len ? CERT_GetOidString(&oid) : NULL;

    if (params.len && params.data[0] == 0x30) /* SEQUENCE: ECParameters (SEC 1 C.2) */
        text_print(desc->curve, sizeof desc->curve, KEY_CURVE_EXPLICIT);
    if (dotted)
        text_print(desc->curve, sizeof desc->curve, "%s",
                   dotted + (strncmp(dotted, "OID.", 4) == 0 ? 4 : 0));
    if (dotted && key_set_of_oid(desc->curve))
        text_print(desc->curve, sizeof desc->curve, "%s", key_set_of_oid(desc->curve)->name);
    PR_smprintf_free(dotted);
    for (const struct nss_curve *curve = nss_curves; curve->name; curve++)
        if (tag == curve->tag)
            text_print(desc->curve, sizeof desc->curve, "%s", curve->name);
    desc->bits = (uint32_t)SECKEY_ECParamsToKeySize(&params);
}

static void set_size(struct nss_object *object)
{
    struct key_desc *desc = &object->desc;
    CK_ULONG length = number_of(object, CKA_VALUE_LEN);
    SECItem modulus = nss_attributes_value(&object->values, CKA_MODULUS);

    if (desc->class == KEY_CLASS_SECRET && desc->kind == KEY_KIND_DES3)
        length = 24;
    if (desc->class == KEY_CLASS_SECRET && length <= HSM_BLOB_MAX) {
        desc->length = (uint32_t)length;
        desc->bits = 8 * desc->length;
    } else if (desc->kind == KEY_KIND_RSA) {
        desc->bits = modulus.len ? SECKEY_BigIntegerBitLength(&modulus) : 0;
    } else if (key_kind_is(desc->kind, KEY_FAMILY_PAIR) && !key_kind_has_numbers(desc->kind)) {
        set_curve(desc, nss_attributes_value(&object->values, CKA_EC_PARAMS));
    }
}

static void set_public(struct nss_object *object)
{
    struct key_desc *desc = &object->desc;
    struct bytes spki = {0};

    if (!nss_spki_of(desc, &object->values, &spki, NULL))
        return;
    desc->has_public =
        PK11_HashBuf(SEC_OID_SHA256, desc->spki_sha256, spki.data, (PRInt32)spki.len) == SECSuccess;
    bytes_free(&spki);
}

static bool asked_alone(const struct nss_object *object, CK_ATTRIBUTE_TYPE type)
{
    return PK11_HasAttributeSet(object->private.pkcs11Slot, object->desc.handle, type, PR_FALSE);
}

/* All keys in a database are private and sensitive, and NSS enforces this. But it reports it only
 * if the attribute is read separately; together with others it returns the stored value, which is 0
 * for many keys. Temporary keys are visible to this process only. */
static void set_guards(struct nss_object *object)
{
    struct key_desc *desc = &object->desc;

    desc->flags_known |= KEY_TOKEN;
    if (asked_alone(object, CKA_TOKEN))
        desc->flags |= KEY_TOKEN;
    if (!key_is_movable_class(desc))
        return;
    desc->flags_known |= KEY_PRIVATE | KEY_SENSITIVE;
    if (asked_alone(object, CKA_SENSITIVE))
        desc->flags |= KEY_SENSITIVE;
    if (!(desc->flags & KEY_TOKEN) || asked_alone(object, CKA_PRIVATE))
        desc->flags |= KEY_PRIVATE;
}

/* NSS stores the pointers within a template, not the attributes that they point to. So it can
 * report that a key has a template, but not what the template requires. */
static void set_templates(struct nss_object *object)
{
    static const CK_ATTRIBUTE_TYPE types[KEY_TEMPLATES] = {
        [KEY_TEMPLATE_WRAP] = CKA_WRAP_TEMPLATE,
        [KEY_TEMPLATE_UNWRAP] = CKA_UNWRAP_TEMPLATE,
        [KEY_TEMPLATE_DERIVE] = CKA_DERIVE_TEMPLATE,
    };
    struct key_constraints *constraints = &object->desc.constraints;

    for (size_t i = 0; i < KEY_TEMPLATES; i++) {
        size_t len = nss_attributes_value(&object->values, types[i]).len,
               size = sizeof(CK_ATTRIBUTE);
        constraints->templates[i].others = (uint32_t)((len + size - 1) / size);
        if (len > 0)
            constraints->known |= KEY_TEMPLATE;
    }
}

static void set_constraints(struct nss_object *object)
{
    struct key_desc *desc = &object->desc;
    SECItem start = nss_attributes_value(&object->values, CKA_START_DATE);
    SECItem end = nss_attributes_value(&object->values, CKA_END_DATE);
    SECItem subject = nss_attributes_value(&object->values, CKA_SUBJECT);
    SECItem allowed = nss_attributes_value(&object->values, CKA_ALLOWED_MECHANISMS);
    uint64_t numbers[KEY_ALLOWED_MAX];
    size_t count = allowed.len / sizeof(CK_MECHANISM_TYPE);

    if (start.data || end.data)
        key_set_dates(desc, start.data, start.len, end.data, end.len);
    if (subject.data)
        key_set_subject(desc, subject.data, subject.len);
    if (allowed.data) {
        for (size_t i = 0; i < count && i < KEY_ALLOWED_MAX; i++) {
            CK_MECHANISM_TYPE number;
            memcpy(&number, allowed.data + i * sizeof number, sizeof number);
            numbers[i] = number;
        }
        key_set_allowed(desc, numbers, count);
    }
    set_templates(object);
}

static void describe(struct nss *nss, struct nss_object *object)
{
    struct key_desc *desc = &object->desc;
    CK_OBJECT_CLASS class = number_of(object, CKA_CLASS);
    CK_KEY_TYPE type = number_of(object, CKA_KEY_TYPE);
    bool key = class == CKO_SECRET_KEY || class == CKO_PRIVATE_KEY || class == CKO_PUBLIC_KEY;
    SECItem label = nss_attributes_value(&object->values, CKA_LABEL),
            id = nss_attributes_value(&object->values, CKA_ID);

    for (size_t i = 0; i < COUNT(classes); i++)
        if (class == classes[i].theirs)
            desc->class = classes[i].ours;
    if (desc->class == KEY_CLASS_CERTIFICATE || desc->class == KEY_CLASS_DATA)
        desc->kind = KEY_KIND_NONE;
    if (key) {
        desc->kind = key_kind_of_type(type);
        object->private.keyType = nss_type(desc->kind);
    }
    object->private.pkcs11Slot = nss->slot;
    object->private.pkcs11ID = desc->handle;
    if (key)
        ckk_text(type, desc->type_name, sizeof desc->type_name);
    else
        text_print(desc->type_name, sizeof desc->type_name, "%s", cko_name(class));
    key_set_label(desc, label.data, label.len);
    key_set_id(desc, id.data, id.len);
    for (const struct nss_use *use = nss_uses; use->flag; use++)
        set_flag(object, use->type, use->flag);
    for (size_t i = 0; i < COUNT(guards); i++)
        set_flag(object, guards[i].type, guards[i].flag);
    set_guards(object);
    set_size(object);
    set_public(object);
    set_constraints(object);
}

/* PK11SymKey is the only NSS structure that can be obtained from a handle, and it reads the
 * attributes of objects of any class. */
bool nss_object_open(struct nss *nss, uint64_t handle, struct nss_object *object, struct err *err)
{
    *object = (struct nss_object){.desc.handle = handle, .nss = nss};
    object->key = PK11_SymKeyFromHandle(nss->slot, NULL, PK11_OriginUnwrap, CKM_INVALID_MECHANISM,
                                        handle, PR_FALSE, NULL);
    if (!object->key && handle != CK_INVALID_HANDLE)
        return nss_failed(err, ERR_FAILED, "NSS cannot open an object");
    for (const struct nss_use *use = nss_uses; use->flag; use++)
        nss_attributes_want(&object->values, use->type);
    for (size_t i = 0; i < COUNT(guards); i++)
        nss_attributes_want(&object->values, guards[i].type);
    for (size_t i = 0; i < COUNT(values); i++)
        nss_attributes_want(&object->values, values[i]);
    if (!object->key || !nss_attributes_read(&object->values, object->key))
        return err_set(err, ERR_NO_INPUT, "the NSS database has no object %llu (any more)",
                       (unsigned long long)handle);
    describe(nss, object);
    return true;
}

void nss_object_close(struct nss_object *object)
{
    PK11_FreeSymKey(object->key);
    nss_attributes_free(&object->values);
    *object = (struct nss_object){0};
}
