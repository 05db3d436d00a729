/* SPDX-License-Identifier: Apache-2.0 */
/* Contents of replies. */
#include "link/wire.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "link/wire_field.h"
#include "link/wire_constraints.h"

enum { KCV_SIZE = 3 };

static const uint32_t key_templates = (UINT32_C(1) << KEY_TEMPLATES) - 1;
static const uint32_t slot_flags = (UINT32_C(1) << HSM_SLOT_FLAGS) - 1;
static const uint32_t kdf_bits = (UINT32_C(1) << HSM_KDFS) - 1;
static const uint32_t proof_bits = (UINT32_C(1) << HSM_PROOFS) - 1;

static void put_file(const struct hsm_file *file, char **path, ProtobufCBinaryData *sha256)
{
    *path = field_lend(file->path);
    if (file->path[0])
        *sha256 = field_lend_bytes(file->sha256, sizeof file->sha256);
}

static void put_about(const struct hsm_about *info, Pb__Info *msg)
{
    msg->api = field_lend(info->api);
    msg->library = field_lend(info->library);
    msg->manufacturer = field_lend(info->manufacturer);
    msg->version = field_lend(info->version);
    msg->api_version = field_lend(info->api_version);
    msg->dialect = field_lend(info->dialect.name);
    msg->dialect_status = (uint32_t)info->dialect.status;
    if (info->dialect.name[0])
        msg->dialect_sha256 = field_lend_bytes(info->dialect.sha256, sizeof info->dialect.sha256);
    msg->not_enforced = info->dialect.not_enforced;
    msg->agent_version = field_lend(info->agent_version);
    put_file(&info->agent, &msg->agent, &msg->agent_sha256);
    put_file(&info->module, &msg->module, &msg->module_sha256);
    msg->host = field_lend(info->host);
    msg->user = field_lend(info->user);
}

void wire_put_info(const struct hsm_info *info, Pb__Info *msg, struct wire_files *files)
{
    pb__info__init(msg);
    put_about(&info->about, msg);
    msg->loading = field_lend(info->loading);
    msg->confinement = field_lend(info->confinement);
    msg->n_loaded = field_at_most(info->loaded_count, HSM_LOADED_MAX);
    for (size_t i = 0; i < msg->n_loaded; i++) {
        pb__file__init(&files->msg[i]);
        put_file(&info->loaded[i], &files->msg[i].path, &files->msg[i].sha256);
        files->refs[i] = &files->msg[i];
    }
    msg->loaded = files->refs;
    msg->loaded_more = info->loaded_more;
}

static bool get_file(const char *path, const ProtobufCBinaryData *sha256, const char *name,
                     struct hsm_file *out, struct err *err)
{
    size_t hash = path[0] ? sizeof out->sha256 : 0;

    if (!field_text(path, name, out->path, sizeof out->path, err) ||
        !field_length(sha256, hash, hash, "hash of a file", err))
        return false;
    if (hash)
        memcpy(out->sha256, sha256->data, hash);
    return true;
}

static bool get_dialect(const Pb__Info *msg, struct hsm_dialect *out, struct err *err)
{
    size_t hash = msg->dialect[0] ? sizeof out->sha256 : 0;

    if (!field_text(msg->dialect, "dialect", out->name, sizeof out->name, err) ||
        !field_enum(msg->dialect_status, HSM_DIALECT_STATUSES, "dialect's status", err) ||
        !field_length(&msg->dialect_sha256, hash, hash, "dialect's hash", err) ||
        !field_flags(msg->not_enforced, WIRE_KEY_FLAGS, "what is not enforced", err))
        return false;
    out->status = (enum hsm_dialect_status)msg->dialect_status;
    out->not_enforced = msg->not_enforced;
    if (hash)
        memcpy(out->sha256, msg->dialect_sha256.data, hash);
    return true;
}

static bool get_about(const Pb__Info *msg, struct hsm_about *out, struct err *err)
{
    return field_text(msg->api, "api", out->api, sizeof out->api, err) &&
           field_text(msg->library, "library", out->library, sizeof out->library, err) &&
           field_text(msg->manufacturer, "manufacturer", out->manufacturer,
                      sizeof out->manufacturer, err) &&
           field_text(msg->version, "version", out->version, sizeof out->version, err) &&
           field_text(msg->api_version, "API version", out->api_version, sizeof out->api_version,
                      err) &&
           get_dialect(msg, &out->dialect, err) &&
           field_text(msg->agent_version, "agent's version", out->agent_version,
                      sizeof out->agent_version, err) &&
           get_file(msg->agent, &msg->agent_sha256, "agent's path", &out->agent, err) &&
           get_file(msg->module, &msg->module_sha256, "module's path", &out->module, err) &&
           field_text(msg->host, "agent's host", out->host, sizeof out->host, err) &&
           field_text(msg->user, "agent's user", out->user, sizeof out->user, err);
}

static bool get_loaded(const Pb__Info *msg, struct hsm_info *out, struct err *err)
{
    if (msg->n_loaded > HSM_LOADED_MAX)
        return err_set(err, ERR_DATA, "%zu loaded libraries", msg->n_loaded);
    for (size_t i = 0; i < msg->n_loaded; i++) {
        const Pb__File *file = msg->loaded[i];
        if (!file->path[0])
            return err_set(err, ERR_DATA, "a loaded library without a path");
        if (!get_file(file->path, &file->sha256, "loaded library's path", &out->loaded[i], err))
            return false;
    }
    out->loaded_count = msg->n_loaded;
    out->loaded_more = msg->loaded_more;
    return true;
}

bool wire_get_info(const Pb__Info *msg, struct hsm_info *out, struct err *err)
{
    struct hsm_info i = {0}; /* also its padding: it may be written to disk */

    if (!get_about(msg, &i.about, err) ||
        !field_text(msg->loading, "loading", i.loading, sizeof i.loading, err) ||
        !field_text(msg->confinement, "confinement", i.confinement, sizeof i.confinement, err) ||
        !get_loaded(msg, &i, err))
        return false;
    *out = i;
    return true;
}

void wire_put_slot(const struct hsm_slot *slot, Pb__Slot *msg)
{
    pb__slot__init(msg);
    msg->id = slot->id;
    msg->flags = slot->flags;
    msg->description = field_lend(slot->description);
    msg->label = field_lend(slot->label);
    msg->manufacturer = field_lend(slot->manufacturer);
    msg->model = field_lend(slot->model);
    msg->serial = field_lend(slot->serial);
    msg->hardware = field_lend(slot->hardware);
    msg->firmware = field_lend(slot->firmware);
    msg->store = field_lend(slot->store);
}

bool wire_get_slot(const Pb__Slot *msg, struct hsm_slot *out, struct err *err)
{
    struct hsm_slot s = {.id = msg->id, .flags = msg->flags};

    if (!field_flags(msg->flags, slot_flags, "slot's flags", err) ||
        !field_text(msg->description, "slot's description", s.description, sizeof s.description,
                    err) ||
        !field_text(msg->label, "token's label", s.label, sizeof s.label, err) ||
        !field_text(msg->manufacturer, "token's manufacturer", s.manufacturer,
                    sizeof s.manufacturer, err) ||
        !field_text(msg->model, "token's model", s.model, sizeof s.model, err) ||
        !field_text(msg->serial, "token's serial number", s.serial, sizeof s.serial, err) ||
        !field_text(msg->hardware, "hardware version", s.hardware, sizeof s.hardware, err) ||
        !field_text(msg->firmware, "firmware version", s.firmware, sizeof s.firmware, err) ||
        !field_text(msg->store, "token's store", s.store, sizeof s.store, err))
        return false;
    *out = s;
    return true;
}

void wire_put_key(const struct key_desc *key, Pb__Key *msg, struct wire_constraints *constraints)
{
    pb__key__init(msg);
    msg->handle = key->handle;
    msg->class_ = (uint32_t)key->class;
    msg->kind = (uint32_t)key->kind;
    msg->bits = key->bits;
    msg->length = key->length;
    msg->flags = key->flags;
    msg->flags_known = key->flags_known;
    msg->curve = field_lend(key->curve);
    msg->type_name = field_lend(key->type_name);
    msg->unread = field_lend(key->unread);
    msg->label_len = key->label_len;
    msg->label = field_lend_bytes(key->label, field_at_most(key->label_len, KEY_LABEL_MAX));
    msg->id_len = key->id_len;
    msg->id = field_lend_bytes(key->id, field_at_most(key->id_len, KEY_ID_MAX));
    msg->spki_sha256 = field_lend_bytes(key->spki_sha256, key->has_public ? SHA256_SIZE : 0);
    msg->check_value = field_lend_bytes(key->kcv, key->kcv_len);
    msg->terms = wire_lend_constraints(&key->constraints, constraints);
}

/* Bytes that are present in full or not at all. */
static bool get_whole(const ProtobufCBinaryData *msg, size_t size, const char *name,
                      struct err *err)
{
    return msg->len == 0 || field_length(msg, size, size, name, err);
}

static bool check_key(const Pb__Key *msg, struct err *err)
{
    return wire_get_handle(msg->handle, "key's handle", err) &&
           field_enum(msg->class_, KEY_CLASSES, "class", err) &&
           field_enum(msg->kind, KEY_KINDS, "kind", err) &&
           field_flags(msg->flags_known, WIRE_KEY_FLAGS, "known flags", err) &&
           field_flags(msg->flags, msg->flags_known, "flags", err) &&
           field_cut(&msg->label, msg->label_len, KEY_LABEL_MAX, "label", err) &&
           field_cut(&msg->id, msg->id_len, KEY_ID_MAX, "id", err) &&
           get_whole(&msg->spki_sha256, SHA256_SIZE, "public key's fingerprint", err) &&
           get_whole(&msg->check_value, KCV_SIZE, "check value", err);
}

static void copy_bytes(const ProtobufCBinaryData *msg, uint8_t *out)
{
    if (msg->len > 0)
        memcpy(out, msg->data, msg->len);
}

bool wire_get_key(const Pb__Key *msg, struct key_desc *out, struct err *err)
{
    if (!check_key(msg, err))
        return false;

    struct key_desc key = {
        .handle = msg->handle,
        .class = (enum key_class)msg->class_,
        .kind = (enum key_kind)msg->kind,
        .bits = msg->bits,
        .length = msg->length,
        .flags = msg->flags,
        .flags_known = msg->flags_known,
        .label_len = (uint16_t)msg->label_len,
        .id_len = (uint16_t)msg->id_len,
        .has_public = msg->spki_sha256.len > 0,
        .kcv_len = (uint8_t)msg->check_value.len,
    };
    if (!field_text(msg->curve, "curve", key.curve, sizeof key.curve, err) ||
        !field_text(msg->type_name, "type", key.type_name, sizeof key.type_name, err) ||
        !field_text(msg->unread, "unread", key.unread, sizeof key.unread, err) ||
        !wire_get_constraints(msg->terms, &key.constraints, err))
        return false;
    copy_bytes(&msg->label, key.label);
    copy_bytes(&msg->id, key.id);
    copy_bytes(&msg->spki_sha256, key.spki_sha256);
    copy_bytes(&msg->check_value, key.kcv);
    *out = key;
    return true;
}

bool wire_get_slots(const Pb__Slots *msg, struct hsm_slot_list *out, struct err *err)
{
    struct hsm_slot *slots;

    if (msg->n_slots > HSM_SLOTS_MAX)
        return err_set(err, ERR_DATA, "%zu slots", msg->n_slots);
    slots = calloc(msg->n_slots + 1, sizeof *slots);
    if (!slots)
        return err_set(err, ERR_FAILED, "no memory for the list of slots");
    for (size_t i = 0; i < msg->n_slots; i++)
        if (!wire_get_slot(msg->slots[i], &slots[i], err)) {
            free(slots);
            return false;
        }
    *out = (struct hsm_slot_list){slots, msg->n_slots};
    return true;
}

static void put_capability(const struct hsm_capability *capability, Pb__Offer *msg)
{
    pb__offer__init(msg);
    msg->wrap = capability->wrap;
    msg->unwrap = capability->unwrap;
    msg->mechanism = capability->mechanism;
    msg->kdfs = capability->kdfs;
    msg->wrap_words = field_lend(capability->wrap_call);
    msg->unwrap_words = field_lend(capability->unwrap_call);
    msg->reason = field_lend(capability->reason);
}

/* Lends the call names of acts and proofs to msg. */
static void put_calls(const struct hsm_capabilities *caps, char **refs, Pb__Offers *msg)
{
    for (size_t i = 0; i < HSM_OPS; i++)
        refs[i] = field_lend(caps->op_calls[i]);
    msg->n_act_words = HSM_OPS;
    msg->act_words = refs;
    refs += HSM_OPS;
    for (size_t i = 0; i < HSM_PROOFS; i++)
        refs[i] = field_lend(caps->proof_calls[i]);
    msg->n_proof_words = HSM_PROOFS;
    msg->proof_words = refs;
}

void wire_put_capabilities(const struct hsm_capabilities *caps, struct wire_offers *offers,
                           Pb__Offers *msg)
{
    pb__offers__init(msg);
    for (size_t i = 0; i < HSM_ALGS; i++) {
        put_capability(&caps->alg[i], &offers->msgs[i]);
        offers->refs[i] = &offers->msgs[i];
    }
    put_capability(&caps->evidence, &offers->evidence);
    put_calls(caps, offers->words, msg);
    msg->n_alg = HSM_ALGS;
    msg->alg = offers->refs;
    msg->evidence = &offers->evidence;
    msg->proofs = caps->proofs;
    msg->exact_length = (uint32_t)caps->exact_length;
    msg->takes_length = (uint32_t)caps->takes_length;
    msg->can_copy = caps->can_copy;
    msg->one_per_id = caps->one_per_id;
    msg->lost_templates = caps->lost_templates;
    msg->lost_terms = caps->lost_constraints;
    msg->lost_flags = caps->lost_flags;
    msg->unreadable = caps->unreadable;
    msg->mute_templates = caps->mute_templates;
    msg->secret_max = caps->limits.secret_max;
    msg->digest_max = caps->limits.digest_max;
    msg->rsa_min = caps->limits.rsa_min;
    msg->rsa_max = caps->limits.rsa_max;
    msg->kinds = caps->limits.kinds;
    msg->curves = field_lend(caps->limits.curves);
}

static bool get_capability(const Pb__Offer *msg, struct hsm_capability *out, struct err *err)
{
    out->wrap = msg->wrap;
    out->unwrap = msg->unwrap;
    out->mechanism = msg->mechanism;
    out->kdfs = msg->kdfs;
    return field_flags(msg->kdfs, kdf_bits, "KDFs", err) &&
           field_text(msg->wrap_words, "offer", out->wrap_call, sizeof out->wrap_call, err) &&
           field_text(msg->unwrap_words, "offer", out->unwrap_call, sizeof out->unwrap_call, err) &&
           field_text(msg->reason, "offer's reason", out->reason, sizeof out->reason, err);
}

bool wire_get_capabilities(const Pb__Offers *msg, struct hsm_capabilities *out, struct err *err)
{
    if (msg->n_alg != HSM_ALGS)
        return err_set(err, ERR_DATA, "offers for %zu algorithms", msg->n_alg);
    if (msg->n_act_words != HSM_OPS)
        return err_set(err, ERR_DATA, "words for %zu acts", msg->n_act_words);
    if (msg->n_proof_words != HSM_PROOFS)
        return err_set(err, ERR_DATA, "words for %zu proofs", msg->n_proof_words);
    if (!field_flags(msg->proofs, proof_bits, "proofs", err) ||
        !field_flags(msg->lost_templates, key_templates, "lost templates", err) ||
        !field_flags(msg->lost_terms, KEY_DATES | KEY_ALLOWED, "lost terms", err) ||
        !field_flags(msg->lost_flags, WIRE_KEY_FLAGS, "lost flags", err) ||
        !field_flags(msg->unreadable, WIRE_KEY_FLAGS, "unreadable flags", err) ||
        !field_flags(msg->mute_templates, key_templates, "mute templates", err) ||
        !field_enum(msg->exact_length, HSM_YES + 1, "exact_length", err) ||
        !field_enum(msg->takes_length, HSM_YES + 1, "takes_length", err))
        return false;

    struct hsm_capabilities caps = {
        .proofs = msg->proofs,
        .exact_length = (enum hsm_truth)msg->exact_length,
        .takes_length = (enum hsm_truth)msg->takes_length,
        .can_copy = msg->can_copy,
        .one_per_id = msg->one_per_id,
        .lost_templates = msg->lost_templates,
        .lost_constraints = msg->lost_terms,
        .lost_flags = msg->lost_flags,
        .unreadable = msg->unreadable,
        .mute_templates = msg->mute_templates,
        .limits = {.secret_max = msg->secret_max,
                   .digest_max = msg->digest_max,
                   .rsa_min = msg->rsa_min,
                   .rsa_max = msg->rsa_max,
                   .kinds = msg->kinds},
    };
    if (!field_text(msg->curves, "curves", caps.limits.curves, sizeof caps.limits.curves, err))
        return false;
    for (size_t i = 0; i < HSM_ALGS; i++)
        if (!get_capability(msg->alg[i], &caps.alg[i], err))
            return false;
    if (msg->evidence && !get_capability(msg->evidence, &caps.evidence, err))
        return false;
    for (size_t i = 0; i < HSM_OPS; i++)
        if (!field_text(msg->act_words[i], "act", caps.op_calls[i], sizeof caps.op_calls[i], err))
            return false;
    for (size_t i = 0; i < HSM_PROOFS; i++)
        if (!field_text(msg->proof_words[i], "proof", caps.proof_calls[i],
                        sizeof caps.proof_calls[i], err))
            return false;
    *out = caps;
    return true;
}

bool wire_get_pair(const Pb__Pair *msg, struct hsm_pair *out, struct err *err)
{
    struct bytes spki = {0};

    if (!wire_get_handle(msg->private_handle, "private key's handle", err) ||
        !wire_get_bytes(&msg->spki, 1, HSM_BLOB_MAX, "public key", &spki, err))
        return false;
    *out = (struct hsm_pair){.private_handle = msg->private_handle,
                             .public_handle = msg->public_handle,
                             .kem_private = msg->kem_private,
                             .kem_public = msg->kem_public,
                             .spki = spki};
    return true;
}
