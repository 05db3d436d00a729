/* SPDX-License-Identifier: Apache-2.0 */
/* A new kind of event, or a new member of one, is one row here. tests/unit/test_journal.c fails if
 * a byte of an event has no row. */
#include "journal/event_fields.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"

#define AT(member) offsetof(struct event, member), sizeof((struct event *)0)->member
#define ROW(name, type, member, word, words, format)                                               \
    {                                                                                              \
        name, type, AT(member), word, words, format                                                \
    }
#define FIELD(type, name, member)         ROW(name, type, member, NULL, 0, 1)
#define FIELD_2(type, name, member)       ROW(name, type, member, NULL, 0, 2)
#define WORD(name, member, word, words)   ROW(name, FIELD_WORD, member, word, words, 1)
#define WORD_2(name, member, word, words) ROW(name, FIELD_WORD, member, word, words, 2)

/* --- the table --- */

#define TEMPLATE_FIELDS(name, template)                                                            \
    FIELD(FIELD_BITS, name "-named", template.named),                                              \
        FIELD(FIELD_BITS, name "-flags", template.flags),                                          \
        WORD(name "-class", template.class, key_class_name, KEY_CLASSES),                          \
        WORD(name "-kind", template.kind, key_kind_name, KEY_KINDS),                               \
        FIELD(FIELD_NUMBER, name "-others", template.others)
#define KEY_FIELDS(key)                                                                            \
    FIELD(FIELD_LABEL, "label", key.label), FIELD(FIELD_NUMBER, "label-length", key.label_len),    \
        FIELD(FIELD_HEX, "id", key.id), FIELD(FIELD_NUMBER, "id-length", key.id_len),              \
        WORD("class", key.class, key_class_name, KEY_CLASSES),                                     \
        WORD("kind", key.kind, key_kind_name, KEY_KINDS),                                          \
        FIELD(FIELD_TEXT, "type", key.type_name), FIELD(FIELD_TEXT, "curve", key.curve),           \
        FIELD(FIELD_NUMBER, "bits", key.bits), FIELD(FIELD_NUMBER, "length", key.length),          \
        FIELD(FIELD_BITS, "handle", key.handle), FIELD(FIELD_BITS, "flags", key.flags),            \
        FIELD(FIELD_BITS, "flags-known", key.flags_known),                                         \
        FIELD(FIELD_YES, "has-public", key.has_public),                                            \
        FIELD(FIELD_HEX, "public-sha256", key.spki_sha256),                                        \
        FIELD(FIELD_HEX, "check-value", key.kcv),                                                  \
        FIELD(FIELD_NUMBER, "check-value-length", key.kcv_len),                                    \
        FIELD_2(FIELD_TEXT, "unread", key.unread),                                                 \
        FIELD(FIELD_BITS, "terms", key.constraints.known),                                         \
        FIELD(FIELD_TEXT, "start", key.constraints.start),                                         \
        FIELD(FIELD_TEXT, "end", key.constraints.end),                                             \
        FIELD(FIELD_NUMBERS, "allowed", key.constraints.allowed),                                  \
        FIELD(FIELD_NUMBER, "allowed-count", key.constraints.allowed_count),                       \
        FIELD(FIELD_HEX, "subject", key.constraints.subject),                                      \
        FIELD(FIELD_NUMBER, "subject-length", key.constraints.subject_len),                        \
        TEMPLATE_FIELDS("wraps", key.constraints.templates[KEY_TEMPLATE_WRAP]),                    \
        TEMPLATE_FIELDS("unwraps", key.constraints.templates[KEY_TEMPLATE_UNWRAP]),                \
        TEMPLATE_FIELDS("derives", key.constraints.templates[KEY_TEMPLATE_DERIVE])

static const struct event_field begin[] = {
    FIELD(FIELD_TEXT, "title", begin.title),
    FIELD(FIELD_TEXT, "id", begin.id),
    FIELD(FIELD_TEXT, "resumes", begin.resumes),
    FIELD(FIELD_YES, "rehearsal", begin.rehearsal),
    FIELD(FIELD_TEXT, "version", begin.version),
    FIELD(FIELD_TEXT, "libraries", begin.libraries),
    FIELD(FIELD_TEXT, "program", begin.program.path),
    FIELD(FIELD_HEX, "program-sha256", begin.program.sha256),
    FIELD(FIELD_TEXT, "host", begin.host),
    FIELD(FIELD_TEXT, "file", begin.file),
    FIELD_2(FIELD_HEX, "file-sha256", begin.file_sha256),
    FIELD_2(FIELD_TEXT, "confinement", begin.confinement),
    FIELD_2(FIELD_NUMBER, "additions", begin.additions),
};

static const struct event_field officer[] = {FIELD(FIELD_TEXT, "name", officer.name),
                                             FIELD(FIELD_TEXT, "role", officer.role)};

static const struct event_field reach[] = {
    WORD_2("what", reach.what, reach_name, REACHES),
    FIELD_2(FIELD_TEXT, "text", reach.text),
    FIELD_2(FIELD_HEX, "sha256", reach.sha256),
};

static const struct event_field signer[] = {
    FIELD(FIELD_TEXT, "uri", signer.key),     FIELD(FIELD_TEXT, "device", signer.device),
    FIELD(FIELD_TEXT, "api", signer.api),     FIELD(FIELD_TEXT, "module", signer.module),
    FIELD(FIELD_TEXT, "token", signer.token), FIELD(FIELD_TEXT, "role", signer.role),
};

static const struct event_field note[] = {
    FIELD(FIELD_TEXT, "name", note.name),
    FIELD(FIELD_TEXT, "text", note.text),
    FIELD_2(FIELD_NUMBER, "plan", note.plan),
    FIELD_2(FIELD_TEXT, "from", note.from),
};

static const struct event_field side[] = {
    WORD("state", side_state.state, side_state_name, SIDE_STATES),
};

static const struct event_field hsm[] = {
    FIELD(FIELD_TEXT, "token", hsm.slot.label),
    FIELD(FIELD_TEXT, "serial", hsm.slot.serial),
    FIELD(FIELD_TEXT, "token-manufacturer", hsm.slot.manufacturer),
    FIELD(FIELD_TEXT, "model", hsm.slot.model),
    FIELD(FIELD_TEXT, "hardware", hsm.slot.hardware),
    FIELD(FIELD_TEXT, "firmware", hsm.slot.firmware),
    FIELD(FIELD_BITS, "slot", hsm.slot.id),
    FIELD(FIELD_TEXT, "slot-description", hsm.slot.description),
    FIELD(FIELD_BITS, "slot-flags", hsm.slot.flags),
    FIELD_2(FIELD_TEXT, "store", hsm.slot.store),
    FIELD(FIELD_TEXT, "api", hsm.info.api),
    FIELD(FIELD_TEXT, "api-version", hsm.info.api_version),
    FIELD(FIELD_TEXT, "module", hsm.module),
    FIELD(FIELD_TEXT, "library", hsm.info.library),
    FIELD(FIELD_TEXT, "library-manufacturer", hsm.info.manufacturer),
    FIELD(FIELD_TEXT, "library-version", hsm.info.version),
    FIELD(FIELD_TEXT, "dialect", hsm.info.dialect.name),
    WORD("dialect-status", hsm.info.dialect.status, hsm_dialect_status_name, HSM_DIALECT_STATUSES),
    FIELD(FIELD_HEX, "dialect-sha256", hsm.info.dialect.sha256),
    FIELD(FIELD_BITS, "not-enforced", hsm.info.dialect.not_enforced),
    FIELD(FIELD_TEXT, "agent-version", hsm.info.agent_version),
    FIELD(FIELD_TEXT, "agent", hsm.info.agent.path),
    FIELD(FIELD_HEX, "agent-sha256", hsm.info.agent.sha256),
    FIELD(FIELD_TEXT, "module-file", hsm.info.module.path),
    FIELD(FIELD_HEX, "module-sha256", hsm.info.module.sha256),
    FIELD_2(FIELD_TEXT, "loading", hsm.loading),
    FIELD_2(FIELD_YES, "loaded-more", hsm.loaded_more),
    FIELD_2(FIELD_TEXT, "confinement", hsm.confinement),
};

static const struct event_field loaded[] = {FIELD_2(FIELD_TEXT, "path", loaded.path),
                                            FIELD_2(FIELD_HEX, "sha256", loaded.sha256)};

static const struct event_field capability[] = {
    WORD("algorithm", capability.alg, hsm_alg_name, HSM_ALGS),
    FIELD(FIELD_YES, "wrap", capability.how.wrap),
    FIELD(FIELD_YES, "unwrap", capability.how.unwrap),
    FIELD(FIELD_BITS, "mechanism", capability.how.mechanism),
    FIELD(FIELD_TEXT, "wrap-call", capability.how.wrap_call),
    FIELD(FIELD_TEXT, "unwrap-call", capability.how.unwrap_call),
    FIELD(FIELD_TEXT, "reason", capability.how.reason),
};

static const struct event_field choice[] = {
    FIELD(FIELD_YES, "envelope", choice.envelope),
    FIELD(FIELD_YES, "more", choice.more),
    FIELD(FIELD_TEXT, "keys", choice.keys),
    WORD("algorithm", choice.alg, hsm_alg_name, HSM_ALGS),
    FIELD(FIELD_NUMBER, "bits", choice.bits),
    FIELD(FIELD_TEXT, "source-call", choice.source_call),
    FIELD(FIELD_TEXT, "destination-call", choice.destination_call),
    FIELD(FIELD_TEXT, "reason", choice.reason),
};

static const struct event_field canary[] = {
    WORD("state", canary.state, canary_state_name, CANARY_STATES),
    FIELD(FIELD_YES, "transport", canary.transport),
    WORD("kind", canary.kind, key_kind_name, KEY_KINDS),
    WORD("algorithm", canary.alg, hsm_alg_name, HSM_ALGS),
    FIELD(FIELD_TEXT, "type", canary.type),
    FIELD(FIELD_NUMBER, "bytes", canary.bytes),
    FIELD(FIELD_HEX, "sha256", canary.sha256),
    FIELD(FIELD_SIGNED, "micros", canary.micros),
    FIELD(FIELD_TEXT, "text", canary.text),
};

static const struct event_field script[] = {
    WORD_2("what", script.what, script_what_name, SCRIPT_WHATS),
    FIELD_2(FIELD_NUMBER, "line", script.line),
    FIELD_2(FIELD_NUMBER, "expect", script.expect),
    FIELD_2(FIELD_NUMBER, "found", script.found),
    FIELD_2(FIELD_BITS, "handle", script.handle),
    WORD_2("class", script.class, key_class_name, KEY_CLASSES),
    FIELD_2(FIELD_LABEL, "label", script.label),
    FIELD_2(FIELD_NUMBER, "label-length", script.label_len),
    FIELD_2(FIELD_HEX, "id", script.id),
    FIELD_2(FIELD_NUMBER, "id-length", script.id_len),
    FIELD_2(FIELD_TEXT, "type", script.type),
    WORD_2("outcome", script.outcome, script_outcome_name, SCRIPT_OUTCOMES),
    FIELD_2(FIELD_TEXT, "text", script.text),
};

static const struct event_field planned[] = {
    KEY_FIELDS(planned.desc),
    WORD("route", planned.route, key_route_name, ROUTES),
    WORD("refused", planned.refused, err_code_name, ERR_CODES),
    FIELD(FIELD_YES, "named", planned.explicit),
    FIELD(FIELD_YES, "kept", planned.kept),
    FIELD_2(FIELD_NUMBER, "plan", planned.plan),
    FIELD(FIELD_NUMBER, "companion-of", planned.companion_of),
    FIELD(FIELD_NUMBER, "bytes", planned.bytes),
    FIELD(FIELD_HEX, "sha256", planned.sha256),
    FIELD(FIELD_BITS, "want-flags", planned.want_flags),
    FIELD(FIELD_TEXT, "proof", planned.proof),
    FIELD(FIELD_TEXT, "reason", planned.reason),
};

static const struct event_field gate[] = {
    WORD("gate", gate.gate, gate_name, GATES),
    WORD("state", gate.state, gate_state_name, GATE_WAIVED + 1),
    FIELD(FIELD_NUMBER, "tries-left", gate.tries_left),
    FIELD(FIELD_TEXT, "question", gate.question),
    FIELD(FIELD_TEXT, "officer", gate.officer),
    FIELD(FIELD_TEXT, "role", gate.role),
    FIELD_2(FIELD_TEXT, "answer", gate.answer),
    FIELD_2(FIELD_NUMBER, "keys", gate.keys),
};

static const struct event_field pace[] = {
    WORD_2("state", pace.state, pace_state_name, PACE_STATES),
    WORD_2("pace", pace.pace, pace_name, PACES),
    WORD_2("step", pace.step, step_name, STEPS),
    FIELD_2(FIELD_SIGNED, "micros", pace.micros),
};

static const struct event_field step[] = {
    WORD("step", step.id, step_name, STEPS),
    WORD("state", step.state, event_state_name, EVENT_UNDONE + 1),
    FIELD(FIELD_TEXT, "call", step.call),
    FIELD(FIELD_NUMBER, "bytes", step.bytes),
    FIELD(FIELD_HEX, "sha256", step.sha256),
    FIELD(FIELD_SIGNED, "micros", step.micros),
    FIELD(FIELD_TEXT, "text", step.text),
};

static const struct event_field fingerprint[] = {
    FIELD(FIELD_HEX, "sha256", fingerprint.spki_sha256),
    FIELD(FIELD_NUMBER, "bytes", fingerprint.bytes),
    FIELD(FIELD_NUMBER, "bits", fingerprint.bits),
};

static const struct event_field proof[] = {
    WORD("proof", proof.proof, hsm_proof_name, HSM_PROOFS),
    WORD("state", proof.state, event_state_name, EVENT_UNDONE + 1),
    WORD("stage", proof.stage, step_name, STEPS),
    FIELD(FIELD_TEXT, "source", proof.call[SIDE_SOURCE]),
    FIELD(FIELD_TEXT, "destination", proof.call[SIDE_DESTINATION]),
    FIELD(FIELD_TEXT, "text", proof.text),
};

static const struct event_field kcv[] = {
    WORD("method", kcv.method, kcv_method_name, KCV_METHODS),
    FIELD(FIELD_HEX, "source", kcv.value[SIDE_SOURCE].octets),
    FIELD(FIELD_NUMBER, "source-length", kcv.value[SIDE_SOURCE].len),
    FIELD(FIELD_HEX, "destination", kcv.value[SIDE_DESTINATION].octets),
    FIELD(FIELD_NUMBER, "destination-length", kcv.value[SIDE_DESTINATION].len),
    FIELD(FIELD_TEXT, "text", kcv.text),
};

static const struct event_field key_done[] = {
    WORD("outcome", key_done.outcome, key_outcome_name, KEY_OUTCOMES),
    WORD("code", key_done.code, err_code_name, ERR_CODES),
    KEY_FIELDS(key_done.desc),
    FIELD(FIELD_TEXT, "proof", key_done.proof),
    FIELD(FIELD_TEXT, "text", key_done.text),
};

static const struct event_field inventory[] = {
    FIELD(FIELD_YES, "after", inventory.after),
    FIELD(FIELD_NUMBER, "objects", inventory.objects),
    FIELD(FIELD_NUMBER, "unexplained", inventory.unexplained),
    FIELD(FIELD_NUMBER, "missing", inventory.missing),
    FIELD(FIELD_NUMBER, "nameless", inventory.nameless),
    FIELD(FIELD_HEX, "sha256", inventory.sha256),
};

static const struct event_field error[] = {
    WORD("code", error.code, err_code_name, ERR_CODES),
    FIELD(FIELD_BITS, "hsm-code", error.hsm_code),
    FIELD(FIELD_TEXT, "hsm-name", error.hsm_name),
    FIELD(FIELD_TEXT, "what", error.what),
    FIELD(FIELD_TEXT, "now", error.now),
    FIELD(FIELD_TEXT, "next", error.next),
};

static const struct event_field exception[] = {
    FIELD(FIELD_YES, "begun", exception.begun),
    WORD("step", exception.step, step_name, STEPS),
    FIELD(FIELD_TEXT, "expected", exception.expected),
    FIELD(FIELD_TEXT, "happened", exception.happened),
    FIELD(FIELD_TEXT, "decided", exception.decided),
    FIELD_2(FIELD_YES, "script", exception.script),
    FIELD_2(FIELD_TEXT, "from", exception.from),
    FIELD_2(FIELD_SIGNED, "written", exception.written_ms),
};

static const struct event_field pin[] = {
    FIELD_2(FIELD_TEXT, "token", pin.token),     FIELD_2(FIELD_TEXT, "serial", pin.serial),
    FIELD_2(FIELD_TEXT, "officer", pin.officer), FIELD_2(FIELD_TEXT, "role", pin.role),
    FIELD_2(FIELD_BITS, "flags", pin.flags),     FIELD_2(FIELD_TEXT, "file", pin.file),
};

static const struct event_field end[] = {
    WORD("outcome", end.outcome, end_outcome_name, END_ABORTED + 1),
    FIELD(FIELD_SIGNED, "exit-code", end.exit_code),
    FIELD(FIELD_NUMBER, "migrated", end.migrated),
    FIELD(FIELD_NUMBER, "unproven", end.unproven),
    FIELD(FIELD_NUMBER, "refused", end.refused),
    FIELD(FIELD_NUMBER, "failed", end.failed),
    FIELD(FIELD_NUMBER, "companions", end.companions),
    FIELD(FIELD_NUMBER, "companions-refused", end.companions_refused),
    FIELD(FIELD_NUMBER, "companions-failed", end.companions_failed),
    FIELD(FIELD_NUMBER, "left-over", end.left_over),
    FIELD(FIELD_TEXT, "text", end.text),
};

#define KIND(fields)                                                                               \
    {                                                                                              \
        fields, sizeof(fields) / sizeof(fields)[0]                                                 \
    }

static const struct {
    const struct event_field *fields;
    size_t count;
} kinds[EVENT_KINDS] = {
    [EVENT_BEGIN] = KIND(begin),
    [EVENT_OFFICER] = KIND(officer),
    [EVENT_REACH] = KIND(reach),
    [EVENT_SIGNER] = KIND(signer),
    [EVENT_POLICY] = KIND(note),
    [EVENT_SIDE] = KIND(side),
    [EVENT_HSM] = KIND(hsm),
    [EVENT_LOADED] = KIND(loaded),
    [EVENT_CAPABILITY] = KIND(capability),
    [EVENT_CHOICE] = KIND(choice),
    [EVENT_REJECTED] = KIND(note),
    [EVENT_CANARY] = KIND(canary),
    [EVENT_SCRIPT] = KIND(script),
    [EVENT_PLANNED] = KIND(planned),
    [EVENT_WARNING] = KIND(note),
    [EVENT_GATE] = KIND(gate),
    [EVENT_PACE] = KIND(pace),
    [EVENT_STEP] = KIND(step),
    [EVENT_FINGERPRINT] = KIND(fingerprint),
    [EVENT_PROOF] = KIND(proof),
    [EVENT_KCV] = KIND(kcv),
    [EVENT_KEY_DONE] = KIND(key_done),
    [EVENT_INVENTORY] = KIND(inventory),
    [EVENT_CALL] = {NULL, 0},
    [EVENT_VENDOR_OUTPUT] = KIND(note),
    [EVENT_COMPARED] = {NULL, 0},
    [EVENT_ERROR] = KIND(error),
    [EVENT_EXCEPTION] = KIND(exception),
    [EVENT_END] = KIND(end),
    [EVENT_PIN] = KIND(pin),
    [EVENT_DONE] = {NULL, 0},
};

const struct event_field *event_fields_of(enum event_kind kind, size_t *count)
{
    if ((unsigned)kind >= EVENT_KINDS)
        return NULL;
    *count = kinds[kind].count;
    return kinds[kind].fields;
}

/* --- writing --- */

struct line {
    char *text;
    size_t len;
};

/* A line has room for the longest possible event: four characters for each of its bytes, and the
 * names. */
_Static_assert(EVENT_FIELDS_LINE_MAX >= 4 * sizeof(struct event) + 64 * 32,
               "a line holds an event");

static void put(struct line *line, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void put(struct line *line, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    line->len += text_vprint(line->text + line->len, EVENT_FIELDS_LINE_MAX - line->len, fmt, args);
    va_end(args);
}

static uint64_t number_at(const void *from, size_t size)
{
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;

    switch (size) {
    case sizeof u8:
        return memcpy(&u8, from, size), u8;
    case sizeof u16:
        return memcpy(&u16, from, size), u16;
    case sizeof u32:
        return memcpy(&u32, from, size), u32;
    default:
        return memcpy(&u64, from, sizeof u64), u64;
    }
}

static void number_to(void *to, size_t size, uint64_t number)
{
    const uint8_t u8 = (uint8_t)number;
    const uint16_t u16 = (uint16_t)number;
    const uint32_t u32 = (uint32_t)number;

    switch (size) {
    case sizeof u8:
        memcpy(to, &u8, size);
        break;
    case sizeof u16:
        memcpy(to, &u16, size);
        break;
    case sizeof u32:
        memcpy(to, &u32, size);
        break;
    default:
        memcpy(to, &number, sizeof number);
        break;
    }
}

static size_t length_without_zeros(const uint8_t *bytes, size_t len)
{
    while (len > 0 && bytes[len - 1] == 0)
        len--;
    return len;
}

static void put_text(struct line *line, const uint8_t *raw, size_t len)
{
    line->len += text_safe(raw, len, line->text + line->len, EVENT_FIELDS_LINE_MAX - line->len);
}

static void put_numbers(struct line *line, const uint8_t *raw, size_t size)
{
    const size_t each = sizeof(uint32_t);
    size_t count = (length_without_zeros(raw, size) + each - 1) / each;

    for (size_t i = 0; i < count; i++)
        put(line, "%s0x%" PRIx64, i ? "," : "", number_at(raw + i * each, each));
}

static void put_value(struct line *line, const struct event_field *field, const uint8_t *raw)
{
    switch (field->type) {
    case FIELD_TEXT:
        put_text(line, raw, strnlen((const char *)raw, field->size));
        break;
    case FIELD_LABEL:
        put_text(line, raw, length_without_zeros(raw, field->size));
        break;
    case FIELD_HEX:
        text_hex(raw, length_without_zeros(raw, field->size), line->text + line->len);
        line->len += strlen(line->text + line->len);
        break;
    case FIELD_NUMBERS:
        put_numbers(line, raw, field->size);
        break;
    case FIELD_YES:
        put(line, "yes");
        break;
    case FIELD_NUMBER:
        put(line, "%" PRIu64, number_at(raw, field->size));
        break;
    case FIELD_SIGNED:
        put(line, "%" PRId64,
            field->size == sizeof(int32_t) ? (int32_t)number_at(raw, field->size)
                                           : (int64_t)number_at(raw, field->size));
        break;
    case FIELD_BITS:
        put(line, "0x%" PRIx64, number_at(raw, field->size));
        break;
    case FIELD_WORD:
        put(line, "%s", field->word((unsigned)number_at(raw, field->size)));
        break;
    }
}

static bool put_field(struct line *line, const struct event_field *field, const struct event *event)
{
    const uint8_t *raw = (const uint8_t *)event + field->at;
    bool is_word = field->type == FIELD_WORD;

    if (is_word && number_at(raw, field->size) >= field->words)
        return false;
    if (!is_word && (length_without_zeros(raw, field->size) == 0 ||
                     (field->type == FIELD_TEXT && raw[0] == '\0')))
        return true;
    put(line, "\t%s=", field->name);
    put_value(line, field, raw);
    return true;
}

size_t event_fields_write(const struct event *event, char *text)
{
    struct line line = {.text = text};
    char time[32];
    size_t count;
    const struct event_field *fields = event_fields_of(event->kind, &count);

    if (!fields || (unsigned)event->side >= SIDES)
        return 0;
    put(&line, "%" PRIu64 "\t%s\t%+" PRId64 "\t%s\t%s", event->seq,
        text_time(event->utc_ms, true, time), event->mono_ms, event_kind_name(event->kind),
        side_name(event->side));
    if (event->key)
        put(&line, "\tkey=%" PRIu32, event->key);
    for (size_t i = 0; i < count; i++)
        if (!put_field(&line, &fields[i], event))
            return 0;
    return line.len;
}

/* --- reading --- */

/* The next part of a line, up to a tab; NULL if there is none. */
static char *next_part(char **rest)
{
    return *rest ? strsep(rest, "\t") : NULL;
}

/* The number of a word among so many words, or that count if there is no such word. */
static unsigned find_word(const char *word, const char *(*name)(unsigned), unsigned words)
{
    unsigned i = 0;

    while (i < words && strcmp(name(i), word) != 0)
        i++;
    return i;
}

/* Anything else than a time is detected later, because the event is written again and compared. */
static bool read_time(const char *text, int64_t *utc_ms)
{
    struct tm utc = {0};
    unsigned ms;

    if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d.%3uZ", &utc.tm_year, &utc.tm_mon, &utc.tm_mday,
               &utc.tm_hour, &utc.tm_min, &utc.tm_sec, &ms) != 7)
        return false;
    utc.tm_year -= 1900;
    utc.tm_mon -= 1;
    *utc_ms = (int64_t)timegm(&utc) * 1000 + ms;
    return true;
}

static bool read_raw(const struct event_field *field, const char *value, uint8_t *raw)
{
    size_t room = field->type == FIELD_TEXT ? field->size - 1 : field->size;

    if (field->type == FIELD_HEX)
        return strlen(value) <= 2 * room && text_unhex(value, raw, &room);
    return text_unsafe(value, raw, &room);
}

static bool read_numbers(const struct event_field *field, const char *value, uint8_t *raw)
{
    const size_t each = sizeof(uint32_t);
    char *after = NULL;

    for (size_t at = 0; at < field->size; at += each, value = after + 1) {
        number_to(raw + at, each, strtoull(value, &after, 16));
        if (*after != ',')
            return true;
    }
    return false;
}

static bool read_field(const struct event_field *field, const char *value, struct event *event)
{
    uint8_t *raw = (uint8_t *)event + field->at;
    uint64_t number;

    switch (field->type) {
    case FIELD_TEXT:
    case FIELD_LABEL:
    case FIELD_HEX:
        return read_raw(field, value, raw);
    case FIELD_NUMBERS:
        return read_numbers(field, value, raw);
    case FIELD_WORD:
        number = find_word(value, field->word, field->words);
        break;
    case FIELD_YES:
        number = 1;
        break;
    case FIELD_SIGNED:
        number = (uint64_t)strtoll(value, NULL, 10);
        break;
    default:
        number = strtoull(value, NULL, field->type == FIELD_BITS ? 16 : 10);
        break;
    }
    number_to(raw, field->size, number);
    return true;
}

static bool read_named(char *part, unsigned format, struct event *event)
{
    size_t count;
    const struct event_field *fields = event_fields_of(event->kind, &count);
    char *value = strchr(part, '=');

    if (!value)
        return false;
    *value++ = '\0';
    if (strcmp(part, "key") == 0) {
        event->key = (uint32_t)strtoul(value, NULL, 10);
        return true;
    }
    for (size_t i = 0; i < count; i++)
        if (strcmp(fields[i].name, part) == 0)
            return fields[i].since <= format && read_field(&fields[i], value, event);
    return false;
}

/* A kind exists since the format of its first field, which is its oldest. */
static bool read_parts(char *line, unsigned format, struct event *event)
{
    char *rest = line, *part;
    const char *head[5];
    const struct event_field *fields;
    size_t count;

    for (size_t i = 0; i < 5; i++)
        if (!(head[i] = next_part(&rest)))
            return false;
    event->seq = strtoull(head[0], NULL, 10);
    event->mono_ms = strtoll(head[2], NULL, 10);
    event->kind = find_word(head[3], event_kind_name, EVENT_KINDS);
    event->side = find_word(head[4], side_name, SIDES);
    fields = event_fields_of(event->kind, &count);
    if (!read_time(head[1], &event->utc_ms) || !fields || fields[0].since > format)
        return false;
    while ((part = next_part(&rest)) != NULL)
        if (!read_named(part, format, event))
            return false;
    return true;
}

bool event_fields_read(const char *line, size_t len, unsigned format, struct event *event)
{
    char copy[EVENT_FIELDS_LINE_MAX + 1];

    if (len > EVENT_FIELDS_LINE_MAX)
        return false;
    memcpy(copy, line, len);
    copy[len] = '\0';
    memset(event, 0, sizeof *event);
    return read_parts(copy, format, event) && event_fields_write(event, copy) == len &&
           memcmp(copy, line, len) == 0;
}
