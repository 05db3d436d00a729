/* SPDX-License-Identifier: Apache-2.0 */
#include "report/verify_gates.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/gate.h"
#include "protocol/outcome.h"
#include "report/verify_trail.h"

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
            return rule_wrong(p, err, "it does not say from where this setting comes");
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
