/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/openssl/openssl_read.h"

#include <stdio.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include "base/text.h"
#include "driver/openssl/openssl_form.h"
#include "driver/openssl/openssl_memory.h"

enum {
    GUARDS = KEY_PRIVATE | KEY_SENSITIVE | KEY_EXTRACTABLE | KEY_WRAP_WITH_TRUSTED |
             KEY_ALWAYS_AUTHENTICATE | KEY_ALWAYS_SENSITIVE | KEY_NEVER_EXTRACTABLE | KEY_LOCAL |
             KEY_TOKEN,
    /* a file binds no key further than by its passphrase */
    CONSTRAINTS = KEY_DATES | KEY_ALLOWED | KEY_TEMPLATE,
};

/* --- what a key is --- */

/* The uses of a private key of this kind. */
static uint32_t uses_of(enum key_kind kind)
{
    static const uint32_t uses[KEY_KINDS] = {
        [KEY_KIND_RSA] = KEY_SIGN | KEY_DECRYPT | KEY_UNWRAP,
        [KEY_KIND_EC] = KEY_SIGN | KEY_DERIVE,
        [KEY_KIND_EDWARDS] = KEY_SIGN,
        [KEY_KIND_MONTGOMERY] = KEY_DERIVE,
        [KEY_KIND_ML_DSA] = KEY_SIGN,
        [KEY_KIND_ML_KEM] = KEY_DECAPSULATE,
    };

    return (unsigned)kind < KEY_KINDS ? uses[kind] : 0;
}

/* Those that the keyUsage of a certificate allows (RFC 5280 section 4.2.1.3). */
static uint32_t uses_allowed(X509 *certificate)
{
    static const struct {
        uint32_t usage, uses;
    } rows[] = {
        {KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION | KU_KEY_CERT_SIGN | KU_CRL_SIGN, KEY_SIGN},
        {KU_KEY_ENCIPHERMENT, KEY_DECRYPT | KEY_UNWRAP},
        {KU_DATA_ENCIPHERMENT, KEY_DECRYPT},
        {KU_KEY_AGREEMENT, KEY_DERIVE},
    };
    const uint32_t usage = X509_get_key_usage(certificate); /* all ones: not restricted */
    uint32_t uses = 0;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (usage & rows[i].usage)
            uses |= rows[i].uses;
    return uses;
}

/* An HSM takes a private key that belongs to another public key, or breaks while it uses it. */
static bool belong_together(OSSL_LIB_CTX *libctx, EVP_PKEY *pkey)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(libctx, pkey, NULL);
    bool ok = ctx && EVP_PKEY_pairwise_check(ctx) == 1;

    EVP_PKEY_CTX_free(ctx);
    ERR_clear_error();
    return ok;
}

/* More than two prime factors (RFC 8017 section 3.2), which few HSMs take. */
static bool has_more_primes(EVP_PKEY *pkey)
{
    BIGNUM *third = NULL;
    bool has = EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_FACTOR3, &third);

    BN_clear_free(third);
    ERR_clear_error();
    return has;
}

static bool take_key(struct openssl *o, EVP_PKEY *pkey, enum key_class class,
                     struct openssl_object *object, struct err *err)
{
    struct key_desc *key = &object->desc;
    const bool private = class == KEY_CLASS_PRIVATE;

    if (!openssl_spki(pkey, &object->public, err))
        return false;
    key->class = class;
    key->flags = private ? KEY_TOKEN | KEY_PRIVATE | KEY_EXTRACTABLE : KEY_TOKEN;
    key->flags_known = KEY_USES | GUARDS;
    key->flags_known &= ~(uint32_t)(private ? KEY_LOCAL : GUARDS & ~KEY_TOKEN);
    key->constraints.known = CONSTRAINTS;
    openssl_describe_key(pkey, &object->public, key);
    if (!private)
        return true;
    key->flags |= uses_of(key->kind);
    if (key->kind == KEY_KIND_RSA && has_more_primes(pkey))
        text_print(key->unread, sizeof key->unread, "it has more than two prime factors");
    else if (key->kind != KEY_KIND_OTHER && !belong_together(o->libctx, pkey))
        text_print(key->unread, sizeof key->unread, "its two halves do not belong together");
    return true;
}

static bool take_certificate(X509 *certificate, struct openssl_object *object, struct err *err)
{
    const X509_NAME *subject = X509_get_subject_name(certificate);
    unsigned char *der = NULL;
    const unsigned char *name;
    size_t len;
    int der_len = i2d_X509(certificate, &der);
    bool ok = der_len > 0 && bytes_set(&object->public, der, (size_t)der_len, err);

    OPENSSL_free(der);
    object->desc.class = KEY_CLASS_CERTIFICATE;
    object->desc.kind = KEY_KIND_NONE;
    object->desc.flags = KEY_TOKEN;
    object->desc.flags_known = KEY_TOKEN;
    text_print(object->desc.type_name, sizeof object->desc.type_name, "X.509");
    if (X509_NAME_get0_der(subject, &name, &len))
        key_set_subject(&object->desc, name, len);
    return ok || err_set(err, ERR_FAILED, "no memory for a certificate");
}

static void take_other(const struct item *item, struct openssl_object *object)
{
    static const char *const words[ITEM_FAULTS] = {
        [ITEM_CLOSED] = "encrypted",
        [ITEM_DENIED] = "not opened by the passphrase, or damaged",
        [ITEM_CIPHER] = "encrypted by an unknown cipher",
        [ITEM_DAMAGED] = "damaged, or of an unknown type",
    };
    struct key_desc *key = &object->desc;

    text_print(key->type_name, sizeof key->type_name, "%s", item->type);
    if (item->fault != ITEM_READ)
        text_print(key->unread, sizeof key->unread, "%s: %s", item->type, words[item->fault]);
    key->flags = key->flags_known = KEY_TOKEN;
}

/* --- the items --- */

/* If one item is closed, all is refused: the rest could be taken for the whole. */
static bool check_open(const struct item *item, struct err *err)
{
    if (item->fault == ITEM_CIPHER) {
        err_set(err, ERR_UNSUPPORTED, "OpenSSL does not know the cipher of item %zu, %s",
                item->number, item->type);
        return err_next(err, "Install OpenSSL's legacy provider, or convert the file with openssl "
                             "on the host that it comes from");
    }
    if (item->fault != ITEM_CLOSED && item->fault != ITEM_DENIED)
        return true;
    err_set(err, ERR_DENIED, "wrong passphrase for item %zu of the key file, %s, or it is damaged",
            item->number, item->type);
    return err_now(err, "One attempt was made; it is not repeated");
}

static bool add_item(void *ctx, const struct item *item, struct err *err)
{
    struct openssl *o = ctx;
    struct openssl_object object = {.number = item->number};
    bool ok = check_open(item, err);

    if (ok && item->private)
        ok = take_key(o, item->private, KEY_CLASS_PRIVATE, &object, err);
    else if (ok && item->public)
        ok = take_key(o, item->public, KEY_CLASS_PUBLIC, &object, err);
    else if (ok && item->certificate)
        ok = take_certificate(item->certificate, &object, err);
    else if (ok)
        take_other(item, &object);
    if (item->label)
        key_set_label(&object.desc, item->label, strlen(item->label));
    if (item->id_len)
        key_set_id(&object.desc, item->id, item->id_len);
    if (ok)
        return openssl_add(o, &object, NULL, err);
    bytes_free(&object.public);
    return false;
}

/* --- names --- */

static X509 *certificate_of(const struct openssl_object *object)
{
    const unsigned char *at = object->public.data;

    return object->desc.class == KEY_CLASS_CERTIFICATE
               ? d2i_X509(NULL, &at, (long)object->public.len)
               : NULL;
}

static X509_PUBKEY *public_of(const struct openssl_object *object, X509 *certificate)
{
    const unsigned char *at = object->public.data;

    if (certificate)
        return X509_PUBKEY_dup(X509_get_X509_PUBKEY(certificate));
    return object->desc.has_public ? d2i_X509_PUBKEY(NULL, &at, (long)object->public.len) : NULL;
}

/* The SHA-1 of the public key as an id. */
static void set_id(struct openssl_object *object, X509 *certificate)
{
    X509_PUBKEY *public = public_of(object, certificate);
    uint8_t sha1[SHA_DIGEST_LENGTH];
    const unsigned char *octets;
    int len;

    if (public && X509_PUBKEY_get0_param(NULL, &octets, &len, NULL, public) == 1) {
        SHA1(octets, (size_t)len, sha1);
        key_set_id(&object->desc, sha1, sizeof sha1);
    }
    X509_PUBKEY_free(public);
    ERR_clear_error();
}

/* The certificate's key, if the file has it. */
static struct openssl_object *key_of(struct openssl *o, X509 *certificate)
{
    EVP_PKEY *pkey = X509_get0_pubkey(certificate);
    struct bytes spki = {0};
    struct openssl_object *found = NULL;

    if (pkey && openssl_spki(pkey, &spki, NULL))
        for (size_t i = 0; !found && i < o->count; i++)
            if (o->objects[i].desc.class == KEY_CLASS_PRIVATE &&
                bytes_equal(&o->objects[i].public, &spki))
                found = &o->objects[i];
    bytes_free(&spki);
    ERR_clear_error();
    return found;
}

/* A key and its certificate share their names: each takes the label that only the other has, and
 * the certificate the key's id. The uses are those that any of its certificates allows. */
static void join(struct openssl *o, struct openssl_object *object, X509 *certificate,
                 uint32_t allowed[])
{
    struct openssl_object *key = key_of(o, certificate);
    struct key_desc *is = &object->desc;

    if (!key)
        return;
    allowed[key - o->objects] |= KEY_TOKEN | uses_allowed(certificate); /* never 0 */
    if (key->desc.label_len == 0)
        key_set_label(&key->desc, is->label, is->label_len);
    else if (is->label_len == 0)
        key_set_label(is, key->desc.label, key->desc.label_len);
    if (key->desc.id_len == 0)
        set_id(key, NULL);
    key_set_id(is, key->desc.id, key->desc.id_len);
}

static void join_all(struct openssl *o, uint32_t allowed[])
{
    for (size_t i = 0; i < o->count; i++) {
        X509 *certificate = certificate_of(&o->objects[i]);
        if (certificate)
            join(o, &o->objects[i], certificate, allowed);
        X509_free(certificate);
    }
    for (size_t i = 0; i < o->count; i++)
        if (allowed[i])
            o->objects[i].desc.flags &= allowed[i] | ~(uint32_t)KEY_USES;
}

/* The common name of a certificate's subject as its label. */
static void set_common_name(struct key_desc *key, X509 *certificate)
{
    const X509_NAME *subject = X509_get_subject_name(certificate);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    const ASN1_STRING *value =
        at < 0 ? NULL : X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
    unsigned char *text = NULL;
    int len = value ? ASN1_STRING_to_UTF8(&text, value) : -1;

    if (len > 0)
        key_set_label(key, text, (size_t)len);
    OPENSSL_free(text);
    ERR_clear_error();
}

/* The file's name without its ending, "server" and "server-2". */
static void set_file_name(const struct openssl *o, struct key_desc *key, unsigned number)
{
    const char *dot = strrchr(o->file.name, '.');
    int len = dot && dot > o->file.name ? (int)(dot - o->file.name) : (int)strlen(o->file.name);
    char name[KEY_FILE_NAME + 16];

    if (number > 1)
        snprintf(name, sizeof name, "%.*s-%u", len, o->file.name, number);
    else
        snprintf(name, sizeof name, "%.*s", len, o->file.name);
    key_set_label(key, name, strlen(name));
}

/* Gives names to what has none, before a key shares its own with its certificates. */
static void name_keys(struct openssl *o)
{
    unsigned keys = 0;

    for (size_t i = 0; i < o->count; i++) {
        struct key_desc *key = &o->objects[i].desc;
        if (key->class == KEY_CLASS_PRIVATE && key->label_len == 0)
            set_file_name(o, key, ++keys);
    }
}

static void name_others(struct openssl *o)
{
    for (size_t i = 0; i < o->count; i++) {
        struct openssl_object *object = &o->objects[i];
        X509 *certificate = certificate_of(object);
        if (object->desc.label_len == 0 && certificate)
            set_common_name(&object->desc, certificate);
        if (object->desc.label_len == 0)
            set_file_name(o, &object->desc, (unsigned)object->number);
        if (object->desc.id_len == 0)
            set_id(object, certificate);
        X509_free(certificate);
    }
}

/* --- the file --- */

static bool has_any(const struct openssl *o)
{
    for (size_t i = 0; i < o->count; i++)
        if (o->objects[i].desc.class != KEY_CLASS_OTHER)
            return true;
    return false;
}

bool openssl_read(struct openssl *o, struct err *err)
{
    uint32_t allowed[ITEMS_MAX] = {0};
    struct secret text = {0};
    struct item_source from;
    bool ok;

    if (!key_file_read(&o->file, &text, err))
        return false;
    from = openssl_source(o, &text);
    from.verify = true;
    ok = item_visit(&from, ITEM_ALL, add_item, o, err);
    secret_free(&text);
    openssl_stack_wipe();
    if (ok && !has_any(o)) {
        ok =
            err_set(err, ERR_DATA, "the key file holds no key and no certificate that can be read");
        err_next(err, "Look at it with: openssl storeutl -noout -text FILE");
    }
    if (ok) {
        join_all(o, allowed);
        name_keys(o);
        join_all(o, allowed);
        name_others(o);
    } else {
        openssl_drop_all(o);
    }
    return ok;
}
