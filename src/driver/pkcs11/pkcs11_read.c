/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/pkcs11/pkcs11_read.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "driver/dialect/ckr.h"
#include "driver/dialect/pkcs11_3_2.h"
#include "driver/pkcs11/pkcs11_attr.h"

/* It must be visible which attributes the token has filled in. So the room is larger than the
 * longest value, and a length that still equals the room is no answer. For numbers, NSS requires
 * room of exactly their size; there the initial content of the room is no answer. */
static const struct {
    CK_ATTRIBUTE_TYPE type;
    size_t room;
} fields[P11_FIELDS] = {
    [P11_CLASS] = {CKA_CLASS, sizeof(CK_ULONG)},
    [P11_KEY_TYPE] = {CKA_KEY_TYPE, sizeof(CK_ULONG)},
    [P11_VALUE_LEN] = {CKA_VALUE_LEN, sizeof(CK_ULONG)},
    [P11_LABEL] = {CKA_LABEL, 1024},
    [P11_ID] = {CKA_ID, 512},
    [P11_KCV] = {CKA_CHECK_VALUE, 16},
    [P11_MODULUS] = {CKA_MODULUS, 2064},
    [P11_EXPONENT] = {CKA_PUBLIC_EXPONENT, 512},
    [P11_EC_PARAMS] = {CKA_EC_PARAMS, 512},
    [P11_EC_POINT] = {CKA_EC_POINT, 512},
    [P11_NSS_POINT] = {P11_CKA_NSS_DB, 512},
    [P11_START_DATE] = {CKA_START_DATE, 16},
    [P11_END_DATE] = {CKA_END_DATE, 16},
    [P11_ALLOWED_MECHANISMS] = {CKA_ALLOWED_MECHANISMS, 4104}, /* more than there are */
    [P11_SUBJECT] = {CKA_SUBJECT, 520},
};
enum {
    FLAG_ROOM = 8,
    ATTRS = P11_FIELDS + KEY_FLAGS,
    ALL = ATTRS + KEY_TEMPLATES, /* with the templates, of which only the length is asked */
    LONG_MAX_LEN = 65535,
    UNTOUCHED = 0xff,
    UNTOUCHED_LEN = 0x7ffffff1, /* as a template's length */
};

static size_t room_of(size_t i)
{
    return i < P11_FIELDS ? fields[i].room : FLAG_ROOM;
}

static CK_ATTRIBUTE_TYPE type_of(size_t i)
{
    return i < P11_FIELDS ? fields[i].type : p11_flags[i - P11_FIELDS].type;
}

/* May be longer than its room; it is then truncated. */
static bool is_text(size_t i)
{
    return i == P11_LABEL || i == P11_ID;
}

static bool is_number(size_t i)
{
    return i < P11_FIELDS && fields[i].room == sizeof(CK_ULONG);
}

static bool is_untouched(size_t i, const CK_ATTRIBUTE *attr)
{
    CK_ULONG number = 0;

    if (is_number(i))
        memcpy(&number, attr->pValue, sizeof number);
    return attr->ulValueLen == room_of(i) && (!is_number(i) || number == ~(CK_ULONG)0);
}

/* Assigns to each attribute its room in the object. */
static void lay_out(struct p11_object *object, CK_ATTRIBUTE attr[ALL])
{
    uint8_t *at = object->room;

    memset(object->room, UNTOUCHED, sizeof object->room);
    for (size_t i = 0; i < ATTRS; i++) {
        attr[i] = (CK_ATTRIBUTE){type_of(i), at, room_of(i)};
        at += room_of(i);
    }
    assert(at <= object->room + sizeof object->room);
    for (size_t i = ATTRS; i < ALL; i++)
        attr[i] = (CK_ATTRIBUTE){p11_template_types[i - ATTRS], NULL, UNTOUCHED_LEN};
}

bool p11_ends_reading(CK_RV rv)
{
    enum err_code code = ckr_code(rv);

    return code == ERR_GONE || code == ERR_NO_INPUT || rv == CKR_HOST_MEMORY;
}

/* Reads one attribute separately, first its length. A value longer than room is truncated, and its
 * real length kept. */
static CK_RV read_alone(struct p11 *p, CK_OBJECT_HANDLE handle, CK_ATTRIBUTE *attr, size_t room)
{
    CK_ATTRIBUTE one = {attr->type, NULL, 0};
    uint8_t *buffer;
    size_t len;
    CK_RV rv = p->fn->C_GetAttributeValue(p->session, handle, &one, 1);

    attr->ulValueLen = CK_UNAVAILABLE_INFORMATION;
    if (rv != CKR_OK || one.ulValueLen > LONG_MAX_LEN)
        return ckr_is_reticent(rv) ? CKR_OK : rv;
    len = one.ulValueLen;
    buffer = malloc(len + 1);
    if (!buffer)
        return CKR_HOST_MEMORY;
    one.pValue = buffer;
    rv = p->fn->C_GetAttributeValue(p->session, handle, &one, 1);
    if (rv == CKR_OK && one.ulValueLen <= len) {
        memcpy(attr->pValue, buffer, one.ulValueLen < room ? one.ulValueLen : room);
        attr->ulValueLen = one.ulValueLen;
    }
    free(buffer);
    return ckr_is_reticent(rv) ? CKR_OK : rv;
}

/* After a call in which some attribute failed, selects those to read separately: those that the
 * token did not reach, and a text that may only have been too long. */
static bool is_doubtful(size_t i, const CK_ATTRIBUTE *attr)
{
    return is_untouched(i, attr) || (is_text(i) && attr->ulValueLen == CK_UNAVAILABLE_INFORMATION);
}

/* Without its class, type, label and id an object could not be recognised later. */
static bool is_identity(size_t i)
{
    return i == P11_CLASS || i == P11_KEY_TYPE || is_text(i);
}

static bool is_date(size_t i)
{
    return i == P11_START_DATE || i == P11_END_DATE;
}

/* Records that the HSM fails to read this attribute, if it constrains the key. SoftHSM stores the
 * dates of a private object and fails to read them. */
static void note_failed(struct p11_object *object, size_t i, CK_RV rv)
{
    if (is_date(i)) {
        object->dates_hidden |= rv == CKR_GENERAL_ERROR;
    } else if (!object->failed && (i == P11_ALLOWED_MECHANISMS || i >= P11_FIELDS)) {
        object->failed =
            i >= P11_FIELDS ? key_flag_name(p11_flags[i - P11_FIELDS].flag) : "allowed mechanisms";
        object->failure = rv;
    }
}

static CK_RV read_each(struct p11 *p, CK_OBJECT_HANDLE handle, CK_ATTRIBUTE attr[ATTRS],
                       bool only_doubtful, struct p11_object *object)
{
    for (size_t i = 0; i < ATTRS; i++) {
        CK_RV rv;
        if (only_doubtful && !is_doubtful(i, &attr[i]))
            continue;
        rv = read_alone(p, handle, &attr[i], room_of(i));
        if (p11_ends_reading(rv) || (rv != CKR_OK && is_identity(i)))
            return rv;
        if (rv != CKR_OK)
            note_failed(object, i, rv);
    }
    return CKR_OK;
}

/* Templates are asked for with the other attributes as soon as the token has answered for each of
 * them alone: some modules fail at these attributes. */
static bool asks_together(const struct p11 *p)
{
    return !p->templates_alone && p->plain_templates == (1U << KEY_TEMPLATES) - 1;
}

/* Reads all in one call but the dates, and these separately. */
static CK_RV read_without_dates(struct p11 *p, CK_OBJECT_HANDLE handle, CK_ATTRIBUTE attr[ALL],
                                struct p11_object *object)
{
    CK_ATTRIBUTE rest[ATTRS];
    CK_ULONG count = 0, at = 0;
    CK_RV rv;

    lay_out(object, attr);
    for (size_t i = 0; i < ATTRS; i++)
        if (!is_date(i))
            rest[count++] = attr[i];
    rv = p->fn->C_GetAttributeValue(p->session, handle, rest, count);
    if (rv != CKR_OK && !ckr_is_reticent(rv))
        return rv;
    for (size_t i = 0; i < ATTRS; i++)
        if (!is_date(i))
            attr[i] = rest[at++];
    return read_each(p, handle, attr, true, object);
}

/* A module may fail the whole call because of one attribute that it does not know or cannot return.
 * Each attribute is then read separately. SoftHSM fails at the dates of a private object. */
static CK_RV read_all(struct p11 *p, CK_OBJECT_HANDLE handle, CK_ATTRIBUTE attr[ALL],
                      struct p11_object *object)
{
    bool together = asks_together(p), reticent;
    CK_RV rv = p->fn->C_GetAttributeValue(p->session, handle, attr, together ? ALL : ATTRS);

    if (together && rv != CKR_OK && !ckr_is_reticent(rv) && !p11_ends_reading(rv)) {
        lay_out(object, attr);
        rv = p->fn->C_GetAttributeValue(p->session, handle, attr, ATTRS);
        p->templates_alone = rv == CKR_OK || ckr_is_reticent(rv);
    }
    reticent = ckr_is_reticent(rv);
    if (rv == CKR_OK || p11_ends_reading(rv))
        return rv;
    if (rv == CKR_GENERAL_ERROR) {
        rv = read_without_dates(p, handle, attr, object);
        if (rv == CKR_OK || p11_ends_reading(rv))
            return rv;
    }
    if (!reticent)
        lay_out(object, attr);
    return read_each(p, handle, attr, reticent, object);
}

/* Takes over the attributes that were returned. Lengths are not trusted: one larger than the room
 * is invalid. */
static void take(struct p11_object *object, const CK_ATTRIBUTE attr[ALL])
{
    for (size_t i = 0; i < P11_FIELDS; i++) {
        size_t most = is_text(i) ? LONG_MAX_LEN : room_of(i);
        if (attr[i].ulValueLen <= most && !is_untouched(i, &attr[i]))
            object->field[i] = (struct view){attr[i].pValue, attr[i].ulValueLen};
    }
    for (size_t i = 0; i < KEY_FLAGS; i++) {
        const CK_ATTRIBUTE *a = &attr[P11_FIELDS + i];
        if (a->ulValueLen != sizeof(CK_BBOOL))
            continue;
        object->flags_known |= p11_flags[i].flag;
        if (*(const CK_BBOOL *)a->pValue != CK_FALSE)
            object->flags |= p11_flags[i].flag;
    }
    for (size_t i = 0; i < KEY_TEMPLATES; i++) {
        object->lens.len[i] = attr[ATTRS + i].ulValueLen;
        if (object->lens.len[i] != UNTOUCHED_LEN)
            object->lens.answered |= UINT32_C(1) << i;
    }
}

/* Of a key with numbered parameter sets, reads the set, and of a public one the octets. */
static CK_RV read_set(struct p11 *p, CK_OBJECT_HANDLE handle, struct p11_object *object,
                      uint8_t *room, size_t size)
{
    CK_ATTRIBUTE set = {CKA_PARAMETER_SET, &object->set, sizeof object->set},
                 value = {CKA_VALUE, room, size};
    CK_ULONG class, type;
    CK_RV rv;

    if (!p11_number(object, P11_CLASS, &class) || !p11_number(object, P11_KEY_TYPE, &type) ||
        !key_kind_has_numbers(p11_kind_of(type)))
        return CKR_OK;
    rv = p->fn->C_GetAttributeValue(p->session, handle, &set, 1);
    if (rv != CKR_OK || set.ulValueLen != sizeof object->set)
        object->set = 0;
    if (p11_ends_reading(rv) || class != CKO_PUBLIC_KEY)
        return p11_ends_reading(rv) ? rv : CKR_OK;
    rv = p->fn->C_GetAttributeValue(p->session, handle, &value, 1);
    if (rv == CKR_OK && value.ulValueLen <= size)
        object->public = (struct view){room, value.ulValueLen};
    return p11_ends_reading(rv) ? rv : CKR_OK;
}

bool p11_read(struct p11 *p, CK_OBJECT_HANDLE handle, struct p11_object *object, struct err *err)
{
    CK_ATTRIBUTE attr[ALL];
    size_t used;
    CK_RV rv;

    memset(object, 0, sizeof *object);
    lay_out(object, attr);
    rv = read_all(p, handle, attr, object);
    if (rv != CKR_OK)
        return ckr_set(err, rv, "object %lu cannot be read (C_GetAttributeValue)", handle);
    take(object, attr);
    used = (size_t)((const uint8_t *)attr[ATTRS - 1].pValue - object->room) + FLAG_ROOM;
    rv = read_set(p, handle, object, object->room + used, sizeof object->room - used);
    return rv == CKR_OK ||
           ckr_set(err, rv, "object %lu cannot be read (C_GetAttributeValue)", handle);
}

bool p11_number(const struct p11_object *object, enum p11_field field, CK_ULONG *value)
{
    const struct view *v = &object->field[field];

    if (!v->data || v->len != sizeof *value)
        return false;
    memcpy(value, v->data, sizeof *value);
    return true;
}
