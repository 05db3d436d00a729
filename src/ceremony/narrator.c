/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's voice: every event is made here. */
#include "ceremony/state.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/sha.h>

#include "base/file.h"
#include "base/text.h"
#include "hsm/wrap_alg.h"
#include "transfer/proof.h"

static bool emit(struct ceremony *c, struct event *event, struct err *err)
{
    event->seq = ++c->seq;
    event->utc_ms = c->utc_ms;
    event->mono_ms = (c->host.mono_us(c->host.ctx) - c->begun_us) / 1000;
    return c->host.sink->emit(c->host.sink, event, err);
}

/* Times are told as the host's clock has them; where that is set back, the record says so. */
bool ceremony_tell(struct ceremony *c, struct event *event, struct err *err)
{
    int64_t now = c->host.utc_ms(c->host.ctx), back = c->utc_ms - now;
    struct event warning = {.kind = EVENT_WARNING, .side = SIDE_RELAY, .note.name = TELL_CLOCK};

    c->utc_ms = now;
    if (c->seq == 0 || back <= 0)
        return emit(c, event, err);
    snprintf(warning.note.text, sizeof warning.note.text,
             "the clock of this host went back by %" PRId64
             ".%03d s: the numbers tell the order, not the "
             "times",
             back / 1000, (int)(back % 1000));
    return emit(c, &warning, err) && emit(c, event, err);
}

/* Strings of an event, cut at a character's end where they do not fit. */
static void put(char *to, size_t size, const char *from)
{
    size_t len = strnlen(from, size);

    if (len == size)
        for (len--; len > 0 && ((unsigned char)from[len] & 0xc0) == 0x80;)
            len--;
    memcpy(to, from, len);
    to[len] = '\0';
}

static bool tell_reach_as(struct ceremony *c, enum side side, enum reach what, const char *text,
                          const char *secret, struct err *err)
{
    struct event e = {.kind = EVENT_REACH, .side = side, .reach.what = what};

    put(e.reach.text, sizeof e.reach.text, text);
    if (secret)
        SHA256((const unsigned char *)secret, strlen(secret), e.reach.sha256);
    return ceremony_tell(c, &e, err);
}

/* Of what may hold a secret, only the digest. */
static bool tell_reach(struct ceremony *c, enum side side, struct err *err)
{
    const struct ceremony_reach *reach = &c->setup.reach[side];
    char name[EVENT_PATH_MAX];

    for (size_t i = 0; reach->agent && reach->agent[i]; i++)
        if (!tell_reach_as(c, side, REACH_AGENT, reach->agent[i], NULL, err))
            return false;
    if (reach->parameters && reach->parameters[0] &&
        !tell_reach_as(c, side, REACH_PARAMETERS, "", reach->parameters, err))
        return false;
    for (size_t i = 0; reach->environment && reach->environment[i]; i++) {
        const char *value = strchrnul(reach->environment[i], '=');
        text_print(name, sizeof name, "%.*s", (int)(value - reach->environment[i]),
                   reach->environment[i]);
        if (!tell_reach_as(c, side, REACH_VARIABLE, name, value + (*value == '='), err))
            return false;
    }
    return true;
}

/* What the officers let pass with a word in the ceremony file. */
static bool tell_trusted(struct ceremony *c, struct err *err)
{
    bool ok = true;

    for (enum side side = SIDE_SOURCE; side < SIDES; side++)
        if (c->setup.reach[side].agent)
            ok = ok && tell_note(c, EVENT_WARNING, side, "agent",
                                 "another program than hsmferry's own is the agent; its code was "
                                 "not checked");
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++)
        if (c->setup.where[side].environment_trusted)
            ok = ok && tell_note(c, EVENT_WARNING, side, "environment",
                                 "the module gets variables that its dialect does not list");
    return ok || tell_why(c, err);
}

bool tell_begin(struct ceremony *c, struct err *err)
{
    struct event e = {.kind = EVENT_BEGIN, .side = SIDE_RELAY};
    char host[65] = "";

    gethostname(host, sizeof host - 1);
    put(e.begin.title, sizeof e.begin.title, c->setup.title);
    put(e.begin.id, sizeof e.begin.id, c->id);
    if (c->setup.prior)
        put(e.begin.resumes, sizeof e.begin.resumes, c->setup.prior->id);
    put(e.begin.version, sizeof e.begin.version, PACKAGE_VERSION);
    put(e.begin.file, sizeof e.begin.file, c->setup.file);
    memcpy(e.begin.file_sha256, c->setup.file_sha256, sizeof e.begin.file_sha256);
    put(e.begin.libraries, sizeof e.begin.libraries, c->setup.libraries);
    put(e.begin.confinement, sizeof e.begin.confinement, c->setup.confinement);
    file_sha256("/proc/self/exe", e.begin.program.path, sizeof e.begin.program.path,
                e.begin.program.sha256);
    text_safe(host, strlen(host), e.begin.host, sizeof e.begin.host);
    e.begin.rehearsal = c->setup.rehearsal;
    if (!ceremony_tell(c, &e, err))
        return false;
    for (unsigned i = 0; i < c->setup.officer_count; i++) {
        struct event officer = {.kind = EVENT_OFFICER, .side = SIDE_RELAY};
        put(officer.officer.name, sizeof officer.officer.name, c->setup.officers[i].name);
        put(officer.officer.role, sizeof officer.officer.role, c->setup.officers[i].role);
        if (!ceremony_tell(c, &officer, err))
            return false;
    }
    for (enum side side = SIDE_SOURCE; side < SIDES; side++)
        if (!tell_reach(c, side, err))
            return false;
    e = (struct event){.kind = EVENT_SIGNER, .side = SIDE_RELAY, .signer = c->setup.signer};
    return (!e.signer.key[0] || ceremony_tell(c, &e, err)) && tell_trusted(c, err);
}

bool tell_side(struct ceremony *c, enum side side, enum side_state state, struct err *err)
{
    struct event e = {.kind = EVENT_SIDE, .side = side, .side_state = {state}};

    return ceremony_tell(c, &e, err);
}

/* An agent that is less confined than the ceremony file wants does nothing else. */
static bool is_confined(const struct ceremony *c, const struct hsm_info *info, struct err *err)
{
    if (c->setup.policy.confinement != CONFINEMENT_REQUIRED || hsm_is_confined(info->confinement))
        return true;
    err_set(err, ERR_CONFIG, "The ceremony file requires confinement, and the agent is %s",
            info->confinement[0] ? info->confinement : "not known to be confined");
    err_now(err, "The token was logged in to, and nothing else was done");
    return err_next(err, "hsmferry-dialect(5) says what an agent needs for it; or write "
                         "\"confinement: when-possible\"");
}

bool tell_hsm(struct ceremony *c, enum side side, const struct hsm_slot *slot, struct err *err)
{
    struct event e = {.kind = EVENT_HSM, .side = side};
    struct party *s = &c->side[side];
    struct hsm_info info;

    if (!s->hsm->driver->info(s->hsm, &info, err) || !is_confined(c, &info, err))
        return false;
    put(e.hsm.module, sizeof e.hsm.module, c->setup.where[side].module);
    put(e.hsm.loading, sizeof e.hsm.loading, info.loading);
    put(e.hsm.confinement, sizeof e.hsm.confinement, info.confinement);
    e.hsm.loaded_more = info.loaded_more;
    e.hsm.info = s->info = info.about;
    e.hsm.slot = *slot;
    if (!ceremony_tell(c, &e, err))
        return false;
    for (size_t i = 0; i < info.loaded_count; i++) {
        e = (struct event){.kind = EVENT_LOADED, .side = side, .loaded = info.loaded[i]};
        if (!ceremony_tell(c, &e, err))
            return false;
    }
    return true;
}

bool tell_note(struct ceremony *c, enum event_kind kind, enum side side, const char *name,
               const char *fmt, ...)
{
    struct event e = {.kind = kind, .side = side};
    va_list args;

    put(e.note.name, sizeof e.note.name, name);
    va_start(args, fmt);
    vsnprintf(e.note.text, sizeof e.note.text, fmt, args);
    va_end(args);
    return ceremony_tell(c, &e, &c->untold);
}

bool tell_why(const struct ceremony *c, struct err *err)
{
    *err = c->untold;
    return false;
}

bool tell_warning(struct ceremony *c, size_t item, struct err *err, const char *name,
                  const char *fmt, ...)
{
    struct event e = {.kind = EVENT_WARNING, .side = SIDE_RELAY, .key = (uint32_t)item + 1};
    va_list args;

    put(e.note.name, sizeof e.note.name, name);
    va_start(args, fmt);
    vsnprintf(e.note.text, sizeof e.note.text, fmt, args);
    va_end(args);
    return ceremony_tell(c, &e, err);
}

static bool tell_policy(struct ceremony *c)
{
    const struct policy *p = &c->setup.policy;
    const char *const yes_no[] = {"no", "yes"};
    bool ok = tell_note(c, EVENT_POLICY, SIDE_RELAY, "rsa-bits", "%u", p->rsa_bits) &&
              tell_note(c, EVENT_POLICY, SIDE_RELAY, "sensitive", "%s", yes_no[p->sensitive]) &&
              tell_note(c, EVENT_POLICY, SIDE_RELAY, "extractable", "%s", yes_no[p->extractable]) &&
              tell_note(c, EVENT_POLICY, SIDE_RELAY, "unauthenticated-envelope", "%s",
                        p->unauthenticated ? "allowed" : "not allowed") &&
              tell_note(c, EVENT_POLICY, SIDE_RELAY, "canary", "%s", canary_rule_name(p->canary)) &&
              tell_note(c, EVENT_POLICY, SIDE_RELAY, "writes-before-review", "%s",
                        yes_no[p->writes_before_review]) &&
              tell_note(c, EVENT_POLICY, SIDE_RELAY, "confinement", "%s",
                        confinement_rule_name(p->confinement));

    ok = ok && tell_note(c, EVENT_POLICY, SIDE_RELAY, "unproven", "%s",
                         p->waive_unproven ? "waiver" : "refuse");
    for (enum hsm_alg alg = 0; ok && alg < HSM_ALGS; alg++)
        if (wrap_alg(alg)->family == WRAP_RSA_OAEP)
            ok = tell_note(c, EVENT_POLICY, SIDE_RELAY, hsm_alg_name(alg), "%s",
                           p->transports & 1U << alg ? "allowed" : "not allowed");
    for (enum gate gate = 0; ok && gate < GATES; gate++)
        ok = tell_note(c, EVENT_POLICY, SIDE_RELAY, gate_name(gate), "%s",
                       !(p->gates & 1U << gate)       ? "gate waived"
                       : p->two_officers & 1U << gate ? "gate waits for both officers"
                                                      : "gate waits");
    return ok;
}

/* Fills in the words of alg on both sides, and tells it. */
static bool tell_choice(struct ceremony *c, struct event *event, enum hsm_alg alg,
                        const char *reason, struct err *err)
{
    event->kind = EVENT_CHOICE;
    event->side = SIDE_RELAY;
    event->choice.alg = alg;
    put(event->choice.source_words, sizeof event->choice.source_words,
        c->side[SIDE_SOURCE].offers.alg[alg].wrap_words);
    put(event->choice.destination_words, sizeof event->choice.destination_words,
        c->side[SIDE_DESTINATION].offers.alg[alg].unwrap_words);
    put(event->choice.reason, sizeof event->choice.reason, reason);
    return ceremony_tell(c, event, err);
}

static bool tell_transport(struct ceremony *c, struct err *err)
{
    struct event e = {.choice.bits = c->setup.policy.rsa_bits};

    return tell_choice(c, &e, c->deal.transport, c->deal.transport_reason, err);
}

/* keys: the kinds that go in it. */
static bool tell_envelope(struct ceremony *c, enum hsm_alg alg, const char *keys, bool more,
                          struct err *err)
{
    struct event e = {.choice = {.envelope = true, .more = more, .bits = AES_BITS}};

    put(e.choice.keys, sizeof e.choice.keys, keys);
    if (!more)
        c->envelope = alg;
    return tell_choice(c, &e, alg, wrap_alg(alg)->words, err);
}

/* The kinds of keys that the plan sends by alg in an envelope, in words; false: none. */
static bool kinds_in(const struct plan *plan, enum hsm_alg alg, char *out, size_t size)
{
    uint32_t kinds = 0;
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < plan->count; i++)
        if (plan->items[i].route == ROUTE_ENVELOPE && plan->items[i].alg == alg)
            kinds |= UINT32_C(1) << plan->items[i].key.kind;
    for (enum key_kind kind = 0; kind < KEY_KINDS; kind++)
        if ((kinds & UINT32_C(1) << kind) && len < size)
            len += (size_t)snprintf(out + len, size - len, "%s%s", len ? ", " : "",
                                    key_kind_name(kind));
    return kinds != 0;
}

/* The strongest envelope was told when the sides agreed; now what else the plan came to. */
static bool tell_envelopes(struct ceremony *c, struct err *err)
{
    bool more = false;

    for (unsigned i = 0; i < c->deal.way_count; i++) {
        const struct way *way = &c->deal.ways[i];
        char keys[64];
        if (way->route != ROUTE_ENVELOPE || !kinds_in(&c->plan, way->alg, keys, sizeof keys))
            continue;
        if ((more || way->alg != c->envelope) && !tell_envelope(c, way->alg, keys, more, err))
            return false;
        more = true;
    }
    return true;
}

bool tell_deal(struct ceremony *c, struct err *err)
{
    const struct negotiation *deal = &c->deal;

    if (!tell_policy(c))
        return tell_why(c, err);
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++)
        for (enum hsm_alg alg = 0; alg < HSM_ALGS; alg++) {
            struct event e = {.kind = EVENT_OFFER, .side = side};
            e.offer.alg = alg;
            e.offer.offer = c->side[side].offers.alg[alg];
            if (!ceremony_tell(c, &e, err))
                return false;
        }
    for (unsigned i = 0; i < deal->rejected_count; i++)
        if (!tell_note(c, EVENT_REJECTED, SIDE_RELAY, hsm_alg_name(deal->rejected[i].alg), "%s",
                       deal->rejected[i].reason))
            return tell_why(c, err);
    if (!tell_transport(c, err))
        return false;
    for (unsigned i = 0; i < deal->way_count; i++)
        if (deal->ways[i].route == ROUTE_ENVELOPE)
            return tell_envelope(c, deal->ways[i].alg, "", false, err);
    return true;
}

bool tell_deal_again(struct ceremony *c, enum hsm_alg rejected, const char *why, struct err *err)
{
    if (!tell_note(c, EVENT_REJECTED, SIDE_RELAY, hsm_alg_name(rejected), "%s", why))
        return tell_why(c, err);
    return tell_transport(c, err);
}

void hide_oracle(struct key_desc *key)
{
    if (key->kind == KEY_KIND_GENERIC)
        key->check_value_len = 0;
}

/* How the key will be proven, if its first proof can be answered. */
static const char *first_proof(uint32_t proofs)
{
    for (enum hsm_proof proof = 0; proof < HSM_PROOFS; proof++)
        if (proofs & 1U << proof)
            return hsm_proof_name(proof);
    return "";
}

bool tell_plan(struct ceremony *c, struct err *err)
{
    for (size_t i = 0; i < c->plan.count; i++) {
        const struct plan_item *item = &c->plan.items[i];
        struct event e = {.kind = EVENT_PLANNED, .side = SIDE_SOURCE, .key = (uint32_t)i + 1};
        e.planned.desc = item->key;
        e.planned.want_flags = item->want_flags;
        e.planned.route = item->route;
        e.planned.refused = item->reason.code;
        e.planned.named = item->named;
        e.planned.kept = c->fates[i].final != 0;
        e.planned.companion_of = (uint32_t)item->companion_of;
        e.planned.bytes = item->bytes;
        memcpy(e.planned.sha256, item->sha256, sizeof e.planned.sha256);
        put(e.planned.reason, sizeof e.planned.reason, item->reason.what);
        put(e.planned.proof, sizeof e.planned.proof,
            item->unproven ? "unproven" : first_proof(item->proofs));
        if (!ceremony_tell(c, &e, err))
            return false;
    }
    return tell_envelopes(c, err);
}

bool tell_gate(struct ceremony *c, enum gate gate, enum gate_state state, const char *question,
               struct err *err)
{
    struct event e = {.kind = EVENT_GATE, .side = SIDE_RELAY};

    e.key = gate == GATE_KEY ? (uint32_t)c->item + 1 : 0;
    e.gate.gate = gate;
    e.gate.state = state;
    e.gate.tries_left = c->gate_tries;
    put(e.gate.question, sizeof e.gate.question, question);
    if (c->gate_officer) {
        put(e.gate.officer, sizeof e.gate.officer, c->gate_officer->name);
        put(e.gate.role, sizeof e.gate.role, c->gate_officer->role);
    }
    return ceremony_tell(c, &e, err);
}

bool tell_step(struct ceremony *c, enum step_id id, enum event_state state, int64_t micros,
               const struct step_facts *facts, struct err *err)
{
    struct event e = {.kind = EVENT_STEP, .side = step_side(id)};

    if (id >= STEP_WRAP_KEY && id <= STEP_PROVE_AGAIN)
        e.key = (uint32_t)c->item + 1;
    e.step.id = id;
    e.step.state = state;
    e.step.micros = micros;
    if (facts && facts->words)
        hsm_words_for(facts->words, e.key && c->plan.items[c->item].key.class == KEY_CLASS_PRIVATE,
                      e.step.words, sizeof e.step.words);
    if (facts)
        put(e.step.text, sizeof e.step.text, facts->text);
    if (facts && facts->crossed && state == EVENT_OK) {
        e.step.bytes = (uint32_t)facts->crossed->len;
        SHA256(facts->crossed->data, facts->crossed->len, e.step.sha256);
    }
    return ceremony_tell(c, &e, err);
}

bool tell_fingerprint(struct ceremony *c, enum side side, const struct bytes *spki, uint32_t bits,
                      struct err *err)
{
    struct event e = {.kind = EVENT_FINGERPRINT, .side = side};

    SHA256(spki->data, spki->len, e.fingerprint.spki_sha256);
    e.fingerprint.bytes = (uint32_t)spki->len;
    e.fingerprint.bits = bits;
    return ceremony_tell(c, &e, err);
}

bool tell_proof(struct ceremony *c, size_t item, enum step_id stage, enum hsm_proof proof,
                const char *path, const char *text, struct err *err)
{
    struct event e = {.kind = EVENT_PROOF, .side = SIDE_DESTINATION, .key = (uint32_t)item + 1};

    e.proof.proof = proof;
    e.proof.state = EVENT_OK;
    e.proof.stage = stage;
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++)
        put(e.proof.words[side], sizeof e.proof.words[side],
            path && side == SIDE_DESTINATION ? path
            : proof == HSM_PROOF_BYTES       ? c->side[side].offers.act_words[HSM_READ_PUBLIC]
                                             : c->side[side].offers.proof_words[proof]);
    put(e.proof.text, sizeof e.proof.text, text);
    return ceremony_tell(c, &e, err);
}

bool tell_inventory(struct ceremony *c, enum side side, bool after, size_t objects,
                    uint32_t unexplained, uint32_t missing, const uint64_t *handles,
                    struct err *err)
{
    struct event e = {.kind = EVENT_INVENTORY, .side = side};

    e.inventory.after = after;
    e.inventory.objects = (uint32_t)objects;
    e.inventory.unexplained = unexplained;
    e.inventory.missing = missing;
    e.inventory.nameless = after ? 0 : count_nameless(&c->side[side].keys);
    SHA256((const unsigned char *)handles, objects * sizeof *handles, e.inventory.sha256);
    return ceremony_tell(c, &e, err);
}

static const char *unproven_words(const struct fate *fate)
{
    return fate->rewrapped
               ? "arrived with these rights; both sides encrypted it to the same ciphertext, which "
                 "no fresh process can repeat: waived by the officers"
               : "arrived with these rights; nothing proves that it is the same key: waived by the "
                 "officers";
}

void tell_key_done(struct ceremony *c, size_t item)
{
    struct event e = {.kind = EVENT_KEY_DONE, .side = SIDE_DESTINATION, .key = (uint32_t)item + 1};
    struct fate *fate = &c->fates[item];
    struct err err;

    if (fate->told)
        return;
    fate->told = true;
    e.key_done.outcome = fate->outcome;
    e.key_done.code = fate->err.code;
    e.key_done.desc = fate->found;
    hide_oracle(&e.key_done.desc);
    if (fate->proven && !c->plan.items[item].unproven)
        put(e.key_done.proof, sizeof e.key_done.proof, hsm_proof_name(fate->proof));
    put(e.key_done.text, sizeof e.key_done.text,
        fate->outcome == KEY_MIGRATED   ? proof_sentence(fate->proof)
        : fate->outcome == KEY_UNPROVEN ? unproven_words(fate)
                                        : fate->err.what);
    if (!ceremony_tell(c, &e, &err) && c->failure.code == ERR_NONE)
        c->failure = err;
}

void tell_error(struct ceremony *c, const struct err *failure)
{
    struct event e = {.kind = EVENT_ERROR, .side = SIDE_RELAY, .error = *failure};
    struct err ignored;

    ceremony_tell(c, &e, &ignored);
}

static void count_end(struct event *e, enum key_outcome outcome, bool companion)
{
    bool failed = outcome == KEY_FAILED || outcome == KEY_UNKNOWN;

    *(companion ? &e->end.along : &e->end.migrated) += outcome == KEY_MIGRATED;
    *(companion ? &e->end.along_refused : &e->end.refused) += outcome == KEY_REFUSED;
    *(companion ? &e->end.along_failed : &e->end.failed) += failed;
    e->end.unproven += outcome == KEY_UNPROVEN;
}

void tell_end(struct ceremony *c, enum end_outcome outcome, const char *text)
{
    struct event e = {.kind = EVENT_END, .side = SIDE_RELAY};
    size_t pending = 0; /* that no failure kept from it, nor any verdict */
    struct err err;

    e.end.outcome = outcome;
    e.end.exit_code = c->exit_code;
    for (size_t i = 0; i < c->plan.count; i++) {
        count_end(&e, c->fates[i].outcome, c->plan.items[i].companion_of != 0);
        pending += c->fates[i].outcome == KEY_PENDING && !c->plan.items[i].companion_of;
    }
    e.end.left_over = c->left_over;
    if (pending)
        snprintf(e.end.text, sizeof e.end.text, "%zu never reached; %s", pending, text);
    else
        put(e.end.text, sizeof e.end.text, text);
    /* The report is written when it takes this event: without it the ceremony is not done. */
    if (!ceremony_tell(c, &e, &err)) {
        tell_error(c, &err);
        c->exit_code = c->exit_code ? c->exit_code : err_exit(err.code);
    }
}
