/* SPDX-License-Identifier: Apache-2.0 */
/* The driver openssl: opens a key file, shows it as a token, takes its passphrase, and defines the
 * driver itself. */
#include "driver/openssl/openssl.h"

#include <link.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>

#include "base/file.h"
#include "base/text.h"
#include "driver/load/fence.h"
#include "driver/openssl/openssl_capabilities.h"
#include "driver/openssl/openssl_form.h"
#include "driver/openssl/openssl_key.h"
#include "driver/openssl/openssl_memory.h"
#include "driver/openssl/openssl_object.h"
#include "driver/openssl/openssl_prove.h"
#include "driver/openssl/openssl_read.h"
#include "driver/openssl/openssl_wrap.h"
#include "hsm/evidence_key.h"
#include "hsm/variables.h"

enum { SLOT = 1 };

/* --- open and close --- */

static bool check_where(const struct hsm_where *where, struct err *err)
{
    if (where->params[0] || where->dialect[0])
        return err_set(err, ERR_CONFIG, "a key file takes no %s",
                       where->params[0] ? "parameters" : "dialect");
    return where->environment_trusted ||
           variables_allowed(where->variables, NULL, 0, "OpenSSL", err);
}

/* Loads the providers by name from OpenSSL's own folder into a library context of our own: neither
 * openssl.cnf nor a variable names code or algorithms. */
static bool load_providers(struct openssl *o, struct err *err)
{
    static const char *const names[OPENSSL_PROVIDERS] = {"default", "legacy"};

    o->libctx = OSSL_LIB_CTX_new();
    for (size_t i = 0; o->libctx && i < OPENSSL_PROVIDERS; i++)
        o->provider[i] = OSSL_PROVIDER_load(o->libctx, names[i]);
    ERR_clear_error();
    return (o->libctx && o->provider[0]) ||
           err_set(err, ERR_HSM, "OpenSSL does not load its default provider");
}

/* Reads what can be known of the file without its passphrase. */
static bool look_at(struct openssl *o, struct err *err)
{
    struct secret text = {0};
    struct item_source from;
    bool ok;

    if (!key_file_read(&o->file, &text, err))
        return false;
    from = openssl_source(o, &text);
    from.passphrase = NULL;
    ok = item_closed(&from, &o->closed, err);
    o->form = item_form(&from);
    secret_free(&text);
    openssl_stack_wipe();
    return ok;
}

static void close_all(struct hsm *hsm)
{
    struct openssl *o = openssl_of(hsm);

    if (!o)
        return;
    openssl_drop_all(o);
    secret_free(&o->passphrase);
    key_file_close(&o->file);
    for (size_t i = 0; i < OPENSSL_PROVIDERS; i++)
        if (o->provider[i])
            OSSL_PROVIDER_unload(o->provider[i]);
    OSSL_LIB_CTX_free(o->libctx);
    free(o);
}

static bool openssl_open(const struct hsm_where *where, struct hsm **out, struct err *err)
{
    const struct fence_places nowhere = {0};
    struct openssl *o;

    if (!openssl_memory_use(err) || !check_where(where, err))
        return false;
    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
    o = calloc(1, sizeof *o);
    if (!o)
        return err_set(err, ERR_FAILED, "no memory for a key file");
    o->hsm.driver = &openssl_driver;
    o->file.fd = -1;
    objects_now(&o->before);
    if (key_file_open(where->module, where->module_sha256, &o->file, err) &&
        load_providers(o, err) && fence_raise(&nowhere, "", "", where->box, err) &&
        look_at(o, err)) {
        *out = &o->hsm;
        return true;
    }
    close_all(&o->hsm);
    return false;
}

/* --- identification --- */

static const char libcrypto[] = "/libcrypto.so";

static int take_libcrypto(struct dl_phdr_info *object, size_t size, void *ctx)
{
    struct hsm_file *module = ctx;

    (void)size;
    return strstr(object->dlpi_name, libcrypto) &&
           file_sha256(object->dlpi_name, module->path, sizeof module->path, module->sha256);
}

static bool openssl_info(struct hsm *hsm, struct hsm_info *info, struct err *err)
{
    const size_t unlocked = openssl_memory_unlocked();

    (void)err;
    *info = (struct hsm_info){.about.api = "openssl"};
    text_print(info->about.library, sizeof info->about.library, "OpenSSL");
    text_print(info->about.manufacturer, sizeof info->about.manufacturer, "OpenSSL");
    text_print(info->about.version, sizeof info->about.version, "%s",
               OpenSSL_version(OPENSSL_VERSION_STRING));
    text_print(info->about.api_version, sizeof info->about.api_version, "%d.%d",
               OPENSSL_VERSION_MAJOR, OPENSSL_VERSION_MINOR);
    dl_iterate_phdr(take_libcrypto, &info->about.module);
    if (unlocked)
        text_print(info->loading, sizeof info->loading,
                   "its own path; %zu KiB of memory NOT locked", unlocked / 1024);
    else
        text_print(info->loading, sizeof info->loading, "its own path; its memory is locked");
    objects_since(&openssl_of(hsm)->before, "", info);
    return true;
}

/* A file has no serial number. It is the file with this content, whatever its name: officers
 * compare the digits with those of sha256sum. */
static void set_serial(const struct openssl *o, struct hsm_slot *slot)
{
    enum { OCTETS = 8 };
    char hex[2 * SHA256_SIZE + 1];

    text_print(slot->serial, sizeof slot->serial, "%.*s", 2 * OCTETS,
               text_hex(o->file.sha256, SHA256_SIZE, hex));
}

static bool openssl_slots(struct hsm *hsm, struct hsm_slot_list *list, struct err *err)
{
    const struct openssl *o = openssl_of(hsm);
    struct hsm_slot *slot = calloc(1, sizeof *slot);

    if (!slot)
        return err_set(err, ERR_FAILED, "no memory for a slot");
    slot->id = SLOT;
    slot->flags = HSM_SLOT_TOKEN_PRESENT | HSM_TOKEN_INITIALIZED | HSM_TOKEN_WRITE_PROTECTED |
                  HSM_TOKEN_RNG | HSM_TOKEN_PIN_SET | (o->closed ? HSM_TOKEN_LOGIN_REQUIRED : 0U);
    text_print(slot->description, sizeof slot->description, "SOFTWARE: a %s file%s", o->form,
               o->closed ? ", encrypted" : ", unencrypted");
    text_print(slot->label, sizeof slot->label, "SOFTWARE %s", o->file.name);
    text_print(slot->manufacturer, sizeof slot->manufacturer, "OpenSSL");
    text_print(slot->model, sizeof slot->model, "SOFTWARE");
    text_print(slot->firmware, sizeof slot->firmware, "%s",
               OpenSSL_version(OPENSSL_VERSION_STRING));
    set_serial(o, slot);
    *list = (struct hsm_slot_list){slot, 1};
    return true;
}

/* --- login --- */

static bool openssl_login(struct hsm *hsm, uint64_t slot, const struct secret *pin, struct err *err)
{
    struct openssl *o = openssl_of(hsm);

    if (o->logged_in)
        return err_set(err, ERR_FAILED, "the key file is already open");
    if (slot != SLOT)
        return err_set(err, ERR_HSM, "a key file has no slot %llu", (unsigned long long)slot);
    if (o->closed && pin->len == 0)
        return err_set(err, ERR_DENIED, "the key file needs a passphrase");
    if (o->closed && (!secret_new(&o->passphrase, pin->len, err) ||
                      !secret_set(&o->passphrase, pin->data, pin->len, err)))
        return false;
    o->logged_in = openssl_read(o, err);
    if (!o->logged_in)
        secret_free(&o->passphrase);
    return o->logged_in;
}

/* --- what a destination does --- */

static bool source_only(struct err *err)
{
    return err_set(err, ERR_UNSUPPORTED,
                   "a key file is a source only: keys leave it, and none arrives");
}

static bool no_pair(struct hsm *hsm, uint32_t bits, const char *label, struct hsm_pair *pair,
                    struct err *err)
{
    (void)hsm, (void)bits, (void)label, (void)pair;
    return source_only(err);
}

static bool no_unwrap(struct hsm *hsm, enum hsm_alg alg, uint64_t unwrapping,
                      const struct bytes *wrapped_key, const struct hsm_template *template,
                      uint64_t *handle, struct err *err)
{
    (void)hsm, (void)alg, (void)unwrapping, (void)wrapped_key, (void)template, (void)handle;
    return source_only(err);
}

static bool no_commit(struct hsm *hsm, uint64_t temporary, const uint8_t *label, size_t label_len,
                      const uint8_t *id, size_t id_len, uint64_t *final, struct err *err)
{
    (void)hsm, (void)temporary, (void)label, (void)label_len, (void)id, (void)id_len, (void) final;
    return source_only(err);
}

static bool no_public(struct hsm *hsm, const struct hsm_template *template, uint64_t *final,
                      struct err *err)
{
    (void)hsm, (void)template, (void) final;
    return source_only(err);
}

static bool no_remove(struct hsm *hsm, const struct key_desc *is, struct err *err)
{
    (void)hsm, (void)is;
    return source_only(err);
}

static bool no_tighten(struct hsm *hsm, const struct key_desc *is, const struct tightening *to,
                       struct err *err)
{
    (void)hsm, (void)is, (void)to;
    return source_only(err);
}

/* Its evidence is needed only for secrets, of which a key file has none. */
static bool no_evidence_key(struct hsm *hsm, const char *label, uint64_t *handle, struct err *err)
{
    (void)hsm, (void)label, (void)handle;
    return err_set(err, ERR_UNSUPPORTED, "a key file needs no evidence key");
}

static bool no_encrypt(struct hsm *hsm, uint64_t key, const struct bytes *context,
                       const struct secret *text, struct evidence_cipher *cipher, struct err *err)
{
    (void)hsm, (void)key, (void)context, (void)text, (void)cipher;
    return err_set(err, ERR_UNSUPPORTED, "a key file needs no evidence key");
}

static bool no_decrypt(struct hsm *hsm, uint64_t key, const struct bytes *context,
                       const struct evidence_cipher *cipher, struct secret *text, struct err *err)
{
    (void)hsm, (void)key, (void)context, (void)cipher, (void)text;
    return source_only(err);
}

const struct hsm_driver openssl_driver = {
    .name = "openssl",
    .open = openssl_open,
    .close = close_all,
    .info = openssl_info,
    .slots = openssl_slots,
    .login = openssl_login,
    .list = openssl_list,
    .handles = openssl_handles,
    .describe = openssl_describe,
    .public_key = openssl_public_key,
    .certificate = openssl_certificate,
    .capabilities = openssl_capabilities,
    .make_pair = no_pair,
    .make_token_pair = no_pair,
    .load_public = openssl_load_public,
    .make_kek = openssl_make_kek,
    .make_key = openssl_make_key,
    .wrap = openssl_wrap,
    .unwrap = no_unwrap,
    .prove = openssl_prove,
    .make_evidence_key = no_evidence_key,
    .encrypt = no_encrypt,
    .decrypt = no_decrypt,
    .seal = evidence_key_seal,
    .unseal = evidence_key_unseal,
    .commit = no_commit,
    .make_public = no_public,
    .destroy = openssl_destroy,
    .remove = no_remove,
    .tighten = no_tighten,
};
