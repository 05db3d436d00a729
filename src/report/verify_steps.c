/* SPDX-License-Identifier: Apache-2.0 */
#include "report/verify_steps.h"

#include <stdlib.h>
#include <string.h>

#include "hsm/facts.h"

enum step_id rule_step_of(const struct node *step)
{
    enum step_id id = 0;

    while (id < STEPS && !node_is(step, "name", step_name(id)))
        id++;
    return id;
}

static bool no_memory(struct err *err)
{
    return err_set(err, ERR_FAILED, "There is no memory for the steps of a ceremony");
}

static bool add(struct rule_steps *steps, const struct rule_step *step, struct err *err)
{
    if (steps->count == steps->room) {
        size_t room = steps->room ? steps->room + steps->room / 2 : 64;
        struct rule_step *grown = reallocarray(steps->steps, room, sizeof *grown);
        if (!grown)
            return no_memory(err);
        steps->steps = grown;
        steps->room = room;
    }
    steps->steps[steps->count++] = *step;
    if (steps->keys < step->key)
        steps->keys = step->key;
    return true;
}

/* Joins the steps of each key, and those of none. */
static bool join(struct rule_steps *steps, struct err *err)
{
    size_t *next =
        steps->keys <= HSM_OBJECTS_MAX ? calloc((size_t)steps->keys + 1, sizeof *next) : NULL;

    if (!next)
        return no_memory(err);
    for (size_t i = steps->count; i-- > 0;) {
        struct rule_step *step = &steps->steps[i];
        size_t key = step->key > 0 ? (size_t)step->key : 0;
        step->next = next[key];
        next[key] = i;
    }
    free(next);
    return true;
}

/* --- of a report --- */

static unsigned find(const struct node *node, const char *member, const char *(*name)(unsigned),
                     unsigned count)
{
    unsigned i = 0;

    while (i < count && !node_is(node, member, name(i)))
        i++;
    return i;
}

static void read_step(const struct node *node, struct rule_step *step)
{
    size_t len = SHA256_SIZE;

    *step = (struct rule_step){
        .seq = node_number(node, "seq"),
        .key = node_number(node, "key"),
        .line = node->line,
        .id = rule_step_of(node),
        .state = (enum event_state)find(node, "state", event_state_name, EVENT_STATES),
        .side = (enum side)find(node, "side", side_name, SIDES),
        .number = (int)node_number(node, "number"),
        .bytes = node_number(node, "bytes"),
    };
    if (!text_unhex(node_text(node, "sha256"), step->sha256, &len) || len != SHA256_SIZE)
        step->bytes = -1;
}

bool rule_steps_of_report(const struct node *report, struct rule_steps *steps, struct err *err)
{
    struct rule_step step;

    *steps = (struct rule_steps){.without_way = node_at(report, "profiles") != NULL};
    for (const struct node *n = node_at(report, "steps")->first; n; n = n->next) {
        read_step(n, &step);
        if (!add(steps, &step, err))
            return false;
    }
    return join(steps, err);
}

/* --- of a journal --- */

/* The steps that have begun and not ended, by key; 0: that of no key. */
struct open_steps {
    struct rule_step *of;
    size_t count;
};

static bool add_open(struct rule_steps *steps, struct rule_step *open, struct err *err)
{
    bool ok = open->seq == 0 || add(steps, open, err);

    open->seq = 0;
    return ok;
}

/* A step that never ended comes before the next one of its key, and before what closes all. */
static bool take_step(struct rule_steps *steps, struct open_steps *open,
                      const struct rule_step *step, struct err *err)
{
    struct rule_step *its = &open->of[step->key > 0 ? step->key : 0];
    bool ends = step->state != EVENT_BEGUN && its->id == step->id;

    for (size_t i = 0; i < open->count && step->id >= STEP_DESTROY; i++)
        if (&open->of[i] != its && !add_open(steps, &open->of[i], err))
            return false;
    if (ends)
        its->seq = 0;
    if (!add_open(steps, its, err))
        return false;
    if (step->state != EVENT_BEGUN)
        return add(steps, step, err);
    *its = *step;
    return true;
}

static struct rule_step step_of(const struct event *event, unsigned line)
{
    struct rule_step step = {
        .seq = (int64_t)event->seq,
        .key = event->key ? (int64_t)event->key : -1,
        .line = line,
        .id = event->step.id,
        .state = event->step.state,
        .side = event->side,
        .number = step_number(event->step.id),
        .bytes = event->step.bytes ? (int64_t)event->step.bytes : -1,
        .micros = event->step.micros,
    };

    memcpy(step.sha256, event->step.sha256, SHA256_SIZE);
    return step;
}

static bool take_all(const struct event_log *log, struct rule_steps *steps, struct open_steps *open,
                     struct err *err)
{
    struct event event;
    unsigned line = 1; /* the first names the format */

    for (size_t at = 0; event_log_next(log, UINT64_MAX, &at, &event);) {
        line++;
        if (event.kind != EVENT_STEP)
            continue;
        const struct rule_step step = step_of(&event, line);
        if (step.key >= (int64_t)open->count)
            return err_set(err, ERR_DATA, "line %u of the journal: there is no such key", line);
        if (!take_step(steps, open, &step, err))
            return false;
    }
    for (size_t i = 0; i < open->count; i++)
        if (!add_open(steps, &open->of[i], err))
            return false;
    return true;
}

bool rule_steps_of_journal(const struct event_log *log, struct rule_steps *steps, struct err *err)
{
    struct open_steps open = {.count = 1};
    struct event event;

    *steps = (struct rule_steps){.of_journal = true};
    for (size_t at = 0; event_log_next(log, UINT64_C(1) << EVENT_PLANNED, &at, &event);)
        if (event.key >= open.count && event.key <= HSM_OBJECTS_MAX)
            open.count = event.key + (size_t)1;
    open.of = calloc(open.count, sizeof *open.of);
    bool ok = (open.of || no_memory(err)) && take_all(log, steps, &open, err) && join(steps, err);
    free(open.of);
    return ok;
}

void rule_steps_free(struct rule_steps *steps)
{
    free(steps->steps);
    *steps = (struct rule_steps){0};
}

bool rule_step_wrong(const struct rule_steps *steps, const struct rule_step *step, struct err *err,
                     const char *why)
{
    return err_set(err, ERR_DATA, "line %u%s: %s", step->line,
                   steps->of_journal ? " of the journal" : "", why);
}
