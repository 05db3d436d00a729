/* SPDX-License-Identifier: Apache-2.0 */
#include "report/verify_removal.h"

#include <stdint.h>
#include <string.h>

#include "hsm/facts.h"
#include "protocol/gate.h"
#include "protocol/outcome.h"
#include "protocol/removal.h"
#include "report/verify_trail.h"

bool removal_is(const struct node *report)
{
    return node_at(report, "ceremony.removal") != NULL;
}

static bool is_destroyed(const struct node *key)
{
    return node_is(key, "outcome", key_outcome_name(KEY_DESTROYED));
}

/* By this ceremony, not by the interrupted one that it takes over. */
static bool is_destroyed_here(const struct node *key)
{
    return is_destroyed(key) && !node_at(key, "kept");
}

/* --- keys and counts --- */

static bool check_key(const struct node *report, const struct node *key, struct err *err)
{
    static const enum key_outcome outcomes[] = {KEY_PENDING, KEY_DESTROYED, KEY_REFUSED, KEY_FAILED,
                                                KEY_UNKNOWN};
    bool known = false;

    for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++)
        known |= node_is(key, "outcome", key_outcome_name(outcomes[i]));
    if (!known || !(node_is(key, "route", key_route_name(ROUTE_NONE)) ||
                    node_is(key, "route", key_route_name(ROUTE_REMOVED))))
        return rule_wrong(key, err, "a removal carries no key, and this one was carried");
    if (is_destroyed(key) && node_is(key, "route", key_route_name(ROUTE_NONE)))
        return rule_wrong(key, err, "it was to stay, and is destroyed");
    return !node_at(key, "kept") || node_at(report, "ceremony.resumes") ||
           rule_wrong(key, err, "no interrupted removal can have destroyed it: nothing is resumed");
}

static bool check_none(const struct node *report, struct err *err)
{
    for (const struct node *key = rule_next_key(report, NULL); key;
         key = rule_next_key(report, key))
        if (is_destroyed(key) || node_is(key, "route", key_route_name(ROUTE_REMOVED)))
            return rule_wrong(key, err, "only a removal destroys keys");
    return !node_at(report, "summary.destroyed") ||
           rule_wrong(node_at(report, "summary"), err, "only a removal counts destroyed keys");
}

/* --- two roles --- */

static bool has_role(const struct node *report, const char *role)
{
    for (const struct node *n = node_at(report, "ceremony.officers")->first; n; n = n->next)
        if (text_typed_equal(node_text(n, "role"), role, true))
            return true;
    return false;
}

/* Both have confirmed the review, which no policy waives; gates_check_order() sees to the time. One
 * that lacks an officer is refused before it touches a key, and has a report. */
static bool check_roles(const struct node *report, bool touched, struct err *err)
{
    const struct node *officers = node_at(report, "ceremony.officers");

    if (touched &&
        (!has_role(report, "source officer") || !has_role(report, "destination officer")))
        return rule_wrong(officers, err, "in a removal both officers must be named");
    for (const struct node *p = node_at(report, "policy")->first; p; p = p->next)
        if ((node_is(p, "name", gate_name(GATE_REVIEW)) &&
             !node_is(p, "value", "gate waits for both officers")) ||
            (node_is(p, "name", gate_name(GATE_DEVICES)) && node_is(p, "value", "gate waived")))
            return rule_wrong(p, err, "no removal waives this gate");
    return true;
}

/* --- proofs --- */

static bool is_proven(const struct node *report, const struct node *key, enum step_id stage)
{
    const struct node *own = node_at(key, "proofs");

    for (const struct node *p = own ? own->first : NULL; p; p = p->next)
        if (node_is(p, "stage", step_name(stage)) && node_is(p, "state", "ok"))
            return true;
    for (const struct node *p = node_at(report, "proofs")->first; p; p = p->next)
        if (node_number(p, "key") == node_number(key, "number") &&
            node_is(p, "stage", step_name(stage)) && node_is(p, "state", "ok"))
            return true;
    return false;
}

/* One of the keys that were destroyed was the first. */
static bool check_proofs(const struct node *report, struct err *err)
{
    const bool complete = node_is(report, "summary.outcome", "complete");
    const struct node *destroyed = NULL;
    bool after = false;

    for (const struct node *key = rule_next_key(report, NULL); key;
         key = rule_next_key(report, key)) {
        if (!is_destroyed_here(key))
            continue;
        destroyed = key;
        if (!is_proven(report, key, STEP_PROVE_NOW))
            return rule_wrong(key, err, "it is destroyed, and its copy was not proven before");
        if (complete && !is_proven(report, key, STEP_PROVE_FRESH))
            return rule_wrong(key, err, "it is destroyed, and its copy was not proven at the end");
        after |= is_proven(report, key, STEP_PROVE_AFTER);
    }
    return !destroyed || !complete || after ||
           rule_wrong(destroyed, err, "no copy was proven after the first key was destroyed");
}

bool removal_check(const struct node *report, struct err *err)
{
    const struct node *summary = node_at(report, "summary");
    int64_t destroyed = 0;
    bool touched = node_is(summary, "outcome", "complete");

    if (!removal_is(report))
        return check_none(report, err);
    if (!node_at(report, "ceremony.report-sha256") || !node_at(summary, "destroyed"))
        return rule_wrong(summary, err, "a removal names its report, and counts what it destroyed");
    for (const struct node *key = rule_next_key(report, NULL); key;
         key = rule_next_key(report, key)) {
        if (!check_key(report, key, err))
            return false;
        destroyed += is_destroyed(key);
        touched |= !node_at(key, "kept") &&
                   (is_destroyed(key) || node_is(key, "outcome", key_outcome_name(KEY_UNKNOWN)));
    }
    if (node_number(summary, "destroyed") != destroyed)
        return rule_wrong(summary, err, "the summary's count of destroyed keys is not theirs");
    if (destroyed > 0 &&
        (node_is(summary, "outcome", "failed") || node_is(summary, "outcome", "aborted")))
        return rule_wrong(summary, err, "keys are destroyed, but the outcome says otherwise");
    return check_roles(report, touched, err) && check_proofs(report, err);
}

/* --- steps --- */

struct course {
    bool apart;      /* the tokens were distinguished */
    bool destroying; /* a destruction was announced */
    bool closing;
    int64_t first; /* the first key that was destroyed, from 1; 0: none */
    bool after;    /* its copy was proven afterwards */
};

static const struct node *key_of(const struct node *report, const struct rule_step *step)
{
    return step->key > 0 ? rule_key_numbered(report, step->key) : NULL;
}

static bool has_ended_well(const struct rule_steps *steps, enum step_id id, int64_t key)
{
    for (size_t i = 0; i < steps->count; i++)
        if (steps->steps[i].id == id && steps->steps[i].key == key &&
            steps->steps[i].state == EVENT_OK)
            return true;
    return false;
}

static bool take_destroy(const struct node *report, const struct rule_steps *steps,
                         const struct rule_step *step, struct course *c, struct err *err)
{
    const struct node *key = key_of(report, step);

    if (!key || !c->apart || c->closing || (c->first && !c->after) ||
        !has_ended_well(steps, STEP_PROVE_NOW, step->key))
        return rule_step_wrong(steps, step, err, "no key may be destroyed here");
    c->destroying = true;
    if (step->state == EVENT_OK && !is_destroyed(key) && !node_is(key, "outcome", "unknown"))
        return rule_step_wrong(steps, step, err, "it was destroyed, and the report hides that");
    if (step->state == EVENT_OK && !c->first)
        c->first = step->key;
    return true;
}

static bool take_step(const struct node *report, const struct rule_steps *steps,
                      const struct rule_step *step, struct course *c, struct err *err)
{
    bool ok = !c->closing || step->id == STEP_PROVE_FRESH;

    switch (step->id) {
    case STEP_DISTINGUISH:
        ok &= !c->apart && !c->destroying;
        c->apart = step->state == EVENT_OK;
        break;
    case STEP_PROVE_NOW:
        ok &= !c->destroying && key_of(report, step) != NULL;
        break;
    case STEP_DESTROY_KEY:
        return take_destroy(report, steps, step, c, err);
    case STEP_PROVE_AFTER:
        ok &= c->first && step->key == c->first && !c->after;
        c->after = step->state == EVENT_OK;
        break;
    case STEP_DESTROY + 1: /* the inventories */
    case STEP_PROVE_FRESH:
        c->closing = true;
        break;
    default:
        ok = false;
    }
    return ok || rule_step_wrong(steps, step, err, "this step may not come here");
}

/* Only the journal has the steps of keys. */
static bool check_claims(const struct node *report, const struct rule_steps *steps, struct err *err)
{
    for (const struct node *key = rule_next_key(report, NULL); key && steps->of_journal;
         key = rule_next_key(report, key))
        if (is_destroyed_here(key) &&
            !has_ended_well(steps, STEP_DESTROY_KEY, node_number(key, "number")))
            return rule_wrong(key, err, "the report claims that it was destroyed, and no step did");
    return true;
}

bool removal_check_order(const struct node *report, const struct rule_steps *steps, struct err *err)
{
    struct course c = {0};

    for (size_t i = 0; i < steps->count; i++)
        if (steps->steps[i].number != step_number(steps->steps[i].id) ||
            !take_step(report, steps, &steps->steps[i], &c, err))
            return false;
    for (const struct node *key = rule_next_key(report, NULL); key && !c.apart;
         key = rule_next_key(report, key))
        if (is_destroyed_here(key))
            return rule_wrong(key, err,
                              "it is destroyed, and nothing distinguished the two tokens");
    return check_claims(report, steps, err);
}
