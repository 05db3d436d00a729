/* SPDX-License-Identifier: Apache-2.0 */
/* The sections of the report that describe the course of the ceremony, in their order. */
#include "report/report_sections.h"

#include <string.h>

#include "base/text.h"
#include "report/key_groups.h"

uint64_t section_kind(enum event_kind kind)
{
    return UINT64_C(1) << kind;
}

bool section_is_new(const struct view *v)
{
    return v->log->format >= 2;
}

/* In the head and on every key, so that a rehearsal and a ceremony are never confused. */
void section_stamp(const struct view *v)
{
    struct event begin = {0};

    if (v->index->begin)
        event_log_read(v->log, v->index->begin, &begin);
    writer_text(v->w, "stamp", begin.begin.rehearsal ? "REHEARSAL" : "PRODUCTION");
}

/* Writes text if it is not empty. */
void section_some(struct writer *w, const char *key, const char *text)
{
    if (text[0])
        writer_text(w, key, text);
}

static void put_sha256(struct writer *w, const char *key, const uint8_t sha256[32])
{
    writer_hex(w, key, sha256, SHA256_SIZE);
}

void section_groups(struct writer *w, const uint8_t sha256[32])
{
    char groups[TEXT_GROUPS_SIZE], words[TEXT_WORDS_SIZE];

    writer_text(w, "sha256", text_groups(sha256, 16, groups));
    writer_text(w, "words", text_words(sha256, 0, SHA256_SIZE, words));
}

/* Is it about a plan that was replaced? */
static bool is_replaced(const struct view *v, const struct event *note)
{
    return note->note.plan && note->note.plan != v->index->plan_number;
}

/* A list of notes: the subject of each, and its text. */
void section_notes(const struct view *v, enum event_kind which, const char *section,
                   const char *name)
{
    struct event event;

    writer_list(v->w, section, false);
    for (size_t at = 0; event_log_next(v->log, section_kind(which), &at, &event);) {
        if (is_replaced(v, &event))
            continue;
        writer_map(v->w, NULL, true);
        writer_time(v->w, "at", event.utc_ms);
        if (which == EVENT_VENDOR_OUTPUT)
            writer_text(v->w, "side", side_name(event.side));
        if (event.key)
            writer_number(v->w, "key", event.key);
        section_some(v->w, name, event.note.name);
        writer_text(v->w, "text", event.note.text);
        writer_end(v->w);
    }
    writer_end(v->w);
}

/* The next event that describes how this side is reached. */
static bool next_reach(const struct view *v, enum side side, enum reach what, size_t *at,
                       struct event *event)
{
    while (event_log_next(v->log, section_kind(EVENT_REACH), at, event))
        if (event->side == side && event->reach.what == what)
            return true;
    return false;
}

void section_reach(const struct view *v, enum side side)
{
    struct writer *w = v->w;
    struct event event;
    size_t at = 0;
    bool other = next_reach(v, side, REACH_AGENT, &at, &event);

    if (!section_is_new(v))
        return;
    if (other) {
        writer_list(w, "agent", true);
        do
            writer_text(w, NULL, event.reach.text);
        while (next_reach(v, side, REACH_AGENT, &at, &event));
        writer_end(w);
    }
    writer_text(w, "agent-code", other ? "not checked" : "own");
    writer_list(w, "environment", false);
    for (at = 0; next_reach(v, side, REACH_VARIABLE, &at, &event);) {
        writer_map(w, NULL, true);
        writer_text(w, "name", event.reach.text);
        put_sha256(w, "sha256", event.reach.sha256);
        writer_end(w);
    }
    writer_end(w);
    at = 0;
    if (next_reach(v, side, REACH_PARAMETERS, &at, &event))
        put_sha256(w, "parameters-sha256", event.reach.sha256);
}

/* As each side reported it; first the destination, which generated it. */
void section_transport_key(const struct view *v)
{
    static const enum side order[] = {SIDE_DESTINATION, SIDE_SOURCE};
    struct event event[2];
    unsigned reported = 0;

    writer_map(v->w, "transport-key", false);
    for (unsigned i = 0; i < 2; i++) {
        size_t at = v->index->fingerprint[order[i]];
        if (!at)
            continue;
        event_log_read(v->log, at, &event[reported]);
        writer_map(v->w, side_name(order[i]), false);
        writer_number(v->w, "bits", event[reported].fingerprint.bits);
        writer_number(v->w, "bytes", event[reported].fingerprint.bytes);
        section_groups(v->w, event[reported].fingerprint.spki_sha256);
        writer_end(v->w);
        reported++;
    }
    if (reported == 2)
        writer_yes(v->w, "agree",
                   memcmp(event[0].fingerprint.spki_sha256, event[1].fingerprint.spki_sha256,
                          SHA256_SIZE) == 0);
    writer_end(v->w);
}

/* From the other room, or for it. */
void section_files(const struct view *v)
{
    struct writer *w = v->w;
    char words[TEXT_WORDS_SIZE];
    struct event event;
    size_t at = 0;

    if (!event_log_next(v->log, section_kind(EVENT_FILE), &at, &event))
        return;
    writer_list(w, "files", false);
    do {
        writer_map(w, NULL, false);
        writer_number(w, "seq", (int64_t)event.seq);
        writer_time(w, "at", event.utc_ms);
        writer_text(w, "state", file_state_name(event.file.state));
        writer_text(w, "format", event.file.format);
        writer_text(w, "stage", event.file.stage);
        writer_text(w, "path", event.file.path);
        writer_number(w, "bytes", (int64_t)event.file.bytes);
        put_sha256(w, "sha256", event.file.sha256);
        section_some(w, "trust", event.file.trust);
        if (event.file.state == FILE_WRITTEN)
            writer_text(w, "first-words", text_words(event.file.sha256, 0, FILE_WORDS, words));
        writer_end(w);
    } while (event_log_next(v->log, section_kind(EVENT_FILE), &at, &event));
    writer_end(w);
}

static void put_pace_place(struct writer *w, const struct event *event)
{
    writer_number(w, "seq", (int64_t)event->seq);
    writer_time(w, "at", event->utc_ms);
    writer_text(w, "pace", pace_name(event->pace.pace));
    writer_text(w, "step", step_name(event->pace.step));
    if (event->key)
        writer_number(w, "key", event->key);
}

static void put_paces(const struct view *v)
{
    struct event event;

    writer_list(v->w, "chosen", false);
    for (size_t at = 0; event_log_next(v->log, section_kind(EVENT_PACE), &at, &event);)
        if (event.pace.state == PACE_CHOSEN) {
            writer_map(v->w, NULL, true);
            put_pace_place(v->w, &event);
            writer_end(v->w);
        }
    writer_end(v->w);
}

/* Each wait, with its duration once it ended. Returns the milliseconds of all. */
static int64_t put_waits(const struct view *v)
{
    struct event event;
    bool open = false;
    int64_t all = 0;

    writer_list(v->w, "waits", false);
    for (size_t at = 0; event_log_next(v->log, section_kind(EVENT_PACE), &at, &event);) {
        if (event.pace.state == PACE_WAITS) {
            writer_map(v->w, NULL, true);
            put_pace_place(v->w, &event);
            open = true;
        } else if (event.pace.state == PACE_GOES_ON && open) {
            writer_number(v->w, "ms", event.pace.micros / 1000);
            all += event.pace.micros / 1000;
            writer_end(v->w);
            open = false;
        }
    }
    if (open)
        writer_end(v->w);
    writer_end(v->w);
    return all;
}

void part_pace(const struct view *v)
{
    struct event event;
    size_t at = 0;
    int64_t waited_ms;

    if (!event_log_next(v->log, section_kind(EVENT_PACE), &at, &event))
        return;
    writer_map(v->w, "pace", false);
    put_paces(v);
    waited_ms = put_waits(v);
    writer_number(v->w, "waited-ms", waited_ms);
    writer_end(v->w);
}

/* By how many sessions keys were in progress together, and why by so many. */
void part_sessions(const struct view *v)
{
    struct event event;
    size_t at = 0;
    const struct sessions_basis *basis = &event.sessions.basis;

    if (!event_log_next(v->log, section_kind(EVENT_SESSIONS), &at, &event))
        return;
    writer_map(v->w, "sessions", false);
    writer_number(v->w, "seq", (int64_t)event.seq);
    writer_time(v->w, "at", event.utc_ms);
    writer_number(v->w, "source", event.sessions.have[SIDE_SOURCE]);
    writer_number(v->w, "destination", event.sessions.have[SIDE_DESTINATION]);
    if (basis->fixed) {
        writer_number(v->w, "fixed", basis->fixed);
    } else {
        writer_number(v->w, "measured-keys", basis->keys);
        writer_number(v->w, "microseconds", basis->micros);
        writer_number(v->w, "keys-left", basis->left);
    }
    writer_text(v->w, "reason", event.sessions.reason);
    writer_end(v->w);
}

/* One step: its end (event) and its beginning (begun, NULL if not recorded); or a step that never
 * ended, if event is its beginning. */
static void put_step(struct writer *w, const struct event *event, const struct event *begun)
{
    writer_map(w, NULL, true);
    writer_number(w, "seq", (int64_t)event->seq);
    writer_number(w, "number", step_number(event->step.id));
    writer_text(w, "name", step_name(event->step.id));
    writer_text(w, "side", side_name(event->side));
    if (event->key)
        writer_number(w, "key", event->key);
    writer_text(w, "state", event_state_name(event->step.state));
    if (begun)
        writer_time(w, "begun", begun->utc_ms);
    if (begun != event) {
        writer_time(w, "ended", event->utc_ms);
        writer_number(w, "ms", event->step.micros / 1000);
    }
    writer_number(w, "offset-ms", event->mono_ms);
    section_some(w, "call", event->step.call);
    if (event->step.bytes) {
        writer_number(w, "bytes", event->step.bytes);
        put_sha256(w, "sha256", event->step.sha256);
    }
    section_some(w, "text", event->step.text);
    writer_end(w);
}

/* From format 3 on, the steps of keys are in the journal only, which section_journal() names.
 *
 * Steps do not overlap: if the beginning of a step is followed by an event other than its end, the
 * step has no end. */
void section_steps(const struct view *v)
{
    struct event event, begun = {0};

    writer_list(v->w, "steps", false);
    for (size_t at = 0; event_log_next(v->log, section_kind(EVENT_STEP), &at, &event);) {
        if (v->log->format >= 3 && event.key)
            continue;
        bool its = begun.seq && event.step.state != EVENT_BEGUN && begun.step.id == event.step.id &&
                   begun.key == event.key;
        if (begun.seq && !its)
            put_step(v->w, &begun, &begun);
        if (event.step.state != EVENT_BEGUN)
            put_step(v->w, &event, its ? &begun : NULL);
        begun = event.step.state == EVENT_BEGUN ? event : (struct event){0};
    }
    if (begun.seq)
        put_step(v->w, &begun, &begun);
    writer_end(v->w);
}

void section_proof(struct writer *w, const struct event *event)
{
    writer_text(w, "stage", step_name(event->proof.stage));
    writer_text(w, "method", hsm_proof_name(event->proof.proof));
    writer_text(w, "state", event_state_name(event->proof.state));
    section_some(w, "source", event->proof.call[SIDE_SOURCE]);
    section_some(w, "destination", event->proof.call[SIDE_DESTINATION]);
    writer_text(w, "text", event->proof.text);
}

/* From format 3 on, those of a key that was migrated are with it. */
static bool is_elsewhere(const struct view *v, const struct event *proof)
{
    return v->log->format >= 3 && proof->key > 0 && proof->key <= v->index->key_count &&
           v->index->keys[proof->key - 1].proven;
}

void section_proofs(const struct view *v)
{
    struct writer *w = v->w;
    struct event event;

    writer_list(w, "proofs", false);
    for (size_t at = 0; event_log_next(v->log, section_kind(EVENT_PROOF), &at, &event);) {
        if (event.proof.state == EVENT_BEGUN || is_elsewhere(v, &event))
            continue;
        writer_map(w, NULL, true);
        writer_number(w, "seq", (int64_t)event.seq);
        writer_time(w, "at", event.utc_ms);
        writer_number(w, "key", event.key);
        section_proof(w, &event);
        writer_end(w);
    }
    writer_end(w);
}

static void put_inventory(const struct view *v, enum side side)
{
    static const char *const when[] = {"before", "after"};
    struct event event;

    writer_map(v->w, side_name(side), false);
    for (unsigned after = 0; after < 2; after++) {
        size_t at = v->index->inventory[side][after];
        if (!at)
            continue;
        event_log_read(v->log, at, &event);
        writer_map(v->w, when[after], true);
        writer_number(v->w, "objects", event.inventory.objects);
        if (after) {
            writer_number(v->w, "unexplained", event.inventory.unexplained);
            writer_number(v->w, "missing", event.inventory.missing);
        }
        put_sha256(v->w, "sha256", event.inventory.sha256);
        writer_end(v->w);
    }
    writer_end(v->w);
}

void section_inventory(const struct view *v)
{
    writer_map(v->w, "inventory", false);
    put_inventory(v, SIDE_SOURCE);
    put_inventory(v, SIDE_DESTINATION);
    writer_end(v->w);
}

static void put_warning(void *ctx, const char *text, const char *keys, size_t count)
{
    struct writer *w = ctx;
    char sentence[EVENT_TEXT_MAX];
    const char *name = strrchr(text, '\n') + 1; /* safe text has none */

    (void)count;
    text_print(sentence, sizeof sentence, "%.*s", (int)(name - text) - 1, text);
    writer_map(w, NULL, true);
    section_some(w, "keys", keys);
    section_some(w, "name", name);
    writer_text(w, "text", sentence);
    writer_end(w);
}

/* From format 3 on, what is said of many keys is said once. */
static void put_warnings(const struct view *v)
{
    struct key_groups groups = {0};
    struct event event;
    struct err ignored;
    bool ok = true;

    writer_list(v->w, "warnings", false);
    for (size_t at = 0; ok && event_log_next(v->log, section_kind(EVENT_WARNING), &at, &event);)
        ok = is_replaced(v, &event) || key_groups_add(&groups, event.key, &ignored, "%s\n%s",
                                                      event.note.text, event.note.name);
    if (!ok || !key_groups_report(&groups, put_warning, v->w, &ignored))
        writer_fail(v->w);
    key_groups_clear(&groups);
    writer_end(v->w);
}

void section_warnings(const struct view *v)
{
    if (v->log->format >= 3)
        put_warnings(v);
    else
        section_notes(v, EVENT_WARNING, "warnings", "name");
}

void section_vendor_output(const struct view *v)
{
    section_notes(v, EVENT_VENDOR_OUTPUT, "spoken", "name");
}

void section_errors(const struct view *v)
{
    struct writer *w = v->w;
    struct event event;
    char number[ERR_NUMBER_SIZE];

    writer_list(w, "errors", false);
    for (size_t at = 0; event_log_next(v->log, section_kind(EVENT_ERROR), &at, &event);) {
        writer_map(w, NULL, false);
        writer_time(w, "at", event.utc_ms);
        writer_text(w, "side", side_name(event.side));
        if (event.key)
            writer_number(w, "key", event.key);
        writer_text(w, "code", err_code_name(event.error.code));
        if (event.error.hsm_code || event.error.hsm_name[0]) {
            writer_text(w, "hsm-code", err_number(event.error.hsm_code, number));
            writer_text(w, "hsm-name", event.error.hsm_name);
        }
        writer_text(w, "what", event.error.what);
        section_some(w, "now", event.error.now);
        section_some(w, "next", event.error.next);
        writer_end(w);
    }
    writer_end(w);
}

/* The journal from which the report was made. */
void section_journal(const struct view *v)
{
    writer_map(v->w, "journal", false);
    if (v->log->format >= 3) {
        writer_text(v->w, "file", v->log->name);
        put_sha256(v->w, "sha256", v->log->file_sha256);
    }
    writer_number(v->w, "records", (int64_t)v->log->records);
    put_sha256(v->w, "head", v->log->head);
    writer_end(v->w);
}
