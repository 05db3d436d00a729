/* SPDX-License-Identifier: Apache-2.0 */
#include "report/verify_sessions.h"

#include <stdint.h>
#include <stdlib.h>

#include "protocol/sessions.h"
#include "report/verify_trail.h"

static uint32_t number_at(const struct node *n, const char *name)
{
    const int64_t number = node_at(n, name) ? node_number(n, name) : 0;

    return number < 0 ? 0 : number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
}

static struct sessions_basis basis_of(const struct node *sessions)
{
    return (struct sessions_basis){
        .fixed = number_at(sessions, "fixed"),
        .keys = number_at(sessions, "measured-keys"),
        .micros = node_at(sessions, "microseconds") ? node_number(sessions, "microseconds") : 0,
        .left = number_at(sessions, "keys-left")};
}

/* Does the number follow from what it depends on? */
static bool check_number(const struct node *sessions, struct err *err)
{
    const struct sessions_basis basis = basis_of(sessions);
    const uint32_t have[2] = {number_at(sessions, "source"), number_at(sessions, "destination")};
    const uint32_t wanted = sessions_wanted(&basis);
    char reason[SESSIONS_REASON_SIZE];

    if (!basis.fixed && (basis.keys < SESSIONS_MEASURED || basis.left < 2 * SESSIONS_KEYS))
        return rule_wrong(sessions, err, "there was nothing to decide by");
    for (unsigned side = 0; side < 2; side++)
        if (have[side] < 1 || have[side] > wanted)
            return rule_wrong(sessions, err, "the numbers of sessions do not follow from the rest");
    if (!node_is(sessions, "reason", sessions_reason(&basis, have, reason)))
        return rule_wrong(sessions, err, "\"reason\" is not what follows from the numbers");
    return true;
}

static bool is_of_key(const struct rule_step *step)
{
    return step->key > 0 && step->id >= STEP_WRAP_KEY && step->id <= STEP_PROVE_AGAIN;
}

static bool is_over(const struct rule_step *step)
{
    return step->state == EVENT_FAILED || step->state == EVENT_UNDONE ||
           (step->id == STEP_PROVE_AGAIN && step->state == EVENT_OK);
}

/* Until it was decided that keys may be in progress together, one follows the other. */
static bool check_order(const struct node *sessions, const struct rule_steps *steps,
                        struct err *err)
{
    int64_t open = 0;

    for (size_t i = 0; i < steps->count; i++) {
        const struct rule_step *step = &steps->steps[i];
        if (!is_of_key(step))
            continue;
        if (step->seq > node_number(sessions, "seq"))
            break;
        if (open && open != step->key)
            return rule_step_wrong(steps, step, err,
                                   "another key is in progress, and the record of the sessions "
                                   "does not allow it");
        open = is_over(step) ? 0 : step->key;
    }
    return true;
}

static bool is_measured_by(const struct node *report, int64_t number)
{
    const struct node *key = rule_key_numbered(report, number);

    return key && !node_at(key, "companion-of") && !node_is(key, "route", "public") &&
           !node_is(key, "route", "aligned");
}

/* The times of the steps of one key, and the fastest ones of several. */
struct times {
    int64_t of_key[STEPS], fastest[STEPS];
    uint32_t keys;
};

static void take_times(struct times *t)
{
    for (size_t id = 0; id < STEPS; id++)
        if (t->keys == 0 || t->of_key[id] < t->fastest[id])
            t->fastest[id] = t->of_key[id];
    t->keys++;
}

/* Do the recorded times of the first keys' steps give what was measured? */
static bool check_measure(const struct node *report, const struct node *sessions,
                          const struct rule_steps *steps, struct err *err)
{
    const struct sessions_basis basis = basis_of(sessions);
    struct times t = {0};
    int64_t sum = 0;

    for (size_t i = 0; i < steps->count && t.keys < SESSIONS_MEASURED; i++) {
        const struct rule_step *step = &steps->steps[i];
        if (!is_of_key(step) || step->seq > node_number(sessions, "seq") ||
            !is_measured_by(report, step->key))
            continue;
        t.of_key[step->id] = step->micros;
        if (step->id == STEP_PROVE_AGAIN && step->state == EVENT_OK)
            take_times(&t);
    }
    for (size_t id = 0; id < STEPS; id++)
        sum += t.fastest[id];
    return (t.keys == basis.keys && sum == basis.micros) ||
           rule_wrong(sessions, err, "the times of the first keys in the journal are others");
}

bool sessions_check(const struct node *report, const struct rule_steps *steps, struct err *err)
{
    const struct node *sessions = node_at(report, "ceremony.sessions");

    if (!sessions)
        return true;
    return check_number(sessions, err) && check_order(sessions, steps, err) &&
           (!steps->of_journal || node_at(sessions, "fixed") ||
            check_measure(report, sessions, steps, err));
}
