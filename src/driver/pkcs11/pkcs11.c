/* SPDX-License-Identifier: Apache-2.0 */
/* The driver pkcs11: opens and closes a module, logs in, and defines the driver itself. */
#include "driver/pkcs11/pkcs11.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "driver/dialect/ckr.h"
#include "driver/pkcs11/pkcs11_agree.h"
#include "driver/pkcs11/pkcs11_evidence.h"
#include "driver/pkcs11/pkcs11_key.h"
#include "driver/pkcs11/pkcs11_object.h"
#include "driver/pkcs11/pkcs11_capabilities.h"
#include "driver/pkcs11/pkcs11_prove.h"
#include "driver/pkcs11/pkcs11_public.h"
#include "driver/pkcs11/pkcs11_publics.h"
#include "driver/pkcs11/pkcs11_sample.h"
#include "driver/pkcs11/pkcs11_seen.h"
#include "driver/pkcs11/pkcs11_session.h"
#include "driver/pkcs11/pkcs11_temp.h"
#include "driver/pkcs11/pkcs11_wrap.h"
#include "hsm/key_agreement.h"
#include "hsm/layers.h"
#include "hsm/evidence_key.h"
#include "hsm/variables.h"

/* --- open and close --- */

/* Independent of the dialect that is named: on NSS, a key that is overwritten is lost; the client
 * of p11-kit 0.25 never returns from a call that asks for two templates. */
static void know_maker(struct p11 *p)
{
    static const char nss[] = "Mozilla Foundation", kit[] = "PKCS#11 Kit";

    p->identity_rv = p->fn->C_GetInfo(&p->identity);
    if (p->identity_rv != CKR_OK)
        return;
    p->overwrites = memcmp(p->identity.manufacturerID, nss, sizeof nss - 1) == 0;
    p->templates_alone = memcmp(p->identity.manufacturerID, kit, sizeof kit - 1) == 0;
}

static bool take_named_dialect(struct p11 *p, const char *name, struct err *err)
{
    struct dialect_folders folders;

    if (!name[0])
        return true;
    dialect_folders(&folders);
    return dialect_named(&folders, name, &p->dialect, err);
}

/* Runs after the dialect is known and before the PIN is. */
static bool confine(struct p11 *p, struct err *err)
{
    struct box *box = p->box;

    if (!p->dialect.confines)
        return true;
    p->box = NULL;
    return fence_raise(&p->dialect.places, p->module.loaded.file.path, p->params, box, err);
}

/* A dialect without a list of variables makes no statement about them. Through p11-kit's remoting
 * the dialect is recognised by its token; P11_KIT_SERVER_ADDRESS, by which the client finds its
 * server, is not a variable of that token's module, and is allowed. */
static bool check_environment(const struct p11 *p, struct err *err)
{
    const char *listed[DIALECT_VARIABLES_MAX + 1] = {"P11_KIT_SERVER_ADDRESS"};
    char whose[HSM_DIALECT_TEXT];

    if (p->environment_trusted || !p->dialect.lists_variables || !p->dialect.is.name[0])
        return true;
    for (unsigned i = 0; i < p->dialect.variable_count; i++)
        listed[i + 1] = p->dialect.variable[i];
    text_print(whose, sizeof whose, "the dialect %s", p->dialect.is.name);
    return variables_allowed(p->variables, listed, p->dialect.variable_count + 1, whose, err);
}

/* A sealed copy finds other files by its own path than those that came with the module. */
static bool check_siblings(const struct p11 *p, struct err *err)
{
    if (!p->dialect.loads_siblings || p->module.loaded.fd < 0)
        return true;
    err_set(
        err, ERR_CONFIG,
        "the module was loaded from a sealed copy, but according to its dialect %s it looks for "
        "files next to itself",
        p->dialect.is.name);
    err_now(err, "No PIN was sent");
    return err_next(err, "Write \"dialect: %s\" in the ceremony file", p->dialect.is.name);
}

/* Destroys its temporary objects; the login remains. */
static void close_further(struct p11 *p)
{
    struct p11 *login;

    p->fn->C_CloseSession(p->session);
    p11_temps_gone(p);
    login = p11_lock(p);
    login->further--;
    p11_unlock(login);
    free(p);
}

void p11_forget(struct p11 *login)
{
    p11_seen_gone(login, 0);
    p11_publics_forget(login);
    free(login->temps);
    handles_free(&login->known);
}

static void p11_close(struct hsm *hsm)
{
    struct p11 *p = p11_of(hsm);

    if (!p)
        return;
    if (p->first) {
        close_further(p);
        return;
    }
    if (p->session != CK_INVALID_HANDLE) {
        p->fn->C_Logout(p->session);
        p->fn->C_CloseSession(p->session);
    }
    p11_module_stop(&p->module);
    p11_forget(p);
    free(p);
}

static bool p11_open(const struct hsm_where *where, struct hsm **out, struct err *err)
{
    struct p11 *p = calloc(1, sizeof *p);

    if (!p)
        return err_set(err, ERR_FAILED, "out of memory");
    p->variables = where->variables;
    p->environment_trusted = where->environment_trusted;
    if (!take_named_dialect(p, where->dialect, err) || !check_environment(p, err) ||
        !p11_module_start(where, p->dialect.loads_siblings, &p->module, err)) {
        free(p);
        return false;
    }
    p->hsm.driver = &pkcs11_driver;
    p->fn = p->module.fn;
    know_maker(p);
    p->box = where->box;
    text_print(p->params, sizeof p->params, "%s", where->params);
    if (!confine(p, err)) {
        p11_close(&p->hsm);
        return false;
    }
    *out = &p->hsm;
    return true;
}

/* --- login --- */

/* Checks the flags before the login: a login that cannot succeed must not use up one of the PIN's
 * attempts. */
static bool check_token(const struct hsm_slot *slot, struct err *err)
{
    const uint32_t usable = HSM_SLOT_TOKEN_PRESENT | HSM_TOKEN_INITIALIZED;
    const char *obstacle = hsm_slot_obstacle(slot);

    if (obstacle) {
        bool denied = (slot->flags & usable) == usable && !(slot->flags & HSM_TOKEN_ERROR_STATE);
        return err_set(err, denied ? ERR_DENIED : ERR_HSM, "slot %llu: %s",
                       (unsigned long long)slot->id, obstacle);
    }
    if (slot->flags & HSM_TOKEN_WRITE_PROTECTED)
        return err_set(err, ERR_DENIED, "the token %s is write-protected", slot->label);
    return true;
}

static bool fail_login(const struct hsm_slot *slot, CK_RV rv, struct err *err)
{
    if (rv == CKR_PIN_INCORRECT)
        ckr_set(err, rv, "wrong PIN for the token %s", slot->label);
    else
        ckr_set(err, rv, "the token %s refused the login (C_Login)", slot->label);
    return err_now(err, "One attempt was made; it is not repeated");
}

static bool log_in(struct p11 *p, const struct hsm_slot *slot, const struct secret *pin,
                   struct err *err)
{
    bool own_path = slot->flags & HSM_TOKEN_PROTECTED_PATH;
    CK_RV rv;

    if (!(slot->flags & HSM_TOKEN_LOGIN_REQUIRED))
        return true;
    if (pin->len == 0 && !own_path)
        return err_set(err, ERR_DENIED, "the token %s needs a PIN", slot->label);
    rv = p->fn->C_Login(p->session, CKU_USER, pin->len ? pin->data : NULL, pin->len);
    if (rv != CKR_OK && rv != CKR_USER_ALREADY_LOGGED_IN)
        return fail_login(slot, rv, err);
    return true;
}

/* If no dialect is named, chooses it by the identification of library and token. */
static bool choose_dialect(struct p11 *p, const struct hsm_slot *slot, struct err *err)
{
    struct dialect_folders folders;
    struct hsm_info info;
    const struct dialect_facts facts = {.manufacturer = info.about.manufacturer,
                                        .library = info.about.library,
                                        .api_version = info.about.api_version,
                                        .token_manufacturer = slot->manufacturer,
                                        .model = slot->model,
                                        .version = info.about.version,
                                        .firmware = slot->firmware};

    if (p->dialect.is.name[0])
        return true;
    if (!p11_info(&p->hsm, &info, err))
        return false;
    dialect_folders(&folders);
    return dialect_recognise(&folders, &facts, &p->dialect, err);
}

/* As it is now. */
static bool find_slot(struct hsm *hsm, uint64_t id, struct hsm_slot *slot, struct err *err)
{
    struct p11 *p = p11_of(hsm);
    struct hsm_slot_list list;

    if (p11_slot_again(p, id, slot))
        return true;
    if (!p11_slots(hsm, &list, err))
        return false;
    free(list.slots);
    return p11_slot_again(p, id, slot) ||
           err_set(err, ERR_HSM, "the HSM has no slot %llu", (unsigned long long)id);
}

static bool p11_login(struct hsm *hsm, uint64_t id, const struct secret *pin, struct err *err)
{
    struct p11 *p = p11_of(hsm);
    struct hsm_slot slot;
    CK_RV rv;

    if (p->session != CK_INVALID_HANDLE)
        return err_set(err, ERR_FAILED, "a token is already logged in to");
    if (!find_slot(hsm, id, &slot, err) || !check_token(&slot, err) ||
        !choose_dialect(p, &slot, err) || !check_environment(p, err) || !check_siblings(p, err) ||
        !confine(p, err))
        return false;
    rv = p->fn->C_OpenSession((CK_SLOT_ID)id, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
                              &p->session);
    if (rv != CKR_OK) {
        p->session = CK_INVALID_HANDLE;
        return ckr_set(err, rv, "the token %s opened no session (C_OpenSession)", slot.label);
    }
    if (!log_in(p, &slot, pin, err) || !handles_begin(&p->known, &p->hsm, err)) {
        p->fn->C_CloseSession(p->session);
        p->session = CK_INVALID_HANDLE;
        return false;
    }
    p->slot = (CK_SLOT_ID)id;
    return p->entered = true;
}

/* The handle of a temporary object of this login; CK_INVALID_HANDLE: there is none. */
static CK_OBJECT_HANDLE any_temporary(struct p11 *login)
{
    CK_OBJECT_HANDLE handle;

    p11_lock(login);
    handle = login->temp_count ? login->temps[0].handle : CK_INVALID_HANDLE;
    p11_unlock(login);
    return handle;
}

static CK_RV state_of(const struct p11 *p, CK_STATE *state)
{
    CK_SESSION_INFO info = {0};
    CK_RV rv = p->fn->C_GetSessionInfo(p->session, &info);

    *state = info.state;
    return rv;
}

/* Some modules have one session, whatever they answer: is this one another, logged in, and does it
 * see what the first one has created? */
static bool is_usable(struct p11 *login, const struct p11 *made, struct err *err)
{
    const CK_OBJECT_HANDLE temporary = any_temporary(login);
    CK_BBOOL token;
    CK_ATTRIBUTE attr = {CKA_TOKEN, &token, sizeof token};
    CK_STATE first, further;
    CK_RV rv = state_of(login, &first);

    if (rv == CKR_OK)
        rv = state_of(made, &further);
    if (rv == CKR_OK && further != first)
        return err_set(err, ERR_HSM, "the token's further session is not logged in");
    if (rv == CKR_OK && temporary != CK_INVALID_HANDLE)
        rv = made->fn->C_GetAttributeValue(made->session, temporary, &attr, 1);
    return rv == CKR_OK || ckr_is_reticent(rv) ||
           ckr_set(err, rv, "the token's further session cannot be used");
}

/* A further session is logged in like the first: a login applies to all sessions of the application
 * (PKCS#11 v2.40 section 5.6, C_Login). */
static bool p11_another(struct hsm *hsm, struct hsm **out, struct err *err)
{
    struct p11 *p = p11_of(hsm), *login = p->first ? p->first : p, *made;
    CK_RV rv;

    if (p->session == CK_INVALID_HANDLE)
        return err_set(err, ERR_FAILED, "no token is logged in to yet");
    if (!p->module.locks)
        return err_set(err, ERR_UNSUPPORTED, "the module serves one thread (CKR_CANT_LOCK)");
    made = malloc(sizeof *made);
    if (!made)
        return err_set(err, ERR_FAILED, "out of memory");
    *made = *p; /* with everything learnt about the token */
    made->first = login;
    made->entered = false;
    made->known = (struct handles){0}; /* those of the first session count */
    made->temps = NULL;
    made->temp_count = 0;
    memset(made->seen, 0, sizeof made->seen);
    made->publics = (struct p11_publics){0};
    rv = p->fn->C_OpenSession(p->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
                              &made->session);
    if (rv != CKR_OK) {
        free(made);
        return ckr_set(err, rv, "the token opened no further session (C_OpenSession)");
    }
    if (made->session == login->session) { /* not closed: it is the only one */
        free(made);
        return err_set(err, ERR_HSM, "the token gave its first session for a further one");
    }
    if (!is_usable(login, made, err)) {
        made->fn->C_CloseSession(made->session);
        free(made);
        return false;
    }
    p11_lock(login)->further++;
    p11_unlock(login);
    *out = &made->hsm;
    return true;
}

const struct hsm_driver pkcs11_driver = {
    .name = "pkcs11",
    .open = p11_open,
    .close = p11_close,
    .another = p11_another,
    .info = p11_info,
    .slots = p11_slots,
    .login = p11_login,
    .list = p11_list,
    .list_some = p11_list_some,
    .handles = p11_handles,
    .describe = p11_describe,
    .public_key = p11_public_key,
    .certificate = p11_certificate,
    .capabilities = p11_capabilities,
    .make_pair = p11_make_pair,
    .make_token_pair = p11_make_token_pair,
    .load_public = p11_load_public,
    .make_agreement_pair = p11_make_agreement_pair,
    .encapsulate = p11_encapsulate,
    .meet = agreement_meet,
    .agree = p11_agree,
    .make_kek = p11_make_kek,
    .make_evidence_key = p11_make_evidence_key,
    .encrypt = p11_encrypt,
    .decrypt = p11_decrypt,
    .seal = evidence_key_seal,
    .unseal = evidence_key_unseal,
    .make_key = p11_make_key,
    .wrap = p11_wrap,
    .unwrap = p11_unwrap,
    .wrap_layers = layers_wrap,
    .unwrap_layers = layers_unwrap,
    .gcm_encrypt = p11_gcm_encrypt,
    .gcm_decrypt = p11_gcm_decrypt,
    .prove = p11_prove,
    .commit = p11_commit,
    .make_public = p11_make_public,
    .destroy = p11_destroy,
    .remove = p11_remove,
    .tighten = p11_tighten,
};
