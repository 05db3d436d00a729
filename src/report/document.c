/* SPDX-License-Identifier: Apache-2.0 */
/* One row of `sections` for each section of the report, in reading order. */
#include "report/document.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "hsm/fidelity.h"
#include "report/report_sections.h"

static int64_t count_exceptions(const struct view *v)
{
    struct event event;
    int64_t count = 0;

    for (size_t at = 0; event_log_next(v->log, section_kind(EVENT_EXCEPTION), &at, &event);)
        count++;
    return count;
}

/* The report's statement about its own signature: which key is to make it, or that none is. */
static void put_signed(const struct view *v)
{
    struct event event;
    size_t at = 0;

    if (!event_log_next(v->log, section_kind(EVENT_SIGNER), &at, &event))
        writer_text(v->w, "signed", "UNSIGNED: the ceremony names no key that signs");
    else
        writer_text(
            v->w, "signed",
            "by the key under \"signature\", in a file beside this one; UNSIGNED without it");
}

static void put_signature(const struct view *v)
{
    struct writer *w = v->w;
    struct event event;
    size_t at = 0;

    writer_map(w, "signature", false);
    if (event_log_next(v->log, section_kind(EVENT_SIGNER), &at, &event)) {
        writer_text(w, "key", event.signer.key);
        writer_text(w, "device", event.signer.device);
        writer_text(w, "api", event.signer.api);
        writer_text(w, "module", event.signer.module);
        writer_text(w, "token", event.signer.token);
        section_some(w, "role", event.signer.role);
        if (strcmp(event.signer.device, "another") == 0)
            section_reach(v, SIDE_RELAY);
    }
    writer_end(w);
}

/* The number of companions with each outcome, if there are any. */
static void put_companion_counts(struct writer *w, const struct event *end)
{
    if (end->end.companions + end->end.companions_refused + end->end.companions_failed == 0)
        return;
    writer_number(w, "companions", end->end.companions);
    writer_number(w, "companions-refused", end->end.companions_refused);
    writer_number(w, "companions-failed", end->end.companions_failed);
}

static void put_summary(const struct view *v)
{
    struct writer *w = v->w;
    struct event begin = {0}, end;

    if (v->index->begin)
        event_log_read(v->log, v->index->begin, &begin);
    event_log_read(v->log, v->index->end, &end);
    writer_map(w, "summary", false);
    section_stamp(v);
    writer_text(w, "outcome", end_outcome_name(end.end.outcome));
    if (part_additions(v) >= 1)
        writer_text(w, "script", script_outcome_name(event_index_script(v->index)));
    writer_number(w, "migrated", end.end.migrated);
    if (end.end.unproven)
        writer_number(w, "unproven", end.end.unproven);
    if (end.end.sealed)
        writer_number(w, "sealed", end.end.sealed);
    if (begin.begin.removal[0])
        writer_number(w, "destroyed", end.end.destroyed);
    if (end.end.derived)
        writer_number(w, "derived", end.end.derived);
    if (end.end.aligned)
        writer_number(w, "aligned", end.end.aligned);
    writer_number(w, "refused", end.end.refused);
    writer_number(w, "failed", end.end.failed);
    put_companion_counts(w, &end);
    writer_number(w, "exit-code", end.end.exit_code);
    writer_yes(w, "rehearsal", begin.begin.rehearsal);
    writer_text(w, "sentence", end.end.text);
    put_signed(v);
    writer_number(w, "left-over", end.end.left_over);
    writer_number(w, "exceptions", count_exceptions(v));
    if (v->index->begin)
        writer_time(w, "begun", begin.utc_ms);
    writer_time(w, "ended", end.utc_ms);
    writer_number(w, "duration-ms", end.mono_ms);
    if (part_additions(v) >= 2)
        writer_number(w, "gates-ms", part_gates_ms(v));
    writer_end(w);
}

static void put_format(const struct view *v)
{
    char format[32];

    snprintf(format, sizeof format, "hsmferry-audit/%u", v->log->format);
    writer_text(v->w, "format", format);
    writer_text(v->w, "by-nature", fidelity_nature_words());
}

static void put_file_sha256(const struct view *v, const struct event *begin)
{
    static const uint8_t none[SHA256_SIZE];

    if (section_is_new(v) && memcmp(begin->begin.file_sha256, none, sizeof none) != 0)
        writer_hex(v->w, "file-sha256", begin->begin.file_sha256, SHA256_SIZE);
    else if (section_is_new(v))
        writer_text(v->w, "file-sha256", "none");
}

static void part_visit(struct writer *w, const struct event *begin)
{
    if (!begin->begin.visit[0])
        return;
    writer_text(w, "visit", begin->begin.visit);
    writer_text(w, "migration", begin->begin.migration);
    if (begin->begin.expires_ms)
        writer_time(w, "expires", begin->begin.expires_ms);
}

static void part_removal(struct writer *w, const struct event *begin)
{
    if (!begin->begin.removal[0])
        return;
    writer_text(w, "removal", begin->begin.removal);
    writer_text(w, "report", begin->begin.report);
    writer_hex(w, "report-sha256", begin->begin.report_sha256, SHA256_SIZE);
}

static void put_ceremony(const struct view *v)
{
    struct writer *w = v->w;
    struct event event = {0};

    if (v->index->begin)
        event_log_read(v->log, v->index->begin, &event);
    writer_map(w, "ceremony", false);
    writer_text(w, "title", event.begin.title);
    writer_text(w, "id", event.begin.id);
    section_some(w, "resumes", event.begin.resumes);
    if (event.begin.resync)
        writer_yes(w, "resync", true);
    section_some(w, "sealed-for", event.begin.service);
    part_visit(w, &event);
    part_removal(w, &event);
    writer_text(w, "file", event.begin.file);
    put_file_sha256(v, &event);
    writer_list(w, "officers", false);
    for (size_t at = 0; event_log_next(v->log, section_kind(EVENT_OFFICER), &at, &event);) {
        writer_map(w, NULL, true);
        writer_text(w, "name", event.officer.name);
        writer_text(w, "role", event.officer.role);
        writer_end(w);
    }
    writer_end(w);
    part_pace(v);
    part_sessions(v);
    writer_end(w);
}

static void put_file(struct writer *w, const char *path, const char *sha256,
                     const struct hsm_file *file)
{
    if (!file->path[0])
        return;
    writer_text(w, path, file->path);
    writer_hex(w, sha256, file->sha256, sizeof file->sha256);
}

static void put_tool(const struct view *v)
{
    struct writer *w = v->w;
    struct event event = {0};

    if (v->index->begin)
        event_log_read(v->log, v->index->begin, &event);
    writer_map(w, "tool", false);
    writer_text(w, "name", "hsmferry");
    writer_text(w, "version", event.begin.version);
    writer_text(w, "libraries", event.begin.libraries);
    put_file(w, "program", "program-sha256", &event.begin.program);
    writer_text(w, "host", event.begin.host);
    if (section_is_new(v))
        writer_text(w, "confinement", event.begin.confinement);
    writer_end(w);
}

/* The libraries that were reported after the latest report on the HSM. */
static void put_loaded(const struct view *v, enum side side)
{
    struct writer *w = v->w;
    struct event event;

    writer_list(w, "loaded", false);
    for (size_t at = v->index->hsm[side];
         event_log_next(v->log, section_kind(EVENT_LOADED), &at, &event);)
        if (event.side == side) {
            writer_map(w, NULL, true);
            put_file(w, "path", "sha256", &event.loaded);
            writer_end(w);
        }
    writer_end(w);
}

/* How module and agent run on this side. */
static void put_running(const struct view *v, enum side side, const struct event *hsm)
{
    if (!section_is_new(v))
        return;
    writer_text(v->w, "loading", hsm->hsm.loading);
    put_loaded(v, side);
    if (hsm->hsm.loaded_more)
        writer_yes(v->w, "loaded-more", true);
    writer_text(v->w, "confinement", hsm->hsm.confinement);
}

static void put_slot(struct writer *w, const struct hsm_slot *slot)
{
    char id[24];

    snprintf(id, sizeof id, "0x%" PRIx64, slot->id);
    writer_text(w, "slot", id);
    writer_text(w, "label", slot->label);
    writer_text(w, "serial", slot->serial);
    writer_text(w, "manufacturer", slot->manufacturer);
    writer_text(w, "model", slot->model);
    writer_text(w, "hardware", slot->hardware);
    writer_text(w, "firmware", slot->firmware);
    writer_list(w, "flags", true);
    for (unsigned i = 0; i < HSM_SLOT_FLAGS; i++)
        if (slot->flags & UINT32_C(1) << i)
            writer_text(w, NULL, hsm_slot_flag_name(UINT32_C(1) << i));
    writer_end(w);
}

static void put_dialect(struct writer *w, const struct hsm_dialect *dialect)
{
    char hex[2 * sizeof dialect->sha256 + 1];

    if (!dialect->name[0])
        return;
    writer_map(w, "dialect", false);
    writer_text(w, "name", dialect->name);
    writer_text(w, "status", hsm_dialect_status_name(dialect->status));
    writer_text(w, "sha256", text_hex(dialect->sha256, sizeof dialect->sha256, hex));
    writer_list(w, "not-enforced", true);
    for (unsigned i = 0; i < KEY_FLAGS; i++)
        if (dialect->not_enforced & UINT32_C(1) << i)
            writer_text(w, NULL, key_flag_name(UINT32_C(1) << i));
    writer_end(w);
    writer_end(w);
}

/* The route to the agent, and the host on which it says that it runs. */
static void put_route(struct writer *w, const struct event *event)
{
    if (!event->hsm.route[0])
        return;
    writer_map(w, "route", true);
    writer_text(w, "by", event->hsm.route);
    section_some(w, "host", event->hsm.info.host);
    section_some(w, "user", event->hsm.info.user);
    writer_end(w);
}

static void put_hsm(const struct view *v, enum side side)
{
    struct writer *w = v->w;
    struct event event;

    writer_map(w, side_name(side), false);
    section_reach(v, side);
    if (v->index->hsm[side]) {
        event_log_read(v->log, v->index->hsm[side], &event);
        const struct hsm_about *info = &event.hsm.info;
        put_route(w, &event);
        writer_text(w, "api", info->api);
        writer_text(w, "api-version", info->api_version);
        writer_text(w, "module", event.hsm.module);
        writer_text(w, "library", info->library);
        writer_text(w, "library-manufacturer", info->manufacturer);
        writer_text(w, "library-version", info->version);
        put_file(w, "module-file", "module-sha256", &info->module);
        writer_text(w, "agent-version", info->agent_version);
        put_file(w, "agent-file", "agent-sha256", &info->agent);
        put_running(v, side, &event);
        put_dialect(w, &info->dialect);
        put_slot(w, &event.hsm.slot);
    }
    writer_end(w);
}

static void put_source(const struct view *v)
{
    put_hsm(v, SIDE_SOURCE);
}

static void put_destination(const struct view *v)
{
    put_hsm(v, SIDE_DESTINATION);
}

/* The place before the policy in force: it is told whole each time the HSMs are asked what they
 * can. */
static size_t find_policy(const struct view *v)
{
    struct event first, event;
    size_t at = 0, found = 0;

    event_log_next(v->log, section_kind(EVENT_POLICY), &at, &first);
    for (size_t before = at; event_log_next(v->log, section_kind(EVENT_POLICY), &at, &event);
         before = at)
        if (strcmp(event.note.name, first.note.name) == 0)
            found = before;
    return found;
}

static void put_policy(const struct view *v)
{
    struct event event;

    writer_list(v->w, "policy", false);
    for (size_t at = find_policy(v);
         event_log_next(v->log, section_kind(EVENT_POLICY), &at, &event);) {
        writer_map(v->w, NULL, true);
        writer_text(v->w, "name", event.note.name);
        writer_text(v->w, "value", event.note.text);
        section_some(v->w, "from", event.note.from);
        writer_end(v->w);
    }
    writer_end(v->w);
}

static void put_choice(const struct view *v, const char *name, size_t at)
{
    struct event event;

    if (!at)
        return;
    event_log_read(v->log, at, &event);
    writer_map(v->w, name, false);
    writer_text(v->w, "algorithm", hsm_alg_name(event.choice.alg));
    writer_number(v->w, "bits", event.choice.bits);
    writer_text(v->w, "source", event.choice.source_call);
    writer_text(v->w, "destination", event.choice.destination_call);
    section_some(v->w, "kdf", event.choice.kdf);
    section_some(v->w, "keys", event.choice.keys);
    writer_text(v->w, "reason", event.choice.reason);
    writer_end(v->w);
}

static void put_more_envelopes(const struct view *v)
{
    writer_list(v->w, "more-envelopes", false);
    for (unsigned alg = 0; alg < HSM_ALGS; alg++)
        put_choice(v, NULL, v->index->more[alg]);
    writer_end(v->w);
}

static void put_capability(const struct view *v, size_t at)
{
    struct writer *w = v->w;
    struct event event;
    char mechanism[24];

    if (!at)
        return;
    event_log_read(v->log, at, &event);
    const struct hsm_capability *capability = &event.capability.how;
    snprintf(mechanism, sizeof mechanism, "0x%" PRIx64, capability->mechanism);
    writer_map(w, NULL, true);
    writer_text(w, "side", side_name(event.side));
    writer_text(w, "algorithm", hsm_alg_name(event.capability.alg));
    writer_yes(w, "wrap", capability->wrap);
    writer_yes(w, "unwrap", capability->unwrap);
    if (capability->mechanism)
        writer_text(w, "mechanism", mechanism);
    section_some(w, "wrap-call", capability->wrap_call);
    section_some(w, "unwrap-call", capability->unwrap_call);
    section_some(w, "reason", capability->reason);
    writer_end(w);
}

static void put_negotiation(const struct view *v)
{
    writer_map(v->w, "negotiation", false);
    put_choice(v, "transport", v->index->choice[false]);
    put_choice(v, "envelope", v->index->choice[true]);
    put_more_envelopes(v);
    section_notes(v, EVENT_REJECTED, "rejected", "candidate");
    writer_list(v->w, "offers", false);
    for (unsigned side = 0; side < 2; side++)
        for (unsigned alg = 0; alg < HSM_ALGS; alg++)
            put_capability(v, v->index->capability[side][alg]);
    writer_end(v->w);
    writer_end(v->w);
}

static void put_canaries(const struct view *v)
{
    struct writer *w = v->w;
    struct event event;

    writer_list(w, "canaries", false);
    for (size_t at = 0; event_log_next(v->log, section_kind(EVENT_CANARY), &at, &event);) {
        if (event.canary.state == CANARY_COMMITS || event.canary.state == CANARY_CLEAN)
            continue; /* in the journal only, for resuming */
        writer_map(w, NULL, true);
        writer_time(w, "at", event.utc_ms);
        writer_text(w, "type", event.canary.type);
        writer_text(w, "algorithm", hsm_alg_name(event.canary.alg));
        writer_text(w, "state", canary_state_name(event.canary.state));
        writer_number(w, "ms", event.canary.micros / 1000);
        if (event.canary.bytes) {
            writer_number(w, "bytes", event.canary.bytes);
            writer_hex(w, "sha256", event.canary.sha256, SHA256_SIZE);
        }
        writer_text(w, "text", event.canary.text);
        writer_end(w);
    }
    writer_end(w);
}

static void (*const sections[])(const struct view *) = {
    put_summary,       part_profiles,    part_keys,          part_companions,
    put_format,        put_ceremony,     part_script,        part_pins,
    put_tool,          put_signature,    put_source,         put_destination,
    put_policy,        put_negotiation,  put_canaries,       section_transport_key,
    section_files,     section_gates,    section_steps,      section_proofs,
    section_inventory, section_warnings, section_exceptions, section_vendor_output,
    section_errors,    section_journal,
};

void document_write(const struct event_log *log, const struct event_index *index,
                    const struct key_profiles *profiles, struct writer *w)
{
    const struct view view = {.log = log, .index = index, .profiles = profiles, .w = w};

    writer_map(w, NULL, false);
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++)
        sections[i](&view);
    writer_end(w);
    writer_seal(w);
}
