/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/pkcs11/pkcs11_session.h"

#include <stdlib.h>
#include <string.h>

#include "base/store.h"
#include "base/text.h"
#include "driver/dialect/ckr.h"
#include "driver/pkcs11/pkcs11.h"
#include "hsm/variables.h"

#ifndef CKF_ERROR_STATE
#define CKF_ERROR_STATE (1UL << 24)
#endif

struct p11 *p11_of(struct hsm *hsm)
{
    return (struct p11 *)hsm;
}

/* Whatever dialect somebody names: a key that is overwritten is lost. */
static bool is_nss(const struct p11 *p)
{
    static const char maker[] = "Mozilla Foundation";
    CK_INFO info = {0};

    return p->fn->C_GetInfo(&info) == CKR_OK &&
           memcmp(info.manufacturerID, maker, sizeof maker - 1) == 0;
}

static bool take_named_dialect(struct p11 *p, const char *name, struct err *err)
{
    struct dialect_folders folders;

    if (!name[0])
        return true;
    dialect_folders(&folders);
    return dialect_named(&folders, name, &p->dialect, err);
}

/* Once the dialect is known, and while no PIN is. */
static bool confine(struct p11 *p, struct err *err)
{
    struct box *box = p->box;

    if (!p->dialect.confines)
        return true;
    p->box = NULL;
    return fence_raise(&p->dialect.places, p->module.loaded.file.path, p->params, box, err);
}

/* A dialect without such a list says nothing about it. Beyond p11-kit's remoting it is recognised
 * by its token: where the client finds its server is no variable of the dialect's module. */
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

/* What a sealed copy finds by its own path is not what came with it. */
static bool check_siblings(const struct p11 *p, struct err *err)
{
    if (!p->dialect.loads_siblings || p->module.loaded.fd < 0)
        return true;
    err_set(err, ERR_CONFIG,
            "the module was loaded from a sealed copy, and its dialect %s says that it looks for "
            "files beside itself",
            p->dialect.is.name);
    err_now(err, "No PIN was sent");
    return err_next(err, "Write \"dialect: %s\" in the ceremony file", p->dialect.is.name);
}

bool p11_open(const struct hsm_where *where, struct hsm **out, struct err *err)
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
    p->overwrites = is_nss(p);
    p->box = where->box;
    text_print(p->params, sizeof p->params, "%s", where->params);
    if (!confine(p, err)) {
        p11_close(&p->hsm);
        return false;
    }
    *out = &p->hsm;
    return true;
}

void p11_close(struct hsm *hsm)
{
    struct p11 *p = p11_of(hsm);

    if (!p)
        return;
    if (p->session != CK_INVALID_HANDLE) {
        p->fn->C_Logout(p->session);
        p->fn->C_CloseSession(p->session);
    }
    p11_module_stop(&p->module);
    free(p->temps);
    handles_free(&p->known);
    free(p);
}

/* PKCS#11's texts are filled up with blanks, some modules' with NULs. */
static void set_text(char *out, size_t size, const CK_UTF8CHAR *raw, size_t len)
{
    while (len > 0 && (raw[len - 1] == ' ' || raw[len - 1] == '\0'))
        len--;
    text_safe(raw, len, out, size);
}

static void set_version(char *out, size_t size, CK_VERSION version)
{
    text_print(out, size, "%u.%u", version.major, version.minor);
}

bool p11_info(struct hsm *hsm, struct hsm_info *info, struct err *err)
{
    struct p11 *p = p11_of(hsm);
    CK_INFO raw = {0};
    CK_RV rv = p->fn->C_GetInfo(&raw);

    if (rv != CKR_OK)
        return ckr_set(err, rv, "the module tells nothing of itself (C_GetInfo)");
    *info = (struct hsm_info){.about.api = "pkcs11"};
    set_text(info->about.library, sizeof info->about.library, raw.libraryDescription,
             sizeof raw.libraryDescription);
    set_text(info->about.manufacturer, sizeof info->about.manufacturer, raw.manufacturerID,
             sizeof raw.manufacturerID);
    set_version(info->about.version, sizeof info->about.version, raw.libraryVersion);
    set_version(info->about.api_version, sizeof info->about.api_version, raw.cryptokiVersion);
    info->about.dialect = p->dialect.is;
    info->about.module = p->module.loaded.file;
    text_print(info->loading, sizeof info->loading, "%s", p->module.loaded.way);
    objects_since(&p->module.before, p->module.loaded.opened, info);
    return true;
}

/* --- slots and tokens --- */

struct flag_pair {
    CK_FLAGS theirs;
    uint32_t ours;
};

static const struct flag_pair slot_flags[] = {
    {CKF_TOKEN_PRESENT, HSM_SLOT_TOKEN_PRESENT},
    {CKF_REMOVABLE_DEVICE, HSM_SLOT_REMOVABLE},
    {CKF_HW_SLOT, HSM_SLOT_HARDWARE},
    {0, 0},
};

static const struct flag_pair token_flags[] = {
    {CKF_TOKEN_INITIALIZED, HSM_TOKEN_INITIALIZED},
    {CKF_LOGIN_REQUIRED, HSM_TOKEN_LOGIN_REQUIRED},
    {CKF_USER_PIN_INITIALIZED, HSM_TOKEN_PIN_SET},
    {CKF_WRITE_PROTECTED, HSM_TOKEN_WRITE_PROTECTED},
    {CKF_USER_PIN_COUNT_LOW, HSM_TOKEN_PIN_COUNT_LOW},
    {CKF_USER_PIN_FINAL_TRY, HSM_TOKEN_PIN_FINAL_TRY},
    {CKF_USER_PIN_LOCKED, HSM_TOKEN_PIN_LOCKED},
    {CKF_USER_PIN_TO_BE_CHANGED, HSM_TOKEN_PIN_TO_BE_CHANGED},
    {CKF_PROTECTED_AUTHENTICATION_PATH, HSM_TOKEN_PROTECTED_PATH},
    {CKF_ERROR_STATE, HSM_TOKEN_ERROR_STATE},
    {CKF_RNG, HSM_TOKEN_RNG},
    {0, 0},
};

static uint32_t translate_flags(const struct flag_pair *pair, CK_FLAGS theirs)
{
    uint32_t ours = 0;

    for (; pair->theirs; pair++)
        if (theirs & pair->theirs)
            ours |= pair->ours;
    return ours;
}

static void read_token(struct p11 *p, struct hsm_slot *slot)
{
    CK_TOKEN_INFO token = {0};

    /* CKR_TOKEN_NOT_RECOGNIZED is how some say "not initialised": no flag then says it is. */
    if (p->fn->C_GetTokenInfo((CK_SLOT_ID)slot->id, &token) != CKR_OK)
        return;
    slot->flags |= translate_flags(token_flags, token.flags);
    set_text(slot->label, sizeof slot->label, token.label, sizeof token.label);
    set_text(slot->manufacturer, sizeof slot->manufacturer, token.manufacturerID,
             sizeof token.manufacturerID);
    set_text(slot->model, sizeof slot->model, token.model, sizeof token.model);
    set_text(slot->serial, sizeof slot->serial, token.serialNumber, sizeof token.serialNumber);
    set_version(slot->hardware, sizeof slot->hardware, token.hardwareVersion);
    set_version(slot->firmware, sizeof slot->firmware, token.firmwareVersion);
    if (!hsm_has_serial(slot))
        store_name(slot->store, sizeof slot->store);
}

/* A slot that does not answer is listed as an empty one. */
static void read_slot(struct p11 *p, CK_SLOT_ID id, struct hsm_slot *slot)
{
    CK_SLOT_INFO info = {0};

    *slot = (struct hsm_slot){.id = id};
    if (p->fn->C_GetSlotInfo(id, &info) != CKR_OK)
        return;
    slot->flags = translate_flags(slot_flags, info.flags);
    set_text(slot->description, sizeof slot->description, info.slotDescription,
             sizeof info.slotDescription);
    if (slot->flags & HSM_SLOT_TOKEN_PRESENT)
        read_token(p, slot);
}

bool p11_slots(struct hsm *hsm, struct hsm_slot_list *list, struct err *err)
{
    struct p11 *p = p11_of(hsm);
    CK_SLOT_ID ids[HSM_SLOTS_MAX];
    CK_ULONG count = HSM_SLOTS_MAX;
    struct hsm_slot *slots;
    CK_RV rv;

    /* A first call without a list: with it some modules look for tokens anew. */
    rv = p->fn->C_GetSlotList(CK_FALSE, NULL, &count);
    if (rv == CKR_OK) {
        count = HSM_SLOTS_MAX;
        rv = p->fn->C_GetSlotList(CK_FALSE, ids, &count);
    }
    if (rv == CKR_BUFFER_TOO_SMALL || (rv == CKR_OK && count > HSM_SLOTS_MAX))
        return err_set(err, ERR_HSM, "the module has more than %d slots", HSM_SLOTS_MAX);
    if (rv != CKR_OK)
        return ckr_set(err, rv, "the module does not tell its slots (C_GetSlotList)");
    slots = calloc(count ? count : 1, sizeof *slots);
    if (!slots)
        return err_set(err, ERR_FAILED, "out of memory");
    for (CK_ULONG i = 0; i < count; i++)
        read_slot(p, ids[i], &slots[i]);
    *list = (struct hsm_slot_list){slots, count};
    return true;
}

/* --- login --- */

/* The flags come first: a login that cannot succeed must not cost one of the PIN's tries. */
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
        ckr_set(err, rv, "the token %s did not let the user in (C_Login)", slot->label);
    return err_now(err, "One try was made and it is not made again");
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

/* Unless one was named, by what library and token say of themselves. */
static bool choose_dialect(struct p11 *p, const struct hsm_slot *slot, struct err *err)
{
    struct dialect_folders folders;
    struct hsm_info info;
    const struct dialect_facts facts = {.manufacturer = info.about.manufacturer,
                                        .library = info.about.library,
                                        .api_version = info.about.api_version,
                                        .token_manufacturer = slot->manufacturer,
                                        .model = slot->model};

    if (p->dialect.is.name[0])
        return true;
    if (!p11_info(&p->hsm, &info, err))
        return false;
    dialect_folders(&folders);
    return dialect_recognise(&folders, &facts, &p->dialect, err);
}

/* A slot id that the module did not give must not reach it: some crash. */
static bool find_slot(struct hsm *hsm, uint64_t id, struct hsm_slot *slot, struct err *err)
{
    struct hsm_slot_list list;
    bool found = false;

    if (!p11_slots(hsm, &list, err))
        return false;
    for (size_t i = 0; !found && i < list.count; i++) {
        *slot = list.slots[i];
        found = slot->id == id;
    }
    free(list.slots);
    return found || err_set(err, ERR_HSM, "the HSM has no slot %llu", (unsigned long long)id);
}

bool p11_login(struct hsm *hsm, uint64_t id, const struct secret *pin, struct err *err)
{
    struct p11 *p = p11_of(hsm);
    struct hsm_slot slot;
    CK_RV rv;

    if (p->session != CK_INVALID_HANDLE)
        return err_set(err, ERR_FAILED, "a token was chosen already");
    if (!find_slot(hsm, id, &slot, err) || !check_token(&slot, err) ||
        !choose_dialect(p, &slot, err) || !check_environment(p, err) || !check_siblings(p, err) ||
        !confine(p, err))
        return false;
    rv = p->fn->C_OpenSession((CK_SLOT_ID)id, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
                              &p->session);
    if (rv != CKR_OK) {
        p->session = CK_INVALID_HANDLE;
        return ckr_set(err, rv, "no session on the token %s (C_OpenSession)", slot.label);
    }
    if (!log_in(p, &slot, pin, err) || !handles_begin(&p->known, &p->hsm, err)) {
        p->fn->C_CloseSession(p->session);
        p->session = CK_INVALID_HANDLE;
        return false;
    }
    p->slot = (CK_SLOT_ID)id;
    return true;
}
