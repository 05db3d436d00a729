/* SPDX-License-Identifier: Apache-2.0 */
/* The driver nss: opens and closes a database, lists slots, logs in, and defines the driver
 * itself. */
#include "driver/nss/nss.h"

#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <nss.h>
#include <pk11pub.h>
#include <secerr.h>
#include <secmod.h>
#include <secport.h>

#include "base/file.h"
#include "base/store.h"
#include "base/text.h"
#include "driver/dialect/ck_info.h"
#include "driver/load/fence.h"
#include "driver/nss/nss_agree.h"
#include "driver/nss/nss_db.h"
#include "driver/nss/nss_evidence.h"
#include "driver/nss/nss_key.h"
#include "driver/nss/nss_list.h"
#include "driver/nss/nss_capabilities.h"
#include "driver/nss/nss_prove.h"
#include "driver/nss/nss_public.h"
#include "driver/nss/nss_sample.h"
#include "driver/nss/nss_token_pair.h"
#include "driver/nss/nss_wrap.h"
#include "hsm/key_agreement.h"
#include "hsm/evidence_key.h"
#include "hsm/variables.h"

/* --- open and close --- */

/* NSS would create a database if there is none; nobody asked for that. */
static bool check_where(const struct hsm_where *where, struct err *err)
{
    const char *folder = where->module + strlen("sql:");
    char path[HSM_PATH_MAX + 16];

    if (strncmp(where->module, "sql:/", 5) != 0)
        return err_set(err, ERR_CONFIG,
                       "an NSS database must be named as \"sql:\" and an absolute folder");
    if (where->params[0] || where->module_sha256[0])
        return err_set(err, ERR_CONFIG, "an NSS database takes no %s",
                       where->params[0] ? "parameters" : "SHA-256");
    if (!where->environment_trusted && !variables_allowed(where->variables, NULL, 0, "NSS", err))
        return false;
    text_print(path, sizeof path, "%s/key4.db", folder);
    if (access(path, R_OK) != 0) {
        err_set(err, ERR_CONFIG, "there is no NSS database in this folder (no readable key4.db)");
        return err_next(err, "Name the folder that holds key4.db, or create it with certutil -N");
    }
    return true;
}

/* A database needs access to its folder and nothing else. */
static bool confine(const struct hsm_where *where, struct err *err)
{
    const char *folder = where->module + strlen("sql:");
    struct fence_places places = {.count = 1};

    text_print(places.place[0], sizeof places.place[0], "%s", folder);
    return fence_raise(&places, "", "", where->box, err);
}

/* Does a module's line contain FIPS in its own flags, not in those of a slot? */
static bool names_fips(const char *line)
{
    static const char key[] = "flags=";

    for (const char *at = line; (at = strcasestr(at, key)); at += sizeof key - 1) {
        const char *fips = strcasestr(at, "fips");
        if (at > line && (at[-1] == ' ' || at[-1] == '=') && fips && fips < at + strcspn(at, " \n"))
            return true;
    }
    return false;
}

/* Does pkcs11.txt, which stores a database's mode, set FIPS mode? Nothing else is read from this
 * file: it can also name libraries to load. */
static bool asks_for_fips(const char *folder)
{
    char path[HSM_PATH_MAX + 16], line[1024];
    bool asks = false;
    FILE *file;
    int fd;

    text_print(path, sizeof path, "%s/pkcs11.txt", folder);
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    file = fd < 0 ? NULL : fdopen(fd, "r");
    for (int lines = 0; file && lines < 256 && fgets(line, sizeof line, file); lines++)
        asks |= strncmp(line, "NSS=", 4) == 0 && names_fips(line);
    if (file)
        fclose(file);
    return asks;
}

/* If the database is set to FIPS mode, NSS must enter it too, so that its keys are used as their
 * owner requires. Deleting NSS's internal module switches to the other one (FIPS or not); without a
 * module database this changes only memory. */
static bool enter_mode(const char *folder, struct err *err)
{
    if (asks_for_fips(folder) && !PK11_IsFIPS()) {
        SECMOD_DeleteInternalModule(SECMOD_GetInternalModule()->commonName);
        if (!PK11_IsFIPS()) {
            nss_failed(err, ERR_HSM,
                       "the database is set to FIPS mode (pkcs11.txt), but NSS does not enter it");
            return err_next(err,
                            "Determine the reason with modutil -dbdir DATABASE -chkfips true.");
        }
    }
    if (PK11_IsFIPS())
        fputs("NSS is in FIPS mode\n", stderr);
    return true;
}

static bool nss_open(const struct hsm_where *where, struct hsm **out, struct err *err)
{
    struct objects before;
    struct nss *nss;

    if (!check_where(where, err))
        return false;
    if (NSS_IsInitialized())
        return err_set(err, ERR_CONFIG, "this process already has an NSS database open");
    objects_now(&before);
    /* Without the module database pkcs11.txt: each of its lines can name code that would run
     * here. */
    if (NSS_Initialize(where->module, "", "", SECMOD_DB, NSS_INIT_NOROOTINIT | NSS_INIT_NOMODDB) !=
        SECSuccess)
        return nss_failed(err, PORT_GetError() == SEC_ERROR_READ_ONLY ? ERR_DENIED : ERR_HSM,
                          "the NSS database cannot be opened for reading and writing");
    nss = calloc(1, sizeof *nss);
    if (!nss)
        err_set(err, ERR_FAILED, "out of memory");
    if (!nss || !enter_mode(where->module + strlen("sql:"), err) || !confine(where, err)) {
        NSS_Shutdown();
        free(nss);
        return false;
    }
    nss->hsm.driver = &nss_driver;
    nss->before = before;
    *out = &nss->hsm;
    return true;
}

static void nss_close(struct hsm *hsm)
{
    struct nss *nss = nss_of(hsm);

    if (!nss)
        return;
    nss_drop_all(nss);
    if (nss->slot)
        PK11_FreeSlot(nss->slot);
    PK11_LogoutAll();
    NSS_Shutdown();
    free(nss);
}

/* --- identification --- */

/* The shared object in which NSS keeps keys. NSS loads it itself. */
static const char softoken[] = "/libsoftokn3.so";

static int take_softoken(struct dl_phdr_info *object, size_t size, void *ctx)
{
    struct hsm_file *module = ctx;

    (void)size;
    return strstr(object->dlpi_name, softoken) &&
           file_sha256(object->dlpi_name, module->path, sizeof module->path, module->sha256);
}

static bool nss_info(struct hsm *hsm, struct hsm_info *info, struct err *err)
{
    CK_INFO raw = {0};

    if (PK11_GetModInfo(SECMOD_GetInternalModule(), &raw) != SECSuccess)
        return nss_failed(err, ERR_HSM, "NSS does not identify itself");
    *info = (struct hsm_info){.about.api = "nss"};
    ck_text(info->about.library, sizeof info->about.library, raw.libraryDescription,
            sizeof raw.libraryDescription);
    ck_text(info->about.manufacturer, sizeof info->about.manufacturer, raw.manufacturerID,
            sizeof raw.manufacturerID);
    text_print(info->about.version, sizeof info->about.version, "%s", NSS_GetVersion());
    dl_iterate_phdr(take_softoken, &info->about.module);
    text_print(info->about.api_version, sizeof info->about.api_version, "%d.%d", NSS_VMAJOR,
               NSS_VMINOR);
    text_print(info->loading, sizeof info->loading, "by NSS itself");
    objects_since(&nss_of(hsm)->before, softoken, info);
    return true;
}

/* --- slots --- */

/* Each module numbers its own slots; those of NSS itself keep their numbers. */
static uint64_t slot_number(PK11SlotInfo *slot)
{
    uint64_t module = PK11_IsInternal(slot) ? 0 : (uint64_t)PK11_GetModuleID(slot);

    return module << 32 | (uint64_t)PK11_GetSlotID(slot);
}

/* A slot or token that does not answer is listed as empty. */
static void read_slot(PK11SlotInfo *from, struct hsm_slot *slot)
{
    CK_SLOT_INFO info = {0};
    CK_TOKEN_INFO token = {0};

    *slot = (struct hsm_slot){.id = slot_number(from)};
    if (PK11_GetSlotInfo(from, &info) != SECSuccess)
        return;
    slot->flags = ck_slot_flags(info.flags);
    ck_text(slot->description, sizeof slot->description, info.slotDescription,
            sizeof info.slotDescription);
    if (!(slot->flags & HSM_SLOT_TOKEN_PRESENT) || PK11_GetTokenInfo(from, &token) != SECSuccess)
        return;
    slot->flags |= ck_token_flags(token.flags);
    ck_text(slot->label, sizeof slot->label, token.label, sizeof token.label);
    ck_text(slot->manufacturer, sizeof slot->manufacturer, token.manufacturerID,
            sizeof token.manufacturerID);
    ck_text(slot->model, sizeof slot->model, token.model, sizeof token.model);
    ck_text(slot->serial, sizeof slot->serial, token.serialNumber, sizeof token.serialNumber);
    ck_version(slot->hardware, sizeof slot->hardware, token.hardwareVersion.major,
               token.hardwareVersion.minor);
    ck_version(slot->firmware, sizeof slot->firmware, token.firmwareVersion.major,
               token.firmwareVersion.minor);
    if (!hsm_has_serial(slot))
        store_name(slot->store, sizeof slot->store);
}

/* References the slots of all of NSS's modules, at most max of them; the caller frees each. Returns
 * their total number. */
static size_t reference_slots(PK11SlotInfo **slots, size_t max)
{
    SECMODListLock *lock = SECMOD_GetDefaultModuleListLock();
    size_t count = 0;

    SECMOD_GetReadLock(lock);
    for (SECMODModuleList *at = SECMOD_GetDefaultModuleList(); at; at = at->next)
        for (int i = 0; i < at->module->slotCount; i++, count++)
            if (count < max)
                slots[count] = PK11_ReferenceSlot(at->module->slots[i]);
    SECMOD_ReleaseReadLock(lock);
    return count;
}

static bool nss_slots(struct hsm *hsm, struct hsm_slot_list *list, struct err *err)
{
    PK11SlotInfo *found[HSM_SLOTS_MAX];
    size_t count = reference_slots(found, HSM_SLOTS_MAX);
    size_t held = count < HSM_SLOTS_MAX ? count : HSM_SLOTS_MAX;
    struct hsm_slot *slots = calloc(held ? held : 1, sizeof *slots);

    (void)hsm;
    for (size_t i = 0; i < held; i++) {
        if (slots)
            read_slot(found[i], &slots[i]);
        PK11_FreeSlot(found[i]);
    }
    if (slots && count == held) {
        *list = (struct hsm_slot_list){slots, count};
        return true;
    }
    free(slots);
    return count == held ? err_set(err, ERR_FAILED, "out of memory")
                         : err_set(err, ERR_HSM, "NSS lists more than %d slots", HSM_SLOTS_MAX);
}

/* --- login --- */

static PK11SlotInfo *find_slot(uint64_t id)
{
    PK11SlotInfo *found[HSM_SLOTS_MAX], *slot = NULL;
    size_t count = reference_slots(found, HSM_SLOTS_MAX);

    for (size_t i = 0; i < count && i < HSM_SLOTS_MAX; i++) {
        if (!slot && slot_number(found[i]) == id)
            slot = found[i];
        else
            PK11_FreeSlot(found[i]);
    }
    return slot;
}

static bool check_token(PK11SlotInfo *slot, const struct secret *pin, struct err *err)
{
    struct hsm_slot now;
    const char *obstacle;

    read_slot(slot, &now);
    obstacle = hsm_slot_obstacle(&now);
    if (obstacle) {
        bool denied = now.flags & HSM_TOKEN_INITIALIZED;
        return err_set(err, denied ? ERR_DENIED : ERR_HSM, "the token %s: %s", now.label, obstacle);
    }
    if (now.flags & HSM_TOKEN_WRITE_PROTECTED)
        return err_set(err, ERR_DENIED, "the token %s is write-protected", now.label);
    if (pin->len == 0 && PK11_NeedLogin(slot) && !(now.flags & HSM_TOKEN_PROTECTED_PATH))
        return err_set(err, ERR_DENIED, "the token %s needs a PIN", now.label);
    return true;
}

/* A PIN that is given to NSS once only. */
struct one_try {
    const struct secret *pin;
    bool made;
};

/* NSS's password callback; NSS wipes and frees the copy. Outside of login() there is no PIN to
 * return. */
static char *give_pin(PK11SlotInfo *slot, PRBool retry, void *context)
{
    struct one_try *one = context;
    char *copy;

    (void)slot;
    if (!one || one->made || retry)
        return NULL;
    one->made = true;
    copy = PORT_ZAlloc(one->pin->len + 1);
    if (copy && one->pin->len)
        memcpy(copy, one->pin->data, one->pin->len);
    return copy;
}

static bool log_in(PK11SlotInfo *slot, const struct secret *pin, struct err *err)
{
    struct one_try one = {pin, false};

    PK11_SetPasswordFunc(give_pin);
    if (PK11_Authenticate(slot, PR_FALSE, &one) == SECSuccess)
        return true;
    if (PORT_GetError() == SEC_ERROR_BAD_PASSWORD)
        nss_failed(err, ERR_DENIED, "wrong PIN for the NSS database");
    else
        nss_failed(err, ERR_HSM, "the NSS database refused the login (PK11_Authenticate)");
    return err_now(err, "One attempt was made; it is not repeated");
}

static bool nss_login(struct hsm *hsm, uint64_t id, const struct secret *pin, struct err *err)
{
    struct nss *nss = nss_of(hsm);
    PK11SlotInfo *slot;

    if (nss->slot)
        return err_set(err, ERR_FAILED, "a token is already logged in to");
    slot = find_slot(id);
    if (!slot)
        return err_set(err, ERR_HSM, "NSS has no slot %llu", (unsigned long long)id);
    if (!check_token(slot, pin, err) || !log_in(slot, pin, err)) {
        PK11_FreeSlot(slot);
        return false;
    }
    nss->slot = slot;
    if (handles_begin(&nss->known, hsm, err))
        return true;
    PK11_FreeSlot(slot);
    nss->slot = NULL;
    return false;
}

const struct hsm_driver nss_driver = {
    .name = "nss",
    .open = nss_open,
    .close = nss_close,
    .info = nss_info,
    .slots = nss_slots,
    .login = nss_login,
    .list = nss_list,
    .handles = nss_handles,
    .describe = nss_describe,
    .public_key = nss_public_key,
    .certificate = nss_certificate,
    .capabilities = nss_capabilities,
    .make_pair = nss_make_pair,
    .make_token_pair = nss_make_token_pair,
    .load_public = nss_load_public,
    .make_agreement_pair = nss_make_agreement_pair,
    .meet = agreement_meet,
    .agree = nss_agree,
    .make_kek = nss_make_kek,
    .make_evidence_key = nss_make_evidence_key,
    .encrypt = nss_encrypt,
    .decrypt = nss_decrypt,
    .seal = evidence_key_seal,
    .unseal = evidence_key_unseal,
    .make_key = nss_make_key,
    .wrap = nss_wrap,
    .unwrap = nss_unwrap,
    .prove = nss_prove,
    .commit = nss_commit,
    .make_public = nss_make_public,
    .destroy = nss_destroy,
    .remove = nss_remove,
    .tighten = nss_tighten,
};
