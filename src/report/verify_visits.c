/* SPDX-License-Identifier: Apache-2.0 */
#include "report/verify_visits.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/gate.h"
#include "protocol/outcome.h"
#include "protocol/step.h"
#include "report/verify_trail.h"
#include "report/visit_rules.h"

#define BIT(number) (UINT32_C(1) << (number))

/* --- files --- */

static bool is_among(const char *names, const char *name)
{
    const char *at = strstr(names, name);

    return at && (at == names || at[-1] == ' ') && (!at[strlen(name)] || at[strlen(name)] == ' ');
}

/* Words were typed at a gate before. */
static bool has_gate(const struct node *report, int64_t seq)
{
    for (const struct node *g = node_at(report, "gates")->first; g; g = g->next)
        if (node_is(g, "gate", gate_name(GATE_FILE)) &&
            node_is(g, "state", gate_state_name(GATE_CONFIRMED)) && node_number(g, "seq") < seq)
            return true;
    return false;
}

/* No policy waives the word by which an unproven key is taken from a key service. */
static bool check_returned(const struct node *report, const struct node *file, struct err *err)
{
    for (const struct node *key = node_at(report, "keys")->first; key; key = key->next) {
        bool waived = node_is(key, "kept", "yes");
        for (const struct node *g = node_at(report, "gates")->first; g; g = g->next)
            waived |= node_is(g, "gate", gate_name(GATE_KEY)) &&
                      node_is(g, "state", gate_state_name(GATE_CONFIRMED)) &&
                      node_number(g, "key") == node_number(key, "number") &&
                      node_number(g, "seq") < node_number(file, "seq");
        if (node_is(key, "outcome", key_outcome_name(KEY_UNPROVEN)) && !waived)
            return rule_wrong(key, err, "nothing proves this key, and nobody has waived that");
    }
    return true;
}

static bool check_file(const struct node *report, const struct visit_rule *rule,
                       const struct node *file, struct err *err)
{
    const bool taken = node_is(file, "state", file_state_name(FILE_TAKEN));
    const char *trust = node_text(file, "trust");

    if (!is_among(taken ? rule->takes : rule->writes, node_text(file, "format")))
        return rule_wrong(file, err, "this visit has no such file");
    if (visits_is_returned(file))
        return check_returned(report, file, err);
    if (taken && strncmp(trust, "signed by the key ", 18) != 0 &&
        !has_gate(report, node_number(file, "seq")))
        return rule_wrong(file, err, "it was taken, and nothing says who wrote it");
    return true;
}

static bool check_outcomes(const struct node *report, enum visit visit, struct err *err)
{
    const uint32_t outcomes = visits_rule(report)->outcomes;

    for (const struct node *key = rule_next_key(report, NULL); key;
         key = rule_next_key(report, key)) {
        enum key_outcome outcome = KEY_PENDING;
        while (outcome < KEY_OUTCOMES && !node_is(key, "outcome", key_outcome_name(outcome)))
            outcome++;
        if (visit == VISIT_NONE ? outcome > KEY_SEALED && outcome != KEY_ALIGNED &&
                                      outcome != KEY_DERIVED && !node_at(report, "ceremony.removal")
                                : outcome >= KEY_OUTCOMES || !(outcomes & BIT(outcome)))
            return rule_wrong(key, err, "a key cannot end so here");
    }
    return true;
}

bool visits_check_files(const struct node *report, struct err *err)
{
    const enum visit visit = visits_of(report);
    const struct visit_rule *rule = visits_rule(report);
    const struct node *files = node_at(report, "files");
    bool written = false, taken = false;

    if (visit == VISIT_NONE && files)
        return rule_wrong(files, err, "a ceremony in one room has no files");
    for (const struct node *f = files ? files->first : NULL; f; f = f->next) {
        if (!check_file(report, rule, f, err))
            return false;
        written |= node_is(f, "state", file_state_name(FILE_WRITTEN));
        taken |= node_is(f, "state", file_state_name(FILE_TAKEN));
    }
    if (visit != VISIT_NONE && node_is(report, "summary.outcome", "complete") &&
        ((rule->writes[0] && !written) || (rule->takes[0] && !taken)))
        return rule_wrong(node_at(report, "summary"), err,
                          "the visit is complete, and a file of it is missing");
    return check_outcomes(report, visit, err);
}

/* --- steps --- */

static bool is_closing(enum step_id id)
{
    return id >= STEP_DESTROY;
}

static bool is_of_visit(const struct node *report, enum visit visit, const struct rule_step *step)
{
    const struct node *key = step->key > 0 ? rule_key_numbered(report, step->key) : NULL;

    if (step->key >= 0)
        return key && visits_way(visit, node_is(key, "route", "public")) & BIT(step->id);
    return (visit_steps[visit].transport | visit_steps[visit].closing) & BIT(step->id);
}

/* Each step comes once, after those before it in the protocol: of the transport and of each key. */
bool visits_check_order(const struct node *report, const struct rule_steps *steps, struct err *err)
{
    const enum visit visit = visits_of(report);
    int *last = calloc((size_t)steps->keys + 1, sizeof *last); /* + 1; 0: none */
    bool closing = false, fresh = false, ok = true;

    if (!last)
        return err_set(err, ERR_FAILED, "There is no memory for the steps of keys");
    for (size_t i = 0; ok && i < steps->count; i++) {
        const struct rule_step *step = &steps->steps[i];
        int *before = &last[step->key > 0 ? step->key : 0];
        if (step->state == EVENT_UNDONE)
            continue;
        const bool early = step->id == STEP_PROVE_FRESH; /* once, wherever keys are over */
        ok = step->number == step_number(step->id) && is_of_visit(report, visit, step) &&
             (early ? !fresh : (int)step->id + 1 > *before) && !(closing && !is_closing(step->id));
        *before = early ? *before : (int)step->id + 1;
        fresh |= early;
        closing |= is_closing(step->id);
        if (!ok)
            rule_step_wrong(steps, step, err, "this step may not come here");
    }
    free(last);
    return ok;
}
