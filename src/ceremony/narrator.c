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
#include "hsm/wrap_alg.h"
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

/* Copies a string into an event; one that does not fit is cut between two characters. */
static void put(char *to, size_t size, const char *from)
{
    size_t len = strnlen(from, size);

    if (len == size)
        for (len--; len > 0 && ((unsigned char)from[len] & 0xc0) == 0x80;)
            len--;
    memcpy(to, from, len);
    to[len] = '\0';
}

static bool emit_reach_as(struct narrator *n, enum side side, enum reach what, const char *text,
                          const char *secret, struct err *err)
{
    struct event e = {.kind = EVENT_REACH, .side = side, .reach.what = what};

    put(e.reach.text, sizeof e.reach.text, text);
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
    put(e.begin.title, sizeof e.begin.title, setup->title);
    put(e.begin.id, sizeof e.begin.id, id);
    if (setup->interrupted)
        put(e.begin.resumes, sizeof e.begin.resumes, setup->interrupted->id);
    if (setup->sealing)
        put(e.begin.service, sizeof e.begin.service, setup->sealing->service->name);
    put(e.begin.version, sizeof e.begin.version, PACKAGE_VERSION);
    put(e.begin.file, sizeof e.begin.file, setup->file);
    memcpy(e.begin.file_sha256, setup->file_sha256, sizeof e.begin.file_sha256);
    put(e.begin.libraries, sizeof e.begin.libraries, setup->libraries);
    put(e.begin.confinement, sizeof e.begin.confinement, setup->confinement);
    file_sha256("/proc/self/exe", e.begin.program.path, sizeof e.begin.program.path,
                e.begin.program.sha256);
    text_safe(host, strlen(host), e.begin.host, sizeof e.begin.host);
    e.begin.rehearsal = setup->rehearsal;
    e.begin.additions = RECORD_ADDITIONS;
    if (!emit_event(n, &e, err))
        return false;
    for (unsigned i = 0; i < setup->officer_count; i++) {
        struct event officer = {.kind = EVENT_OFFICER, .side = SIDE_RELAY};
        put(officer.officer.name, sizeof officer.officer.name, setup->officers[i].name);
        put(officer.officer.role, sizeof officer.officer.role, setup->officers[i].role);
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

bool emit_hsm(struct narrator *n, enum side side, const char *module, const struct hsm_info *info,
              const struct hsm_slot *slot, struct err *err)
{
    struct event e = {.kind = EVENT_HSM, .side = side};

    put(e.hsm.module, sizeof e.hsm.module, module);
    put(e.hsm.loading, sizeof e.hsm.loading, info->loading);
    put(e.hsm.confinement, sizeof e.hsm.confinement, info->confinement);
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

    put(e.note.name, sizeof e.note.name, name);
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
    put(e.note.name, sizeof e.note.name, name);
    va_start(args, fmt);
    vsnprintf(e.note.text, sizeof e.note.text, fmt, args);
    va_end(args);
    return emit_event(n, &e, err);
}

/* One line of the policy; it is decided by this setting, or was before an interruption. */
static bool emit_rule(struct narrator *n, const struct agreement *on, enum script_setting setting,
                      const char *name, const char *value, struct err *err)
{
    const uint32_t bit = UINT32_C(1) << setting;
    const char *before = origins_find(on->before, name, value);
    struct event e = {.kind = EVENT_POLICY, .side = SIDE_RELAY};

    put(e.note.from, sizeof e.note.from,
        before ? before
               : setting_from_name(on->changed & bit ? FROM_SCREEN
                                   : on->named & bit ? FROM_FILE
                                                     : FROM_DEFAULT));
    put(e.note.name, sizeof e.note.name, name);
    put(e.note.text, sizeof e.note.text, value);
    return emit_event(n, &e, err);
}

static bool emit_hashes_and_gates(struct narrator *n, const struct agreement *on, struct err *err)
{
    const struct policy *p = on->policy;

    for (enum hsm_alg alg = 0; alg < HSM_ALGS; alg++)
        if (wrap_alg(alg)->family == WRAP_RSA_OAEP &&
            !emit_rule(n, on, SETTING_OAEP_HASHES, hsm_alg_name(alg),
                       p->transports & 1U << alg ? "allowed" : "not allowed", err))
            return false;
    for (enum gate gate = 0; gate < GATES; gate++) {
        bool both = p->two_officers & 1U << gate, waits = p->gates & 1U << gate;
        if (!emit_rule(n, on, both ? SETTING_TWO_OFFICERS : SETTING_GATES, gate_name(gate),
                       !waits ? "gate waived"
                       : both ? "gate waits for both officers"
                              : "gate waits",
                       err))
            return false;
    }
    return true;
}

static bool emit_policy(struct narrator *n, const struct agreement *on, struct err *err)
{
    static const char *const yes_no[] = {"no", "yes"}, *const allowed[] = {"not allowed",
                                                                           "allowed"};
    const struct policy *p = on->policy;
    char bits[16];
    const struct {
        enum script_setting setting;
        const char *name, *value;
    } rules[] = {
        {SETTING_RSA_BITS, "rsa-bits", bits},
        {SETTING_SENSITIVE, "sensitive", yes_no[p->sensitive]},
        {SETTING_EXTRACTABLE, "extractable", yes_no[p->extractable]},
        {SETTING_UNAUTHENTICATED, "unauthenticated-envelope", allowed[p->unauthenticated]},
        {SETTING_CANARY, "canary", canary_rule_name(p->canary)},
        {SETTING_WRITES, "writes-before-review", yes_no[p->writes_before_review]},
        {SETTING_CONFINEMENT, "confinement", confinement_rule_name(p->confinement)},
        {SETTING_UNPROVEN, "unproven", p->waive_unproven ? "waiver" : "refuse"},
        {SETTING_REHEARSAL, "rehearsal", yes_no[on->rehearsal]},
    };

    snprintf(bits, sizeof bits, "%" PRIu32, on->rsa_bits);
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (!emit_rule(n, on, rules[i].setting, rules[i].name, rules[i].value, err))
            return false;
    return emit_hashes_and_gates(n, on, err);
}

/* Fills in the calls of alg on both sides, and emits the event. */
static bool emit_choice(struct narrator *n, const struct party *side, struct event *event,
                        enum hsm_alg alg, const char *reason, struct err *err)
{
    event->kind = EVENT_CHOICE;
    event->side = SIDE_RELAY;
    event->choice.alg = alg;
    put(event->choice.source_call, sizeof event->choice.source_call,
        side[SIDE_SOURCE].caps.alg[alg].wrap_call);
    put(event->choice.destination_call, sizeof event->choice.destination_call,
        side[SIDE_DESTINATION].caps.alg[alg].unwrap_call);
    put(event->choice.reason, sizeof event->choice.reason, reason);
    return emit_event(n, event, err);
}

static bool emit_transport(struct narrator *n, const struct agreement *on, struct err *err)
{
    struct event e = {.choice.bits = on->policy->rsa_bits};

    return emit_choice(n, on->side, &e, on->suite->transport, on->suite->transport_reason, err);
}

/* keys: the kinds of keys in it. */
static bool emit_envelope(struct narrator *n, const struct party *side, enum hsm_alg alg,
                          const char *keys, bool more, struct err *err)
{
    struct event e = {.choice = {.envelope = true, .more = more, .bits = KEK_BITS}};

    put(e.choice.keys, sizeof e.choice.keys, keys);
    if (!more)
        n->envelope = alg;
    return emit_choice(n, side, &e, alg, wrap_alg(alg)->words, err);
}

/* The kinds of keys that the plan puts into an envelope by alg, in words; false: none. */
static bool kinds_in(const struct plan *plan, enum hsm_alg alg, char *out, size_t size)
{
    uint32_t kinds = 0;
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < plan->count; i++)
        if (plan->items[i].route == ROUTE_ENVELOPE && plan->items[i].alg == alg)
            kinds |= UINT32_C(1) << plan->items[i].key->kind;
    for (enum key_kind kind = 0; kind < KEY_KINDS; kind++)
        if ((kinds & UINT32_C(1) << kind) && len < size)
            len += (size_t)snprintf(out + len, size - len, "%s%s", len ? ", " : "",
                                    key_kind_name(kind));
    return kinds != 0;
}

/* The strongest envelope was emitted after the negotiation; emits the others that the plan uses. */
static bool emit_envelopes(struct narrator *n, const struct agreement *on, const struct plan *plan,
                           struct err *err)
{
    bool more = false;

    for (unsigned i = 0; i < on->suite->option_count; i++) {
        const struct wrap_option *option = &on->suite->options[i];
        char keys[64];
        if (option->route != ROUTE_ENVELOPE || !kinds_in(plan, option->alg, keys, sizeof keys))
            continue;
        if ((more || option->alg != n->envelope) &&
            !emit_envelope(n, on->side, option->alg, keys, more, err))
            return false;
        more = true;
    }
    return true;
}

bool emit_suite(struct narrator *n, const struct agreement *on, struct err *err)
{
    const struct suite *suite = on->suite;

    if (!emit_policy(n, on, err))
        return false;
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++)
        for (enum hsm_alg alg = 0; alg < HSM_ALGS; alg++) {
            struct event e = {.kind = EVENT_CAPABILITY, .side = side};
            e.capability.alg = alg;
            e.capability.how = on->side[side].caps.alg[alg];
            if (!emit_event(n, &e, err))
                return false;
        }
    for (unsigned i = 0; i < suite->rejected_count; i++)
        if (!emit_note(n, EVENT_REJECTED, SIDE_RELAY, hsm_alg_name(suite->rejected[i].alg), "%s",
                       suite->rejected[i].reason))
            return emit_why(n, err);
    if (!emit_transport(n, on, err))
        return false;
    for (unsigned i = 0; i < suite->option_count; i++)
        if (suite->options[i].route == ROUTE_ENVELOPE)
            return emit_envelope(n, on->side, suite->options[i].alg, "", false, err);
    return true;
}

bool emit_suite_again(struct narrator *n, const struct agreement *on, enum hsm_alg rejected,
                      const char *why, struct err *err)
{
    if (!emit_note(n, EVENT_REJECTED, SIDE_RELAY, hsm_alg_name(rejected), "%s", why))
        return emit_why(n, err);
    return emit_transport(n, on, err);
}

void redact_kcv(struct key_desc *key)
{
    if (key->kind == KEY_KIND_GENERIC)
        key->kcv_len = 0;
}

/* The proof of the key, if its first one can be performed. */
static const char *first_proof(uint32_t proofs)
{
    for (enum hsm_proof proof = 0; proof < HSM_PROOFS; proof++)
        if (proofs & 1U << proof)
            return hsm_proof_name(proof);
    return "";
}

bool emit_plan(struct narrator *n, const struct agreement *on, const struct plan *plan,
               const struct transfers *transfers, struct err *err)
{
    for (size_t i = 0; i < plan->count; i++) {
        const struct plan_item *item = &plan->items[i];
        struct event e = {.kind = EVENT_PLANNED, .side = SIDE_SOURCE, .key = (uint32_t)i + 1};
        e.planned.desc = *item->key;
        e.planned.plan = n->plan;
        e.planned.want_flags = item->want_flags;
        e.planned.route = item->route;
        e.planned.refused = item->reason.code;
        e.planned.explicit = item->explicit;
        e.planned.kept = transfers->at[i].final != 0;
        e.planned.companion_of = (uint32_t)item->companion_of;
        e.planned.bytes = item->bytes;
        memcpy(e.planned.sha256, item->sha256, sizeof e.planned.sha256);
        put(e.planned.reason, sizeof e.planned.reason, err_note_get(&item->reason).what);
        put(e.planned.proof, sizeof e.planned.proof,
            item->unproven ? "unproven" : first_proof(item->proofs));
        if (!emit_event(n, &e, err))
            return false;
    }
    return emit_envelopes(n, on, plan, err);
}

bool emit_gate(struct narrator *n, const struct gate_word *word, struct err *err)
{
    struct event e = {.kind = EVENT_GATE, .side = SIDE_RELAY, .key = word->key};

    e.gate.gate = word->gate;
    e.gate.state = word->state;
    e.gate.tries_left = word->tries_left;
    e.gate.keys = (uint32_t)word->keys;
    put(e.gate.question, sizeof e.gate.question, word->question);
    put(e.gate.answer, sizeof e.gate.answer, word->answer);
    if (word->officer) {
        put(e.gate.officer, sizeof e.gate.officer, word->officer->name);
        put(e.gate.role, sizeof e.gate.role, word->officer->role);
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
        put(e.step.text, sizeof e.step.text, result->text);
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
        put(e.proof.call[at], sizeof e.proof.call[at],
            path && at == SIDE_DESTINATION ? path
            : proof == HSM_PROOF_BYTES     ? side[at].caps.op_calls[HSM_READ_PUBLIC]
                                           : side[at].caps.proof_calls[proof]);
    put(e.proof.text, sizeof e.proof.text, ahead_sentence(transfer->ahead, proof));
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
    put(e->key_done.file, sizeof e->key_done.file, basename(path));
    SHA256(t->wire.file.data, t->wire.file.len, e->key_done.file_sha256);
    text_print(e->key_done.text, sizeof e->key_done.text,
               "in a file for %s; nothing shows yet that it has arrived there",
               sealing->service->title);
}

bool emit_key_done(struct narrator *n, const struct transfer *t, struct err *err)
{
    struct event e = {.kind = EVENT_KEY_DONE, .side = SIDE_DESTINATION, .key = t->number};

    e.key_done.outcome = t->outcome;
    e.key_done.code = t->err.code;
    compact_get(t->found, &e.key_done.desc, sizeof e.key_done.desc);
    redact_kcv(&e.key_done.desc);
    if (t->proven && !t->item->unproven)
        put(e.key_done.proof, sizeof e.key_done.proof, hsm_proof_name(t->proof));
    put(e.key_done.text, sizeof e.key_done.text,
        t->outcome == KEY_MIGRATED   ? proof_sentence(t->proof)
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
    put(e.exception.happened, sizeof e.exception.happened, "it was left out at its gate");
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
        put(e.end.text, sizeof e.end.text, word->text);
    return emit_event(n, &e, err);
}
