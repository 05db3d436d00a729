/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/pkcs11/pkcs11_temp.h"

#include <stdlib.h>
#include <string.h>

#include "driver/dialect/ckr.h"
#include "driver/pkcs11/pkcs11_object.h"
#include "driver/pkcs11/pkcs11_publics.h"
#include "driver/pkcs11/pkcs11_read.h"
#include "driver/pkcs11/pkcs11_seen.h"

/* --- temporary objects --- */

static struct p11_temp *find(const struct p11 *login, CK_OBJECT_HANDLE handle)
{
    for (size_t i = 0; i < login->temp_count; i++)
        if (login->temps[i].handle == handle)
            return &login->temps[i];
    return NULL;
}

static bool add_temp(struct p11 *login, const struct p11 *owner, CK_OBJECT_HANDLE handle)
{
    struct p11_temp *grown = reallocarray(login->temps, login->temp_count + 1, sizeof *grown);

    if (!grown)
        return false;
    grown[login->temp_count++] = (struct p11_temp){.handle = handle, .owner = owner};
    login->temps = grown;
    return true;
}

static void forget(struct p11 *login, CK_OBJECT_HANDLE handle)
{
    struct p11_temp *temp = find(login, handle);

    login->entered = false;
    if (temp)
        *temp = login->temps[--login->temp_count];
    handles_gone(&login->known, handle);
    p11_seen_gone(login, handle);
    p11_publics_gone(login, handle);
}

void p11_gone(struct p11 *p, CK_OBJECT_HANDLE handle)
{
    struct p11 *login = p11_lock(p);

    forget(login, handle);
    p11_unlock(login);
}

void p11_temps_gone(struct p11 *p)
{
    struct p11 *login = p11_lock(p);

    for (size_t i = login->temp_count; i-- > 0;)
        if (login->temps[i].owner == p)
            forget(login, login->temps[i].handle);
    p11_unlock(login);
}

void p11_temp_defer(struct p11 *p, CK_OBJECT_HANDLE handle, uint32_t guards)
{
    struct p11 *login = p11_lock(p);
    struct p11_temp *temp = find(login, handle);

    if (temp)
        temp->deferred = guards;
    p11_unlock(login);
}

uint32_t p11_temp_deferred(struct p11 *p, CK_OBJECT_HANDLE handle)
{
    struct p11 *login = p11_lock(p);
    const struct p11_temp *temp = find(login, handle);
    uint32_t deferred = temp ? temp->deferred : 0;

    p11_unlock(login);
    return deferred;
}

/* --- checking a created object --- */

/* Does this object, read by its handle, have the requested label and CKA_TOKEN? */
static CK_RV check(struct p11 *p, CK_OBJECT_HANDLE handle, const struct p11_asked *asked,
                   struct p11_object *o)
{
    const struct view *label = &o->field[P11_LABEL];
    struct err err = {0};

    if (!p11_read(p, handle, o, &err))
        return err.hsm_code ? (CK_RV)err.hsm_code : CKR_HOST_MEMORY;
    if (!(o->flags_known & KEY_TOKEN) && o->failed)
        return o->failure;
    if (label->len != asked->label_len || asked->label_len > KEY_LABEL_MAX ||
        (asked->label_len && memcmp(label->data, asked->label, asked->label_len) != 0) ||
        !(o->flags_known & KEY_TOKEN) || !(o->flags & KEY_TOKEN) != !asked->token)
        return CKR_OURS_NOT_ASKED;
    return CKR_OK;
}

/* Reads the object into *o. */
static CK_RV judge(struct p11 *p, CK_OBJECT_HANDLE handle, const struct p11_asked *asked,
                   struct p11_object *o)
{
    struct p11 *login;
    bool fresh;

    if (handle == CK_INVALID_HANDLE)
        return CKR_DEVICE_ERROR;
    login = p11_lock(p);
    login->entered = false;
    fresh = handles_is_new(&login->known, handle);
    p11_unlock(login);
    return fresh ? check(p, handle, asked, o) : CKR_OURS_NOT_NEW;
}

static bool is_alone(struct p11 *p)
{
    struct p11 *login = p11_lock(p);
    bool alone = login->further == 0;

    p11_unlock(login);
    return alone;
}

/* The search result is not trusted: each object is checked separately. Nothing is destroyed while
 * another session is open: an object that the other session has just created, and not yet recorded,
 * would look like a leftover. */
void p11_sweep(struct p11 *p, const struct p11_asked *asked)
{
    struct p11_attrs with = {0};
    struct p11_object o;
    uint64_t *found;
    size_t count;

    p11_attrs_bool(&with, CKA_TOKEN, asked->token);
    p11_attrs_add(&with, CKA_LABEL, asked->label, asked->label_len);
    if (!is_alone(p) || !p11_find(p, &with, &found, &count, NULL))
        return;
    for (size_t i = 0; i < count; i++)
        if (judge(p, (CK_OBJECT_HANDLE)found[i], asked, &o) == CKR_OK)
            p->fn->C_DestroyObject(p->session, (CK_OBJECT_HANDLE)found[i]);
    free(found);
}

static bool note(struct p11 *p, CK_OBJECT_HANDLE handle, bool token)
{
    struct p11 *login = p11_lock(p);
    bool ok = (token || add_temp(login, p, handle)) && handles_add(&login->known, handle, NULL);

    if (!ok)
        forget(login, handle);
    p11_unlock(login);
    return ok;
}

/* The object is described next, and if the session changes it, that is done right after this. */
static void keep(struct p11 *p, CK_OBJECT_HANDLE handle, const struct p11_object *o)
{
    struct key_desc key;
    struct bytes spki = {0};

    p11_object_key(o, handle, &key, &spki);
    p11_seen_keep(p, &key, &spki, &o->lens, 1U << P11_DESCRIBE | 1U << P11_PUBLIC);
    bytes_free(&spki);
    p11_publics_made(p, &key);
}

CK_RV p11_made(struct p11 *p, CK_RV rv, CK_OBJECT_HANDLE handle, const struct p11_asked *asked)
{
    struct p11_object o;

    if (rv == CKR_OK)
        rv = judge(p, handle, asked, &o);
    if (rv == CKR_OK && !note(p, handle, asked->token))
        rv = CKR_HOST_MEMORY;
    if (rv == CKR_OK)
        keep(p, handle, &o);
    if (rv == CKR_OURS_NOT_NEW || rv == CKR_OURS_NOT_ASKED)
        p->lie = rv;
    if (rv != CKR_OK && !asked->token)
        p11_sweep(p, asked);
    return rv;
}

CK_RV p11_made_pair(struct p11 *p, CK_RV rv, CK_OBJECT_HANDLE private, CK_OBJECT_HANDLE public,
                    const struct p11_asked *asked)
{
    if (rv == CKR_OK && private == public)
        rv = p->lie = CKR_OURS_NOT_NEW;
    rv = p11_made(p, rv, private, asked);
    if (rv != CKR_OK)
        return rv;
    rv = p11_made(p, rv, public, asked);
    if (rv != CKR_OK)
        p11_unmake(p, private);
    return rv;
}

/* The object exists after all. */
static void restore(struct p11 *p, CK_OBJECT_HANDLE handle, const struct p11_temp *was)
{
    struct p11 *login = p11_lock(p);

    if (was->handle == handle && add_temp(login, was->owner, handle))
        find(login, handle)->deferred = was->deferred;
    handles_add(&login->known, handle, NULL);
    p11_unlock(login);
}

/* The number of an object is free as soon as it is destroyed, and another session may create one
 * that gets it: so it is forgotten first. */
CK_RV p11_unmake(struct p11 *p, CK_OBJECT_HANDLE handle)
{
    struct p11 *login = p11_lock(p);
    bool live, ours = handles_made(&login->known, handle, &live);
    const struct p11_temp *temp = find(login, handle);
    const struct p11_temp was = temp ? *temp : (struct p11_temp){.handle = CK_INVALID_HANDLE};
    CK_RV rv;

    if (live)
        forget(login, handle);
    p11_unlock(login);
    if (!ours)
        return CKR_OURS_NOT_MADE;
    if (!live)
        return CKR_OK;
    rv = p->fn->C_DestroyObject(p->session, handle);
    if (rv == CKR_OK || rv == CKR_OBJECT_HANDLE_INVALID)
        return CKR_OK;
    restore(p, handle, &was);
    return rv;
}
