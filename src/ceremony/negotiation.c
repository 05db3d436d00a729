/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/negotiation.h"

#include <string.h>

#include "base/text.h"
#include "ceremony/members.h"
#include "hsm/wrap_alg.h"
#include "plan/strength.h"
#include "plan/wanted.h"

/* The reason of a transport that gave way to RSA-OAEP. */
static const char yielded[] = "a key of this plan keeps its length under RSA-OAEP only";

static uint32_t agreed_algs(void)
{
    uint32_t algs = 0;

    for (enum hsm_alg alg = 0; alg < HSM_ALGS; alg++)
        if (wrap_is_agreed(alg))
            algs |= UINT32_C(1) << alg;
    return algs;
}

struct hsm_wanted negotiation_wanted(const struct ceremony *c, enum side side)
{
    const enum hsm_role role = side == SIDE_SOURCE ? HSM_GIVES : HSM_TAKES;

    return c->setup.tries_all ? hsm_wanted_all
                              : wanted_for(&c->side[SIDE_SOURCE].keys, &c->setup.policy, role,
                                           c->setup.sealing != NULL);
}

/* --- asking ------------------------------------------------------------------------------------
 */

/* Keeps what was refuted, also if the HSM says otherwise again. */
static void apply_refuted(struct party *party)
{
    for (enum hsm_alg alg = 0; alg < HSM_ALGS; alg++)
        if (party->refuted.algs & UINT32_C(1) << alg) {
            struct hsm_capability *cap = &party->caps.alg[alg];
            cap->wrap = cap->unwrap = false;
            text_print(cap->reason, sizeof cap->reason, "%s", party->refuted.reason);
        }
}

/* Asks a side, unless it is known already, without the transports whose turn has not come. */
static bool ask(struct ceremony *c, enum side side, uint32_t later, bool first, struct err *err)
{
    struct party *party = &c->side[side];
    struct hsm_wanted wanted = negotiation_wanted(c, side);

    if (!c->setup.tries_all)
        wanted.algs &= ~later;
    if (c->setup.sealing) /* a key service takes none of them */
        wanted.algs &= ~agreed_algs();
    if (!first && hsm_wanted_has(&party->wanted, &wanted))
        return true;
    party->wanted = wanted;
    if (!party->hsm->driver->capabilities(party->hsm, &wanted, &party->caps, err))
        return false;
    apply_refuted(party);
    return true;
}

bool negotiation_run(struct ceremony *c, struct suite *suite, struct err *err)
{
    enum transport_kind kinds[TRANSPORTS];
    const unsigned count = policy_transports(&c->setup.policy, kinds);
    unsigned turn = 0;
    bool found = false;

    do {
        uint32_t later = 0;
        for (unsigned i = turn + 1; i < count; i++)
            later |= transport_kinds[kinds[i]].algs;
        if (!ask(c, SIDE_SOURCE, later, turn == 0, err) ||
            !ask(c, SIDE_DESTINATION, later, turn == 0, err))
            return false;
        found = negotiate(&c->setup.policy, &c->side[SIDE_SOURCE].caps,
                          &c->side[SIDE_DESTINATION].caps, suite, err);
    } while (!found && ++turn < count);
    return found;
}

void negotiation_refute(struct ceremony *c, enum side side, enum hsm_alg alg, const char *why)
{
    struct party *party = &c->side[side];

    party->refuted.algs |= UINT32_C(1) << alg;
    text_print(party->refuted.reason, sizeof party->refuted.reason, "%s", why);
    apply_refuted(party);
}

/* --- giving way --------------------------------------------------------------------------------
 */

/* Is this secret refused because every envelope would change its length, which OAEP keeps? */
static bool is_padded(const struct suite *suite, const struct plan_item *item)
{
    const uint32_t length = item->key->length; /* 0: the source does not report it */
    const bool whole = length > 0 && length % wrap_alg(HSM_AES_KWP)->block == 0;

    for (unsigned i = 0; length > 0 && i < suite->option_count; i++)
        if (suite->options[i].exact && !suite_is_weak(suite->options[i].alg) &&
            wrap_alg(suite->options[i].alg)->exact_length != WRAP_LENGTH_MULTIPLE)
            return false;
    return item->route == ROUTE_NONE && item->key->kind == KEY_KIND_GENERIC && !whole &&
           err_note_get(&item->reason).code == ERR_DATA;
}

bool negotiation_yields(struct ceremony *c)
{
    if (!wrap_is_agreed(c->suite.transport) ||
        !policy_allows_transport(&c->setup.policy, TRANSPORT_RSA_OAEP))
        return false;
    for (size_t i = 0; i < c->plan.count; i++)
        if (is_padded(&c->suite, &c->plan.items[i])) {
            for (enum hsm_alg alg = 0; alg < HSM_ALGS; alg++)
                if (wrap_is_agreed(alg))
                    negotiation_refute(c, SIDE_SOURCE, alg, yielded);
            return true;
        }
    return false;
}

void negotiation_could(const struct ceremony *c, struct suite *suite)
{
    const struct policy *policy = &c->setup.policy;

    *suite = c->suite;
    if (!wrap_is_agreed(suite->transport))
        return;
    for (enum hsm_alg alg = 0; alg < HSM_ALGS; alg++)
        if (wrap_alg(alg)->family == WRAP_RSA_OAEP && policy_allows(policy, alg)) {
            suite->direct_max = (uint32_t)wrap_oaep_max(alg, policy->rsa_bits / 8);
            suite->options[suite->option_count++] = (struct wrap_option){ROUTE_DIRECT, alg, true};
            return;
        }
}

bool negotiation_relent(struct ceremony *c)
{
    struct party *party = &c->side[SIDE_SOURCE];

    if (!party->refuted.algs || strcmp(party->refuted.reason, yielded) != 0)
        return false;
    party->refuted.algs = 0;
    return true;
}

/* --- warnings ----------------------------------------------------------------------------------
 */

/* Why a side does not use a transport that it is known to have; NULL: it does, or has none. */
static const char *why_not(const struct party *party, enum side side, enum hsm_alg alg)
{
    const struct hsm_capability *cap = &party->caps.alg[alg];
    const bool works = side == SIDE_SOURCE ? cap->wrap : cap->unwrap;

    return works || !cap->mechanism || !(party->wanted.algs & UINT32_C(1) << alg) ||
                   strcmp(cap->reason, yielded) == 0
               ? NULL
               : cap->reason;
}

/* What the policy prefers, and neither refuses nor gets. */
static bool warn_of_quantum(struct ceremony *c, struct err *err)
{
    if (c->setup.policy.quantum != QUANTUM_PREFERRED || wrap_is_post_quantum(c->suite.transport))
        return true;
    return emit_warning(&c->narrator, SIDE_RELAY, NO_ITEM, err, "post-quantum",
                        "the policy prefers a transport that withstands a quantum computer; these "
                        "HSMs have none in common, and %s is used",
                        hsm_alg_name(c->suite.transport));
}

bool negotiation_warn(struct ceremony *c, struct err *err)
{
    enum transport_kind kinds[TRANSPORTS];
    const unsigned count = policy_transports(&c->setup.policy, kinds);
    const enum transport_kind chosen = transport_of(c->suite.transport);

    if (!warn_of_quantum(c, err))
        return false;

    for (unsigned i = 0; i < count && kinds[i] != chosen; i++)
        for (enum hsm_alg alg = 0; alg < HSM_ALGS; alg++)
            for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++) {
                const char *why = why_not(&c->side[side], side, alg);
                if (!wrap_is_agreed(alg) || transport_of(alg) != kinds[i] || !why)
                    continue;
                if (!emit_warning(&c->narrator, side, NO_ITEM, err, "transport-downgrade",
                                  "%s failed, which this HSM has: %.90s; %s is used instead",
                                  hsm_alg_name(alg), why, hsm_alg_name(c->suite.transport)))
                    return false;
            }
    return true;
}

bool negotiation_warn_of(struct ceremony *c, size_t i, struct err *err)
{
    const struct key_desc *key = c->plan.items[i].key;
    const uint32_t bits = transport_bits(&c->transport);
    const unsigned have = transport_strength(transport_of(c->suite.transport), bits);
    const unsigned needs = strength_of(key->kind, key->bits);
    char type[KEY_TYPE_TEXT], pair[TRANSPORT_TEXT];

    return needs <= have ||
           emit_warning(&c->narrator, SIDE_RELAY, (int64_t)i, err, "transport-strength",
                        "%s (%u bits of strength) under an %s transport key "
                        "(%u): weaker than the key it carries",
                        key_type_text(key, type), needs,
                        transport_pair_text(c->suite.transport, bits, pair), have);
}
