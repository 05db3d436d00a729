/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/pkcs11/pkcs11_template.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "driver/dialect/ckr.h"
#include "driver/dialect/dialect.h"
#include "driver/pkcs11/pkcs11_read.h"

static const uint32_t omits[KEY_TEMPLATES] = {
    [KEY_TEMPLATE_WRAP] = DIALECT_OMIT_WRAP,
    [KEY_TEMPLATE_UNWRAP] = DIALECT_OMIT_UNWRAP,
    [KEY_TEMPLATE_DERIVE] = DIALECT_OMIT_DERIVE,
};

enum { INNER_MAX = 64, INNER_ROOM = 64, UNTOUCHED = 0xff };

/* Takes the class or key type of a template: once, and only a known one. */
static bool take_number(struct key_template *out, CK_ATTRIBUTE_TYPE type, CK_ULONG number)
{
    if (type == CKA_CLASS && out->class == KEY_CLASS_OTHER) {
        out->class = p11_class_of(number);
        return out->class != KEY_CLASS_OTHER;
    }
    if (type == CKA_KEY_TYPE && out->kind == KEY_KIND_OTHER) {
        out->kind = p11_kind_of(number);
        return out->kind != KEY_KIND_OTHER;
    }
    return false;
}

static bool take_flag(struct key_template *out, CK_ATTRIBUTE_TYPE type, bool set)
{
    for (size_t i = 0; i < KEY_FLAGS; i++) {
        uint32_t flag = p11_flags[i].flag;
        if (p11_flags[i].type != type || (out->named & flag))
            continue;
        out->named |= flag;
        out->flags |= set ? flag : 0;
        return true;
    }
    return false;
}

static bool take(struct key_template *out, const CK_ATTRIBUTE *inner, const uint8_t *room)
{
    CK_ULONG number;

    if (inner->pValue != room)
        return false;
    if (inner->ulValueLen == sizeof(CK_BBOOL) && (*room == CK_FALSE || *room == CK_TRUE))
        return take_flag(out, inner->type, *room == CK_TRUE);
    if (inner->ulValueLen != sizeof number)
        return false;
    memcpy(&number, room, sizeof number);
    return take_number(out, inner->type, number);
}

/* Reads the nested attributes: first their types and lengths, then their values. */
static CK_RV read_inner(struct p11 *p, CK_OBJECT_HANDLE handle, CK_ATTRIBUTE *whole,
                        uint8_t room[INNER_MAX][INNER_ROOM])
{
    CK_ATTRIBUTE *inner = whole->pValue;
    CK_ULONG len = whole->ulValueLen;

    for (unsigned round = 0; round < 2; round++) {
        CK_RV rv = p->fn->C_GetAttributeValue(p->session, handle, whole, 1);
        if (rv != CKR_OK)
            return rv;
        if (whole->pValue != inner || whole->ulValueLen != len)
            return CKR_BUFFER_TOO_SMALL;
        for (size_t i = 0; round == 0 && i < len / sizeof *inner; i++)
            inner[i].pValue = inner[i].ulValueLen <= INNER_ROOM ? room[i] : NULL;
    }
    return CKR_OK;
}

/* Reads one template, which is len octets long according to the token. */
static CK_RV read_content(struct p11 *p, CK_OBJECT_HANDLE handle, enum key_template_use use,
                          CK_ULONG len, struct key_template *out)
{
    CK_ATTRIBUTE inner[INNER_MAX], whole = {p11_template_types[use], inner, len};
    uint8_t room[INNER_MAX][INNER_ROOM];
    bool uneven = len % sizeof inner[0] != 0;
    CK_ULONG count = len / sizeof inner[0] + uneven;
    CK_RV rv;

    *out = (struct key_template){.others = count < UINT32_MAX ? (uint32_t)count : UINT32_MAX};
    if (count == 0 || count > INNER_MAX || uneven)
        return CKR_OK;
    memset(room, UNTOUCHED, sizeof room);
    for (CK_ULONG i = 0; i < count; i++)
        inner[i] = (CK_ATTRIBUTE){CK_UNAVAILABLE_INFORMATION, NULL, 0};
    rv = read_inner(p, handle, &whole, room);
    if (rv != CKR_OK)
        return ckr_is_reticent(rv) ? CKR_OK : rv;
    out->others = 0;
    for (CK_ULONG i = 0; i < count; i++)
        out->others += !take(out, &inner[i], room[i]);
    return CKR_OK;
}

/* Asks for one template alone, unless the token has answered for it already. *reported: the token
 * reports whether this key has the template. */
static CK_RV read_one(struct p11 *p, CK_OBJECT_HANDLE handle, enum key_template_use use,
                      const struct p11_template_lens *lens, struct key_template *out,
                      bool *reported)
{
    CK_ATTRIBUTE whole = {p11_template_types[use], NULL, lens->len[use]};
    CK_RV rv = CKR_OK;

    if (!(lens->answered & UINT32_C(1) << use)) {
        rv = p->fn->C_GetAttributeValue(p->session, handle, &whole, 1);
        if (rv == CKR_OK || ckr_is_reticent(rv))
            p->plain_templates |= UINT32_C(1) << use;
    }
    *reported = rv == CKR_OK && whole.ulValueLen != CK_UNAVAILABLE_INFORMATION;
    if (ckr_is_reticent(rv) || (rv == CKR_OK && !*reported))
        return CKR_OK;
    return rv == CKR_OK ? read_content(p, handle, use, whole.ulValueLen, out) : rv;
}

/* Can this template matter? Only for a use that the key has or could be given. */
static bool may_matter(const struct key_desc *key, enum key_template_use use)
{
    static const uint32_t uses[KEY_TEMPLATES] = {
        [KEY_TEMPLATE_WRAP] = KEY_WRAP,
        [KEY_TEMPLATE_UNWRAP] = KEY_UNWRAP,
        [KEY_TEMPLATE_DERIVE] = KEY_DERIVE,
    };

    return (key_is_movable_class(key) || key->class == KEY_CLASS_PUBLIC) &&
           !(key_is_not(key, uses[use]) && key_is_not(key, KEY_MODIFIABLE));
}

bool p11_templates_read(struct p11 *p, const struct p11_template_lens *lens, struct key_desc *key,
                        struct err *err)
{
    for (enum key_template_use use = 0; use < KEY_TEMPLATES; use++) {
        CK_RV rv;
        bool reported;
        if (!may_matter(key, use))
            continue;
        rv = read_one(p, (CK_OBJECT_HANDLE)key->handle, use, lens, &key->constraints.templates[use],
                      &reported);
        if (p11_ends_reading(rv))
            return ckr_set(err, rv, "object %" PRIu64 " cannot be read (C_GetAttributeValue)",
                           key->handle);
        if (reported)
            key->constraints.known |= KEY_TEMPLATE;
        if (rv != CKR_OK && !(p->mute_templates & UINT32_C(1) << use) && !key->unread[0])
            text_print(key->unread, sizeof key->unread, "%s: %s", key_template_name(use),
                       ckr_name(rv));
    }
    return true;
}

bool p11_templates_answered(const struct p11 *p)
{
    return p->plain_templates == (UINT32_C(1) << KEY_TEMPLATES) - 1;
}

uint32_t p11_templates_mute(struct p11 *p, CK_OBJECT_HANDLE handle)
{
    const struct p11_template_lens unasked = {0};
    uint32_t mute = 0;

    for (enum key_template_use use = 0; use < KEY_TEMPLATES; use++) {
        struct key_template ignored;
        bool reported;
        CK_RV rv = read_one(p, handle, use, &unasked, &ignored, &reported);
        if (rv != CKR_OK && !p11_ends_reading(rv))
            mute |= UINT32_C(1) << use;
    }
    return mute;
}

static void fill(struct p11_attrs *t, const struct key_template *template)
{
    CK_OBJECT_CLASS class;
    CK_KEY_TYPE type;

    *t = (struct p11_attrs){0};
    if (p11_class_number(template->class, &class))
        p11_attrs_number(t, CKA_CLASS, class);
    if (p11_kind_number(template->kind, &type))
        p11_attrs_number(t, CKA_KEY_TYPE, type);
    for (size_t i = 0; i < KEY_FLAGS; i++)
        if (template->named & p11_flags[i].flag)
            p11_attrs_bool(t, p11_flags[i].type, (template->flags & p11_flags[i].flag) != 0);
}

void p11_templates_add(struct p11_attrs *t, const struct key_constraints *constraints,
                       struct p11_attrs nested[KEY_TEMPLATES])
{
    for (size_t i = 0; i < KEY_TEMPLATES; i++) {
        if (!key_template_is_set(&constraints->templates[i]) || (t->omit & omits[i]))
            continue;
        fill(&nested[i], &constraints->templates[i]);
        p11_attrs_add(t, p11_template_types[i], nested[i].attr,
                      nested[i].count * sizeof nested[i].attr[0]);
    }
}

uint32_t p11_templates_omitted(uint32_t omit)
{
    uint32_t uses = 0;

    for (size_t i = 0; i < KEY_TEMPLATES; i++)
        if (omit & omits[i])
            uses |= UINT32_C(1) << i;
    return uses;
}
