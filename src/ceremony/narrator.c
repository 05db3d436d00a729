/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/narrator.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/sha.h>

#include "base/file.h"
#include "base/route.h"
#include "base/text.h"
#include "transfer/ahead.h"
#include "transfer/proof.h"
#include "transfer/sealed_file.h"
#include "transfer/sealing.h"
#include "transfer/transport.h"

void narrator_begin(struct narrator *n, const struct ceremony_host *host)
{
    *n = (struct narrator){.host = host, .begun_us = host->mono_us(host->ctx)};
}

static bool send(struct narrator *n, struct event *event, struct err *err)
{
    event->seq = ++n->seq;
    event->utc_ms = n->utc_ms;
    event->mono_ms = (n->host->mono_us(n->host->ctx) - n->begun_us) / 1000;
    return n->host->sink->emit(n->host->sink, event, err);
}

/* Times are those of the host's clock; if that is set back, a warning is recorded. */
static bool emit_aloud(struct narrator *n, struct event *event, struct err *err)
{
    int64_t now = n->host->utc_ms(n->host->ctx), back = n->utc_ms - now;
    struct event warning = {.kind = EVENT_WARNING, .side = SIDE_RELAY, .note.name = NARRATOR_CLOCK};

    n->utc_ms = now;
    if (n->seq == 0 || back <= 0)
        return send(n, event, err);
    snprintf(warning.note.text, sizeof warning.note.text,
             "the clock of this host went back by %" PRId64
             ".%03d s: the numbers give the order, not the "
             "times",
             back / 1000, (int)(back % 1000));
    return send(n, &warning, err) && send(n, event, err);
}

bool emit_event(struct narrator *n, struct event *event, struct err *err)
{
    if (!n->muted)
        return emit_aloud(n, event, err);
    return event->kind != EVENT_WARNING || emit_event(n->muted, event, err);
}

bool emit_together(struct narrator *n, bool begins, struct err *err)
{
    struct event_sink *sink = n->host->sink;

    return !sink->together || sink->together(sink, begins, err);
}

static bool emit_reach_as(struct narrator *n, enum side side, enum reach what, const char *text,
                          const char *secret, struct err *err)
{
    struct event e = {.kind = EVENT_REACH, .side = side, .reach.what = what};

    text_safe(text, strlen(text), e.reach.text, sizeof e.reach.text);
    if (secret)
        SHA256((const unsigned char *)secret, strlen(secret), e.reach.sha256);
    return emit_event(n, &e, err);
}

/* Only the digest is recorded of a value that may be secret. */
static bool emit_reach(struct narrator *n, enum side side, const struct ceremony_reach *reach,
                       struct err *err)
{
    char name[EVENT_PATH_MAX];

    for (size_t i = 0; reach->agent && reach->agent[i]; i++)
        if (!emit_reach_as(n, side, REACH_AGENT, reach->agent[i], NULL, err))
            return false;
    if (reach->parameters && reach->parameters[0] &&
        !emit_reach_as(n, side, REACH_PARAMETERS, "", reach->parameters, err))
        return false;
    for (size_t i = 0; reach->environment && reach->environment[i]; i++) {
        const char *value = strchrnul(reach->environment[i], '=');
        text_print(name, sizeof name, "%.*s", (int)(value - reach->environment[i]),
                   reach->environment[i]);
        if (!emit_reach_as(n, side, REACH_VARIABLE, name, value + (*value == '='), err))
            return false;
    }
    return true;
}

static const char *const whose[SIDES] = {"the source", "the destination", "the device that signs"};

/* Another program than hsmferry's own agent, and the way to it. */
static bool emit_other_agent(struct narrator *n, enum side side, const char *const *agent)
{
    char route[EVENT_TEXT_MAX];

    if (route_text(agent, route, sizeof route))
        return emit_note(n, EVENT_WARNING, side, "agent",
                         "%s is reached through %s; the code of its agent was not checked",
                         whose[side], route);
    return emit_note(n, EVENT_WARNING, side, "agent",
                     "another program than hsmferry's own is the agent of %s; its code was not "
                     "checked",
                     whose[side]);
}

/* Warns of exceptions that the ceremony file allows. Each warning names its side: the same words
 * of both would look like one warning twice. */
static bool emit_trusted(struct narrator *n, const struct ceremony_setup *setup, struct err *err)
{
    bool ok = true;

    for (enum side side = SIDE_SOURCE; side < SIDES; side++)
        if (setup->reach[side].agent)
            ok = ok && emit_other_agent(n, side, setup->reach[side].agent);
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++)
        if (setup->where[side].environment_trusted)
            ok = ok && emit_note(n, EVENT_WARNING, side, "environment",
                                 "the module of %s gets variables that its dialect does not list",
                                 whose[side]);
    return ok || emit_why(n, err);
}

bool emit_begin(struct narrator *n, const struct ceremony_setup *setup, const char *id,
                struct err *err)
{
    struct event e = {.kind = EVENT_BEGIN, .side = SIDE_RELAY};
    char host[65] = "";

    gethostname(host, sizeof host - 1);
    text_cut(e.begin.title, sizeof e.begin.title, setup->title);
    text_cut(e.begin.id, sizeof e.begin.id, id);
    if (setup->interrupted)
        text_cut(e.begin.resumes, sizeof e.begin.resumes, setup->interrupted->id);
    if (setup->sealing)
        text_cut(e.begin.service, sizeof e.begin.service, setup->sealing->service->name);
    text_cut(e.begin.version, sizeof e.begin.version, PACKAGE_VERSION);
    text_cut(e.begin.file, sizeof e.begin.file, setup->file);
    memcpy(e.begin.file_sha256, setup->file_sha256, sizeof e.begin.file_sha256);
    text_cut(e.begin.libraries, sizeof e.begin.libraries, setup->libraries);
    text_cut(e.begin.confinement, sizeof e.begin.confinement, setup->confinement);
    file_sha256("/proc/self/exe", e.begin.program.path, sizeof e.begin.program.path,
                e.begin.program.sha256);
    text_safe(host, strlen(host), e.begin.host, sizeof e.begin.host);
    e.begin.rehearsal = setup->rehearsal;
    e.begin.resync = setup->resync;
    e.begin.additions = RECORD_ADDITIONS;
    if (setup->visit.what != VISIT_NONE)
        text_cut(e.begin.visit, sizeof e.begin.visit, visit_name(setup->visit.what));
    text_cut(e.begin.migration, sizeof e.begin.migration, setup->visit.migration);
    e.begin.expires_ms = setup->visit.expires_ms;
    if (setup->removal.what != REMOVAL_NONE) {
        text_cut(e.begin.removal, sizeof e.begin.removal, removal_name(setup->removal.what));
        text_cut(e.begin.report, sizeof e.begin.report, setup->removal.report);
        memcpy(e.begin.report_sha256, setup->removal.sha256, sizeof e.begin.report_sha256);
    }
    if (!emit_event(n, &e, err))
        return false;
    for (unsigned i = 0; i < setup->officer_count; i++) {
        struct event officer = {.kind = EVENT_OFFICER, .side = SIDE_RELAY};
        text_cut(officer.officer.name, sizeof officer.officer.name, setup->officers[i].name);
        text_cut(officer.officer.role, sizeof officer.officer.role, setup->officers[i].role);
        if (!emit_event(n, &officer, err))
            return false;
    }
    for (enum side side = SIDE_SOURCE; side < SIDES; side++)
        if (!emit_reach(n, side, &setup->reach[side], err))
            return false;
    e = (struct event){.kind = EVENT_SIGNER, .side = SIDE_RELAY, .signer = setup->signer};
    return (!e.signer.key[0] || emit_event(n, &e, err)) && emit_trusted(n, setup, err);
}

bool emit_side(struct narrator *n, enum side side, enum side_state state, struct err *err)
{
    struct event e = {.kind = EVENT_SIDE, .side = side, .side_state = {state}};

    return emit_event(n, &e, err);
}

bool emit_hsm(struct narrator *n, enum side side, const struct ceremony_setup *setup,
              const struct hsm_info *info, const struct hsm_slot *slot, struct err *err)
{
    struct event e = {.kind = EVENT_HSM, .side = side};

    text_cut(e.hsm.module, sizeof e.hsm.module, setup->where[side].module);
    text_cut(e.hsm.route, sizeof e.hsm.route, setup->reach[side].agent ? "command" : "local");
    text_cut(e.hsm.loading, sizeof e.hsm.loading, info->loading);
    text_cut(e.hsm.confinement, sizeof e.hsm.confinement, info->confinement);
    e.hsm.loaded_more = info->loaded_more;
    e.hsm.info = info->about;
    e.hsm.slot = *slot;
    if (!emit_event(n, &e, err))
        return false;
    for (size_t i = 0; i < info->loaded_count; i++) {
        e = (struct event){.kind = EVENT_LOADED, .side = side, .loaded = info->loaded[i]};
        if (!emit_event(n, &e, err))
            return false;
    }
    return true;
}

bool emit_note(struct narrator *n, enum event_kind kind, enum side side, const char *name,
               const char *fmt, ...)
{
    struct event e = {.kind = kind, .side = side};
    va_list args;

    text_cut(e.note.name, sizeof e.note.name, name);
    va_start(args, fmt);
    vsnprintf(e.note.text, sizeof e.note.text, fmt, args);
    va_end(args);
    return emit_event(n, &e, &n->refused);
}

bool emit_why(const struct narrator *n, struct err *err)
{
    *err = n->refused;
    return false;
}

bool emit_warning(struct narrator *n, enum side side, int64_t item, struct err *err,
                  const char *name, const char *fmt, ...)
{
    struct event e = {.kind = EVENT_WARNING, .side = side, .key = (uint32_t)(item + 1)};
    va_list args;

    e.note.plan = n->plan;
    text_cut(e.note.name, sizeof e.note.name, name);
    va_start(args, fmt);
    vsnprintf(e.note.text, sizeof e.note.text, fmt, args);
    va_end(args);
    return emit_event(n, &e, err);
}

void redact_kcv(struct key_desc *key)
{
    if (key_kind_is(key->kind, KEY_FAMILY_VALUE))
        key->kcv_len = 0;
}

bool emit_gate(struct narrator *n, const struct gate_word *word, struct err *err)
{
    struct event e = {.kind = EVENT_GATE, .side = SIDE_RELAY, .key = word->key};

    e.gate.gate = word->gate;
    e.gate.state = word->state;
    e.gate.tries_left = word->tries_left;
    e.gate.keys = (uint32_t)word->keys;
    text_cut(e.gate.question, sizeof e.gate.question, word->question);
    text_cut(e.gate.answer, sizeof e.gate.answer, word->answer);
    if (word->officer) {
        text_cut(e.gate.officer, sizeof e.gate.officer, word->officer->name);
        text_cut(e.gate.role, sizeof e.gate.role, word->officer->role);
    }
    return emit_event(n, &e, err);
}

bool emit_sessions(struct narrator *n, const struct sessions_basis *basis, const uint32_t have[2],
                   struct err *err)
{
    struct event e = {.kind = EVENT_SESSIONS, .side = SIDE_RELAY};

    e.sessions.basis = *basis;
    memcpy(e.sessions.have, have, sizeof e.sessions.have);
    sessions_reason(basis, have, e.sessions.reason);
    return emit_event(n, &e, err);
}

bool emit_step(struct narrator *n, const struct step_word *word, struct err *err)
{
    const struct step_result *result = word->result;
    const struct transfer *key = word->transfer;
    struct event e = {.kind = EVENT_STEP, .side = step_side(word->id)};

    e.key = key ? key->number : 0;
    e.step.id = word->id;
    e.step.state = word->state;
    e.step.micros = word->micros;
    if (result && result->call)
        hsm_call_for(result->call, key && key->item->key->class == KEY_CLASS_PRIVATE, e.step.call,
                     sizeof e.step.call);
    if (result)
        text_cut(e.step.text, sizeof e.step.text, result->text);
    if (result && result->crossed && word->state == EVENT_OK) {
        e.step.bytes = (uint32_t)result->crossed->len;
        SHA256(result->crossed->data, result->crossed->len, e.step.sha256);
    }
    return emit_event(n, &e, err);
}

bool emit_fingerprint(struct narrator *n, enum side side, const struct bytes *spki, uint32_t bits,
                      struct err *err)
{
    struct event e = {.kind = EVENT_FINGERPRINT, .side = side};

    SHA256(spki->data, spki->len, e.fingerprint.spki_sha256);
    e.fingerprint.bytes = (uint32_t)spki->len;
    e.fingerprint.bits = bits;
    return emit_event(n, &e, err);
}

bool emit_proof(struct narrator *n, const struct party *side, const struct transfer *transfer,
                enum step_id stage, const char *path, struct err *err)
{
    enum hsm_proof proof = transfer->proof;
    struct event e = {.kind = EVENT_PROOF, .side = SIDE_DESTINATION, .key = transfer->number};

    e.proof.proof = proof;
    e.proof.state = EVENT_OK;
    e.proof.stage = stage;
    for (enum side at = SIDE_SOURCE; at <= SIDE_DESTINATION; at++)
        text_cut(e.proof.call[at], sizeof e.proof.call[at],
                 path && at == SIDE_DESTINATION ? path
                 : proof == HSM_PROOF_BYTES     ? side[at].caps.op_calls[HSM_READ_PUBLIC]
                                                : side[at].caps.proof_calls[proof]);
    text_cut(e.proof.text, sizeof e.proof.text, ahead_sentence(transfer->ahead, proof));
    return emit_event(n, &e, err);
}

bool emit_kcv(struct narrator *n, const struct transfer *transfer, const struct kcv *kcv,
              struct err *err)
{
    struct event e = {.kind = EVENT_KCV, .side = SIDE_RELAY, .key = transfer->number, .kcv = *kcv};

    return emit_event(n, &e, err);
}

bool emit_inventory(struct narrator *n, const struct inventory_word *word, struct err *err)
{
    struct event e = {.kind = EVENT_INVENTORY, .side = word->side};

    e.inventory.after = word->after;
    e.inventory.objects = (uint32_t)word->count;
    e.inventory.unexplained = word->unexplained;
    e.inventory.missing = word->missing;
    e.inventory.nameless = word->nameless;
    SHA256((const unsigned char *)word->handles, word->count * sizeof *word->handles,
           e.inventory.sha256);
    return emit_event(n, &e, err);
}

static const char *unproven_words(const struct transfer *t)
{
    return t->rewrapped
               ? "arrived with these rights; both sides encrypted it to the same ciphertext, which "
                 "no fresh process can repeat: waived by the officers"
               : "arrived with these rights; nothing proves that it is the same key: waived by the "
                 "officers";
}

static void put_file(struct event *e, const struct transfer *t)
{
    const struct sealing *sealing = t->transport->sealing;
    char path[EVENT_PATH_MAX];

    sealed_file_path(sealing, t->number, t->item->key, path);
    text_cut(e->key_done.file, sizeof e->key_done.file, basename(path));
    SHA256(t->wire.file.data, t->wire.file.len, e->key_done.file_sha256);
    text_print(e->key_done.text, sizeof e->key_done.text,
               "in a file for %s; nothing shows yet that it has arrived there",
               sealing->service->title);
}

static const char *aligned_words(const struct transfer *t, char out[EVENT_TEXT_MAX])
{
    char changes[TIGHTENING_TEXT];

    text_print(out, EVENT_TEXT_MAX, "set: %s", tightening_text(&t->item->align->to, changes));
    return out;
}

static const char *derived_words(const struct transfer *t, char out[EVENT_TEXT_MAX])
{
    text_print(out, EVENT_TEXT_MAX, "a new key on both HSMs: %s", proof_sentence(t->proof));
    return out;
}

bool emit_key_done(struct narrator *n, const struct transfer *t, struct err *err)
{
    struct event e = {.kind = EVENT_KEY_DONE, .side = SIDE_DESTINATION, .key = t->number};
    char changes[EVENT_TEXT_MAX];

    e.key_done.outcome = t->outcome;
    e.key_done.code = t->err.code;
    compact_get(t->found, &e.key_done.desc, sizeof e.key_done.desc);
    redact_kcv(&e.key_done.desc);
    if (t->proven && !t->item->unproven)
        text_cut(e.key_done.proof, sizeof e.key_done.proof, hsm_proof_name(t->proof));
    text_cut(e.key_done.text, sizeof e.key_done.text,
             t->outcome == KEY_MIGRATED && t->transport->suite->returned
                 ? ahead_sentence(t->ahead, t->proof)
             : t->outcome == KEY_MIGRATED ? proof_sentence(t->proof)
             : t->outcome == KEY_ALIGNED  ? aligned_words(t, changes)
             : t->outcome == KEY_DERIVED  ? derived_words(t, changes)
             : t->outcome == KEY_UNPROVEN ? unproven_words(t)
                                          : err_note_get(&t->err).what);
    if (t->outcome == KEY_SEALED)
        put_file(&e, t);
    return emit_event(n, &e, err);
}

bool emit_left_out(struct narrator *n, const struct transfer *t, const struct officer *officer,
                   bool script, struct err *err)
{
    struct event e = {.kind = EVENT_EXCEPTION, .side = SIDE_RELAY, .key = t->number};
    char label[KEY_LABEL_TEXT];

    e.exception.script = script;
    e.exception.begun = true;
    e.exception.step = STEP_WRAP_KEY;
    text_print(e.exception.expected, sizeof e.exception.expected, "%s is migrated",
               key_label_text(t->item->key, label));
    text_cut(e.exception.happened, sizeof e.exception.happened, "it was left out at its gate");
    text_print(e.exception.decided, sizeof e.exception.decided, "skip, typed by %s%s%s",
               officer ? officer->name : "the officers", officer && officer->role[0] ? ", " : "",
               officer ? officer->role : "");
    return emit_event(n, &e, err);
}

void emit_error(struct narrator *n, const struct err *failure)
{
    struct event e = {.kind = EVENT_ERROR, .side = SIDE_RELAY, .error = *failure};
    struct err ignored;

    emit_event(n, &e, &ignored);
}

static void count_end(struct event *e, enum key_outcome outcome, bool companion)
{
    bool failed = outcome == KEY_FAILED || outcome == KEY_UNKNOWN;

    *(companion ? &e->end.companions : &e->end.migrated) += outcome == KEY_MIGRATED;
    *(companion ? &e->end.companions_refused : &e->end.refused) += outcome == KEY_REFUSED;
    *(companion ? &e->end.companions_failed : &e->end.failed) += failed;
    e->end.unproven += outcome == KEY_UNPROVEN;
    e->end.sealed += outcome == KEY_SEALED;
    e->end.destroyed += outcome == KEY_DESTROYED;
    e->end.aligned += outcome == KEY_ALIGNED;
    e->end.derived += outcome == KEY_DERIVED;
}

bool emit_end(struct narrator *n, const struct end_word *word, struct err *err)
{
    const struct transfers *all = word->transfers;
    struct event e = {.kind = EVENT_END, .side = SIDE_RELAY};
    size_t pending = 0; /* neither failed nor refused */

    e.end.outcome = word->outcome;
    e.end.exit_code = word->exit_code;
    for (size_t i = 0; i < all->count; i++) {
        count_end(&e, all->at[i].outcome, all->at[i].owner != NULL);
        pending += all->at[i].outcome == KEY_PENDING && !all->at[i].owner;
    }
    e.end.left_over = word->left_over;
    if (pending)
        snprintf(e.end.text, sizeof e.end.text, "%zu never reached; %s", pending, word->text);
    else
        text_cut(e.end.text, sizeof e.end.text, word->text);
    return emit_event(n, &e, err);
}
