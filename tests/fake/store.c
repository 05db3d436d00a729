/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fake/store.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "hsm/hsm.h"
#include "tests/fake/crypto.h"

enum { FIELD_MAX = 4096 }; /* octets of one field of the file */

static void set_curve(struct key_desc *desc, const EVP_PKEY *pkey)
{
    static const struct {
        const char *group, *curve;
    } curves[] = {{"prime256v1", "P-256"}, {"secp384r1", "P-384"}, {"secp521r1", "P-521"}};
    char group[32] = "";

    EVP_PKEY_get_utf8_string_param(pkey, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group, NULL);
    for (size_t i = 0; i < sizeof curves / sizeof curves[0]; i++)
        if (strcmp(curves[i].group, group) == 0)
            text_print(desc->curve, sizeof desc->curve, "%s", curves[i].curve);
}

static void set_public(struct key_desc *desc, EVP_PKEY *pkey)
{
    uint8_t *der = NULL;
    int len = i2d_PUBKEY(pkey, &der);

    desc->has_public =
        len > 0 && EVP_Digest(der, (size_t)len, desc->spki_sha256, NULL, EVP_sha256(), NULL) == 1;
    OPENSSL_free(der);
}

/* As PKCS#11 defines CKA_CHECK_VALUE (v2.40 4.10.2): AES encrypts zeros, others give their SHA-1.
 */
static void set_kcv(struct object *o)
{
    uint8_t zeros[16] = {0}, digest[EVP_MAX_MD_SIZE];
    struct bytes answer = {0};
    struct key_desc *d = &o->desc;

    if (d->kind == KEY_KIND_AES &&
        crypto_prove(HSM_PROOF_KCV_ECB, o, &(struct bytes){zeros, sizeof zeros}, &answer))
        memcpy(d->kcv, answer.data, sizeof d->kcv);
    else if (EVP_Digest(o->value.data, o->value.len, digest, NULL, EVP_sha1(), NULL) == 1)
        memcpy(d->kcv, digest, sizeof d->kcv);
    d->kcv_len = sizeof d->kcv;
    bytes_free(&answer);
}

static void describe_value(struct object *o)
{
    struct key_desc *d = &o->desc;
    static const char *const types[KEY_KINDS] = {
        [KEY_KIND_AES] = "CKK_AES",
        [KEY_KIND_GENERIC] = "CKK_GENERIC_SECRET",
        [KEY_KIND_RSA] = "CKK_RSA",
        [KEY_KIND_EC] = "CKK_EC",
        [KEY_KIND_NONE] = "CKO_CERTIFICATE",
        [KEY_KIND_HMAC_SHA1] = "CKK_SHA_1_HMAC",
        [KEY_KIND_HMAC_SHA224] = "CKK_SHA224_HMAC",
        [KEY_KIND_HMAC_SHA256] = "CKK_SHA256_HMAC",
        [KEY_KIND_HMAC_SHA384] = "CKK_SHA384_HMAC",
        [KEY_KIND_HMAC_SHA512] = "CKK_SHA512_HMAC",
    };

    /* no token reports the uses of ML-KEM of other keys */
    d->flags_known =
        ((UINT32_C(1) << KEY_FLAGS) - 1) & ~(uint32_t)(KEY_ENCAPSULATE | KEY_DECAPSULATE);
    text_print(d->type_name, sizeof d->type_name, "%s", types[d->kind] ? types[d->kind] : "");
    if (o->pkey) {
        d->bits = (uint32_t)EVP_PKEY_get_bits(o->pkey);
        if (d->kind == KEY_KIND_EC)
            set_curve(d, o->pkey);
        set_public(d, o->pkey);
    } else if (d->class == KEY_CLASS_SECRET) {
        d->length = (uint32_t)o->value.len;
        d->bits = 8 * d->length;
        if (o->value.len > 0)
            set_kcv(o);
    }
}

static EVP_PKEY *parse_key(const struct key_desc *desc, const uint8_t *der, size_t len)
{
    const uint8_t *at = der;
    EVP_PKEY *pkey = NULL;

    if (desc->class == KEY_CLASS_PUBLIC)
        pkey = d2i_PUBKEY(NULL, &at, (long)len);
    else
        pkey = d2i_AutoPrivateKey(NULL, &at, (long)len);
    int id = pkey ? EVP_PKEY_get_base_id(pkey) : EVP_PKEY_NONE;
    if ((desc->kind == KEY_KIND_RSA && id == EVP_PKEY_RSA) ||
        (desc->kind == KEY_KIND_EC && id == EVP_PKEY_EC))
        return pkey;
    EVP_PKEY_free(pkey);
    return NULL;
}

static bool secret_fits(const struct key_desc *desc, size_t len)
{
    if (desc->kind == KEY_KIND_AES)
        return len == 16 || len == 24 || len == 32;
    return key_kind_is(desc->kind, KEY_FAMILY_VALUE) && len > 0;
}

struct object *object_of(const struct key_desc *desc, EVP_PKEY *pkey)
{
    struct object *o = calloc(1, sizeof *o);
    if (!o)
        return NULL;
    o->desc = *desc;
    o->pkey = pkey;
    describe_value(o);
    return o;
}

struct object *object_new(const struct key_desc *desc, const void *value, size_t len)
{
    EVP_PKEY *pkey = NULL;

    if (desc->class == KEY_CLASS_PRIVATE || desc->class == KEY_CLASS_PUBLIC) {
        pkey = parse_key(desc, value, len);
        if (!pkey)
            return NULL;
    } else if (desc->class == KEY_CLASS_SECRET && !secret_fits(desc, len)) {
        return NULL;
    }
    struct object *o = object_of(desc, pkey);
    if (!o) {
        EVP_PKEY_free(pkey);
        return NULL;
    }
    if (desc->class == KEY_CLASS_SECRET || (desc->class == KEY_CLASS_CERTIFICATE && len > 0)) {
        if (!bytes_set(&o->value, value, len, NULL)) {
            object_free(o);
            return NULL;
        }
        describe_value(o);
    }
    return o;
}

static bool take_der(uint8_t *der, int len, struct bytes *out)
{
    bool ok = len > 0 && bytes_set(out, der, (size_t)len, NULL);
    OPENSSL_clear_free(der, len > 0 ? (size_t)len : 0);
    return ok;
}

bool object_value(const struct object *o, struct bytes *value)
{
    uint8_t *der = NULL;
    int len;

    if (!o->pkey)
        return bytes_set(value, o->value.data, o->value.len, NULL);
    if (o->desc.class == KEY_CLASS_PUBLIC) {
        len = i2d_PUBKEY(o->pkey, &der);
        return take_der(der, len, value);
    }

    PKCS8_PRIV_KEY_INFO *p8 = EVP_PKEY2PKCS8(o->pkey);
    len = p8 ? i2d_PKCS8_PRIV_KEY_INFO(p8, &der) : 0;
    PKCS8_PRIV_KEY_INFO_free(p8);
    return take_der(der, len, value);
}

void object_free(struct object *o)
{
    if (!o)
        return;
    bytes_free(&o->value);
    EVP_PKEY_free(o->pkey);
    free(o);
}

/* --- the store --- */

bool store_add(struct store *s, struct object *o, uint64_t *handle, struct err *err)
{
    if (o && s->count == s->room) {
        size_t room = s->room ? 2 * s->room : 64;
        struct object **objects = reallocarray(s->objects, room, sizeof(struct object *));
        if (objects) {
            s->objects = objects;
            s->room = room;
        }
    }
    if (!o || s->count == s->room) {
        object_free(o);
        return err_set_hsm(err, ERR_HSM, 0x31, "CKR_DEVICE_MEMORY", "no room for an object");
    }
    o->desc.handle = ++s->last;
    s->objects[s->count++] = o;
    if (handle)
        *handle = o->desc.handle;
    return true;
}

static size_t place_of(const struct store *s, uint64_t handle)
{
    size_t i = 0;
    while (i < s->count && s->objects[i]->desc.handle != handle)
        i++;
    return i;
}

struct object *store_find(const struct store *s, uint64_t handle)
{
    size_t i = place_of(s, handle);
    return i < s->count ? s->objects[i] : NULL;
}

void store_remove(struct store *s, uint64_t handle)
{
    size_t i = place_of(s, handle);
    if (i == s->count)
        return;
    object_free(s->objects[i]);
    s->count--;
    memmove(&s->objects[i], &s->objects[i + 1], (s->count - i) * sizeof(struct object *));
}

void store_clear(struct store *s)
{
    for (size_t i = 0; i < s->count; i++)
        object_free(s->objects[i]);
    free(s->objects);
    s->objects = NULL;
    s->count = s->room = 0;
}

/* --- the file: "wrong N", then for each object "CLASS KIND FLAGS xLABEL xID xVALUE" --- */

static void put_hex(FILE *f, const void *data, size_t len)
{
    char hex[2 * FIELD_MAX + 1];
    fprintf(f, " x%s", len <= FIELD_MAX ? text_hex(data, len, hex) : "");
}

static bool put_object(FILE *f, const struct object *o)
{
    struct bytes value = {0};

    if (!object_value(o, &value))
        return false;
    fprintf(f, "%d %d %" PRIu32, (int)o->desc.class, (int)o->desc.kind, o->desc.flags);
    put_hex(f, o->desc.label, o->desc.label_len);
    put_hex(f, o->desc.id, o->desc.id_len);
    put_hex(f, value.data, value.len);
    fputc('\n', f);
    bytes_free(&value);
    return true;
}

bool store_save(const struct store *s, struct err *err)
{
    char temporary[HSM_PATH_MAX + 32];
    bool ok = true;

    if (!s->path[0])
        return true;
    text_print(temporary, sizeof temporary, "%s.%ld", s->path, (long)getpid());
    FILE *f = fopen(temporary, "w");
    if (!f)
        return err_set_errno(err, ERR_HSM, errno, "%s cannot be written", temporary);
    fprintf(f, "wrong %u\n", s->wrong);
    for (size_t i = 0; i < s->count; i++)
        if (s->objects[i]->desc.flags & KEY_TOKEN)
            ok = put_object(f, s->objects[i]) && ok;
    ok = fclose(f) == 0 && ok;
    if (!ok || rename(temporary, s->path) != 0)
        return err_set_errno(err, ERR_HSM, errno, "%s cannot be written", s->path);
    return true;
}

/* The next word of a line, "x" and hex. */
static bool get_hex(char **line, uint8_t *out, size_t *len)
{
    char *word = strtok_r(NULL, " \n", line);

    *len = FIELD_MAX;
    return word && word[0] == 'x' && text_unhex(word + 1, out, len);
}

static bool get_object(struct store *s, char *line)
{
    uint8_t label[FIELD_MAX], id[FIELD_MAX], value[FIELD_MAX];
    size_t label_len, id_len, value_len;
    struct key_desc desc = {0};
    char *rest = NULL;

    char *word = strtok_r(line, " ", &rest);
    desc.class = word ? (enum key_class)atoi(word) : KEY_CLASS_OTHER;
    word = strtok_r(NULL, " ", &rest);
    desc.kind = word ? (enum key_kind)atoi(word) : KEY_KIND_OTHER;
    word = strtok_r(NULL, " ", &rest);
    desc.flags = word ? (uint32_t)strtoul(word, NULL, 10) : 0;
    if (!get_hex(&rest, label, &label_len) || !get_hex(&rest, id, &id_len) ||
        !get_hex(&rest, value, &value_len))
        return false;
    key_set_label(&desc, label, label_len);
    key_set_id(&desc, id, id_len);
    return store_add(s, object_new(&desc, value, value_len), NULL, NULL);
}

bool store_load(struct store *s, bool *found, struct err *err)
{
    char *line = NULL;
    size_t size = 0;

    FILE *f = s->path[0] ? fopen(s->path, "r") : NULL;
    *found = f != NULL;
    if (!f)
        return true;
    bool ok = fscanf(f, "wrong %u\n", &s->wrong) == 1;
    while (ok && getline(&line, &size, f) > 0)
        ok = get_object(s, line);
    free(line);
    fclose(f);
    return ok || err_set(err, ERR_HSM, "%s is not a fake token", s->path);
}
