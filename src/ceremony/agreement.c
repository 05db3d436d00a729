/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/agreement.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "hsm/wrap_alg.h"
#include "plan/origins.h"
#include "plan/script.h"

/* One line of the policy; it is decided by this setting, or was before an interruption. */
static bool emit_rule(struct narrator *n, const struct agreement *on, enum script_setting setting,
                      const char *name, const char *value, struct err *err)
{
    const uint32_t bit = UINT32_C(1) << setting;
    const char *before = origins_find(on->before, name, value);
    struct event e = {.kind = EVENT_POLICY, .side = SIDE_RELAY};

    text_cut(e.note.from, sizeof e.note.from,
             before ? before
                    : setting_from_name(on->changed & bit ? FROM_SCREEN
                                        : on->named & bit ? FROM_FILE
                                                          : FROM_DEFAULT));
    text_cut(e.note.name, sizeof e.note.name, name);
    text_cut(e.note.text, sizeof e.note.text, value);
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
    for (enum gate gate = 0; gate < GATES_OF_POLICY; gate++) {
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

bool emit_policy(struct narrator *n, const struct agreement *on, struct err *err)
{
    static const char *const yes_no[] = {"no", "yes"}, *const allowed[] = {"not allowed",
                                                                           "allowed"};
    const struct policy *p = on->policy;
    char bits[16], transports[128];
    const struct {
        enum script_setting setting;
        const char *name, *value;
    } rules[] = {
        {SETTING_RSA_BITS, "rsa-bits", bits},
        {SETTING_TRANSPORTS, "transports", transports},
        {SETTING_KDF, "kdf", p->kdf_required ? "required" : "if both have one"},
        {SETTING_SENSITIVE, "sensitive", yes_no[p->sensitive]},
        {SETTING_EXTRACTABLE, "extractable", yes_no[p->extractable]},
        {SETTING_UNAUTHENTICATED, "unauthenticated-envelope", allowed[p->unauthenticated]},
        {SETTING_CMAC, "cmac-check-values", yes_no[p->cmac]},
        {SETTING_CANARY, "canary", canary_rule_name(p->canary)},
        {SETTING_WRITES, "writes-before-review", yes_no[p->writes_before_review]},
        {SETTING_CONFINEMENT, "confinement", confinement_rule_name(p->confinement)},
        {SETTING_UNPROVEN, "unproven", p->waive_unproven ? "waiver" : "refuse"},
        {SETTING_REHEARSAL, "rehearsal", yes_no[on->rehearsal]},
        {SETTING_TAKEN, "taken-name", taken_rule_name(p->taken)},
    };

    snprintf(bits, sizeof bits, "%" PRIu32, on->rsa_bits);
    policy_transports_text(p, transports, sizeof transports);
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (!emit_rule(n, on, rules[i].setting, rules[i].name, rules[i].value, err))
            return false;
    if (p->quantum != QUANTUM_ANY &&
        !emit_rule(n, on, SETTING_QUANTUM, "post-quantum", quantum_rule_name(p->quantum), err))
        return false;
    if (p->rename[0] && !emit_rule(n, on, SETTING_RENAME, "renamed-to", p->rename, err))
        return false;
    if (p->versions.rule != VERSIONS_ALL) {
        char versions[EVENT_TEXT_MAX];
        text_print(versions, sizeof versions, "newest of %s, by %s", p->versions.pattern,
                   versions_rule_name(p->versions.rule));
        if (!emit_rule(n, on, SETTING_VERSIONS, "versions", versions, err))
            return false;
    }
    return emit_hashes_and_gates(n, on, err);
}

/* Fills in the calls of alg on both sides, and emits the event. */
static bool emit_choice(struct narrator *n, const struct party *side, struct event *event,
                        enum hsm_alg alg, const char *reason, struct err *err)
{
    event->kind = EVENT_CHOICE;
    event->side = SIDE_RELAY;
    event->choice.alg = alg;
    text_cut(event->choice.source_call, sizeof event->choice.source_call,
             side[SIDE_SOURCE].caps.alg[alg].wrap_call);
    text_cut(event->choice.destination_call, sizeof event->choice.destination_call,
             side[SIDE_DESTINATION].caps.alg[alg].unwrap_call);
    text_cut(event->choice.reason, sizeof event->choice.reason, reason);
    return emit_event(n, event, err);
}

bool emit_transport(struct narrator *n, const struct agreement *on, struct err *err)
{
    const struct wrap_alg *alg = wrap_alg(on->suite->transport);
    struct event e = {.choice.bits = alg->bits ? alg->bits : on->policy->rsa_bits};

    if (wrap_is_agreed(on->suite->transport))
        text_cut(e.choice.kdf, sizeof e.choice.kdf, hsm_kdf_name(on->suite->kdf));

    return emit_choice(n, on->side, &e, on->suite->transport, on->suite->transport_reason, err);
}

/* keys: the kinds of keys in it. */
static bool emit_envelope(struct narrator *n, const struct party *side, enum hsm_alg alg,
                          const char *keys, bool more, struct err *err)
{
    struct event e = {.choice = {.envelope = true, .more = more, .bits = KEK_BITS}};

    text_cut(e.choice.keys, sizeof e.choice.keys, keys);
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

/* That an HSM could make one blob in two calls, or not at all, matters if the ceremony may need it;
 * so does a transport that it is not known to have. */
static bool is_of_interest(const struct agreement *on, enum side side, enum hsm_alg alg)
{
    const enum wrap_family family = wrap_alg(alg)->family;
    bool may =
        (family != WRAP_RSA_AES && family != WRAP_AGREED) || on->side[side].caps.alg[alg].mechanism;

    for (unsigned i = 0; !may && i < on->suite->option_count; i++)
        may = on->suite->options[i].alg == alg;
    return may;
}

static bool emit_capabilities(struct narrator *n, const struct agreement *on, enum side side,
                              struct err *err)
{
    for (enum hsm_alg alg = 0; alg < HSM_ALGS; alg++) {
        struct event e = {.kind = EVENT_CAPABILITY, .side = side};
        if (!is_of_interest(on, side, alg))
            continue;
        e.capability.alg = alg;
        e.capability.how = on->side[side].caps.alg[alg];
        if (!emit_event(n, &e, err))
            return false;
    }
    return true;
}

bool emit_own(struct narrator *n, const struct agreement *on, enum side side, struct err *err)
{
    return emit_policy(n, on, err) && emit_capabilities(n, on, side, err);
}

bool emit_suite(struct narrator *n, const struct agreement *on, struct err *err)
{
    const struct suite *suite = on->suite;

    if (!emit_policy(n, on, err))
        return false;
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++)
        if (!emit_capabilities(n, on, side, err))
            return false;
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

/* The proof of the key, if its first one can be performed. */
static const char *first_proof(uint32_t proofs)
{
    for (enum hsm_proof proof = 0; proof < HSM_PROOFS; proof++)
        if (proofs & 1U << proof)
            return hsm_proof_name(proof);
    return "";
}

_Static_assert((int)TIGHTENING_TEXT <= (int)EVENT_TEXT_MAX, "an event has room for all changes");

bool emit_plan(struct narrator *n, const struct agreement *on, const struct plan *plan,
               const struct transfers *transfers, struct err *err)
{
    for (size_t i = 0; i < plan->count; i++) {
        const struct plan_item *item = &plan->items[i];
        struct event e = {.kind = EVENT_PLANNED, .side = SIDE_SOURCE, .key = (uint32_t)i + 1};
        e.planned.desc = *item->key;
        e.planned.desc.handle = plan_item_chosen(item);
        e.planned.plan = n->plan;
        e.planned.want_flags = item->want_flags;
        e.planned.route = item->route;
        e.planned.refused = item->reason.code;
        e.planned.explicit = item->explicit;
        e.planned.kept = transfers->at[i].final != 0;
        e.planned.companion_of = (uint32_t)item->companion_of;
        e.planned.bytes = item->bytes;
        memcpy(e.planned.sha256, item->sha256, sizeof e.planned.sha256);
        if (item->route == ROUTE_ALIGNED)
            tightening_text(&item->align->to, e.planned.changes);
        if (item->from) {
            e.planned.renamed = true;
            e.planned.from_label_len = item->from->label_len;
            e.planned.from_id_len = item->from->id_len;
            memcpy(e.planned.from_label, item->from->label, sizeof e.planned.from_label);
            memcpy(e.planned.from_id, item->from->id, sizeof e.planned.from_id);
        }
        text_cut(e.planned.reason, sizeof e.planned.reason, err_note_get(&item->reason).what);
        text_cut(e.planned.proof, sizeof e.planned.proof,
                 item->unproven ? "unproven" : first_proof(item->proofs));
        if (!emit_event(n, &e, err))
            return false;
    }
    return emit_envelopes(n, on, plan, err);
}
