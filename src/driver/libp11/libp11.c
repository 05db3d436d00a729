/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three faults of libp11 0.4 that this driver avoids: its first session closes all others of the
 * process, so it never shares a process with the PKCS#11 driver; it crashes if it is asked for the
 * public half of a key that has none on the token, so it is never asked; and a single key of an
 * unknown type (Ed25519) makes it list no keys at all, which is reported as "cannot".
 */
#include "driver/libp11/libp11.h"

#include <stdlib.h>
#include <string.h>

#include <libp11.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>

#include "base/text.h"
#include "driver/dialect/dialect.h"
#include "driver/libp11/public_index.h"
#include "driver/load/loader.h"

struct app {
    struct hsm hsm; /* first */
    PKCS11_CTX *ctx;
    PKCS11_SLOT *slots;
    unsigned slot_count;
    PKCS11_SLOT *slot; /* the slot of the login */
    PKCS11_KEY *keys;  /* handle n is keys[n - 1] */
    unsigned key_count;
};

static struct app *app_of(struct hsm *hsm)
{
    return (struct app *)hsm;
}

/* Sets *err to what failed, with the text of OpenSSL's error queue, and empties the queue. Always
 * returns false. */
static bool failed(struct err *err, enum err_code code, const char *what)
{
    const char *why = ERR_reason_error_string(ERR_peek_last_error());

    err_set(err, code, "%s%s%s", what, why ? ": " : "", why ? why : "");
    ERR_clear_error();
    return false;
}

static void app_close(struct hsm *hsm)
{
    struct app *app = app_of(hsm);

    if (!app)
        return;
    if (app->slots)
        PKCS11_release_all_slots(app->ctx, app->slots, app->slot_count);
    public_index_remove();
    if (app->ctx)
        PKCS11_CTX_unload(app->ctx);
    PKCS11_CTX_free(app->ctx);
    free(app);
}

/* Loads the same bytes as the PKCS#11 driver: libp11 is given the path that dlopen() was given, and
 * so finds the library that is already loaded. If no dialect is named, the PKCS#11 driver's login
 * with the recognised dialect accepted a sealed copy. */
static bool load_module(const struct hsm_where *where, struct loaded_module *module,
                        struct err *err)
{
    struct dialect_folders folders;
    struct dialect *dialect;
    bool siblings;

    if (!where->dialect[0])
        return loader_open(where, false, module, err);
    dialect = calloc(1, sizeof *dialect);
    if (!dialect)
        return err_set(err, ERR_FAILED, "no memory for a dialect");
    dialect_folders(&folders);
    if (!dialect_named(&folders, where->dialect, dialect, err)) {
        free(dialect);
        return false;
    }
    siblings = dialect->loads_siblings;
    free(dialect);
    return loader_open(where, siblings, module, err);
}

static bool app_open(const struct hsm_where *where, struct hsm **out, struct err *err)
{
    struct loaded_module module;
    struct app *app;
    PKCS11_CTX *ctx;

    if (!load_module(where, &module, err))
        return false;
    app = calloc(1, sizeof *app);
    ctx = PKCS11_CTX_new();
    if (!app || !ctx) {
        free(app);
        PKCS11_CTX_free(ctx);
        return err_set(err, ERR_FAILED, "no memory for libp11");
    }
    app->hsm.driver = &libp11_driver;
    if (where->params[0])
        PKCS11_CTX_init_args(ctx, where->params);
    if (PKCS11_CTX_load(ctx, module.opened) != 0) {
        PKCS11_CTX_free(ctx);
        free(app);
        return failed(err, ERR_UNSUPPORTED, "libp11 does not load this module");
    }
    app->ctx = ctx;
    public_index_install(module.library);
    if (PKCS11_enumerate_slots(ctx, &app->slots, &app->slot_count) != 0) {
        app_close(&app->hsm);
        return failed(err, ERR_UNSUPPORTED, "libp11 lists no slots of this module");
    }
    *out = &app->hsm;
    return true;
}

static void take(const char *from, char *to, size_t size)
{
    if (from)
        text_safe(from, strlen(from), to, size);
}

static bool app_info(struct hsm *hsm, struct hsm_info *info, struct err *err)
{
    const struct app *app = app_of(hsm);

    (void)err;
    *info = (struct hsm_info){.about.api = "libp11"};
    take(app->ctx->description, info->about.library, sizeof info->about.library);
    take(app->ctx->manufacturer, info->about.manufacturer, sizeof info->about.manufacturer);
    return true;
}

static bool app_slots(struct hsm *hsm, struct hsm_slot_list *list, struct err *err)
{
    struct app *app = app_of(hsm);
    struct hsm_slot *slots = calloc(app->slot_count + 1, sizeof *slots);

    if (!slots)
        return err_set(err, ERR_FAILED, "no memory for %u slots", app->slot_count);
    for (unsigned i = 0; i < app->slot_count; i++) {
        const PKCS11_TOKEN *token = app->slots[i].token;
        slots[i].id = PKCS11_get_slotid_from_slot(&app->slots[i]);
        if (!token)
            continue;
        slots[i].flags = HSM_SLOT_TOKEN_PRESENT | (token->initialized ? HSM_TOKEN_INITIALIZED : 0);
        take(token->label, slots[i].label, sizeof slots[i].label);
        take(token->serialnr, slots[i].serial, sizeof slots[i].serial);
        take(token->manufacturer, slots[i].manufacturer, sizeof slots[i].manufacturer);
        take(token->model, slots[i].model, sizeof slots[i].model);
    }
    *list = (struct hsm_slot_list){slots, app->slot_count};
    return true;
}

static bool app_login(struct hsm *hsm, uint64_t slot, const struct secret *pin, struct err *err)
{
    struct app *app = app_of(hsm);
    struct secret text = {0};
    bool ok;

    for (unsigned i = 0; i < app->slot_count; i++)
        if (PKCS11_get_slotid_from_slot(&app->slots[i]) == slot && app->slots[i].token)
            app->slot = &app->slots[i];
    if (!app->slot)
        return err_set(err, ERR_NO_INPUT, "libp11 sees no token in this slot");
    /* Read-write from the start: changing the mode later would close the session. */
    if (PKCS11_open_session(app->slot, 1) != 0)
        return failed(err, ERR_UNSUPPORTED, "libp11 cannot open a session");
    if (!secret_new(&text, SECRET_PIN_MAX + 1, err) ||
        !secret_set(&text, pin->data, pin->len, err)) {
        secret_free(&text);
        return false;
    }
    text.data[pin->len] = '\0';
    ok = PKCS11_login(app->slot, 0, pin->len ? (const char *)text.data : NULL) == 0 ||
         failed(err, ERR_DENIED, "libp11 cannot log in");
    secret_free(&text);
    return ok;
}

/* Lists the private keys. libp11 returns labels as C strings: a label that contains a NUL is cut
 * there. It learns the kind of a key with its public half, which takes several calls, so prove()
 * does it for one. */
static bool app_list(struct hsm *hsm, struct key_list *list, struct err *err)
{
    struct app *app = app_of(hsm);
    struct key_list found = {0};

    if (!app->slot)
        return err_set(err, ERR_FAILED, "there is no login to a token");
    if (PKCS11_enumerate_keys(app->slot->token, &app->keys, &app->key_count) != 0) {
        app->key_count = 0;
        return failed(
            err, ERR_UNSUPPORTED,
            "libp11 cannot list the keys of this token: it does not know the type of one");
    }
    for (unsigned i = 0; i < app->key_count; i++) {
        struct key_desc key = {.handle = i + 1, .class = KEY_CLASS_PRIVATE, .kind = KEY_KIND_OTHER};
        PKCS11_KEY *from = &app->keys[i];
        key_set_label(&key, from->label, from->label ? strlen(from->label) : 0);
        key_set_id(&key, from->id, from->id_len);
        if (!key_list_add(&found, &key)) {
            key_list_free(&found);
            return err_set(err, ERR_FAILED, "out of memory");
        }
    }
    *list = found;
    return true;
}

/* --- proving --- */

enum { ANSWER_ROOM = 2048, NONCE = 32, SHARED_ROOM = 66 };

static bool sign(EVP_PKEY_CTX *ctx, enum hsm_proof proof, const struct bytes *in, uint8_t *out,
                 size_t *len)
{
    struct hsm_signing signing = hsm_signing_of(proof);

    return EVP_PKEY_sign_init(ctx) == 1 &&
           (signing.ecdsa ||
            EVP_PKEY_CTX_set_rsa_padding(ctx, signing.pss ? RSA_PKCS1_PSS_PADDING
                                                          : RSA_PKCS1_PADDING) == 1) &&
           EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1 &&
           (!signing.pss || EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1) &&
           EVP_PKEY_sign(ctx, out, len, in->data, in->len) == 1;
}

static bool decrypt(EVP_PKEY_CTX *ctx, const struct bytes *in, uint8_t *out, size_t *len)
{
    return EVP_PKEY_decrypt_init(ctx) == 1 &&
           EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
           EVP_PKEY_decrypt(ctx, out, len, in->data, in->len) == 1;
}

/* Derives the shared secret of this key and the point that follows the nonce, and reads it from the
 * token, as applications do. The caller discards the private half of that point. */
static bool derive(EVP_PKEY_CTX *ctx, EVP_PKEY *pkey, const struct bytes *in, uint8_t *out,
                   size_t *len)
{
    uint8_t text[NONCE + SHARED_ROOM];
    size_t shared = SHARED_ROOM;
    EVP_PKEY *other = EVP_PKEY_new();
    bool ok = other && in->len > NONCE && EVP_PKEY_copy_parameters(other, pkey) == 1 &&
              EVP_PKEY_set1_encoded_public_key(other, in->data + NONCE, in->len - NONCE) == 1 &&
              EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer(ctx, other) == 1 &&
              EVP_PKEY_derive(ctx, text + NONCE, &shared) == 1;

    if (ok) {
        memcpy(text, in->data, NONCE);
        SHA256(text, NONCE + shared, out);
        *len = SHA256_DIGEST_LENGTH;
    }
    OPENSSL_cleanse(text, sizeof text);
    EVP_PKEY_free(other);
    return ok;
}

/* Converts OpenSSL's DER signature to the contract's r || s. */
static bool raw_ecdsa(EVP_PKEY *pkey, uint8_t *out, size_t *len)
{
    int half = (EVP_PKEY_get_bits(pkey) + 7) / 8;
    const unsigned char *at = out;
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)*len);
    bool ok = sig && half > 0 && 2 * half <= ANSWER_ROOM &&
              BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, half) == half &&
              BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + half, half) == half;

    ECDSA_SIG_free(sig);
    *len = ok ? 2 * (size_t)half : 0;
    return ok;
}

static bool app_prove(struct hsm *hsm, enum hsm_proof proof, uint64_t handle,
                      const struct bytes *challenge, struct bytes *answer, struct err *err)
{
    struct app *app = app_of(hsm);
    bool rsa =
        proof == HSM_PROOF_RSA_SIGN || proof == HSM_PROOF_RSA_DECRYPT || proof == HSM_PROOF_RSA_PSS;
    bool ecdsa = proof == HSM_PROOF_ECDSA;
    uint8_t out[ANSWER_ROOM];
    size_t len = sizeof out;
    EVP_PKEY_CTX *ctx = NULL;
    EVP_PKEY *pkey;
    bool ok;

    if (!rsa && !ecdsa && proof != HSM_PROOF_ECDH)
        return err_set(err, ERR_UNSUPPORTED, "libp11 has no such operation");
    if (handle == 0 || handle > app->key_count)
        return err_set(err, ERR_NO_INPUT, "libp11 has no such key");
    pkey = PKCS11_get_private_key(&app->keys[handle - 1]);
    if (!pkey || EVP_PKEY_get_base_id(pkey) != (rsa ? EVP_PKEY_RSA : EVP_PKEY_EC)) {
        EVP_PKEY_free(pkey);
        return err_set(err, ERR_UNSUPPORTED, "this proof does not apply to a key of this type");
    }
    ctx = EVP_PKEY_CTX_new(pkey, NULL);
    ok = ctx && (proof == HSM_PROOF_RSA_DECRYPT ? decrypt(ctx, challenge, out, &len)
                 : proof == HSM_PROOF_ECDH      ? derive(ctx, pkey, challenge, out, &len)
                                                : sign(ctx, proof, challenge, out, &len));
    ok = (ok && (!ecdsa || raw_ecdsa(pkey, out, &len))) ||
         failed(err, ERR_UNSUPPORTED, "OpenSSL cannot perform it through libp11");
    ok = ok && bytes_set(answer, out, len, err);
    OPENSSL_cleanse(out, sizeof out);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    return ok;
}

const struct hsm_driver libp11_driver = {
    .name = "libp11",
    .open = app_open,
    .close = app_close,
    .info = app_info,
    .slots = app_slots,
    .login = app_login,
    .list = app_list,
    .prove = app_prove,
};
