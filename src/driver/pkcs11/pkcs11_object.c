/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/pkcs11/pkcs11_object.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "driver/dialect/ckname.h"
#include "driver/dialect/ckr.h"
#include "driver/pkcs11/pkcs11_kem_public.h"
#include "driver/pkcs11/pkcs11_publics.h"
#include "driver/pkcs11/pkcs11_seen.h"
#include "driver/pkcs11/pkcs11_template.h"
#include "hsm/halves.h"
#include "hsm/spki.h"

/* --- describing an object --- */

static void set_class(const struct p11_object *o, struct key_desc *key)
{
    CK_ULONG class, type;

    if (!p11_number(o, P11_CLASS, &class))
        return;
    key->class = p11_class_of(class);
    text_print(key->type_name, sizeof key->type_name, "%s", cko_name(class));
    if (key->class == KEY_CLASS_CERTIFICATE || key->class == KEY_CLASS_DATA)
        key->kind = KEY_KIND_NONE;
    if (key->class == KEY_CLASS_OTHER || key->kind == KEY_KIND_NONE ||
        !p11_number(o, P11_KEY_TYPE, &type))
        return;
    key->kind = p11_kind_of(type);
    ckk_text(type, key->type_name, sizeof key->type_name);
}

/* SoftHSM reports a length of 0 if it does not know the length. */
static void set_length(const struct p11_object *o, struct key_desc *key)
{
    CK_ULONG length = 0;

    if (key->kind == KEY_KIND_DES3)
        length = 24;
    else if (!p11_number(o, P11_VALUE_LEN, &length) || length > HSM_BLOB_MAX)
        return;
    key->length = (uint32_t)length;
    key->bits = 8 * key->length;
}

/* A number that is no set of this kind is shown as it is. */
static void set_set(const struct p11_object *o, struct key_desc *key)
{
    const struct key_set *set = key_set_numbered(key->kind, o->set);

    if (set)
        text_print(key->curve, sizeof key->curve, "%s", set->name);
    else if (o->set)
        text_print(key->curve, sizeof key->curve, "set %lu", o->set);
}

static void set_size(const struct p11_object *o, struct key_desc *key)
{
    if (key->class == KEY_CLASS_SECRET)
        set_length(o, key);
    else if (key->kind == KEY_KIND_RSA)
        key->bits = spki_modulus_bits(o->field[P11_MODULUS]);
    else if (key_kind_has_numbers(key->kind))
        set_set(o, key);
    else if (key_kind_is(key->kind, KEY_FAMILY_PAIR))
        spki_curve(o->field[P11_EC_PARAMS], key->curve, &key->bits);
}

/* Builds the public half from the object's own attributes. */
static bool own_public(const struct p11_object *o, const struct key_desc *key, struct bytes *spki)
{
    const struct key_set *set = key_set_named(key->curve);

    if (key->class != KEY_CLASS_PRIVATE && key->class != KEY_CLASS_PUBLIC)
        return false;
    if (key->kind == KEY_KIND_RSA)
        return spki_from_rsa(o->field[P11_MODULUS], o->field[P11_EXPONENT], spki);
    if (key->kind != KEY_KIND_EC)
        return set && (set->number ? o->public.data &&
                                         spki_write_set(set, o->public.data, o->public.len, spki)
                                   : spki_from_octets(set, o->field[P11_EC_POINT], spki));
    return spki_from_ec(o->field[P11_EC_PARAMS], o->field[P11_EC_POINT], spki) ||
           spki_from_ec(o->field[P11_EC_PARAMS], o->field[P11_NSS_POINT], spki);
}

static void set_public(struct key_desc *key, const struct bytes *spki)
{
    key->has_public = spki_sha256(spki, key->spki_sha256);
}

/* Only the check value of a cipher key, which is computed when the key is created. For a generic
 * secret the check value is a hash of the value, from which a password could be guessed. */
static void set_kcv(const struct p11_object *o, struct key_desc *key)
{
    const struct view *value = &o->field[P11_KCV];

    if (!key_kind_is(key->kind, KEY_FAMILY_CIPHER) || value->len != sizeof key->kcv)
        return;
    memcpy(key->kcv, value->data, sizeof key->kcv);
    key->kcv_len = sizeof key->kcv;
}

/* Only a key that was generated inside can always have been sensitive. So a key with
 * ALWAYS_SENSITIVE and without LOCAL is on a token that does not maintain LOCAL: NSS reports LOCAL
 * as false for every key. */
static void set_flags(const struct p11_object *o, struct key_desc *key)
{
    key->flags = o->flags;
    key->flags_known = o->flags_known;
    if ((key->flags & KEY_ALWAYS_SENSITIVE) && !(key->flags & KEY_LOCAL))
        key->flags_known &= ~(uint32_t)KEY_LOCAL;
}

static void set_constraints(const struct p11_object *o, struct key_desc *key)
{
    const struct view *start = &o->field[P11_START_DATE], *end = &o->field[P11_END_DATE];
    const struct view *allowed = &o->field[P11_ALLOWED_MECHANISMS];
    CK_MECHANISM_TYPE numbers[KEY_ALLOWED_MAX];
    uint64_t wide[KEY_ALLOWED_MAX];
    size_t count = allowed->len / sizeof numbers[0];

    if (start->data || end->data)
        key_set_dates(key, start->data, start->len, end->data, end->len);
    if (o->dates_hidden)
        key->constraints.known |= KEY_DATES_HIDDEN;
    if (allowed->data) {
        size_t held = count < KEY_ALLOWED_MAX ? count : KEY_ALLOWED_MAX;
        memcpy(numbers, allowed->data, held * sizeof numbers[0]);
        for (size_t i = 0; i < held; i++)
            wide[i] = numbers[i];
        key_set_allowed(key, wide, count);
    }
    if (o->field[P11_SUBJECT].data)
        key_set_subject(key, o->field[P11_SUBJECT].data, o->field[P11_SUBJECT].len);
}

void p11_object_key(const struct p11_object *o, uint64_t handle, struct key_desc *key,
                    struct bytes *spki)
{
    struct bytes own = {0};

    *key = (struct key_desc){.handle = handle};
    set_class(o, key);
    set_size(o, key);
    set_flags(o, key);
    key_set_label(key, o->field[P11_LABEL].data, o->field[P11_LABEL].len);
    key_set_id(key, o->field[P11_ID].data, o->field[P11_ID].len);
    set_kcv(o, key);
    set_constraints(o, key);
    if (o->failed && key_is_movable_class(key))
        text_print(key->unread, sizeof key->unread, "%s: %s", o->failed, ckr_name(o->failure));
    if (own_public(o, key, &own))
        set_public(key, &own);
    if (spki && key->has_public)
        *spki = own;
    else
        bytes_free(&own);
}

/* What is read of one object; {0} is empty and valid. Freed with bytes_free(&spki). */
struct reading {
    struct key_desc key;
    struct bytes spki; /* if key.has_public */
    struct p11_template_lens lens;
};

static bool read_key(struct p11 *p, uint64_t handle, struct reading *r, struct err *err)
{
    struct p11_object o;

    r->key = (struct key_desc){.handle = handle};
    if (!p11_read(p, (CK_OBJECT_HANDLE)handle, &o, err))
        return false;
    p11_object_key(&o, handle, &r->key, &r->spki);
    r->lens = o.lens;
    return true;
}

/* --- finding --- */

/* Collects the results of the search that was started. */
static bool collect(struct p11 *p, uint64_t **handles, size_t *count, struct err *err)
{
    CK_OBJECT_HANDLE found[256];
    CK_ULONG got;

    do {
        uint64_t *grown;
        CK_RV rv;
        got = 0;
        rv = p->fn->C_FindObjects(p->session, found, 256, &got);
        if (rv != CKR_OK)
            return ckr_set(err, rv, "the objects cannot be listed (C_FindObjects)");
        if (got > 256 || got > HSM_OBJECTS_MAX - *count)
            return err_set(err, ERR_HSM, "the token has more than %d objects", HSM_OBJECTS_MAX);
        grown = reallocarray(*handles, *count + got + 1, sizeof *grown);
        if (!grown)
            return err_set(err, ERR_FAILED, "out of memory");
        *handles = grown;
        for (CK_ULONG i = 0; i < got; i++)
            grown[(*count)++] = found[i];
    } while (got > 0);
    return true;
}

bool p11_find(struct p11 *p, struct p11_attrs *with, uint64_t **handles, size_t *count,
              struct err *err)
{
    CK_RV rv = p->fn->C_FindObjectsInit(p->session, with->attr, with->count);
    uint64_t *found = NULL;
    size_t n = 0;
    bool ok;

    if (rv != CKR_OK)
        return ckr_set(err, rv, "the objects cannot be listed (C_FindObjectsInit)");
    ok = collect(p, &found, &n, err);
    p->fn->C_FindObjectsFinal(p->session);
    if (!ok) {
        free(found);
        return false;
    }
    qsort(found, n, sizeof *found, key_compare_handles);
    *handles = found;
    *count = n;
    return true;
}

/* The login took the inventory already, and the first question after it is for the inventory. */
bool p11_handles(struct hsm *hsm, uint64_t **handles, size_t *count, struct err *err)
{
    struct p11 *p = p11_of(hsm);
    uint64_t *copy;

    if (!p->entered)
        return p11_find(p, &(struct p11_attrs){0}, handles, count, err);
    p->entered = false;
    copy = reallocarray(NULL, p->known.before_count + 1, sizeof *copy);
    if (!copy)
        return err_set(err, ERR_FAILED, "out of memory");
    memcpy(copy, p->known.before, p->known.before_count * sizeof *copy);
    *handles = copy;
    *count = p->known.before_count;
    return true;
}

/* --- one object --- */

static bool find_publics(struct p11 *p, const struct key_desc *key, uint64_t **handles,
                         size_t *count, struct err *err)
{
    struct p11_attrs with = {0};

    p11_attrs_number(&with, CKA_CLASS, CKO_PUBLIC_KEY);
    p11_attrs_add(&with, CKA_ID, key->id, key->id_len);
    return p11_find(p, &with, handles, count, err);
}

/* Takes the public half from the objects with the same id; if two of them differ, from neither. The
 * result "none" must be certain, because a caller that gets it takes the key for a different
 * one. */
static bool borrow_half(struct p11 *p, struct key_desc *key, struct bytes *spki, struct err *err)
{
    uint64_t *handles;
    size_t count;
    struct err why = {0};
    bool ambiguous = false, ok = true, known = p11_publics_with_id(p, key, &handles, &count);

    if (!known && !find_publics(p, key, &handles, &count, err))
        return false;
    for (size_t i = 0; ok && i < count; i++) {
        struct reading half = {0};
        ok = read_key(p, handles[i], &half, &why);
        if (ok && halves_fit(key, &half.key)) {
            ambiguous = ambiguous || (spki->len > 0 && !bytes_equal(spki, &half.spki));
            ok = bytes_set(spki, half.spki.data, half.spki.len, &why);
        }
        bytes_free(&half.spki);
    }
    free(handles);
    if (ambiguous || !ok)
        bytes_free(spki);
    else if (spki->len > 0)
        set_public(key, spki);
    if (known && why.code == ERR_NO_INPUT) {
        p11_publics_forget(p); /* one of them was destroyed: what is there now? */
        return borrow_half(p, key, spki, err);
    }
    if (!ok && err)
        *err = why;
    return ok;
}

/* Reads the object, unless a reading is at hand that this request may use. */
static bool read_with_half(struct p11 *p, uint64_t handle, enum p11_request request,
                           struct reading *r, struct err *err)
{
    return (p11_seen_take(p, handle, request, &r->key, &r->spki, &r->lens) ||
            read_key(p, handle, r, err)) &&
           (!halves_lacks(&r->key) || borrow_half(p, &r->key, &r->spki, err));
}

bool p11_describe(struct hsm *hsm, uint64_t handle, struct key_desc *key, struct err *err)
{
    struct p11 *p = p11_of(hsm);
    struct reading r = {0};
    bool ok = read_with_half(p, handle, P11_DESCRIBE, &r, err) &&
              p11_templates_read(p, &r.lens, &r.key, err);

    if (ok) {
        p11_seen_keep(p, &r.key, &r.spki, &r.lens, 1U << P11_PUBLIC | 1U << P11_PROVE);
        *key = r.key;
    }
    bytes_free(&r.spki);
    return ok;
}

bool p11_public_key(struct hsm *hsm, uint64_t handle, struct bytes *spki, struct err *err)
{
    struct reading r = {0};
    bool ok = read_with_half(p11_of(hsm), handle, P11_PUBLIC, &r, err);

    if (ok && r.spki.len == 0 && p11_kem_public(p11_of(hsm), handle, spki))
        return true;
    if (ok && r.spki.len == 0)
        return err_set(err, ERR_UNSUPPORTED, "the public half of this object is not available");
    if (ok)
        *spki = r.spki;
    else
        bytes_free(&r.spki);
    return ok;
}

/* --- all objects --- */

/* Is it a temporary object of this session? Any other object that reports CKA_TOKEN as false is a
 * token object nevertheless: an interrupted C_CopyObject of SoftHSM leaves a complete key in that
 * state. */
static bool is_our_temporary(struct p11 *p, const struct key_desc *key)
{
    struct p11 *login = p11_lock(p);
    bool live;

    handles_made(&login->known, key->handle, &live);
    p11_unlock(login);
    return live && key_is_not(key, KEY_TOKEN);
}

/* Reads the templates as well, if empty ones take no further call. To determine this, the first key
 * is asked for each of them alone. */
static bool read_demands(struct p11 *p, struct reading *r, struct err *err)
{
    const uint32_t all = (UINT32_C(1) << KEY_TEMPLATES) - 1;

    if (!p->templates_tried && !p->templates_alone && key_is_movable_class(&r->key)) {
        p->templates_tried = true;
        p11_templates_mute(p, (CK_OBJECT_HANDLE)r->key.handle);
    }
    return r->lens.answered != all || p11_templates_read(p, &r->lens, &r->key, err);
}

/* Adds one object to the list. If it cannot be read in two attempts, it is listed as unreadable, as
 * long as the HSM answers: a single fault must not hide it. A temporary object of this session is
 * not listed. */
static bool list_one(struct p11 *p, uint64_t handle, struct key_list *list, struct err *err)
{
    struct reading r = {0};

    if (!read_key(p, handle, &r, err) && (err->code == ERR_GONE || !read_key(p, handle, &r, err))) {
        if (err->code == ERR_GONE)
            return false;
        /* SoftHSM's answer for an incomplete object, which has nothing to read later either */
        if (err->hsm_code != CKR_ATTRIBUTE_VALUE_INVALID)
            text_print(r.key.unread, sizeof r.key.unread, "%s", err->hsm_name);
        err_clear(err);
    }
    bytes_free(&r.spki);
    if (!read_demands(p, &r, err))
        return false;
    if (is_our_temporary(p, &r.key))
        return true;
    if (!key_list_add(list, &r.key))
        return err_set(err, ERR_FAILED, "out of memory");
    return true;
}

bool p11_list_some(struct hsm *hsm, const uint64_t *handles, size_t count, bool last,
                   struct key_list *list, struct err *err)
{
    struct p11 *p = p11_of(hsm);
    struct err failure = {0};
    bool ok = true;

    for (size_t i = 0; ok && i < count; i++)
        ok = list_one(p, handles[i], list, &failure);
    ok = ok && (!last || halves_match(list, &failure));
    if (ok && last)
        p11_publics_listed(p, list);
    if (!ok && err)
        *err = failure;
    return ok;
}

bool p11_list(struct hsm *hsm, struct key_list *list, struct err *err)
{
    struct key_list found = {0};
    uint64_t *handles;
    size_t count;
    bool ok;

    p11_of(hsm)->entered = false;
    if (!p11_find(p11_of(hsm), &(struct p11_attrs){0}, &handles, &count, err))
        return false;
    ok = p11_list_some(hsm, handles, count, true, &found, err);
    free(handles);
    if (ok)
        *list = found;
    else
        key_list_free(&found);
    return ok;
}
