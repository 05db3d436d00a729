/* SPDX-License-Identifier: Apache-2.0 */
#include "link/wire.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "link/frame.h"
#include "link/wire_field.h"
#include "link/wire_constraints.h"

/* The first octets of the kernel's boot_id; 0: not known. */
static uint64_t host_number(void)
{
    unsigned long long high, middle, low;
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");

    if (!file)
        return 0;
    if (fscanf(file, "%8llx-%4llx-%4llx", &high, &middle, &low) != 3)
        high = middle = low = 0;
    fclose(file);
    return high << 32 | middle << 16 | low;
}

void wire_put_hello(Pb__Hello *msg)
{
    pb__hello__init(msg);
    msg->magic = WIRE_MAGIC;
    msg->protocol = WIRE_PROTOCOL;
    msg->program = field_lend(PACKAGE_STRING);
    msg->process = (uint64_t)getpid();
    msg->host = host_number();
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

bool wire_get_handle(uint64_t handle, const char *name, struct err *err)
{
    return handle != 0 || err_set(err, ERR_DATA, "%s is 0", name);
}

bool wire_get_bytes(const ProtobufCBinaryData *msg, size_t min, size_t max, const char *name,
                    struct bytes *out, struct err *err)
{
    return field_length(msg, min, max, name, err) && bytes_set(out, msg->data, msg->len, err);
}

bool wire_get_alg(uint32_t msg, enum hsm_alg *out, struct err *err)
{
    if (!field_enum(msg, HSM_ALGS, "algorithm", err))
        return false;
    *out = (enum hsm_alg)msg;
    return true;
}

bool wire_get_proof(uint32_t msg, enum hsm_proof *out, struct err *err)
{
    if (!field_enum(msg, HSM_PROOFS, "proof", err))
        return false;
    *out = (enum hsm_proof)msg;
    return true;
}

bool wire_get_label(const char *msg, struct err *err)
{
    char label[KEY_LABEL_MAX + 1];
    return field_text(msg, "label", label, sizeof label, err);
}

bool wire_get_name(const ProtobufCBinaryData *msg, size_t max, const char *name, struct err *err)
{
    return field_length(msg, 0, max, name, err);
}

/* --- failures --- */

void wire_put_err(const struct err *err, Pb__Error *msg)
{
    pb__error__init(msg);
    msg->code = (uint32_t)err->code;
    msg->hsm_code = err->hsm_code;
    msg->hsm_name = field_lend(err->hsm_name);
    msg->what = field_lend(err->what);
    msg->now = field_lend(err->now);
    msg->next = field_lend(err->next);
}

/* Accepts safe text; makes anything else safe, and truncates it to fit. */
static void make_text(const char *msg, char *out, size_t size)
{
    if (!field_text(msg, "", out, size, NULL))
        text_safe(msg, strnlen(msg, size), out, size);
}

bool wire_get_err(const Pb__Error *msg, struct err *out, struct err *err)
{
    if (msg->code == ERR_NONE || msg->code >= ERR_CODES)
        return err_set(err, ERR_DATA, "failure %u is unknown", msg->code);
    *out = (struct err){.code = (enum err_code)msg->code, .hsm_code = msg->hsm_code};
    make_text(msg->hsm_name, out->hsm_name, sizeof out->hsm_name);
    make_text(msg->what[0] ? msg->what : "it does not report what failed", out->what,
              sizeof out->what);
    make_text(msg->now, out->now, sizeof out->now);
    make_text(msg->next, out->next, sizeof out->next);
    return true;
}

/* --- contents of requests --- */

void wire_put_where(const struct hsm_where *where, Pb__Where *msg)
{
    pb__where__init(msg);
    msg->api = field_lend(where->api);
    msg->module = field_lend(where->module);
    msg->params = field_lend(where->params);
    msg->dialect = field_lend(where->dialect);
    msg->module_sha256 = field_lend(where->module_sha256);
    msg->environment_trusted = where->environment_trusted;
}

bool wire_get_where(const Pb__Where *msg, struct hsm_where *out, struct err *err)
{
    struct hsm_where where = {.environment_trusted = msg->environment_trusted};

    if (!field_string(msg->api, "api", where.api, sizeof where.api, err) ||
        !field_string(msg->module, "module", where.module, sizeof where.module, err) ||
        !field_string(msg->params, "params", where.params, sizeof where.params, err) ||
        !field_string(msg->dialect, "dialect", where.dialect, sizeof where.dialect, err) ||
        !field_string(msg->module_sha256, "module's hash", where.module_sha256,
                      sizeof where.module_sha256, err))
        return false;
    *out = where;
    return true;
}

bool wire_get_pin(const ProtobufCBinaryData *msg, struct secret *out, struct err *err)
{
    if (!field_length(msg, 0, SECRET_PIN_MAX, "PIN", err))
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

void wire_put_template(const struct hsm_template *template, Pb__Template *msg,
                       struct wire_constraints *constraints)
{
    pb__template__init(msg);
    msg->class_ = (uint32_t) template->class;
    msg->kind = (uint32_t) template->kind;
    msg->length = template->length;
    msg->flags = template->flags;
    msg->label = field_lend_bytes(template->label, template->label_len);
    msg->id = field_lend_bytes(template->id, template->id_len);
    if (template->spki)
        msg->spki = field_lend_bytes(template->spki->data, template->spki->len);
    msg->terms = wire_lend_constraints(template->constraints, constraints);
}

void wire_put_wanted(const struct hsm_wanted *wanted, Pb__Wanted *msg)
{
    pb__wanted__init(msg);
    msg->role = (uint32_t)wanted->role;
    msg->algs = wanted->algs;
    msg->kinds = wanted->kinds;
    msg->proofs = wanted->proofs;
    msg->constraints = wanted->constraints;
    msg->unmodifiable = wanted->unmodifiable;
}

bool wire_get_wanted(const Pb__Wanted *msg, struct hsm_wanted *out, struct err *err)
{
    if (!field_enum(msg->role, HSM_ROLES, "role", err))
        return false;
    *out = (struct hsm_wanted){(enum hsm_role)msg->role, msg->algs,        msg->kinds, msg->proofs,
                               msg->constraints,         msg->unmodifiable};
    return true;
}

bool wire_check_page(size_t count, size_t most, bool more, size_t before, struct err *err)
{
    if (count > most || (more && count == 0))
        return err_set(err, ERR_DATA, "a page of %zu objects", count);
    if (before + count > HSM_OBJECTS_MAX)
        return err_set(err, ERR_DATA, "more than %d objects", HSM_OBJECTS_MAX);
    return true;
}

void wire_put_remove(const struct key_desc *is, Pb__Remove *msg)
{
    pb__remove__init(msg);
    msg->handle = is->handle;
    msg->class_ = (uint32_t)is->class;
    msg->label = field_lend_bytes(is->label, is->label_len);
    msg->id = field_lend_bytes(is->id, is->id_len);
}

bool wire_get_remove(const Pb__Remove *msg, struct key_desc *out, struct err *err)
{
    if (!wire_get_handle(msg->handle, "handle", err) ||
        !field_enum(msg->class_, KEY_CLASSES, "class", err) ||
        !wire_get_name(&msg->label, KEY_LABEL_MAX, "label", err) ||
        !wire_get_name(&msg->id, KEY_ID_MAX, "id", err))
        return false;
    *out = (struct key_desc){.handle = msg->handle, .class = (enum key_class)msg->class_};
    key_set_label(out, msg->label.data, msg->label.len);
    key_set_id(out, msg->id.data, msg->id.len);
    return true;
}

void wire_put_tighten(const struct key_desc *is, const struct tightening *to, Pb__Remove *named,
                      Pb__Tighten *msg)
{
    wire_put_remove(is, named);
    pb__tighten__init(msg);
    msg->is = named;
    msg->off = to->off;
    msg->on = to->on;
    msg->start = field_lend(to->start);
    msg->end = field_lend(to->end);
}

static bool get_date(const char *date, char to[KEY_DATE_SIZE], struct err *err)
{
    if (strlen(date) >= KEY_DATE_SIZE)
        return err_set(err, ERR_DATA, "a date is too long");
    memcpy(to, date, strlen(date) + 1);
    return true;
}

bool wire_get_tighten(const Pb__Tighten *msg, struct key_desc *is, struct tightening *to,
                      struct err *err)
{
    *to = (struct tightening){.off = msg->off, .on = msg->on};
    if (!msg->is)
        return err_set(err, ERR_DATA, "the object is missing");
    return wire_get_remove(msg->is, is, err) && get_date(msg->start, to->start, err) &&
           get_date(msg->end, to->end, err);
}

bool wire_get_template(const Pb__Template *msg, struct hsm_template *out, struct bytes *spki,
                       struct key_constraints *constraints, struct err *err)
{
    if (!msg)
        return err_set(err, ERR_DATA, "the template is missing");
    if (!field_enum(msg->class_, KEY_CLASSES, "class", err) ||
        !field_enum(msg->kind, KEY_KINDS, "kind", err) ||
        !field_flags(msg->flags, WIRE_KEY_FLAGS, "flags", err) ||
        !wire_get_name(&msg->label, KEY_LABEL_MAX, "label", err) ||
        !wire_get_name(&msg->id, KEY_ID_MAX, "id", err) ||
        !field_length(&msg->spki, 0, HSM_BLOB_MAX, "public key", err) ||
        !wire_get_constraints(msg->terms, constraints, err))
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
        .constraints = msg->terms ? constraints : NULL,
    };
    return true;
}

void wire_put_sample(const struct key_sample *sample, Pb__MakeKey *msg)
{
    pb__make_key__init(msg);
    msg->kind = (uint32_t)sample->kind;
    msg->length = sample->length;
    msg->bits = sample->bits;
    msg->curve = field_lend(sample->curve);
}

bool wire_get_sample(const Pb__MakeKey *msg, struct key_sample *out, struct err *err)
{
    struct key_sample sample = {.length = msg->length, .bits = msg->bits};

    if (!field_enum(msg->kind, KEY_KINDS, "kind", err) ||
        !field_text(msg->curve, "curve", sample.curve, sizeof sample.curve, err))
        return false;
    sample.kind = (enum key_kind)msg->kind;
    *out = sample;
    return true;
}
