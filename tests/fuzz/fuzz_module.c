/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a PKCS#11 module says of itself, its slots, tokens and objects (agent/pkcs11.h): whatever
 * the driver reads, the console takes. An input is text for every field; then attributes, each of
 * them an octet that chooses its type, and a part, its value. Every object has all of them.
 */
#include <stdlib.h>
#include <string.h>

#include "driver/pkcs11/pkcs11.h"
#include "driver/pkcs11/pkcs11_session.h"
#include "link/wire.h"
#include "tests/fuzz/answers.h"
#include "tests/fuzz/fuzz.h"

enum { ATTRIBUTES_MAX = 32, OBJECTS = 3 };

static const CK_ATTRIBUTE_TYPE types[] = {
    CKA_CLASS,
    CKA_TOKEN,
    CKA_PRIVATE,
    CKA_LABEL,
    CKA_ID,
    CKA_KEY_TYPE,
    CKA_MODULUS,
    CKA_MODULUS_BITS,
    CKA_VALUE_LEN,
    CKA_EC_PARAMS,
    CKA_PUBLIC_EXPONENT,
    CKA_EC_POINT,
    CKA_VALUE,
    CKA_CHECK_VALUE,
    CKA_START_DATE,
    CKA_END_DATE,
    CKA_SUBJECT,
    CKA_EXTRACTABLE,
    CKA_SENSITIVE,
    CKA_ALLOWED_MECHANISMS,
    CKA_SIGN,
    CKA_WRAP_TEMPLATE,
    CKA_UNWRAP_TEMPLATE,
    CKA_PUBLIC_KEY_INFO,
    CKA_MODIFIABLE,
    CKA_ALWAYS_AUTHENTICATE,
};

/* What the module says: the input of this run. */
static struct fuzz_input said;
static CK_ATTRIBUTE attributes[ATTRIBUTES_MAX];
static size_t attribute_count;
static bool found; /* objects are listed once a search */

static void put(void *field, size_t size)
{
    struct fuzz_input text = fuzz_take_part(&said);

    memset(field, ' ', size);
    memcpy(field, text.data, text.len < size ? text.len : size);
}

static CK_RV get_info(CK_INFO *info)
{
    put(info->libraryDescription, sizeof info->libraryDescription);
    put(info->manufacturerID, sizeof info->manufacturerID);
    return CKR_OK;
}

static CK_RV get_slots(unsigned char present, CK_SLOT_ID *slots, CK_ULONG *count)
{
    (void)present;
    if (slots)
        slots[0] = 0;
    *count = 1;
    return CKR_OK;
}

static CK_RV get_slot(CK_SLOT_ID slot, CK_SLOT_INFO *info)
{
    (void)slot;
    put(info, sizeof *info);
    put(info->slotDescription, sizeof info->slotDescription);
    info->flags |= CKF_TOKEN_PRESENT;
    return CKR_OK;
}

static CK_RV get_token(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
    (void)slot;
    put(info, sizeof *info);
    put(info->serialNumber, sizeof info->serialNumber);
    return CKR_OK;
}

static CK_RV find_init(CK_SESSION_HANDLE s, CK_ATTRIBUTE *t, CK_ULONG n)
{
    (void)s, (void)t, (void)n;
    found = false;
    return CKR_OK;
}

static CK_RV find(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE *handles, CK_ULONG room, CK_ULONG *count)
{
    (void)s;
    *count = 0;
    for (; !found && *count < OBJECTS && *count < room; ++*count)
        handles[*count] = *count + 1;
    found = true;
    return CKR_OK;
}

static CK_RV find_final(CK_SESSION_HANDLE s)
{
    (void)s;
    return CKR_OK;
}

static CK_RV report(CK_ATTRIBUTE *asked)
{
    for (size_t i = 0; i < attribute_count; i++) {
        if (attributes[i].type != asked->type)
            continue;
        if (asked->pValue && asked->ulValueLen < attributes[i].ulValueLen) {
            asked->ulValueLen = CK_UNAVAILABLE_INFORMATION;
            return CKR_BUFFER_TOO_SMALL;
        }
        if (asked->pValue && attributes[i].ulValueLen > 0)
            memcpy(asked->pValue, attributes[i].pValue, attributes[i].ulValueLen);
        asked->ulValueLen = attributes[i].ulValueLen;
        return CKR_OK;
    }
    asked->ulValueLen = CK_UNAVAILABLE_INFORMATION;
    return CKR_ATTRIBUTE_TYPE_INVALID;
}

static CK_RV get_attributes(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE *t, CK_ULONG n)
{
    CK_RV result = CKR_OK;

    (void)s, (void)o;
    for (CK_ULONG i = 0; i < n; i++) {
        CK_RV rv = report(&t[i]);
        if (rv != CKR_OK)
            result = rv;
    }
    return result;
}

static CK_FUNCTION_LIST functions = {
    .C_GetInfo = get_info,
    .C_GetSlotList = get_slots,
    .C_GetSlotInfo = get_slot,
    .C_GetTokenInfo = get_token,
    .C_FindObjectsInit = find_init,
    .C_FindObjects = find,
    .C_FindObjectsFinal = find_final,
    .C_GetAttributeValue = get_attributes,
};

/* --- what the driver reads, and the console takes --- */

static void check_info(struct hsm *hsm)
{
    struct hsm_info info, taken;
    struct wire_files files;
    struct err err = {0};
    Pb__Info msg;

    fuzz_must(hsm->driver->info(hsm, &info, &err), "a module that tells of itself is read");
    wire_put_info(&info, &msg, &files);
    fuzz_must(wire_get_info(&msg, &taken, &err), "the console takes what a module says of itself");
    answers_check_info(&taken);
}

static void check_slots(struct hsm *hsm)
{
    struct hsm_slot_list slots;
    struct hsm_slot taken;
    struct err err = {0};
    Pb__Slot msg;

    fuzz_must(hsm->driver->slots(hsm, &slots, &err), "a module's slots are read");
    wire_put_slot(&slots.slots[0], &msg);
    fuzz_must(wire_get_slot(&msg, &taken, &err), "the console takes what a module says of a slot");
    answers_check_slot(&taken);
    free(slots.slots);
}

static void check_key(const struct key_desc *key)
{
    struct wire_constraints constraints;
    struct key_desc taken;
    struct err err = {0};
    Pb__Key msg;

    wire_put_key(key, &msg, &constraints);
    if (!wire_get_key(&msg, &taken, &err))
        fuzz_must(false, err.what);
    answers_check_key(&taken);
}

static void check_objects(struct hsm *hsm)
{
    struct key_list list = {0};
    struct key_desc key;
    struct bytes blob = {0};
    struct err err = {0};

    fuzz_must(hsm->driver->list(hsm, &list, &err), "a module's objects are listed");
    fuzz_must(list.count == OBJECTS || list.count == 0, "equal objects are all listed, or none");
    for (size_t i = 0; i < list.count; i++)
        check_key(&list.keys[i]);
    key_list_free(&list);
    if (hsm->driver->describe(hsm, 1, &key, &err))
        check_key(&key);
    if (hsm->driver->public_key(hsm, 1, &blob, &err))
        fuzz_must(blob.len > 0, "a public key has octets");
    bytes_free(&blob);
    if (hsm->driver->certificate(hsm, 1, &blob, &err))
        fuzz_must(blob.len > 0, "a certificate has octets");
    bytes_free(&blob);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct p11 p = {.hsm.driver = &pkcs11_driver, .fn = &functions, .session = 1};

    said = (struct fuzz_input){data, len};
    objects_now(&p.module.before); /* this module brings none */
    check_info(&p.hsm);
    check_slots(&p.hsm);
    attribute_count = 0;
    while (said.len > 0 && attribute_count < ATTRIBUTES_MAX) {
        size_t which = fuzz_take_octet(&said) % (sizeof types / sizeof types[0]);
        struct fuzz_input value = fuzz_take_part(&said);
        attributes[attribute_count++] = (CK_ATTRIBUTE){types[which], (void *)value.data, value.len};
    }
    check_objects(&p.hsm);
    p11_forget(&p);
    return 0;
}
