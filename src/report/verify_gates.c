/* SPDX-License-Identifier: Apache-2.0 */
#include "report/verify_gates.h"

#include <stdlib.h>
#include <string.h>

#include "hsm/facts.h"
#include "protocol/gate.h"
#include "protocol/outcome.h"
#include "report/verify_trail.h"
#include "report/visit_rules.h"

static bool is_new(const struct node *report)
{
    return node_at(report, "summary.gates-ms") != NULL;
}

bool gates_is_void(const struct node *gate)
{
    return node_is(gate, "void", "yes");
}

/* --- waivers ---------------------------------------------------------------------------------- */

/* The first key from here on that is to be migrated; one that was there before is not. */
static const struct node *next_movable(const struct node *key)
{
    while (key && (node_is(key, "route", key_route_name(ROUTE_NONE)) || node_at(key, "kept")))
        key = key->next;
    return key;
}

static bool are_labels_of(const struct node *labels, const struct node *key)
{
    const struct node *label = labels->first;

    for (key = next_movable(key); key && label; key = next_movable(key->next)) {
        if (strcmp(label->text, node_text(key, "label")) != 0)
            return false;
        label = label->next;
    }
    return !key && !label;
}

/* It is for all keys that are to be migrated; before any was chosen it counts none. */
static bool check_waived(const struct node *report, const struct node *gate, struct err *err)
{
    const struct node *keys = node_at(report, "keys")->first, *labels = node_at(gate, "labels");
    int64_t count = 0;

    if (!node_is(gate, "keys", "all"))
        return rule_wrong(gate, err, "the waiver does not say for which keys it is");
    if (gates_is_void(gate))
        return true;
    if (node_is(gate, "gate", gate_name(GATE_DEVICES)))
        return (!node_at(gate, "key-count") && !labels) ||
               rule_wrong(gate, err, "no key was chosen before the devices were opened");
    for (const struct node *key = next_movable(keys); key; key = next_movable(key->next))
        count++;
    return (node_number(gate, "key-count") == count && (!labels || are_labels_of(labels, keys))) ||
           rule_wrong(gate, err, "these are not the keys that were to be migrated");
}

/* --- questions and answers -------------------------------------------------------------------- */

static bool has_any(const struct node *gate, const char *const members[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (node_at(gate, members[i]))
            return true;
    return false;
}

/* The question that it answers is the one that was on the screen, and nobody answered before. */
static bool check_asked(const struct node *open, const struct node *answer, struct err *err)
{
    static const char *const same[] = {"gate", "key", "officer", "role", "void"};

    if (!open || !node_is(answer, "asked", node_text(open, "seq")) || !node_at(answer, "ms"))
        return rule_wrong(answer, err, "it does not answer the question that was on the screen");
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        if (strcmp(node_text(open, same[i]), node_text(answer, same[i])) != 0)
            return rule_wrong(answer, err, "it does not answer the question that was asked");
    return true;
}

/* Only the review of a plan that was replaced is void: it comes before that of the plan that was
 * carried out, and before any step. */
static bool check_void(const struct node *report, const struct node *gate, bool reviewed,
                       struct err *err)
{
    const struct node *step = node_at(report, "steps")->first;

    return (node_is(gate, "gate", gate_name(GATE_REVIEW)) && !reviewed &&
            !(step && node_number(step, "seq") < node_number(gate, "seq"))) ||
           rule_wrong(gate, err, "this is about the plan that was carried out");
}

bool gates_check(const struct node *report, struct err *err)
{
    static const char *const of_waivers[] = {"keys", "key-count", "labels"};
    static const char *const of_answers[] = {"asked", "ms"};
    const struct node *summary = node_at(report, "summary"), *open = NULL;
    bool reviewed = false;
    int64_t ms = 0;

    for (const struct node *g = node_at(report, "gates")->first; g && is_new(report); g = g->next) {
        bool waived = node_is(g, "state", gate_state_name(GATE_WAIVED));
        bool opens = node_is(g, "state", gate_state_name(GATE_OPEN));
        if (gates_is_void(g) && !check_void(report, g, reviewed, err))
            return false;
        reviewed |= !gates_is_void(g) && node_is(g, "gate", gate_name(GATE_REVIEW));
        if ((!waived && has_any(g, of_waivers, 3)) ||
            ((waived || opens) && has_any(g, of_answers, 2)))
            return rule_wrong(g, err, "it holds what belongs to another state of a gate");
        if (waived ? !check_waived(report, g, err) : !opens && !check_asked(open, g, err))
            return false;
        ms += waived || opens ? 0 : node_number(g, "ms");
        open = opens ? g : waived ? open : NULL;
    }
    return !is_new(report) ||
           (node_number(summary, "gates-ms") == ms && ms <= node_number(summary, "duration-ms")) ||
           rule_wrong(summary, err, "its gates were not open for so long");
}

/* --- the policy ------------------------------------------------------------------------------- */

/* What was chosen on the screen differs from the script: both say so, or neither. */
bool gates_check_policy(const struct node *report, struct err *err)
{
    const struct node *script = node_at(report, "script"), *deviation = NULL, *chosen = NULL;
    const struct node *list = node_at(report, "policy");

    for (const struct node *p = list->first; p && is_new(report); p = p->next) {
        if (!node_at(p, "from"))
            return rule_wrong(p, err, "it does not give the origin of this setting");
        if (node_is(p, "from", "screen"))
            chosen = p;
    }
    if (!is_new(report) || !script || node_at(script, "lines")->count == 0 ||
        node_at(report, "keys")->count == 0)
        return true;
    for (const struct node *d = node_at(script, "deviations")->first; d; d = d->next)
        if (node_is(d, "what", "policy"))
            deviation = d;
    return !chosen == !deviation ||
           rule_wrong(chosen ? chosen : deviation, err,
                      "policy and deviations say otherwise of what was chosen on the screen");
}

/* --- warnings --------------------------------------------------------------------------------- */

/* A warning about a key is about one that was to be migrated, and about its type. */
static bool check_warned(const struct node *report, const struct node *w, int64_t number,
                         struct err *err)
{
    const struct node *key = rule_key_numbered(report, number);

    if (!key || node_is(key, "route", key_route_name(ROUTE_NONE)))
        return rule_wrong(w, err, "it is about no key that was to be migrated");
    if (node_is(w, "name", "transport-strength") &&
        strncmp(node_text(w, "text"), node_text(key, "type"), strlen(node_text(key, "type"))) != 0)
        return rule_wrong(w, err, "it is about a key of another type");
    return true;
}

/* The same of keys "1 to 4, 7". */
static bool check_all_warned(const struct node *report, const struct node *w, struct err *err)
{
    for (const char *at = node_text(w, "keys"); *at; at += strspn(at, ", ")) {
        char *after;
        int64_t from = strtoll(at, &after, 10), to = from;
        if (strncmp(after, " to ", 4) == 0)
            to = strtoll(after + 4, &after, 10);
        if (after == at)
            return rule_wrong(w, err, "these are no numbers of keys");
        for (; from <= to; from++)
            if (!check_warned(report, w, from, err))
                return false;
        at = after;
    }
    return true;
}

bool gates_check_warnings(const struct node *report, struct err *err)
{
    for (const struct node *w = node_at(report, "warnings")->first; w && is_new(report);
         w = w->next)
        if (!check_all_warned(report, w, err) ||
            (node_at(w, "key") && !check_warned(report, w, node_number(w, "key"), err)))
            return false;
    return true;
}

/* --- their order --- */

/* The gates that were passed so far. */
struct passed {
    const struct node *next;        /* the next gate */
    bool both[GATES];               /* it waits for both officers */
    const struct node *half[GATES]; /* the first officer's confirmation */
    bool gate[GATES];
    int64_t key; /* the key of the last confirmed gate; 0: all keys */
};

static void read_policy(struct passed *p, const struct node *report)
{
    for (const struct node *n = node_at(report, "policy")->first; n; n = n->next)
        for (enum gate gate = 0; gate < GATES; gate++)
            if (node_is(n, "name", gate_name(gate)))
                p->both[gate] = node_is(n, "value", "gate waits for both officers");
}

/* Is this confirmation sufficient? */
static bool is_whole(struct passed *p, enum gate gate, const struct node *now)
{
    const struct node *half = p->half[gate];

    p->half[gate] = p->both[gate] && !half ? now : NULL;
    return !p->both[gate] || (half && !node_is(now, "role", node_text(half, "role")) &&
                              node_number(now, "key") == node_number(half, "key"));
}

static void pass(struct passed *p, const struct node *now)
{
    bool waived = node_is(now, "state", "waived");

    for (enum gate gate = 0; gate < GATES && !gates_is_void(now); gate++) {
        if (node_is(now, "gate", gate_name(gate)) && node_is(now, "state", "refused"))
            p->half[gate] = NULL; /* a key was left out */
        if (!node_is(now, "gate", gate_name(gate)) ||
            !(waived || (node_is(now, "state", "confirmed") && is_whole(p, gate, now))))
            continue;
        p->gate[gate] = true;
        if (gate == GATE_KEY)
            p->key = waived ? 0 : node_number(now, "key");
    }
}

static void pass_until(struct passed *p, int64_t seq)
{
    for (; p->next && node_number(p->next, "seq") < seq; p->next = p->next->next)
        pass(p, p->next);
}

/* No policy can waive the question whether a key may remain unproven. */
static bool asks_anyway(const struct node *report, const struct node *gate)
{
    for (const struct node *key = node_at(report, "keys")->first; key; key = key->next)
        if (node_number(key, "number") == node_number(gate, "key"))
            return node_is(gate, "gate", gate_name(GATE_KEY)) && node_is(key, "proof", "unproven");
    return false;
}

/* A waived gate must also be waived in the policy. */
static bool check_waivers(const struct node *report, struct err *err)
{
    for (const struct node *g = node_at(report, "gates")->first; g; g = g->next)
        for (const struct node *p = node_at(report, "policy")->first; p; p = p->next)
            if (node_is(p, "name", node_text(g, "gate")) &&
                node_is(g, "state", "waived") != node_is(p, "value", "gate waived") &&
                !asks_anyway(report, g))
                return rule_wrong(g, err, "the policy says otherwise about this gate");
    return true;
}

static int64_t highest_key(const struct node *report)
{
    int64_t highest = 0;

    for (const struct node *key = node_at(report, "keys")->first; key; key = key->next)
        if (node_number(key, "number") > highest && node_number(key, "number") <= HSM_OBJECTS_MAX)
            highest = node_number(key, "number");
    return highest;
}

/* Without the steps of keys: a key that arrived has passed its gate at some time. passed: a place
 * for each key up to highest, and one for all of them. */
static bool check_arrived(const struct node *report, int64_t highest, bool *passed, struct err *err)
{
    struct passed p = {.next = NULL};

    read_policy(&p, report);
    for (const struct node *g = node_at(report, "gates")->first; g; g = g->next) {
        p.gate[GATE_KEY] = false;
        pass(&p, g);
        if (p.gate[GATE_KEY] && p.key >= 0 && p.key <= highest)
            passed[p.key] = true;
    }
    for (const struct node *key = node_at(report, "keys")->first; key; key = key->next) {
        int64_t number = node_number(key, "number");
        bool arrived = node_is(key, "outcome", "migrated") || node_is(key, "outcome", "unproven") ||
                       node_is(key, "outcome", "sealed") || node_is(key, "outcome", "destroyed");
        bool is_public = node_is(key, "route", key_route_name(ROUTE_PUBLIC)); /* it has no gate */
        if (arrived && !is_public && !node_at(key, "kept") && !passed[0] &&
            !(number > 0 && number <= highest && passed[number]))
            return rule_wrong(key, err, "no gate was passed before this key was migrated");
    }
    return true;
}

/* A visit asks for all keys before it begins the file: was this key's gate passed before? */
static bool is_passed_ahead(const struct node *report, const struct passed *p,
                            const struct rule_step *step)
{
    unsigned confirmed = 0;

    for (const struct node *g = node_at(report, "gates")->first;
         g && node_number(g, "seq") < step->seq; g = g->next)
        confirmed += node_is(g, "gate", gate_name(GATE_KEY)) &&
                     node_is(g, "state", gate_state_name(GATE_CONFIRMED)) &&
                     node_number(g, "key") == step->key;
    return confirmed >= (p->both[GATE_KEY] ? 2U : 1U);
}

/* What accompanies a key has no gate. */
static bool is_companion(const struct node *report, int64_t number)
{
    const struct node *key = number > 0 ? rule_key_numbered(report, number) : NULL;

    return key && node_at(key, "companion-of");
}

bool gates_check_order(const struct node *report, const struct rule_steps *steps, struct err *err)
{
    static const struct {
        enum step_id step;
        enum gate gate;
    } before[] = {{STEP_MAKE_PAIR, GATE_DEVICES},    {STEP_MAKE_PAIR, GATE_REVIEW},
                  {STEP_RELAY_PUBLIC, GATE_DEVICES}, {STEP_RELAY_PUBLIC, GATE_REVIEW},
                  {STEP_MAKE_KEK, GATE_FINGERPRINT}, {STEP_READ_OBJECT, GATE_REVIEW},
                  {STEP_LOAD_PUBLIC, GATE_REVIEW},   {STEP_WRAP_KEY, GATE_KEY},
                  {STEP_ALIGN, GATE_DEVICES},        {STEP_ALIGN, GATE_REVIEW},
                  {STEP_DISTINGUISH, GATE_DEVICES},  {STEP_DISTINGUISH, GATE_REVIEW},
                  {STEP_DESTROY_KEY, GATE_KEY},      {STEP_DERIVE, GATE_DEVICES},
                  {STEP_DERIVE, GATE_REVIEW},        {STEP_DERIVE, GATE_FINGERPRINT}};
    struct passed passed = {.next = node_at(report, "gates")->first};

    read_policy(&passed, report);
    for (const struct rule_step *step = steps->steps; step < steps->steps + steps->count; step++) {
        pass_until(&passed, step->seq);
        for (size_t i = 0; i < sizeof before / sizeof before[0]; i++)
            if (step->id == before[i].step &&
                !(before[i].gate == GATE_KEY && is_companion(report, step->key)) &&
                (!passed.gate[before[i].gate] ||
                 (before[i].gate == GATE_KEY && passed.key != 0 && passed.key != step->key &&
                  !(visits_of(report) == VISIT_LOAD && is_passed_ahead(report, &passed, step)))))
                return rule_step_wrong(steps, step, err, "no gate was passed before this step");
    }
    if (steps->without_way && visits_of(report) == VISIT_NONE) {
        int64_t highest = highest_key(report);
        bool *each = calloc((size_t)highest + 1, sizeof *each);
        bool ok = each ? check_arrived(report, highest, each, err)
                       : err_set(err, ERR_FAILED, "There is no memory for the gates of keys");
        free(each);
        if (!ok)
            return false;
    }
    return check_waivers(report, err);
}
