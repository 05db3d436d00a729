/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/trial.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Each test key begins with its making, and that of the transport with its pair. */
static void take_call(struct trial_shown *t, const struct event *e, int64_t now_ms)
{
    const char *words = e->call.words;

    if (e->call.state != EVENT_BEGUN)
        return;
    if (strcmp(e->call.name, "make-key") == 0)
        snprintf(t->now, sizeof t->now, "%.*s", (int)strcspn(words, ","), words);
    else if (strcmp(e->call.name, "make-pair") == 0)
        snprintf(t->now, sizeof t->now, "transport");
    else
        return;
    t->since_ms = now_ms;
}

void trial_event(struct trial_shown *t, const struct event *e, int64_t now_ms)
{
    if (e->kind == EVENT_CALL)
        take_call(t, e, now_ms);
    if (e->kind == EVENT_CANARY && e->canary.state <= CANARY_IMPOSSIBLE)
        snprintf(t->last, sizeof t->last, "%.63s %s, %" PRId64 ".%" PRId64 " s", e->canary.type,
                 canary_state_name(e->canary.state), e->canary.micros / 1000000,
                 e->canary.micros / 100000 % 10);
}

char *trial_text(const struct trial_shown *t, int64_t now_ms, char *out, size_t size)
{
    int64_t ms = now_ms - t->since_ms;

    if (!t->now[0])
        snprintf(out, size, "begins");
    else
        snprintf(out, size, "%s, %" PRId64 ".%" PRId64 " s%s%s%s", t->now, ms / 1000, ms / 100 % 10,
                 t->last[0] ? "   (" : "", t->last, t->last[0] ? ")" : "");
    return out;
}
