/* SPDX-License-Identifier: Apache-2.0 */
/* A new kind of event, or a new member of one, is one row here. tests/unit/test_journal.c fails if
 * a byte of an event has no row. */
#include "journal/event_fields.h"

#include <string.h>

#define AT(member) offsetof(struct event, member), sizeof((struct event *)0)->member
#define ROW(name, type, member, word, words, format, mark)                                         \
    {                                                                                              \
        name, type, AT(member), word, words, format, mark                                          \
    }
#define FIELD(type, name, member)         ROW(name, type, member, NULL, 0, 1, false)
#define FIELD_2(type, name, member)       ROW(name, type, member, NULL, 0, 2, false)
#define FIELD_3(type, name, member)       ROW(name, type, member, NULL, 0, 3, false)
#define WORD(name, member, word, words)   ROW(name, FIELD_WORD, member, word, words, 1, false)
#define WORD_2(name, member, word, words) ROW(name, FIELD_WORD, member, word, words, 2, false)
#define MARK(name, member, word, words)   ROW(name, FIELD_WORD, member, word, words, 1, true)
#define MARK_2(name, member, word, words) ROW(name, FIELD_WORD, member, word, words, 2, true)

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
        MARK("class", key.class, key_class_name, KEY_CLASSES),                                     \
        MARK("kind", key.kind, key_kind_name, KEY_KINDS),                                          \
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
    FIELD_2(FIELD_TEXT, "service", begin.service),
    FIELD(FIELD_YES, "rehearsal", begin.rehearsal),
    FIELD_3(FIELD_YES, "resync", begin.resync),
    FIELD(FIELD_TEXT, "version", begin.version),
    FIELD(FIELD_TEXT, "libraries", begin.libraries),
    FIELD(FIELD_TEXT, "program", begin.program.path),
    FIELD(FIELD_HEX, "program-sha256", begin.program.sha256),
    FIELD(FIELD_TEXT, "host", begin.host),
    FIELD(FIELD_TEXT, "file", begin.file),
    FIELD_2(FIELD_HEX, "file-sha256", begin.file_sha256),
    FIELD_2(FIELD_TEXT, "confinement", begin.confinement),
    FIELD_2(FIELD_NUMBER, "additions", begin.additions),
    FIELD_2(FIELD_TEXT, "visit", begin.visit),
    FIELD_2(FIELD_TEXT, "migration", begin.migration),
    FIELD_2(FIELD_SIGNED, "expires", begin.expires_ms),
    FIELD_3(FIELD_TEXT, "removal", begin.removal),
    FIELD_3(FIELD_TEXT, "report", begin.report),
    FIELD_3(FIELD_HEX, "report-sha256", begin.report_sha256),
};

static const struct event_field officer[] = {FIELD(FIELD_TEXT, "name", officer.name),
                                             FIELD(FIELD_TEXT, "role", officer.role)};

static const struct event_field reach[] = {
    MARK_2("what", reach.what, reach_name, REACHES),
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
    FIELD_2(FIELD_TEXT, "route", hsm.route),
    FIELD_2(FIELD_TEXT, "agent-host", hsm.info.host),
    FIELD_2(FIELD_TEXT, "agent-user", hsm.info.user),
};

static const struct event_field loaded[] = {FIELD_2(FIELD_TEXT, "path", loaded.path),
                                            FIELD_2(FIELD_HEX, "sha256", loaded.sha256)};

static const struct event_field capability[] = {
    MARK("algorithm", capability.alg, hsm_alg_name, HSM_ALGS),
    FIELD(FIELD_YES, "wrap", capability.how.wrap),
    FIELD(FIELD_YES, "unwrap", capability.how.unwrap),
    FIELD(FIELD_BITS, "mechanism", capability.how.mechanism),
    FIELD(FIELD_TEXT, "wrap-call", capability.how.wrap_call),
    FIELD(FIELD_TEXT, "unwrap-call", capability.how.unwrap_call),
    FIELD(FIELD_TEXT, "reason", capability.how.reason),
    FIELD_3(FIELD_BITS, "kdfs", capability.how.kdfs),
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
    FIELD_3(FIELD_TEXT, "kdf", choice.kdf),
};

static const struct event_field canary[] = {
    MARK("state", canary.state, canary_state_name, CANARY_STATES),
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
    MARK_2("what", script.what, script_what_name, SCRIPT_WHATS),
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
    FIELD_3(FIELD_YES, "renamed", planned.renamed),
    FIELD_3(FIELD_LABEL, "from-label", planned.from_label),
    FIELD_3(FIELD_NUMBER, "from-label-length", planned.from_label_len),
    FIELD_3(FIELD_HEX, "from-id", planned.from_id),
    FIELD_3(FIELD_NUMBER, "from-id-length", planned.from_id_len),
    FIELD_3(FIELD_TEXT, "changes", planned.changes),
};

static const struct event_field gate[] = {
    MARK("gate", gate.gate, gate_name, GATES),
    MARK("state", gate.state, gate_state_name, GATE_WAIVED + 1),
    FIELD(FIELD_NUMBER, "tries-left", gate.tries_left),
    FIELD(FIELD_TEXT, "question", gate.question),
    FIELD(FIELD_TEXT, "officer", gate.officer),
    FIELD(FIELD_TEXT, "role", gate.role),
    FIELD_2(FIELD_TEXT, "answer", gate.answer),
    FIELD_2(FIELD_NUMBER, "keys", gate.keys),
};

static const struct event_field pace[] = {
    MARK_2("state", pace.state, pace_state_name, PACE_STATES),
    WORD_2("pace", pace.pace, pace_name, PACES),
    WORD_2("step", pace.step, step_name, STEPS),
    FIELD_2(FIELD_SIGNED, "micros", pace.micros),
};

static const struct event_field sessions[] = {
    FIELD_3(FIELD_NUMBER, "source", sessions.have[SIDE_SOURCE]),
    FIELD_3(FIELD_NUMBER, "destination", sessions.have[SIDE_DESTINATION]),
    FIELD_3(FIELD_NUMBER, "fixed", sessions.basis.fixed),
    FIELD_3(FIELD_NUMBER, "measured", sessions.basis.keys),
    FIELD_3(FIELD_SIGNED, "micros", sessions.basis.micros),
    FIELD_3(FIELD_NUMBER, "left", sessions.basis.left),
    FIELD_3(FIELD_TEXT, "reason", sessions.reason),
};

static const struct event_field step[] = {
    MARK("step", step.id, step_name, STEPS),
    MARK("state", step.state, event_state_name, EVENT_UNDONE + 1),
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
    MARK("proof", proof.proof, hsm_proof_name, HSM_PROOFS),
    MARK("state", proof.state, event_state_name, EVENT_UNDONE + 1),
    MARK("stage", proof.stage, step_name, STEPS),
    FIELD(FIELD_TEXT, "source", proof.call[SIDE_SOURCE]),
    FIELD(FIELD_TEXT, "destination", proof.call[SIDE_DESTINATION]),
    FIELD(FIELD_TEXT, "text", proof.text),
};

static const struct event_field kcv[] = {
    MARK("method", kcv.method, kcv_method_name, KCV_METHODS),
    FIELD(FIELD_HEX, "source", kcv.value[SIDE_SOURCE].octets),
    FIELD(FIELD_NUMBER, "source-length", kcv.value[SIDE_SOURCE].len),
    FIELD(FIELD_HEX, "destination", kcv.value[SIDE_DESTINATION].octets),
    FIELD(FIELD_NUMBER, "destination-length", kcv.value[SIDE_DESTINATION].len),
    FIELD(FIELD_TEXT, "text", kcv.text),
};

static const struct event_field key_done[] = {
    MARK("outcome", key_done.outcome, key_outcome_name, KEY_OUTCOMES),
    WORD("code", key_done.code, err_code_name, ERR_CODES),
    KEY_FIELDS(key_done.desc),
    FIELD(FIELD_TEXT, "proof", key_done.proof),
    FIELD(FIELD_TEXT, "text", key_done.text),
    FIELD_2(FIELD_TEXT, "file", key_done.file),
    FIELD_2(FIELD_HEX, "file-sha256", key_done.file_sha256),
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

static const struct event_field file[] = {
    MARK_2("state", file.state, file_state_name, FILE_STATES),
    FIELD_2(FIELD_TEXT, "format", file.format),
    FIELD_2(FIELD_TEXT, "stage", file.stage),
    FIELD_2(FIELD_TEXT, "path", file.path),
    FIELD_2(FIELD_BITS, "bytes", file.bytes),
    FIELD_2(FIELD_HEX, "sha256", file.sha256),
    FIELD_2(FIELD_TEXT, "trust", file.trust),
};

static const struct event_field end[] = {
    WORD("outcome", end.outcome, end_outcome_name, END_ABORTED + 1),
    FIELD(FIELD_SIGNED, "exit-code", end.exit_code),
    FIELD(FIELD_NUMBER, "migrated", end.migrated),
    FIELD(FIELD_NUMBER, "unproven", end.unproven),
    FIELD_2(FIELD_NUMBER, "sealed", end.sealed),
    FIELD_3(FIELD_NUMBER, "destroyed", end.destroyed),
    FIELD_3(FIELD_NUMBER, "aligned", end.aligned),
    FIELD_3(FIELD_NUMBER, "derived", end.derived),
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
    [EVENT_SESSIONS] = KIND(sessions),
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
    [EVENT_FILE] = KIND(file),
    [EVENT_ROWS] = {NULL, 0},
};

const struct event_field *event_fields_of(enum event_kind kind, size_t *count)
{
    if ((unsigned)kind >= EVENT_KINDS)
        return NULL;
    *count = kinds[kind].count;
    return kinds[kind].fields;
}

uint32_t event_fields_form(const struct event *event)
{
    enum { ROOM = 64 };
    size_t count = 0;
    const struct event_field *fields = event_fields_of(event->kind, &count);
    uint32_t form = (uint32_t)event->kind * SIDES + (uint32_t)event->side, value;

    for (size_t i = 0; i < count; i++) {
        if (!fields[i].mark)
            continue;
        memcpy(&value, (const uint8_t *)event + fields[i].at, sizeof value);
        form = form * ROOM + value % ROOM;
    }
    return form;
}
