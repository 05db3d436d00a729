/* SPDX-License-Identifier: Apache-2.0 */
#include "link/wire.h"

#include <string.h>

#include "base/text.h"
#include "link/frame.h"

enum { CHECK_VALUE_SIZE = 3 };

/* Every flag that key.h and facts.h know. */
static const uint32_t key_flags = (UINT32_C(1) << KEY_FLAGS) - 1;
static const uint32_t key_terms = KEY_TERMS;
static const uint32_t key_templates = (UINT32_C(1) << KEY_TEMPLATES) - 1;
static const uint32_t slot_flags = (UINT32_C(1) << HSM_SLOT_FLAGS) - 1;
static const uint32_t proof_bits = (UINT32_C(1) << HSM_PROOFS) - 1;

/* protobuf-c's members are not const, though packing changes nothing. */
static char *lend_text(const char *text)
{
    return (char *)text;
}

static ProtobufCBinaryData lend_bytes(const void *data, size_t len)
{
    return (ProtobufCBinaryData){.len = len, .data = (uint8_t *)data};
}

void wire_put_hello(Pb__Hello *msg)
{
    pb__hello__init(msg);
    msg->magic = WIRE_MAGIC;
    msg->protocol = WIRE_PROTOCOL;
    msg->program = lend_text(PACKAGE_STRING);
}

bool wire_pack(const ProtobufCMessage *msg, struct bytes *frame, struct err *err)
{
    size_t len = protobuf_c_message_get_packed_size(msg);

    if (len > FRAME_MAX)
        return err_set(err, ERR_DATA, "a message of %zu octets is too long to send", len);
    if (!bytes_make(frame, len, err))
        return false;
    protobuf_c_message_pack(msg, frame->data);
    return true;
}

const char *wire_call_name(Pb__Request__CallCase call)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(&pb__request__descriptor, (unsigned)call);
    return field ? field->name : "unknown call";
}

/* --- single fields --- */

/* A string that may be anything printable: a path. */
static bool get_string(const char *msg, const char *name, char *out, size_t size, struct err *err)
{
    size_t len = strlen(msg);

    if (len >= size)
        return err_set(err, ERR_DATA, "%s is too long (%zu octets)", name, len);
    memcpy(out, msg, len + 1);
    return true;
}

/* Text that has passed text_safe(). */
static bool get_text(const char *msg, const char *name, char *out, size_t size, struct err *err)
{
    uint8_t raw[HSM_PATH_MAX];
    size_t len = sizeof raw;

    if (strlen(msg) < size && !text_unsafe(msg, raw, &len))
        return err_set(err, ERR_DATA, "%s is not safe text", name);
    return get_string(msg, name, out, size, err);
}

static bool get_enum(uint32_t value, unsigned count, const char *name, struct err *err)
{
    return value < count || err_set(err, ERR_DATA, "%s %u is unknown", name, value);
}

static bool get_flags(uint32_t flags, uint32_t known, const char *name, struct err *err)
{
    return (flags & ~known) == 0 || err_set(err, ERR_DATA, "%s holds unknown bits", name);
}

static bool check_length(const ProtobufCBinaryData *msg, size_t min, size_t max, const char *name,
                         struct err *err)
{
    return (msg->len >= min && msg->len <= max) ||
           err_set(err, ERR_DATA, "%s has a length of %zu octets", name, msg->len);
}

bool wire_get_handle(uint64_t handle, const char *name, struct err *err)
{
    return handle != 0 || err_set(err, ERR_DATA, "%s is 0", name);
}

bool wire_get_bytes(const ProtobufCBinaryData *msg, size_t min, size_t max, const char *name,
                    struct bytes *out, struct err *err)
{
    return check_length(msg, min, max, name, err) && bytes_set(out, msg->data, msg->len, err);
}

bool wire_get_alg(uint32_t msg, enum hsm_alg *out, struct err *err)
{
    if (!get_enum(msg, HSM_ALGS, "algorithm", err))
        return false;
    *out = (enum hsm_alg)msg;
    return true;
}

bool wire_get_proof(uint32_t msg, enum hsm_proof *out, struct err *err)
{
    if (!get_enum(msg, HSM_PROOFS, "proof", err))
        return false;
    *out = (enum hsm_proof)msg;
    return true;
}

bool wire_get_label(const char *msg, struct err *err)
{
    char label[KEY_LABEL_MAX + 1];
    return get_text(msg, "label", label, sizeof label, err);
}

bool wire_get_name(const ProtobufCBinaryData *msg, size_t max, const char *name, struct err *err)
{
    return check_length(msg, 0, max, name, err);
}

/* --- failures --- */

void wire_put_err(const struct err *err, Pb__Error *msg)
{
    pb__error__init(msg);
    msg->code = (uint32_t)err->code;
    msg->hsm_code = err->hsm_code;
    msg->hsm_name = lend_text(err->hsm_name);
    msg->what = lend_text(err->what);
    msg->now = lend_text(err->now);
    msg->next = lend_text(err->next);
}

/* Safe text passes; anything else is made safe and cut to fit. */
static void make_text(const char *msg, char *out, size_t size)
{
    if (!get_text(msg, "", out, size, NULL))
        text_safe(msg, strnlen(msg, size), out, size);
}

bool wire_get_err(const Pb__Error *msg, struct err *out, struct err *err)
{
    if (msg->code == ERR_NONE || msg->code >= ERR_CODES)
        return err_set(err, ERR_DATA, "failure %u is unknown", msg->code);
    *out = (struct err){.code = (enum err_code)msg->code, .hsm_code = msg->hsm_code};
    make_text(msg->hsm_name, out->hsm_name, sizeof out->hsm_name);
    make_text(msg->what[0] ? msg->what : "it does not say what failed", out->what,
              sizeof out->what);
    make_text(msg->now, out->now, sizeof out->now);
    make_text(msg->next, out->next, sizeof out->next);
    return true;
}

/* --- what requests carry --- */

void wire_put_where(const struct hsm_where *where, Pb__Where *msg)
{
    pb__where__init(msg);
    msg->api = lend_text(where->api);
    msg->module = lend_text(where->module);
    msg->params = lend_text(where->params);
    msg->dialect = lend_text(where->dialect);
    msg->module_sha256 = lend_text(where->module_sha256);
    msg->environment_trusted = where->environment_trusted;
}

bool wire_get_where(const Pb__Where *msg, struct hsm_where *out, struct err *err)
{
    struct hsm_where where = {.environment_trusted = msg->environment_trusted};

    if (!get_string(msg->api, "api", where.api, sizeof where.api, err) ||
        !get_string(msg->module, "module", where.module, sizeof where.module, err) ||
        !get_string(msg->params, "params", where.params, sizeof where.params, err) ||
        !get_string(msg->dialect, "dialect", where.dialect, sizeof where.dialect, err) ||
        !get_string(msg->module_sha256, "module's hash", where.module_sha256,
                    sizeof where.module_sha256, err))
        return false;
    *out = where;
    return true;
}

bool wire_get_pin(const ProtobufCBinaryData *msg, struct secret *out, struct err *err)
{
    if (!check_length(msg, 0, SECRET_PIN_MAX, "PIN", err))
        return false;
    if (msg->len == 0) {
        *out = (struct secret){0};
        return true;
    }
    struct secret pin = {0};
    if (!secret_new(&pin, SECRET_PIN_MAX, err) || !secret_set(&pin, msg->data, msg->len, err)) {
        secret_free(&pin);
        return false;
    }
    *out = pin;
    return true;
}

static size_t at_most(size_t len, size_t max)
{
    return len < max ? len : max;
}

/* Bytes that may be cut: len is the true length, at most max of them are here. */
static bool get_cut(const ProtobufCBinaryData *msg, uint32_t len, size_t max, const char *name,
                    struct err *err)
{
    return (len <= UINT16_MAX && msg->len == at_most(len, max)) ||
           err_set(err, ERR_DATA, "%s of %u octets came with %zu", name, len, msg->len);
}

static void put_demands(const struct key_template *template, Pb__KeyTemplate *msg)
{
    pb__key_template__init(msg);
    msg->named = template->named;
    msg->flags = template->flags;
    msg->class_ = (uint32_t) template->class;
    msg->kind = (uint32_t) template->kind;
    msg->others = template->others;
}

static bool get_demands(const Pb__KeyTemplate *msg, struct key_template *out, struct err *err)
{
    if (!get_flags(msg->named, key_flags, "what a key's template names", err) ||
        !get_flags(msg->flags, msg->named, "flags in a key's template", err) ||
        !get_enum(msg->class_, KEY_CLASSES, "class in a key's template", err) ||
        !get_enum(msg->kind, KEY_KINDS, "kind in a key's template", err))
        return false;
    *out = (struct key_template){msg->named, msg->flags, (enum key_class)msg->class_,
                                 (enum key_kind)msg->kind, msg->others};
    return true;
}

/* Lends terms to room, and room to whom it belongs to: NULL where nothing is known. */
static Pb__Terms *lend_terms(const struct key_terms *terms, struct wire_terms *room)
{
    Pb__Terms *msg = &room->msg;

    pb__terms__init(msg);
    if (!terms || !terms->known)
        return NULL;
    msg->known = terms->known;
    msg->start = lend_text(terms->start);
    msg->end = lend_text(terms->end);
    msg->allowed_count = terms->allowed_count;
    msg->n_allowed = at_most(terms->allowed_count, KEY_ALLOWED_MAX);
    msg->allowed = (uint32_t *)terms->allowed;
    msg->subject_len = terms->subject_len;
    msg->subject = lend_bytes(terms->subject, at_most(terms->subject_len, KEY_SUBJECT_MAX));
    for (size_t i = 0; i < KEY_TEMPLATES; i++) {
        put_demands(&terms->templates[i], &room->template[i]);
        room->refs[i] = &room->template[i];
    }
    msg->n_templates = terms->known & KEY_TEMPLATE ? KEY_TEMPLATES : 0;
    msg->templates = room->refs;
    return msg;
}

static bool is_date(const char *date)
{
    return strspn(date, "0123456789") == strlen(date) &&
           (!date[0] || strlen(date) == KEY_DATE_SIZE - 1);
}

static bool get_terms(const Pb__Terms *msg, struct key_terms *out, struct err *err)
{
    struct key_desc made = {0};
    uint64_t allowed[KEY_ALLOWED_MAX];

    *out = made.terms;
    if (!msg)
        return true;
    if (!get_flags(msg->known, key_terms, "known terms", err) ||
        !get_cut(&msg->subject, msg->subject_len, KEY_SUBJECT_MAX, "subject", err))
        return false;
    if (msg->allowed_count > UINT16_MAX ||
        msg->n_allowed != at_most(msg->allowed_count, KEY_ALLOWED_MAX))
        return err_set(err, ERR_DATA, "%u allowed mechanisms came with %zu", msg->allowed_count,
                       msg->n_allowed);
    for (size_t i = 0; i < msg->n_allowed; i++)
        allowed[i] = msg->allowed[i];
    if (!is_date(msg->start) || !is_date(msg->end))
        return err_set(err, ERR_DATA, "a date is none");
    if (msg->n_templates != 0 && msg->n_templates != KEY_TEMPLATES)
        return err_set(err, ERR_DATA, "%zu templates of a key", msg->n_templates);
    for (size_t i = 0; i < msg->n_templates; i++)
        if (!get_demands(msg->templates[i], &made.terms.templates[i], err))
            return false;
    key_set_dates(&made, msg->start, strlen(msg->start), msg->end, strlen(msg->end));
    key_set_allowed(&made, allowed, msg->n_allowed);
    key_set_subject(&made, msg->subject.data, msg->subject.len);
    made.terms.known = msg->known;
    made.terms.allowed_count = (uint16_t)msg->allowed_count;
    made.terms.subject_len = (uint16_t)msg->subject_len;
    *out = made.terms;
    return true;
}

void wire_put_template(const struct hsm_template *template, Pb__Template *msg,
                       struct wire_terms *terms)
{
    pb__template__init(msg);
    msg->class_ = (uint32_t) template->class;
    msg->kind = (uint32_t) template->kind;
    msg->length = template->length;
    msg->flags = template->flags;
    msg->label = lend_bytes(template->label, template->label_len);
    msg->id = lend_bytes(template->id, template->id_len);
    if (template->spki)
        msg->spki = lend_bytes(template->spki->data, template->spki->len);
    msg->terms = lend_terms(template->terms, terms);
}

void wire_put_remove(const struct key_desc *is, Pb__Remove *msg)
{
    pb__remove__init(msg);
    msg->handle = is->handle;
    msg->class_ = (uint32_t)is->class;
    msg->label = lend_bytes(is->label, is->label_len);
    msg->id = lend_bytes(is->id, is->id_len);
}

bool wire_get_remove(const Pb__Remove *msg, struct key_desc *out, struct err *err)
{
    if (!wire_get_handle(msg->handle, "handle", err) ||
        !get_enum(msg->class_, KEY_CLASSES, "class", err) ||
        !wire_get_name(&msg->label, KEY_LABEL_MAX, "label", err) ||
        !wire_get_name(&msg->id, KEY_ID_MAX, "id", err))
        return false;
    *out = (struct key_desc){.handle = msg->handle, .class = (enum key_class)msg->class_};
    key_set_label(out, msg->label.data, msg->label.len);
    key_set_id(out, msg->id.data, msg->id.len);
    return true;
}

bool wire_get_template(const Pb__Template *msg, struct hsm_template *out, struct bytes *spki,
                       struct key_terms *terms, struct err *err)
{
    if (!msg)
        return err_set(err, ERR_DATA, "the template is missing");
    if (!get_enum(msg->class_, KEY_CLASSES, "class", err) ||
        !get_enum(msg->kind, KEY_KINDS, "kind", err) ||
        !get_flags(msg->flags, key_flags, "flags", err) ||
        !wire_get_name(&msg->label, KEY_LABEL_MAX, "label", err) ||
        !wire_get_name(&msg->id, KEY_ID_MAX, "id", err) ||
        !check_length(&msg->spki, 0, HSM_BLOB_MAX, "public key", err) ||
        !get_terms(msg->terms, terms, err))
        return false;
    *spki = (struct bytes){msg->spki.data, msg->spki.len};
    *out = (struct hsm_template){
        .class = (enum key_class)msg->class_,
        .kind = (enum key_kind)msg->kind,
        .length = msg->length,
        .flags = msg->flags,
        .label = msg->label.data,
        .label_len = msg->label.len,
        .id = msg->id.data,
        .id_len = msg->id.len,
        .spki = spki->len ? spki : NULL,
        .terms = msg->terms ? terms : NULL,
    };
    return true;
}

void wire_put_sample(const struct key_sample *sample, Pb__MakeKey *msg)
{
    pb__make_key__init(msg);
    msg->kind = (uint32_t)sample->kind;
    msg->length = sample->length;
    msg->bits = sample->bits;
    msg->curve = lend_text(sample->curve);
}

bool wire_get_sample(const Pb__MakeKey *msg, struct key_sample *out, struct err *err)
{
    struct key_sample sample = {.length = msg->length, .bits = msg->bits};

    if (!get_enum(msg->kind, KEY_KINDS, "kind", err) ||
        !get_text(msg->curve, "curve", sample.curve, sizeof sample.curve, err))
        return false;
    sample.kind = (enum key_kind)msg->kind;
    *out = sample;
    return true;
}

/* --- what replies carry --- */

static void put_file(const struct hsm_file *file, char **path, ProtobufCBinaryData *sha256)
{
    *path = lend_text(file->path);
    if (file->path[0])
        *sha256 = lend_bytes(file->sha256, sizeof file->sha256);
}

static void put_about(const struct hsm_about *info, Pb__Info *msg)
{
    msg->api = lend_text(info->api);
    msg->library = lend_text(info->library);
    msg->manufacturer = lend_text(info->manufacturer);
    msg->version = lend_text(info->version);
    msg->api_version = lend_text(info->api_version);
    msg->dialect = lend_text(info->dialect.name);
    msg->dialect_status = (uint32_t)info->dialect.status;
    if (info->dialect.name[0])
        msg->dialect_sha256 = lend_bytes(info->dialect.sha256, sizeof info->dialect.sha256);
    msg->not_enforced = info->dialect.not_enforced;
    msg->agent_version = lend_text(info->agent_version);
    put_file(&info->agent, &msg->agent, &msg->agent_sha256);
    put_file(&info->module, &msg->module, &msg->module_sha256);
}

void wire_put_info(const struct hsm_info *info, Pb__Info *msg, struct wire_files *files)
{
    pb__info__init(msg);
    put_about(&info->about, msg);
    msg->loading = lend_text(info->loading);
    msg->confinement = lend_text(info->confinement);
    msg->n_loaded = at_most(info->loaded_count, HSM_LOADED_MAX);
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

    if (!get_text(path, name, out->path, sizeof out->path, err) ||
        !check_length(sha256, hash, hash, "hash of a file", err))
        return false;
    if (hash)
        memcpy(out->sha256, sha256->data, hash);
    return true;
}

static bool get_dialect(const Pb__Info *msg, struct hsm_dialect *out, struct err *err)
{
    size_t hash = msg->dialect[0] ? sizeof out->sha256 : 0;

    if (!get_text(msg->dialect, "dialect", out->name, sizeof out->name, err) ||
        !get_enum(msg->dialect_status, HSM_DIALECT_STATUSES, "dialect's status", err) ||
        !check_length(&msg->dialect_sha256, hash, hash, "dialect's hash", err) ||
        !get_flags(msg->not_enforced, key_flags, "what is not enforced", err))
        return false;
    out->status = (enum hsm_dialect_status)msg->dialect_status;
    out->not_enforced = msg->not_enforced;
    if (hash)
        memcpy(out->sha256, msg->dialect_sha256.data, hash);
    return true;
}

static bool get_about(const Pb__Info *msg, struct hsm_about *out, struct err *err)
{
    return get_text(msg->api, "api", out->api, sizeof out->api, err) &&
           get_text(msg->library, "library", out->library, sizeof out->library, err) &&
           get_text(msg->manufacturer, "manufacturer", out->manufacturer, sizeof out->manufacturer,
                    err) &&
           get_text(msg->version, "version", out->version, sizeof out->version, err) &&
           get_text(msg->api_version, "API version", out->api_version, sizeof out->api_version,
                    err) &&
           get_dialect(msg, &out->dialect, err) &&
           get_text(msg->agent_version, "agent's version", out->agent_version,
                    sizeof out->agent_version, err) &&
           get_file(msg->agent, &msg->agent_sha256, "agent's path", &out->agent, err) &&
           get_file(msg->module, &msg->module_sha256, "module's path", &out->module, err);
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
    struct hsm_info i = {0}; /* to the last byte: it may go to disk */

    if (!get_about(msg, &i.about, err) ||
        !get_text(msg->loading, "loading", i.loading, sizeof i.loading, err) ||
        !get_text(msg->confinement, "confinement", i.confinement, sizeof i.confinement, err) ||
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
    msg->description = lend_text(slot->description);
    msg->label = lend_text(slot->label);
    msg->manufacturer = lend_text(slot->manufacturer);
    msg->model = lend_text(slot->model);
    msg->serial = lend_text(slot->serial);
    msg->hardware = lend_text(slot->hardware);
    msg->firmware = lend_text(slot->firmware);
    msg->store = lend_text(slot->store);
}

bool wire_get_slot(const Pb__Slot *msg, struct hsm_slot *out, struct err *err)
{
    struct hsm_slot s = {.id = msg->id, .flags = msg->flags};

    if (!get_flags(msg->flags, slot_flags, "slot's flags", err) ||
        !get_text(msg->description, "slot's description", s.description, sizeof s.description,
                  err) ||
        !get_text(msg->label, "token's label", s.label, sizeof s.label, err) ||
        !get_text(msg->manufacturer, "token's maker", s.manufacturer, sizeof s.manufacturer, err) ||
        !get_text(msg->model, "token's model", s.model, sizeof s.model, err) ||
        !get_text(msg->serial, "token's serial number", s.serial, sizeof s.serial, err) ||
        !get_text(msg->hardware, "hardware version", s.hardware, sizeof s.hardware, err) ||
        !get_text(msg->firmware, "firmware version", s.firmware, sizeof s.firmware, err) ||
        !get_text(msg->store, "token's store", s.store, sizeof s.store, err))
        return false;
    *out = s;
    return true;
}

void wire_put_key(const struct key_desc *key, Pb__Key *msg, struct wire_terms *terms)
{
    pb__key__init(msg);
    msg->handle = key->handle;
    msg->class_ = (uint32_t)key->class;
    msg->kind = (uint32_t)key->kind;
    msg->bits = key->bits;
    msg->length = key->length;
    msg->flags = key->flags;
    msg->flags_known = key->flags_known;
    msg->curve = lend_text(key->curve);
    msg->type_name = lend_text(key->type_name);
    msg->unread = lend_text(key->unread);
    msg->label_len = key->label_len;
    msg->label = lend_bytes(key->label, at_most(key->label_len, KEY_LABEL_MAX));
    msg->id_len = key->id_len;
    msg->id = lend_bytes(key->id, at_most(key->id_len, KEY_ID_MAX));
    msg->spki_sha256 = lend_bytes(key->spki_sha256, key->has_public ? SHA256_SIZE : 0);
    msg->check_value = lend_bytes(key->check_value, key->check_value_len);
    msg->terms = lend_terms(&key->terms, terms);
}

/* Bytes that are there in full or not at all. */
static bool get_whole(const ProtobufCBinaryData *msg, size_t size, const char *name,
                      struct err *err)
{
    return msg->len == 0 || check_length(msg, size, size, name, err);
}

static bool check_key(const Pb__Key *msg, struct err *err)
{
    return wire_get_handle(msg->handle, "key's handle", err) &&
           get_enum(msg->class_, KEY_CLASSES, "class", err) &&
           get_enum(msg->kind, KEY_KINDS, "kind", err) &&
           get_flags(msg->flags_known, key_flags, "known flags", err) &&
           get_flags(msg->flags, msg->flags_known, "flags", err) &&
           get_cut(&msg->label, msg->label_len, KEY_LABEL_MAX, "label", err) &&
           get_cut(&msg->id, msg->id_len, KEY_ID_MAX, "id", err) &&
           get_whole(&msg->spki_sha256, SHA256_SIZE, "public key's fingerprint", err) &&
           get_whole(&msg->check_value, CHECK_VALUE_SIZE, "check value", err);
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
        .check_value_len = (uint8_t)msg->check_value.len,
    };
    if (!get_text(msg->curve, "curve", key.curve, sizeof key.curve, err) ||
        !get_text(msg->type_name, "type", key.type_name, sizeof key.type_name, err) ||
        !get_text(msg->unread, "unread", key.unread, sizeof key.unread, err) ||
        !get_terms(msg->terms, &key.terms, err))
        return false;
    copy_bytes(&msg->label, key.label);
    copy_bytes(&msg->id, key.id);
    copy_bytes(&msg->spki_sha256, key.spki_sha256);
    copy_bytes(&msg->check_value, key.check_value);
    *out = key;
    return true;
}

void wire_put_offer(const struct hsm_offer *offer, Pb__Offer *msg)
{
    pb__offer__init(msg);
    msg->wrap = offer->wrap;
    msg->unwrap = offer->unwrap;
    msg->mechanism = offer->mechanism;
    msg->wrap_words = lend_text(offer->wrap_words);
    msg->unwrap_words = lend_text(offer->unwrap_words);
    msg->reason = lend_text(offer->reason);
}

void wire_put_words(const struct hsm_offers *offers, char **refs, Pb__Offers *msg)
{
    for (size_t i = 0; i < HSM_ACTS; i++)
        refs[i] = lend_text(offers->act_words[i]);
    msg->n_act_words = HSM_ACTS;
    msg->act_words = refs;
    refs += HSM_ACTS;
    for (size_t i = 0; i < HSM_PROOFS; i++)
        refs[i] = lend_text(offers->proof_words[i]);
    msg->n_proof_words = HSM_PROOFS;
    msg->proof_words = refs;
}

static bool get_offer(const Pb__Offer *msg, struct hsm_offer *out, struct err *err)
{
    out->wrap = msg->wrap;
    out->unwrap = msg->unwrap;
    out->mechanism = msg->mechanism;
    return get_text(msg->wrap_words, "offer", out->wrap_words, sizeof out->wrap_words, err) &&
           get_text(msg->unwrap_words, "offer", out->unwrap_words, sizeof out->unwrap_words, err) &&
           get_text(msg->reason, "offer's reason", out->reason, sizeof out->reason, err);
}

bool wire_get_offers(const Pb__Offers *msg, struct hsm_offers *out, struct err *err)
{
    if (msg->n_alg != HSM_ALGS)
        return err_set(err, ERR_DATA, "offers for %zu algorithms", msg->n_alg);
    if (msg->n_act_words != HSM_ACTS)
        return err_set(err, ERR_DATA, "words for %zu acts", msg->n_act_words);
    if (msg->n_proof_words != HSM_PROOFS)
        return err_set(err, ERR_DATA, "words for %zu proofs", msg->n_proof_words);
    if (!get_flags(msg->proofs, proof_bits, "proofs", err) ||
        !get_flags(msg->lost_templates, key_templates, "lost templates", err) ||
        !get_flags(msg->lost_terms, KEY_DATES | KEY_ALLOWED, "lost terms", err) ||
        !get_flags(msg->lost_flags, key_flags, "lost flags", err) ||
        !get_flags(msg->unreadable, key_flags, "unreadable flags", err) ||
        !get_flags(msg->mute_templates, key_templates, "mute templates", err) ||
        !get_enum(msg->exact_length, HSM_YES + 1, "exact_length", err) ||
        !get_enum(msg->takes_length, HSM_YES + 1, "takes_length", err))
        return false;

    struct hsm_offers offers = {
        .proofs = msg->proofs,
        .exact_length = (enum hsm_truth)msg->exact_length,
        .takes_length = (enum hsm_truth)msg->takes_length,
        .can_copy = msg->can_copy,
        .one_per_id = msg->one_per_id,
        .lost_templates = msg->lost_templates,
        .lost_terms = msg->lost_terms,
        .lost_flags = msg->lost_flags,
        .unreadable = msg->unreadable,
        .mute_templates = msg->mute_templates,
        .limits = {.secret_max = msg->secret_max,
                   .digest_max = msg->digest_max,
                   .rsa_min = msg->rsa_min,
                   .rsa_max = msg->rsa_max},
    };
    if (!get_text(msg->curves, "curves", offers.limits.curves, sizeof offers.limits.curves, err))
        return false;
    for (size_t i = 0; i < HSM_ALGS; i++)
        if (!get_offer(msg->alg[i], &offers.alg[i], err))
            return false;
    for (size_t i = 0; i < HSM_ACTS; i++)
        if (!get_text(msg->act_words[i], "act", offers.act_words[i], sizeof offers.act_words[i],
                      err))
            return false;
    for (size_t i = 0; i < HSM_PROOFS; i++)
        if (!get_text(msg->proof_words[i], "proof", offers.proof_words[i],
                      sizeof offers.proof_words[i], err))
            return false;
    *out = offers;
    return true;
}

bool wire_get_pair(const Pb__Pair *msg, struct hsm_pair *out, struct err *err)
{
    struct bytes spki = {0};

    if (!wire_get_handle(msg->private_handle, "private key's handle", err) ||
        !wire_get_bytes(&msg->spki, 1, HSM_BLOB_MAX, "public key", &spki, err))
        return false;
    *out = (struct hsm_pair){msg->private_handle, msg->public_handle, spki};
    return true;
}
