/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/negotiation.h"

#include <string.h>

#include "base/text.h"
#include "ceremony/members.h"
#include "hsm/wrap_alg.h"
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
    return item->route == ROUTE_NONE && key_kind_is(item->key->kind, KEY_FAMILY_VALUE) && !whole &&
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

    if (!party->refuted.algs || !negotiation_yielded(party->refuted.reason))
        return false;
    party->refuted.algs = 0;
    return true;
}

bool negotiation_yielded(const char *reason)
{
    return strcmp(reason, yielded) == 0;
}
