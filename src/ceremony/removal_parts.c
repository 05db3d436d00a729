/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/removal_parts.h"

#include <string.h>

#include "base/text.h"
#include "ceremony/inventories.h"

static bool emit_it(struct removal_walk *w, enum step_id id, enum event_state state,
                    const struct transfer *t, const struct step_result *result, int64_t micros,
                    struct err *err)
{
    const struct step_word word = {id, state, micros, t, result};

    return emit_step(&w->c->narrator, &word, err);
}

bool removal_step(struct removal_walk *w, enum step_id id, const struct transfer *t,
                  removal_step_fn *run, void *ctx, struct err *err)
{
    const struct ceremony_host *host = &w->c->host;
    const int64_t begun = host->mono_us(host->ctx);
    struct step_result result = {0};
    struct err refused = {0};
    const bool closing = id == (enum step_id)INVENTORY_STEP || id == STEP_PROVE_FRESH;
    bool ok;

    /* To look at what is there must not depend on a record that can no longer be written. */
    if (!emit_it(w, id, EVENT_BEGUN, t, NULL, 0, &refused) && !closing) {
        *err = refused;
        return false;
    }
    ok = run(w, ctx, &result, err);
    if (!ok)
        text_print(result.text, sizeof result.text, "%s", err->what);
    err_clear(&refused);
    if (emit_it(w, id, ok ? EVENT_OK : EVENT_FAILED, t, &result, host->mono_us(host->ctx) - begun,
                &refused) ||
        !ok)
        return ok;
    *err = refused;
    return false;
}

/* --- gates --- */

enum { TYPED_MAX = 1024 };

bool removal_goes_on(const struct removal_walk *w, struct err *err)
{
    return !atomic_load(&w->c->walk.stop) || err_set(err, ERR_STOPPED, "stopped by the officers");
}

static bool answer(struct removal_walk *w, char typed[TYPED_MAX], struct err *err)
{
    memset(typed, 0, TYPED_MAX);
    if (removal_goes_on(w, err) && w->job->answer(w->job->ctx, typed, TYPED_MAX))
        return true;
    gatekeeper_refuse(&w->c->gatekeeper, &w->c->narrator);
    err_set(err, ERR_STOPPED, "stopped by the officers at a gate");
    return err_next(err, "Start again when you are sure.");
}

bool removal_gate(struct removal_walk *w, const struct gate_subject *about, struct err *err)
{
    struct gatekeeper *k = &w->c->gatekeeper;
    char typed[TYPED_MAX];
    bool ok = true;

    while (ok && !k->skip && !gatekeeper_pass(k, about, &w->c->narrator, err))
        ok = k->open && answer(w, typed, err) && gatekeeper_answer(k, typed, &w->c->narrator, err);
    explicit_bzero(typed, sizeof typed);
    return ok;
}
