/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/list_json.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"

void list_json_name(struct json_writer *j, const struct key_desc *key)
{
    char label[KEY_LABEL_TEXT], type[KEY_TYPE_TEXT];
    size_t len = key_label_held(key);

    text_safe(key->label, len, label, sizeof label);
    json_text(j, "label", label);
    json_hex(j, "label-hex", key->label, len);
    if (len < key->label_len)
        json_number(j, "label-length", key->label_len);
    json_hex(j, "id", key->id, key_id_held(key));
    json_text(j, "class", key_class_name(key->class));
    json_text(j, "type", key_type_text(key, type));
}

/* Each flag by its name: null if the HSM does not report it. */
static void put_flags(struct json_writer *j, const struct key_desc *key)
{
    json_map(j, "flags");
    for (unsigned i = 0; i < KEY_FLAGS; i++) {
        uint32_t flag = UINT32_C(1) << i;
        if (key->flags_known & flag)
            json_bool(j, key_flag_name(flag), key->flags & flag);
        else
            json_null(j, key_flag_name(flag));
    }
    json_end(j);
}

static void put_terms(struct json_writer *j, const struct key_constraints *constraints)
{
    json_some(j, "start-date", constraints->start);
    json_some(j, "end-date", constraints->end);
    if (constraints->allowed_count == 0)
        return;
    json_list(j, "allowed-mechanisms");
    for (size_t i = 0; i < constraints->allowed_count && i < KEY_ALLOWED_MAX; i++)
        json_number(j, NULL, constraints->allowed[i]);
    json_end(j);
}

static void put_object(struct json_writer *j, const struct key_desc *key)
{
    json_map(j, NULL);
    list_json_name(j, key);
    json_some(j, "api-type", key->type_name);
    if (key->bits)
        json_number(j, "bits", key->bits);
    if (key->length)
        json_number(j, "octets", key->length);
    json_some(j, "curve", key->curve);
    put_flags(j, key);
    put_terms(j, &key->constraints);
    if (key->has_public)
        json_hex(j, "public-key-sha256", key->spki_sha256, sizeof key->spki_sha256);
    if (key->kcv_len == sizeof key->kcv)
        json_hex(j, "check-value", key->kcv, sizeof key->kcv);
    json_some(j, "unread", key->unread);
    json_end(j);
}

void list_json_slot(struct json_writer *j, const struct hsm_slot *slot)
{
    const char *obstacle = hsm_slot_obstacle(slot);
    char id[24];

    snprintf(id, sizeof id, "0x%" PRIx64, slot->id);
    json_text(j, "slot", id);
    json_text(j, "label", slot->label);
    json_text(j, "serial", slot->serial);
    json_text(j, "manufacturer", slot->manufacturer);
    json_text(j, "model", slot->model);
    json_text(j, "hardware", slot->hardware);
    json_text(j, "firmware", slot->firmware);
    json_list(j, "flags");
    for (unsigned i = 0; i < HSM_SLOT_FLAGS; i++)
        if (slot->flags & UINT32_C(1) << i)
            json_text(j, NULL, hsm_slot_flag_name(UINT32_C(1) << i));
    json_end(j);
    if (obstacle)
        json_text(j, "obstacle", obstacle);
}

void list_json_side(struct json_writer *j, enum side side, const struct config_side *from,
                    const struct worker *worker, bool listed)
{
    const struct hsm_about *about = worker_info(worker, side);
    const struct hsm_slot_list *slots = worker_slots(worker, side);
    const struct key_list *keys = worker_keys(worker, side);
    char module[TEXT_SAFE_SIZE(HSM_PATH_MAX)];

    text_safe(from->where.module, strlen(from->where.module), module, sizeof module);
    json_map(j, side_name(side));
    json_text(j, "api", from->where.api);
    json_text(j, "module", module);
    json_some(j, "api-version", about->api_version);
    json_some(j, "library", about->library);
    json_some(j, "library-version", about->version);
    json_some(j, "dialect", about->dialect.name);
    json_list(j, "slots");
    for (size_t i = 0; i < slots->count; i++) {
        json_map(j, NULL);
        list_json_slot(j, &slots->slots[i]);
        json_bool(j, "named", uri_matches_slot(&from->token, &slots->slots[i]));
        json_end(j);
    }
    json_end(j);
    json_bool(j, "listed", listed);
    json_list(j, "objects");
    for (size_t i = 0; i < keys->count; i++)
        put_object(j, &keys->keys[i]);
    json_end(j);
    json_end(j);
}

void list_json_compared(struct json_writer *j, const struct compared *compared)
{
    json_map(j, NULL);
    json_text(j, "label", compared->label);
    if (compared->result == COMPARED_ONLY_HERE)
        json_text(j, "side",
                  side_name(compared->handle[SIDE_SOURCE] ? SIDE_SOURCE : SIDE_DESTINATION));
    json_text(j, "result", comparison_name(compared->result));
    json_some(j, "method", compared->method);
    json_some(j, "text", compared->text);
    json_end(j);
}

void list_json_error(struct json_writer *j, enum side side, uint32_t key, const struct err *err)
{
    char number[ERR_NUMBER_SIZE];

    json_map(j, NULL);
    json_text(j, "side", side_name(side));
    if (key)
        json_number(j, "key", key);
    json_text(j, "code", err_code_name(err->code));
    if (err->hsm_code || err->hsm_name[0]) {
        json_text(j, "hsm-code", err_number(err->hsm_code, number));
        json_text(j, "hsm-name", err->hsm_name);
    }
    json_text(j, "what", err->what);
    json_some(j, "now", err->now);
    json_some(j, "next", err->next);
    json_end(j);
}
