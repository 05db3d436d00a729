/* SPDX-License-Identifier: Apache-2.0 */
#include "link/wire_constraints.h"

#include <string.h>

#include "link/wire_field.h"

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
    if (!field_flags(msg->named, WIRE_KEY_FLAGS, "what a key's template names", err) ||
        !field_flags(msg->flags, msg->named, "flags in a key's template", err) ||
        !field_enum(msg->class_, KEY_CLASSES, "class in a key's template", err) ||
        !field_enum(msg->kind, KEY_KINDS, "kind in a key's template", err))
        return false;
    *out = (struct key_template){msg->named, msg->flags, (enum key_class)msg->class_,
                                 (enum key_kind)msg->kind, msg->others};
    return true;
}

Pb__Terms *wire_lend_constraints(const struct key_constraints *constraints,
                                 struct wire_constraints *room)
{
    Pb__Terms *msg = &room->msg;

    pb__terms__init(msg);
    if (!constraints || !constraints->known)
        return NULL;
    msg->known = constraints->known;
    msg->start = field_lend(constraints->start);
    msg->end = field_lend(constraints->end);
    msg->allowed_count = constraints->allowed_count;
    msg->n_allowed = field_at_most(constraints->allowed_count, KEY_ALLOWED_MAX);
    msg->allowed = (uint32_t *)constraints->allowed;
    msg->subject_len = constraints->subject_len;
    msg->subject = field_lend_bytes(constraints->subject,
                                    field_at_most(constraints->subject_len, KEY_SUBJECT_MAX));
    for (size_t i = 0; i < KEY_TEMPLATES; i++) {
        put_demands(&constraints->templates[i], &room->template[i]);
        room->refs[i] = &room->template[i];
    }
    msg->n_templates = constraints->known & KEY_TEMPLATE ? KEY_TEMPLATES : 0;
    msg->templates = room->refs;
    return msg;
}

static bool is_date(const char *date)
{
    return strspn(date, "0123456789") == strlen(date) &&
           (!date[0] || strlen(date) == KEY_DATE_SIZE - 1);
}

bool wire_get_constraints(const Pb__Terms *msg, struct key_constraints *out, struct err *err)
{
    struct key_desc made = {0};
    uint64_t allowed[KEY_ALLOWED_MAX];

    *out = made.constraints;
    if (!msg)
        return true;
    if (!field_flags(msg->known, KEY_CONSTRAINTS, "known terms", err) ||
        !field_cut(&msg->subject, msg->subject_len, KEY_SUBJECT_MAX, "subject", err))
        return false;
    if (msg->allowed_count > UINT16_MAX ||
        msg->n_allowed != field_at_most(msg->allowed_count, KEY_ALLOWED_MAX))
        return err_set(err, ERR_DATA, "%u allowed mechanisms came with %zu", msg->allowed_count,
                       msg->n_allowed);
    for (size_t i = 0; i < msg->n_allowed; i++)
        allowed[i] = msg->allowed[i];
    if (!is_date(msg->start) || !is_date(msg->end))
        return err_set(err, ERR_DATA, "a date is invalid");
    if (msg->n_templates != 0 && msg->n_templates != KEY_TEMPLATES)
        return err_set(err, ERR_DATA, "%zu templates of a key", msg->n_templates);
    for (size_t i = 0; i < msg->n_templates; i++)
        if (!get_demands(msg->templates[i], &made.constraints.templates[i], err))
            return false;
    key_set_dates(&made, msg->start, strlen(msg->start), msg->end, strlen(msg->end));
    key_set_allowed(&made, allowed, msg->n_allowed);
    key_set_subject(&made, msg->subject.data, msg->subject.len);
    made.constraints.known = msg->known;
    made.constraints.allowed_count = (uint16_t)msg->allowed_count;
    made.constraints.subject_len = (uint16_t)msg->subject_len;
    *out = made.constraints;
    return true;
}
