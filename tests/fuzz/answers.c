/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/answers.h"

#include <string.h>

#include "tests/fuzz/fuzz.h"

static void must_be_text(const char *text, size_t size)
{
    fuzz_must(memchr(text, '\0', size) != NULL, "a text ends");
    fuzz_must(fuzz_is_safe(text), "a text is safe");
}

void answers_check_info(const struct hsm_info *info)
{
    const struct hsm_about *about = &info->about;

    must_be_text(about->api, sizeof about->api);
    must_be_text(about->library, sizeof about->library);
    must_be_text(about->manufacturer, sizeof about->manufacturer);
    must_be_text(about->version, sizeof about->version);
    must_be_text(about->api_version, sizeof about->api_version);
    must_be_text(about->dialect.name, sizeof about->dialect.name);
    must_be_text(about->agent_version, sizeof about->agent_version);
    must_be_text(about->agent.path, sizeof about->agent.path);
    must_be_text(about->module.path, sizeof about->module.path);
    must_be_text(about->host, sizeof about->host);
    must_be_text(about->user, sizeof about->user);
    must_be_text(info->loading, sizeof info->loading);
    must_be_text(info->confinement, sizeof info->confinement);
    fuzz_must((unsigned)about->dialect.status < HSM_DIALECT_STATUSES, "a status is known");
    fuzz_must(info->loaded_count <= HSM_LOADED_MAX,
              "no more libraries are told than there is room");
    for (size_t i = 0; i < info->loaded_count; i++)
        must_be_text(info->loaded[i].path, sizeof info->loaded[i].path);
}

void answers_check_slot(const struct hsm_slot *slot)
{
    must_be_text(slot->description, sizeof slot->description);
    must_be_text(slot->label, sizeof slot->label);
    must_be_text(slot->manufacturer, sizeof slot->manufacturer);
    must_be_text(slot->model, sizeof slot->model);
    must_be_text(slot->serial, sizeof slot->serial);
    must_be_text(slot->hardware, sizeof slot->hardware);
    must_be_text(slot->firmware, sizeof slot->firmware);
    fuzz_must(slot->flags >> HSM_SLOT_FLAGS == 0, "a slot's flags are known");
}

void answers_check_key(const struct key_desc *key)
{
    char label[KEY_LABEL_TEXT];

    fuzz_must(key->handle != 0, "a key has a handle");
    fuzz_must((unsigned)key->class < KEY_CLASSES && (unsigned)key->kind < KEY_KINDS,
              "a key's class and kind are known");
    fuzz_must((key->flags & ~key->flags_known) == 0 && key->flags_known >> KEY_FLAGS == 0,
              "a key's flags are known");
    must_be_text(key->curve, sizeof key->curve);
    must_be_text(key->type_name, sizeof key->type_name);
    fuzz_must(fuzz_is_harmless(key_label_text(key, label)), "a label is harmless as text");
    fuzz_must(key->kcv_len <= sizeof key->kcv, "a check value is whole");
    fuzz_must((key->constraints.known & ~(uint32_t)KEY_CONSTRAINTS) == 0,
              "a key's terms are known");
    must_be_text(key->constraints.start, sizeof key->constraints.start);
    must_be_text(key->constraints.end, sizeof key->constraints.end);
}

void answers_check_capabilities(const struct hsm_capabilities *caps)
{
    for (size_t i = 0; i < HSM_ALGS; i++) {
        must_be_text(caps->alg[i].wrap_call, sizeof caps->alg[i].wrap_call);
        must_be_text(caps->alg[i].unwrap_call, sizeof caps->alg[i].unwrap_call);
        must_be_text(caps->alg[i].reason, sizeof caps->alg[i].reason);
    }
    for (size_t i = 0; i < HSM_OPS; i++)
        must_be_text(caps->op_calls[i], HSM_CALL_MAX);
    for (size_t i = 0; i < HSM_PROOFS; i++)
        must_be_text(caps->proof_calls[i], HSM_CALL_MAX);
    fuzz_must(caps->proofs >> HSM_PROOFS == 0, "proofs are known");
    fuzz_must((unsigned)caps->exact_length <= HSM_YES && (unsigned)caps->takes_length <= HSM_YES,
              "what is true or not is known");
}
