/* SPDX-License-Identifier: Apache-2.0 */
#include "report/verify_derived.h"

#include "hsm/key.h"
#include "hsm/wrap_alg.h"
#include "protocol/gate.h"
#include "protocol/outcome.h"
#include "report/verify_trail.h"

static bool is_derived(const struct node *key)
{
    return node_is(key, "route", key_route_name(ROUTE_DERIVED));
}

bool derived_is(const struct node *report)
{
    for (const struct node *key = rule_next_key(report, NULL); key;
         key = rule_next_key(report, key))
        if (is_derived(key))
            return true;
    return false;
}

/* A relay that replaced a public half would know the key for good. */
static bool check_compared(const struct node *report, struct err *err)
{
    for (const struct node *g = node_at(report, "gates")->first; g; g = g->next)
        if (node_is(g, "gate", gate_name(GATE_FINGERPRINT)) &&
            node_is(g, "state", gate_state_name(GATE_WAIVED)))
            return rule_wrong(g, err, "the fingerprint of a new key cannot be waived");
    return true;
}

/* What the HSM reports of the kept key. */
static bool has(const struct node *key, uint32_t flag, const char *value)
{
    static const char *const lists[] = {"attributes", "own-attributes"};

    for (size_t i = 0; i < 2; i++) {
        const struct node *rows = node_at(key, lists[i]);
        for (const struct node *row = rows ? rows->first : NULL; row; row = row->next)
            if (node_is(row, "name", key_flag_name(flag)))
                return node_is(row, "found", value);
    }
    return false;
}

static bool is_by_ecdh(const struct node *report)
{
    for (enum hsm_alg alg = 0; alg < HSM_ALGS; alg++)
        if (node_is(report, "negotiation.transport.algorithm", hsm_alg_name(alg)))
            return wrap_is_agreed(alg) && !wrap_alg(alg)->kem;
    return false;
}

static bool check_key(const struct node *key, struct err *err)
{
    const bool done = node_is(key, "outcome", key_outcome_name(KEY_DERIVED));

    if (!is_derived(key))
        return (!done && node_is(key, "route", key_route_name(ROUTE_NONE))) ||
               rule_wrong(key, err, "a ceremony that derives a key carries none");
    if (!node_at(key, "old-key"))
        return rule_wrong(key, err, "a new key does not say which key it stands next to");
    if (node_is(key, "outcome", key_outcome_name(KEY_MIGRATED)))
        return rule_wrong(key, err, "a new key was not migrated");
    return !done || (has(key, KEY_SENSITIVE, "yes") && has(key, KEY_EXTRACTABLE, "no")) ||
           rule_wrong(key, err, "a new key must be sensitive and can never leave");
}

bool derived_check(const struct node *report, struct err *err)
{
    const struct node *summary = node_at(report, "summary");
    const bool derives = derived_is(report);
    int64_t derived = 0, done = 0;

    for (const struct node *key = rule_next_key(report, NULL); key;
         key = rule_next_key(report, key)) {
        derived += is_derived(key);
        done += node_is(key, "outcome", key_outcome_name(KEY_DERIVED));
        if (derives && !check_key(key, err))
            return false;
    }
    if (derived > 1 || done > derived ||
        (node_at(summary, "derived") ? node_number(summary, "derived") : 0) != done)
        return rule_wrong(summary, err, "the summary's count of new keys is not theirs");
    if (derives && !is_by_ecdh(report))
        return rule_wrong(summary, err, "a new key is derived by ECDH");
    return !derives || check_compared(report, err);
}
