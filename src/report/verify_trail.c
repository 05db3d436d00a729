/* SPDX-License-Identifier: Apache-2.0 */
#include "report/verify_trail.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hsm/facts.h"
#include "hsm/key.h"
#include "protocol/removal.h"
#include "protocol/step.h"
#include "report/visit_rules.h"

bool rule_wrong(const struct node *node, struct err *err, const char *why)
{
    return err_set(err, ERR_DATA, "line %u: %s", node->line, why);
}

const struct node *rule_next_key(const struct node *report, const struct node *key)
{
    const struct node *last = node_at(report, "keys")->first;

    if (!key && last)
        return last;
    if (key && key->next)
        return key->next;
    while (last && last->next)
        last = last->next;
    return key == last ? node_at(report, "companions")->first : NULL;
}

const struct node *rule_key_numbered(const struct node *report, int64_t number)
{
    const struct node *keys = node_at(report, "keys");
    const struct node *key =
        number <= (int64_t)keys->count
            ? node_item(keys, number)
            : node_item(node_at(report, "companions"), number - (int64_t)keys->count);

    return key && node_number(key, "number") == number ? key : NULL;
}

/* --- the trail of a key --- */

/* The steps of one key as bits 1 << enum step_id; the bit of a proof is set only if those of the
 * stages before are. */
struct trail {
    const struct node *key;
    bool derived; /* new on both sides */
    bool aligned; /* it was there, and its attributes were set */
    bool public;  /* not encrypted, so it is proven only at the destination */
    enum visit visit;
    bool was_there; /* an interrupted ceremony had migrated it; this one proves it again */
    uint32_t steps, proofs;
};

static void begin_trail(const struct node *report, const struct node *key, struct trail *trail)
{
    *trail = (struct trail){
        .key = key, .visit = visits_of(report), .was_there = node_is(key, "kept", "yes")};
    trail->was_there &= node_at(report, "ceremony.resumes") != NULL;
    trail->public = node_is(key, "route", "public");
    trail->derived = node_is(key, "route", "derived");
    trail->aligned = node_is(key, "route", "aligned");
    if (trail->was_there || trail->public || trail->aligned || trail->visit == VISIT_CONFIRM)
        trail->proofs = UINT32_C(1) << STEP_PROVE;
    if (trail->visit == VISIT_CONFIRM) /* the destination's report has the others */
        trail->proofs |= UINT32_C(1) << STEP_PROVE_AGAIN;
}

static void follow_steps(const struct rule_steps *steps, struct trail *trails, int64_t count)
{
    for (const struct rule_step *s = steps->steps; s < steps->steps + steps->count; s++)
        if (s->key >= 1 && s->key <= count && s->state == EVENT_OK)
            trails[s->key - 1].steps |= UINT32_C(1) << s->id;
}

/* Is it by a method that identifies this key? If an HSM answers one proof only once, another proof
 * that both HSMs support is used; the report shows the last. */
static bool is_by_its_method(const struct node *proof, const struct node *key)
{
    return node_is(proof, "method", node_text(key, "proof")) ||
           (!node_is(proof, "stage", step_name(STEP_PROVE_FRESH)) &&
            !node_is(proof, "method", hsm_proof_name(HSM_PROOF_BYTES)) &&
            !node_is(key, "route", "public"));
}

/* Its stage counts if those before it were proven. */
static void follow_proof(const struct node *proof, struct trail *trail)
{
    static const enum step_id stages[] = {STEP_PROVE, STEP_PROVE_AGAIN, STEP_PROVE_FRESH};
    uint32_t before = 0;

    if (!node_is(proof, "state", "ok") || !is_by_its_method(proof, trail->key))
        return;
    for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++) {
        uint32_t bit = UINT32_C(1) << stages[i];
        if (node_is(proof, "stage", step_name(stages[i])) && trail->proofs == before)
            trail->proofs |= bit;
        before |= bit;
    }
}

static void follow_proofs(const struct node *report, struct trail *trails, int64_t count)
{
    int64_t seq = 0;

    for (const struct node *n = node_at(report, "proofs")->first; n; n = n->next) {
        int64_t key = node_number(n, "key");
        if (key < 1 || key > count || node_number(n, "seq") <= seq)
            continue;
        seq = node_number(n, "seq");
        follow_proof(n, &trails[key - 1]);
    }
}

/* From format 3 on: what its profile says, with a time for each. */
static bool follow_profile(struct trail *trail, struct err *err)
{
    const struct node *proofs = node_at(trail->key, "proofs"),
                      *at = node_at(trail->key, "proven-at");

    if ((proofs ? proofs->count : 0) != (at ? at->count : 0))
        return rule_wrong(trail->key, err, "the times of its proofs are not those of its profile");
    for (const struct node *n = proofs ? proofs->first : NULL; n; n = n->next)
        follow_proof(n, trail);
    return true;
}

/* The steps of a key that arrived, as bits 1 << enum step_id. */
static uint32_t whole_way(const struct trail *trail)
{
    const uint32_t kept = UINT32_C(1) << STEP_COMMIT | UINT32_C(1) << STEP_PROVE_AGAIN;
    const uint32_t read = UINT32_C(1) << STEP_READ_OBJECT | UINT32_C(1) << STEP_RELAY_OBJECT;
    const uint32_t aligned = UINT32_C(1) << STEP_ALIGN | UINT32_C(1) << STEP_PROVE_AGAIN;
    const uint32_t moved = (UINT32_C(2) << STEP_PROVE) - (UINT32_C(1) << STEP_WRAP_KEY);

    const uint32_t derived = UINT32_C(1) << STEP_DERIVE | UINT32_C(1) << STEP_DERIVE_THERE |
                             UINT32_C(1) << STEP_PROVE | UINT32_C(1) << STEP_COMMIT_SOURCE;

    return trail->was_there             ? 0
           : trail->derived             ? kept | derived
           : trail->aligned             ? aligned
           : trail->visit != VISIT_NONE ? visits_way(trail->visit, trail->public)
                                        : kept | (trail->public ? read : moved);
}

/* The missing odd parity of a DES key shows only at its proof: the key was then encrypted, but not
 * kept. */
static bool shows_parity(const struct trail *trail)
{
    const char *des = key_kind_name(KEY_KIND_DES3);
    const uint32_t carried = (UINT32_C(1) << STEP_PROVE) - (UINT32_C(1) << STEP_WRAP_KEY);

    return !trail->public && !(trail->steps & ~carried) &&
           strncmp(node_text(trail->key, "type"), des, strlen(des)) == 0;
}

static bool check_trail(const struct trail *trail, bool without_way, struct err *err)
{
    const uint32_t encrypted = UINT32_C(1) << STEP_WRAP_KEY;
    const uint32_t sealed_way =
        encrypted | UINT32_C(1) << STEP_RELAY_KEY | UINT32_C(1) << STEP_SEAL;

    if (node_is(trail->key, "kept", "yes") && !trail->was_there)
        return rule_wrong(trail->key, err,
                          "this key cannot have been there before: nothing is resumed");
    if (node_is(trail->key, "outcome", "migrated") || node_is(trail->key, "outcome", "aligned") ||
        node_is(trail->key, "outcome", "derived")) {
        if (!(trail->proofs & UINT32_C(1) << STEP_PROVE_FRESH))
            return rule_wrong(trail->key, err, "a migrated key was not proven three times");
        if (!without_way && trail->steps != whole_way(trail))
            return rule_wrong(trail->key, err, "a migrated key has not gone through all steps");
    }
    if (node_is(trail->key, "outcome", "sealed") && !without_way && trail->steps != sealed_way)
        return rule_wrong(trail->key, err, "a sealed key has not gone through all steps");
    if (node_is(trail->key, "outcome", "bundled") && !without_way &&
        trail->steps != whole_way(trail))
        return rule_wrong(trail->key, err, "a bundled key has not gone through all steps");
    if (node_is(trail->key, "outcome", "refused") && !shows_parity(trail) &&
        (trail->public ? trail->steps & encrypted : trail->steps & ~(uint32_t)REMOVAL_STEPS))
        return rule_wrong(trail->key, err, "a refused key was encrypted");
    return true;
}

bool trail_check_proofs(const struct node *report, const struct rule_steps *steps, struct err *err)
{
    size_t count = node_at(report, "keys")->count + node_at(report, "companions")->count;
    struct trail *trails = calloc(count + 1, sizeof *trails);
    bool ok = true;
    size_t i = 0;

    if (!trails)
        return err_set(err, ERR_FAILED, "There is no memory for what became of the keys");
    for (const struct node *key = rule_next_key(report, NULL); key;
         key = rule_next_key(report, key))
        begin_trail(report, key, &trails[i++]);
    follow_steps(steps, trails, (int64_t)count);
    follow_proofs(report, trails, (int64_t)count);
    for (i = 0; i < count && ok; i++)
        ok = follow_profile(&trails[i], err) && check_trail(&trails[i], steps->without_way, err);
    free(trails);
    return ok;
}
