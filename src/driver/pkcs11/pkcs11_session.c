/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/pkcs11/pkcs11_session.h"

#include <stdlib.h>
#include <string.h>

#include "base/store.h"
#include "base/text.h"
#include "driver/dialect/ck_info.h"
#include "driver/dialect/ckr.h"

struct p11 *p11_of(struct hsm *hsm)
{
    return (struct p11 *)hsm;
}

struct p11 *p11_lock(struct p11 *p)
{
    struct p11 *login = p->first ? p->first : p;

    pthread_mutex_lock(&login->lock);
    return login;
}

void p11_unlock(struct p11 *login)
{
    pthread_mutex_unlock(&login->lock);
}

bool p11_info(struct hsm *hsm, struct hsm_info *info, struct err *err)
{
    struct p11 *p = p11_of(hsm);
    const CK_INFO raw = p->identity;

    if (p->identity_rv != CKR_OK)
        return ckr_set(err, p->identity_rv, "the module does not identify itself (C_GetInfo)");
    *info = (struct hsm_info){.about.api = "pkcs11"};
    ck_text(info->about.library, sizeof info->about.library, raw.libraryDescription,
            sizeof raw.libraryDescription);
    ck_text(info->about.manufacturer, sizeof info->about.manufacturer, raw.manufacturerID,
            sizeof raw.manufacturerID);
    ck_version(info->about.version, sizeof info->about.version, raw.libraryVersion.major,
               raw.libraryVersion.minor);
    ck_version(info->about.api_version, sizeof info->about.api_version, raw.cryptokiVersion.major,
               raw.cryptokiVersion.minor);
    info->about.dialect = p->dialect.is;
    info->about.module = p->module.loaded.file;
    text_print(info->loading, sizeof info->loading, "%s", p->module.loaded.method);
    objects_since(&p->module.before, p->module.loaded.opened, info);
    return true;
}

static void read_token(struct p11 *p, struct hsm_slot *slot)
{
    CK_TOKEN_INFO token = {0};

    /* Some modules report a token that is not initialised as CKR_TOKEN_NOT_RECOGNIZED; no flag then
     * says that it is initialised. */
    if (p->fn->C_GetTokenInfo((CK_SLOT_ID)slot->id, &token) != CKR_OK)
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

/* A slot that does not answer is listed as empty. */
static void read_slot(struct p11 *p, CK_SLOT_ID id, struct hsm_slot *slot)
{
    CK_SLOT_INFO info = {0};

    *slot = (struct hsm_slot){.id = id};
    if (p->fn->C_GetSlotInfo(id, &info) != CKR_OK)
        return;
    slot->flags = ck_slot_flags(info.flags);
    ck_text(slot->description, sizeof slot->description, info.slotDescription,
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

    /* The first call passes no list: this makes some modules search for tokens again. */
    rv = p->fn->C_GetSlotList(CK_FALSE, NULL, &count);
    if (rv == CKR_OK) {
        count = HSM_SLOTS_MAX;
        rv = p->fn->C_GetSlotList(CK_FALSE, ids, &count);
    }
    if (rv == CKR_BUFFER_TOO_SMALL || (rv == CKR_OK && count > HSM_SLOTS_MAX))
        return err_set(err, ERR_HSM, "the module has more than %d slots", HSM_SLOTS_MAX);
    if (rv != CKR_OK)
        return ckr_set(err, rv, "the module does not list its slots (C_GetSlotList)");
    slots = calloc(count ? count : 1, sizeof *slots);
    if (!slots)
        return err_set(err, ERR_FAILED, "out of memory");
    for (CK_ULONG i = 0; i < count; i++)
        read_slot(p, ids[i], &slots[i]);
    memcpy(p->listed, ids, count * sizeof ids[0]);
    p->listed_count = count;
    *list = (struct hsm_slot_list){slots, count};
    return true;
}

bool p11_slot_again(struct p11 *p, uint64_t id, struct hsm_slot *slot)
{
    for (CK_ULONG i = 0; i < p->listed_count; i++)
        if (p->listed[i] == id) {
            read_slot(p, p->listed[i], slot);
            return true;
        }
    return false;
}
