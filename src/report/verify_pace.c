/* SPDX-License-Identifier: Apache-2.0 */
#include "report/verify_pace.h"

#include <stdint.h>

#include "protocol/pace.h"
#include "report/verify_trail.h"

/* The steps, the waits and the choices of a pace, each in its own list, walked side by side. */
struct stroll {
    const struct node *report;
    const struct rule_steps *steps;
    const struct node *chosen; /* the pace in force */
    const struct node *wait;   /* the wait that comes next */
    int64_t first_key;         /* 0: no key has begun */
    int64_t waited_ms;
};

static int64_t seq_of(const struct node *n)
{
    return node_number(n, "seq");
}

static int64_t key_of(const struct node *n)
{
    return node_at(n, "key") ? node_number(n, "key") : 0;
}

static int64_t step_key(const struct rule_step *step)
{
    return step->key > 0 ? step->key : 0;
}

static enum pace pace_of(const struct node *chosen)
{
    enum pace pace = PACE_RUN;

    while (pace < PACES && !node_is(chosen, "pace", pace_name(pace)))
        pace++;
    return pace;
}

static enum step_id step_of(const struct node *wait)
{
    enum step_id id = 0;

    while (id < STEPS && !node_is(wait, "step", step_name(id)))
        id++;
    return id;
}

static bool is_companion(const struct stroll *s, int64_t key)
{
    const struct node *n = rule_key_numbered(s->report, key);

    return n && node_at(n, "companion-of");
}

/* Does the pace that is in force at this number wait before this step? */
static bool must_wait(struct stroll *s, int64_t seq, enum step_id id, int64_t key)
{
    const struct pace_place place = {
        .step = id,
        .key = (uint32_t)key,
        .begins = id == STEP_MAKE_PAIR || id == STEP_DESTROY ||
                  ((id == STEP_WRAP_KEY || id == STEP_READ_OBJECT) && !is_companion(s, key)),
        .first = id < STEP_WRAP_KEY || (key && (s->first_key == 0 || key == s->first_key))};

    while (s->chosen->next && seq_of(s->chosen->next) < seq)
        s->chosen = s->chosen->next;
    return pace_waits(pace_of(s->chosen), &place);
}

/* The wait that comes next is one that its pace asks for, before this step, or (NULL) before one
 * that was not carried out. */
static bool take_wait(struct stroll *s, const struct rule_step *step, struct err *err)
{
    const struct node *wait = s->wait;
    enum step_id id = step_of(wait);
    bool closing = !step || step->id >= STEP_DESTROY;
    bool unknown = s->steps->without_way && id >= STEP_WRAP_KEY && id < STEP_DESTROY;

    if (id == STEP_PROVE_AGAIN)
        return rule_wrong(wait, err, "a kept key must not wait for its proof");
    if (!must_wait(s, seq_of(wait), id, key_of(wait)) ||
        !node_is(wait, "pace", node_text(s->chosen, "pace")))
        return rule_wrong(wait, err, "the pace in force does not wait here");
    if (!closing && !unknown && (step->id != id || step_key(step) != key_of(wait)))
        return rule_wrong(wait, err, "the step that follows is not the one that was waited for");
    if (wait->next && seq_of(wait->next) <= seq_of(wait))
        return rule_wrong(wait->next, err, "this number is not above the one before");
    s->waited_ms += node_at(wait, "ms") ? node_number(wait, "ms") : 0;
    s->wait = wait->next;
    if (unknown && s->first_key == 0)
        s->first_key = key_of(wait);
    return true;
}

/* After an early end the closing steps wait for nobody; of all other waits none is left out. */
static bool take_step(struct stroll *s, const struct rule_step *step, struct err *err)
{
    enum step_id id = step->id;
    bool waited = false;

    while (s->wait && seq_of(s->wait) < step->seq) {
        if (!take_wait(s, step, err))
            return false;
        waited = true;
    }
    if (!waited && id < STEP_DESTROY && must_wait(s, step->seq, id, step_key(step)))
        return rule_step_wrong(s->steps, step, err,
                               "the pace in force waits before this step, and nothing did");
    if (s->first_key == 0)
        s->first_key = step_key(step);
    return true;
}

static bool check_chosen(const struct node *chosen, struct err *err)
{
    for (; chosen; chosen = chosen->next)
        if (pace_of(chosen) == PACES || (chosen->next && seq_of(chosen->next) <= seq_of(chosen)))
            return rule_wrong(chosen, err, "this is no pace, or not in its order");
    return true;
}

bool pace_check(const struct node *report, const struct rule_steps *steps, struct err *err)
{
    const struct node *pace = node_at(report, "ceremony.pace");
    struct stroll s = {.report = report, .steps = steps};

    if (!pace && node_at(report, "script") && node_at(report, "steps")->count > 0)
        return rule_wrong(node_at(report, "ceremony"), err, "the pace is not recorded");
    if (!pace)
        return true;
    s.chosen = node_at(pace, "chosen")->first;
    s.wait = node_at(pace, "waits")->first;
    if (!s.chosen)
        return rule_wrong(pace, err, "no pace was chosen");
    if (!check_chosen(s.chosen, err))
        return false;
    for (size_t i = 0; i < steps->count; i++)
        if (steps->steps[i].state != EVENT_UNDONE && !take_step(&s, &steps->steps[i], err))
            return false;
    while (s.wait)
        if (!take_wait(&s, NULL, err))
            return false;
    if (s.waited_ms != node_number(pace, "waited-ms") ||
        s.waited_ms > node_number(report, "summary.duration-ms"))
        return rule_wrong(pace, err, "\"waited-ms\" is not the sum of the waits");
    return true;
}
