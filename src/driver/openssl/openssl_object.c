/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/openssl/openssl_object.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "base/text.h"
#include "hsm/spki.h"
#include "driver/openssl/openssl_form.h"
#include "driver/openssl/openssl_memory.h"

struct openssl *openssl_of(struct hsm *hsm)
{
    return (struct openssl *)hsm;
}

struct openssl *openssl_logged_in(struct hsm *hsm, struct err *err)
{
    struct openssl *o = openssl_of(hsm);

    if (o->logged_in)
        return o;
    err_set(err, ERR_FAILED, "the key file is not open: there was no login");
    return NULL;
}

/* --- the objects --- */

struct openssl_object *openssl_find(struct openssl *o, uint64_t handle, struct err *err)
{
    for (size_t i = 0; i < o->count; i++)
        if (o->objects[i].desc.handle == handle)
            return &o->objects[i];
    err_set(err, ERR_NO_INPUT, "object %llu does not exist (any more)", (unsigned long long)handle);
    return NULL;
}

static void object_free(struct openssl_object *object)
{
    bytes_free(&object->public);
    secret_free(&object->value);
    EVP_PKEY_free(object->pkey);
}

bool openssl_add(struct openssl *o, struct openssl_object *object, uint64_t *handle,
                 struct err *err)
{
    if (o->count == o->room) {
        size_t more = o->room ? 2 * o->room : 16;
        struct openssl_object *grown = reallocarray(o->objects, more, sizeof *grown);
        if (!grown) {
            object_free(object);
            return err_set(err, ERR_FAILED, "no memory for an object");
        }
        o->objects = grown;
        o->room = more;
    }
    object->desc.handle = ++o->last;
    if (handle)
        *handle = object->desc.handle;
    o->objects[o->count++] = *object;
    return true;
}

bool openssl_drop(struct openssl *o, uint64_t handle)
{
    for (size_t i = 0; i < o->count; i++) {
        if (o->objects[i].desc.handle != handle || o->objects[i].number > 0)
            continue;
        object_free(&o->objects[i]);
        o->count--;
        memmove(&o->objects[i], &o->objects[i + 1], (o->count - i) * sizeof o->objects[0]);
        return true;
    }
    return false;
}

void openssl_drop_all(struct openssl *o)
{
    for (size_t i = 0; i < o->count; i++)
        object_free(&o->objects[i]);
    free(o->objects);
    o->objects = NULL;
    o->count = o->room = 0;
}

/* --- keys --- */

struct item_source openssl_source(const struct openssl *o, const struct secret *text)
{
    return (struct item_source){
        .libctx = o->libctx, .text = text, .passphrase = o->closed ? &o->passphrase : NULL};
}

bool openssl_spki(EVP_PKEY *pkey, struct bytes *spki, struct err *err)
{
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(pkey, &der);
    bool ok = len > 0 && bytes_set(spki, der, (size_t)len, err);

    OPENSSL_free(der);
    ERR_clear_error();
    return ok || err_set(err, ERR_UNSUPPORTED, "the public half of a key cannot be written");
}

/* A curve's NIST name if it has one, otherwise its name in OpenSSL. */
static void set_curve(EVP_PKEY *pkey, struct key_desc *key)
{
    char name[KEY_CURVE_MAX];
    int is_explicit = 0, nid;
    const char *nist;

    if (!EVP_PKEY_get_int_param(pkey, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS,
                                &is_explicit) ||
        !EVP_PKEY_get_group_name(pkey, name, sizeof name, NULL))
        is_explicit = 1;
    nid = is_explicit ? NID_undef : OBJ_sn2nid(name);
    nist = nid == NID_undef ? NULL : EC_curve_nid2nist(nid);
    text_print(key->curve, sizeof key->curve, "%s",
               is_explicit ? KEY_CURVE_EXPLICIT
               : nist      ? nist
                           : name);
}

void openssl_describe_key(EVP_PKEY *pkey, const struct bytes *spki, struct key_desc *key)
{
    const char *type = EVP_PKEY_get0_type_name(pkey);

    const struct key_set *set = spki_read_set(spki, NULL);

    key->kind = EVP_PKEY_is_a(pkey, "RSA")  ? KEY_KIND_RSA
                : EVP_PKEY_is_a(pkey, "EC") ? KEY_KIND_EC
                : set                       ? set->kind
                                            : KEY_KIND_OTHER;
    key->bits = (uint32_t)EVP_PKEY_get_bits(pkey);
    text_print(key->type_name, sizeof key->type_name, "%s", type ? type : "?");
    if (key->kind == KEY_KIND_EC)
        set_curve(pkey, key);
    else if (set)
        text_print(key->curve, sizeof key->curve, "%s", set->name);
    if (set)
        key->bits = set->bits;
    key->has_public = spki->len > 0;
    if (key->has_public)
        SHA256(spki->data, spki->len, key->spki_sha256);
    ERR_clear_error();
}

struct use {
    const struct openssl_object *object;
    openssl_use_fn *use;
    void *ctx;
    bool done;
};

static bool use_item(void *ctx, const struct item *item, struct err *err)
{
    struct use *use = ctx;
    struct bytes spki = {0};
    bool same = item->private && openssl_spki(item->private, &spki, NULL) &&
                bytes_equal(&spki, &use->object->public);

    bytes_free(&spki);
    if (!same)
        return err_set(err, ERR_CONFLICT, "the key file no longer opens to the key that it held");
    use->done = true;
    return use->use(item->private, use->ctx, err);
}

bool openssl_with_key(struct openssl *o, const struct openssl_object *object, openssl_use_fn *use,
                      void *ctx, struct err *err)
{
    struct use one = {object, use, ctx, false};
    struct secret text = {0};
    struct item_source from;
    bool ok;

    if (object->pkey)
        return use(object->pkey, ctx, err);
    if (object->number == 0 || object->desc.class != KEY_CLASS_PRIVATE)
        return err_set(err, ERR_UNSUPPORTED, "this object is not a private key");
    if (!key_file_read(&o->file, &text, err))
        return false;
    from = openssl_source(o, &text);
    ok = item_visit(&from, object->number, use_item, &one, err);
    secret_free(&text);
    openssl_stack_wipe();
    return ok && (one.done || err_set(err, ERR_CONFLICT, "the key file no longer holds the key"));
}

/* --- the contract --- */

bool openssl_list(struct hsm *hsm, struct key_list *list, struct err *err)
{
    struct openssl *o = openssl_logged_in(hsm, err);
    struct key_list found = {0};

    if (!o)
        return false;
    for (size_t i = 0; i < o->count; i++)
        if (!key_list_add(&found, &o->objects[i].desc)) {
            key_list_free(&found);
            return err_set(err, ERR_FAILED, "no memory for a list of %zu objects", o->count);
        }
    *list = found;
    return true;
}

bool openssl_handles(struct hsm *hsm, uint64_t **handles, size_t *count, struct err *err)
{
    struct openssl *o = openssl_logged_in(hsm, err);
    uint64_t *found = o ? calloc(o->count + 1, sizeof *found) : NULL;

    if (!o)
        return false;
    if (!found)
        return err_set(err, ERR_FAILED, "no memory for %zu handles", o->count);
    for (size_t i = 0; i < o->count; i++)
        found[i] = o->objects[i].desc.handle;
    *handles = found;
    *count = o->count;
    return true;
}

bool openssl_describe(struct hsm *hsm, uint64_t handle, struct key_desc *key, struct err *err)
{
    struct openssl *o = openssl_logged_in(hsm, err);
    const struct openssl_object *object = o ? openssl_find(o, handle, err) : NULL;

    if (object)
        *key = object->desc;
    return object;
}

bool openssl_public_key(struct hsm *hsm, uint64_t handle, struct bytes *spki, struct err *err)
{
    struct openssl *o = openssl_logged_in(hsm, err);
    const struct openssl_object *object = o ? openssl_find(o, handle, err) : NULL;

    if (!object)
        return false;
    if (!object->desc.has_public || object->desc.class == KEY_CLASS_CERTIFICATE)
        return err_set(err, ERR_UNSUPPORTED, "this object has no public half");
    return bytes_set(spki, object->public.data, object->public.len, err);
}

bool openssl_certificate(struct hsm *hsm, uint64_t handle, struct bytes *der, struct err *err)
{
    struct openssl *o = openssl_logged_in(hsm, err);
    const struct openssl_object *object = o ? openssl_find(o, handle, err) : NULL;

    if (!object)
        return false;
    if (object->desc.class != KEY_CLASS_CERTIFICATE)
        return err_set(err, ERR_UNSUPPORTED, "this object is not a certificate");
    return bytes_set(der, object->public.data, object->public.len, err);
}
