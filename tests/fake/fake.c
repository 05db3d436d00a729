/* SPDX-License-Identifier: Apache-2.0 */
/* The fake HSM: opening, logging in, looking; and the list of its functions. */
#include "tests/fake/fake.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "hsm/key_agreement.h"
#include "hsm/evidence_key.h"
#include "hsm/layers.h"
#include "tests/fake/fake_state.h"
#include "tests/fake/seed.h"

struct fake *fake_of(struct hsm *hsm)
{
    return (struct fake *)hsm;
}

bool fake_enter(struct fake *f, const char *call, struct err *err)
{
    if (!fault_begin(&f->p.faults, call, err))
        return false;
    if (f->p.seed[0])
        seed_call(f->p.seed, call, fault_made(&f->p.faults, call));
    return true;
}

bool fake_enter_token(struct fake *f, const char *call, struct err *err)
{
    if (!fake_enter(f, call, err))
        return false;
    return f->logged_in ||
           err_set_hsm(err, ERR_HSM, 0x101, "CKR_USER_NOT_LOGGED_IN", "%s before login", call);
}

bool fake_leave(struct fake *f, const char *call)
{
    fault_end(&f->p.faults, call);
    return true;
}

bool fake_lies(struct fake *f, const char *call, const char *how)
{
    return fault_lies(&f->p.faults, call, how);
}

/* --- opening --- */

static bool fake_open(const struct hsm_where *where, struct hsm **out, struct err *err)
{
    bool found;
    struct fake *f = calloc(1, sizeof *f);
    if (!f)
        return err_set(err, ERR_FAILED, "no memory for a fake HSM");

    f->base.driver = &fake_driver;
    if (!personality_parse(where, &f->p, err) || !fake_enter(f, "open", err))
        goto failed;
    f->store.path = f->p.path;
    if (!store_load(&f->store, &found, err))
        goto failed;
    if (!found && (!personality_fill(&f->p, &f->store, err) || !store_save(&f->store, err)))
        goto failed;
    fake_leave(f, "open");
    *out = &f->base;
    return true;
failed:
    store_clear(&f->store);
    free(f);
    return false;
}

static void fake_close(struct hsm *hsm)
{
    struct fake *f = fake_of(hsm);

    fake_enter(f, "close", NULL);
    store_clear(&f->store);
    bytes_free(&f->first_answer);
    OPENSSL_cleanse(f->p.pin, sizeof f->p.pin);
    free(f);
}

static bool fake_info(struct hsm *hsm, struct hsm_info *info, struct err *err)
{
    if (!fake_enter(fake_of(hsm), "info", err))
        return false;
    *info = (struct hsm_info){.about.api = "fake",
                              .about.library = "a test double",
                              .about.manufacturer = "hsmferry",
                              .about.version = "1.0",
                              .about.api_version = "1.0"};
    return fake_leave(fake_of(hsm), "info");
}

static struct hsm_slot slot_of(uint64_t id, uint32_t flags, const char *serial)
{
    struct hsm_slot slot = {.id = id, .flags = flags};

    text_print(slot.description, sizeof slot.description, "slot %llu", (unsigned long long)id);
    if (flags & HSM_SLOT_TOKEN_PRESENT) {
        text_print(slot.manufacturer, sizeof slot.manufacturer, "hsmferry");
        text_print(slot.model, sizeof slot.model, "fake");
        text_print(slot.serial, sizeof slot.serial, "%s", serial);
        text_print(slot.hardware, sizeof slot.hardware, "1.0");
        text_print(slot.firmware, sizeof slot.firmware, "2.0");
    }
    return slot;
}

static uint32_t token_flags(const struct fake *f)
{
    uint32_t flags = HSM_SLOT_TOKEN_PRESENT | HSM_TOKEN_INITIALIZED | HSM_TOKEN_LOGIN_REQUIRED |
                     HSM_TOKEN_PIN_SET | HSM_TOKEN_RNG | f->p.flags;
    unsigned left = f->p.tries - f->store.wrong;

    if (f->store.wrong > 0)
        flags |= HSM_TOKEN_PIN_COUNT_LOW;
    if (left == 1)
        flags |= HSM_TOKEN_PIN_FINAL_TRY;
    if (left == 0)
        flags |= HSM_TOKEN_PIN_LOCKED;
    return flags;
}

static bool fake_slots(struct hsm *hsm, struct hsm_slot_list *list, struct err *err)
{
    struct fake *f = fake_of(hsm);

    if (!fake_enter(f, "slots", err))
        return false;
    struct hsm_slot *slots = calloc(4, sizeof *slots);
    if (!slots)
        return err_set(err, ERR_FAILED, "no memory for slots");
    slots[0] = slot_of(FAKE_SLOT, token_flags(f), f->p.serial);
    text_safe(f->p.label, strlen(f->p.label), slots[0].label, sizeof slots[0].label);
    slots[1] = slot_of(FAKE_SLOT_EMPTY, HSM_SLOT_REMOVABLE, "");
    slots[2] = slot_of(FAKE_SLOT_BLANK, HSM_SLOT_TOKEN_PRESENT, "0");
    if (f->p.twin) {
        slots[3] = slot_of(FAKE_SLOT_TWIN, token_flags(f), "twin");
        memcpy(slots[3].label, slots[0].label, sizeof slots[3].label);
    }
    *list = (struct hsm_slot_list){slots, f->p.twin ? 4 : 3};
    return fake_leave(f, "slots");
}

static bool check_pin(struct fake *f, const struct secret *pin, struct err *err)
{
    if (f->store.wrong >= f->p.tries)
        return err_set_hsm(err, ERR_DENIED, 0xa4, "CKR_PIN_LOCKED", "the PIN is locked");
    bool right = pin->len == strlen(f->p.pin) && memcmp(pin->data, f->p.pin, pin->len) == 0;
    f->store.wrong = right ? 0 : f->store.wrong + 1;
    if (!store_save(&f->store, err))
        return false;
    return right || err_set_hsm(err, ERR_DENIED, 0xa0, "CKR_PIN_INCORRECT", "the PIN is wrong");
}

static bool fake_login(struct hsm *hsm, uint64_t slot, const struct secret *pin, struct err *err)
{
    struct fake *f = fake_of(hsm);

    if (!fake_enter(f, "login", err))
        return false;
    if (f->logged_in)
        return err_set_hsm(err, ERR_HSM, 0x100, "CKR_USER_ALREADY_LOGGED_IN", "logged in already");
    if (slot == FAKE_SLOT_EMPTY)
        return err_set_hsm(err, ERR_HSM, 0xe0, "CKR_TOKEN_NOT_PRESENT", "there is no token");
    if (slot == FAKE_SLOT_BLANK)
        return err_set_hsm(err, ERR_HSM, 0xe1, "CKR_TOKEN_NOT_RECOGNIZED",
                           "the token is not initialised");
    if (slot != FAKE_SLOT && !(f->p.twin && slot == FAKE_SLOT_TWIN))
        return err_set_hsm(err, ERR_HSM, 0x3, "CKR_SLOT_ID_INVALID", "there is no such slot");
    if (f->p.flags & HSM_TOKEN_WRITE_PROTECTED)
        return err_set_hsm(err, ERR_DENIED, 0xe2, "CKR_TOKEN_WRITE_PROTECTED",
                           "the token is write-protected");
    if (!check_pin(f, pin, err))
        return false;
    f->logged_in = true;
    return fake_leave(f, "login");
}

/* --- looking --- */

static void report(struct fake *f, const char *call, const struct object *o, struct key_desc *key)
{
    *key = o->desc;
    if (!(key->flags & KEY_TOKEN))
        key->flags_known &= ~f->p.silent;
    key->flags &= key->flags_known;
    if (fake_lies(f, call, "guards"))
        key->flags ^= KEY_SENSITIVE | KEY_EXTRACTABLE;
    if (fake_lies(f, call, "label"))
        key_set_label(key, "another", 7);
    if (fake_lies(f, call, "kind"))
        key->kind = key->kind == KEY_KIND_AES ? KEY_KIND_GENERIC : KEY_KIND_AES;
}

static bool fake_list(struct hsm *hsm, struct key_list *list, struct err *err)
{
    struct fake *f = fake_of(hsm);
    struct key_list all = {0};
    struct key_desc key;

    if (!fake_enter_token(f, "list", err))
        return false;
    for (size_t i = 0; i < f->store.count; i++) {
        if (!(f->store.objects[i]->desc.flags & KEY_TOKEN))
            continue;
        report(f, "list", f->store.objects[i], &key);
        if (!key_list_add(&all, &key)) {
            key_list_free(&all);
            return err_set(err, ERR_FAILED, "no memory for the list");
        }
    }
    if (all.count > 0 && fake_lies(f, "list", "less"))
        all.count--;
    *list = all;
    return fake_leave(f, "list");
}

static bool fake_handles(struct hsm *hsm, uint64_t **handles, size_t *count, struct err *err)
{
    struct fake *f = fake_of(hsm);

    if (!fake_enter_token(f, "handles", err))
        return false;
    size_t n = f->store.count;
    uint64_t *all = calloc(n + 1, sizeof *all);
    if (!all)
        return err_set(err, ERR_FAILED, "no memory for the handles");
    for (size_t i = 0; i < n; i++)
        all[i] = f->store.objects[i]->desc.handle;
    if (fake_lies(f, "handles", "more"))
        all[n++] = f->store.last + 1;
    if (n > 0 && fake_lies(f, "handles", "less"))
        n--;
    if (fake_lies(f, "handles", "none"))
        n = 0;
    *handles = all;
    *count = n;
    return fake_leave(f, "handles");
}

static bool fake_describe(struct hsm *hsm, uint64_t handle, struct key_desc *key, struct err *err)
{
    struct fake *f = fake_of(hsm);

    if (!fake_enter_token(f, "describe", err))
        return false;
    const struct object *o = store_find(&f->store, handle);
    if (!o)
        return err_set_hsm(err, ERR_NO_INPUT, 0x82, "CKR_OBJECT_HANDLE_INVALID",
                           "there is no such object any more");
    report(f, "describe", o, key);
    return fake_leave(f, "describe");
}

static bool fake_capabilities(struct hsm *hsm, const struct hsm_wanted *wanted,
                              struct hsm_capabilities *caps, struct err *err)
{
    struct fake *f = fake_of(hsm);

    if (!fake_enter_token(f, "offers", err))
        return false;
    personality_capabilities(&f->p, caps);
    /* So it is seen if a ceremony does not ask for all that it needs. */
    caps->proofs &= wanted->proofs;
    for (unsigned i = 0; i < HSM_ALGS; i++)
        if (!(wanted->algs & UINT32_C(1) << i)) {
            caps->alg[i].wrap = caps->alg[i].unwrap = false;
            text_print(caps->alg[i].reason, sizeof caps->alg[i].reason, "not asked for");
        }
    caps->lost_constraints &= wanted->constraints;
    if (!(wanted->kinds & UINT32_C(1) << KEY_KIND_GENERIC))
        caps->exact_length = caps->takes_length = HSM_UNKNOWN;
    return fake_leave(f, "offers");
}

const struct hsm_driver fake_driver = {
    .name = "fake",
    .open = fake_open,
    .close = fake_close,
    .info = fake_info,
    .slots = fake_slots,
    .login = fake_login,
    .list = fake_list,
    .handles = fake_handles,
    .describe = fake_describe,
    .public_key = fake_public_key,
    .certificate = fake_certificate,
    .capabilities = fake_capabilities,
    .make_pair = fake_make_pair,
    .make_token_pair = fake_make_token_pair,
    .load_public = fake_load_public,
    .make_agreement_pair = fake_make_agreement_pair,
    .encapsulate = fake_encapsulate,
    .meet = agreement_meet,
    .agree = fake_agree,
    .make_kek = fake_make_kek,
    .make_evidence_key = fake_make_evidence_key,
    .encrypt = fake_encrypt,
    .decrypt = fake_decrypt,
    .seal = evidence_key_seal,
    .unseal = evidence_key_unseal,
    .make_key = fake_make_key,
    .wrap = fake_wrap,
    .unwrap = fake_unwrap,
    .wrap_layers = layers_wrap,
    .unwrap_layers = layers_unwrap,
    .gcm_encrypt = fake_gcm_encrypt,
    .gcm_decrypt = fake_gcm_decrypt,
    .prove = fake_prove,
    .commit = fake_commit,
    .make_public = fake_make_public,
    .destroy = fake_destroy,
    .remove = fake_remove,
    .tighten = fake_tighten,
};
