/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/pacer.h"

#include <inttypes.h>
#include <string.h>

static int64_t now_us(const struct narrator *n)
{
    return n->host->mono_us(n->host->ctx);
}

static bool emit(struct narrator *n, enum pace_state state, enum pace pace,
                 const struct pace_place *place, int64_t micros, struct err *err)
{
    struct event e = {.kind = EVENT_PACE, .side = SIDE_RELAY, .key = place->key};

    e.pace.state = state;
    e.pace.pace = pace;
    e.pace.step = place->step;
    e.pace.micros = micros;
    return emit_event(n, &e, err);
}

bool pacer_begin(struct pacer *p, enum pace pace, struct narrator *n, struct err *err)
{
    const struct pace_place before_all = {.step = STEP_MAKE_PAIR};

    p->pace = pace;
    return emit(n, PACE_CHOSEN, pace, &before_all, 0, err);
}

static bool go_on(struct pacer *p, const struct pace_place *place, struct narrator *n,
                  struct err *err)
{
    p->waits = false;
    p->released = true;
    p->waited_us = now_us(n) - p->since_us;
    return emit(n, PACE_GOES_ON, p->pace, place, p->waited_us, err);
}

bool pacer_pass(struct pacer *p, const struct pace_place *place, struct narrator *n,
                struct err *err)
{
    struct pace_place at = *place;
    bool must;

    if (p->first_item == 0)
        p->first_item = place->key;
    at.first = place->first || (place->key && place->key == p->first_item);
    must = !p->over && !p->released && pace_waits(p->pace, &at);
    if (must && p->waits)
        return false;
    if (!must)
        return !p->waits || go_on(p, place, n, err);
    p->since_us = now_us(n);
    p->waits = emit(n, PACE_WAITS, p->pace, place, 0, err);
    return false;
}

bool pacer_choose(struct pacer *p, enum pace pace, const struct pace_place *place,
                  struct narrator *n, struct err *err)
{
    if (pace == p->pace)
        return true;
    if (!emit(n, PACE_CHOSEN, pace, place, 0, err))
        return false;
    p->pace = pace;
    return true;
}

void pacer_release(struct pacer *p)
{
    p->released |= p->waits;
}

void pacer_step_over(struct pacer *p)
{
    p->released = false;
    p->waited_us = 0;
}

void pacer_end(struct pacer *p, const struct pace_place *place, struct narrator *n)
{
    struct err ignored;

    p->over = true;
    if (p->waits)
        go_on(p, place, n, &ignored);
}

/* Does an HSM answer so that has ended the session, or the login? */
static bool has_ended(const struct err *err)
{
    static const char *const names[] = {"CKR_USER_NOT_LOGGED_IN", "SEC_ERROR_TOKEN_NOT_LOGGED_IN"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(err->hsm_name, names[i]) == 0)
            return true;
    return err->code == ERR_GONE;
}

void pacer_explain(const struct pacer *p, struct err *err)
{
    struct err was = *err;

    if (p->waited_us == 0 || !has_ended(err))
        return;
    err_set_hsm(err, ERR_GONE, was.hsm_code, was.hsm_name,
                "the HSM ended the session in, or after, a wait of %" PRId64 " s: %s",
                p->waited_us / 1000000, was.what);
    err_now(err, "%s", was.now);
    err_next(err, "Run hsmferry resume if the exit code is 3, else start again; wait for a shorter "
                  "time, or let the HSM keep a session longer.");
}
