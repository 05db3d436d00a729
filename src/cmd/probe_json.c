/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/probe_json.h"

#include <inttypes.h>
#include <string.h>

#include "base/json_writer.h"
#include "base/text.h"
#include "cmd/list_json.h"

void probe_json_side(struct json_writer *j, enum side side, const struct config_side *from,
                     const struct kept_events *kept)
{
    const struct event *event, *hsm = NULL;
    char module[TEXT_SAFE_SIZE(HSM_PATH_MAX)];

    for (size_t at = 0; (event = kept_events_next(kept, EVENT_HSM, &at));)
        if (event->side == side)
            hsm = event;
    text_safe(from->where.module, strlen(from->where.module), module, sizeof module);
    json_map(j, side_name(side));
    json_text(j, "api", from->where.api);
    json_text(j, "module", module);
    if (hsm) {
        json_some(j, "api-version", hsm->hsm.info.api_version);
        json_some(j, "library", hsm->hsm.info.library);
        json_some(j, "library-version", hsm->hsm.info.version);
        json_some(j, "dialect", hsm->hsm.info.dialect.name);
        json_map(j, "token");
        list_json_slot(j, &hsm->hsm.slot);
        json_end(j);
    }
    json_end(j);
}

static void put_capability(struct json_writer *j, const struct event *event)
{
    const struct hsm_capability *capability = &event->capability.how;
    char mechanism[24];

    json_map(j, NULL);
    json_text(j, "side", side_name(event->side));
    json_text(j, "algorithm", hsm_alg_name(event->capability.alg));
    json_bool(j, "wrap", capability->wrap);
    json_bool(j, "unwrap", capability->unwrap);
    snprintf(mechanism, sizeof mechanism, "0x%" PRIx64, capability->mechanism);
    if (capability->mechanism)
        json_text(j, "mechanism", mechanism);
    json_some(j, "wrap-call", capability->wrap_call);
    json_some(j, "unwrap-call", capability->unwrap_call);
    json_some(j, "reason", capability->reason);
    json_end(j);
}

/* The last word of each side on each algorithm. */
static void put_capabilities(struct json_writer *j, const struct kept_events *kept)
{
    const struct event *event, *last[2][HSM_ALGS] = {{NULL}};

    for (size_t at = 0; (event = kept_events_next(kept, EVENT_CAPABILITY, &at));)
        if ((unsigned)event->side < 2 && (unsigned)event->capability.alg < HSM_ALGS)
            last[event->side][event->capability.alg] = event;
    json_list(j, "offers");
    for (unsigned i = 0; i < 2 * HSM_ALGS; i++)
        if (last[i / HSM_ALGS][i % HSM_ALGS])
            put_capability(j, last[i / HSM_ALGS][i % HSM_ALGS]);
    json_end(j);
}

/* An HSM that was not reached can nothing, and says no reason. */
static void put_evidence(struct json_writer *j, const struct worker *worker)
{
    json_list(j, "evidence");
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++) {
        const struct hsm_capability *evidence = worker_evidence_now(worker, side);
        json_map(j, NULL);
        json_text(j, "side", side_name(side));
        json_bool(j, "seal", evidence->wrap);
        json_bool(j, "unseal", evidence->unwrap);
        json_some(j, "reason", evidence->reason);
        json_end(j);
    }
    json_end(j);
}

static void put_choice(struct json_writer *j, const char *name, const struct event *choice)
{
    if (!choice)
        return;
    json_map(j, name);
    json_text(j, "algorithm", hsm_alg_name(choice->choice.alg));
    json_number(j, "bits", choice->choice.bits);
    json_text(j, "source", choice->choice.source_call);
    json_text(j, "destination", choice->choice.destination_call);
    json_some(j, "keys", choice->choice.keys);
    json_text(j, "reason", choice->choice.reason);
    json_end(j);
}

/* The result of the last negotiation: a canary can show that an HSM does not support what it
 * advertises. */
static void put_negotiation(struct json_writer *j, const struct kept_events *kept)
{
    const struct event *event, *transport = NULL, *envelope = NULL;
    size_t more = 0;

    for (size_t at = 0; (event = kept_events_next(kept, EVENT_CHOICE, &at));) {
        if (event->choice.more)
            continue;
        more = at; /* further envelopes follow their first one */
        *(event->choice.envelope ? &envelope : &transport) = event;
    }
    json_map(j, "negotiation");
    put_choice(j, "transport", transport);
    put_choice(j, "envelope", envelope);
    json_list(j, "more-envelopes");
    while ((event = kept_events_next(kept, EVENT_CHOICE, &more)))
        put_choice(j, NULL, event);
    json_end(j);
    json_list(j, "rejected");
    for (size_t at = 0; (event = kept_events_next(kept, EVENT_REJECTED, &at));) {
        json_map(j, NULL);
        json_text(j, "candidate", event->note.name);
        json_text(j, "text", event->note.text);
        json_end(j);
    }
    json_end(j);
    json_end(j);
}

static void put_canaries(struct json_writer *j, const struct kept_events *kept)
{
    const struct event *event;

    json_list(j, "canaries");
    for (size_t at = 0; (event = kept_events_next(kept, EVENT_CANARY, &at));) {
        if (event->canary.state > CANARY_IMPOSSIBLE) /* it is in progress */
            continue;
        json_map(j, NULL);
        json_text(j, "type", event->canary.type);
        json_bool(j, "transport", event->canary.transport);
        json_text(j, "algorithm", hsm_alg_name(event->canary.alg));
        json_text(j, "state", canary_state_name(event->canary.state));
        json_number(j, "ms", event->canary.micros / 1000);
        json_text(j, "text", event->canary.text);
        json_end(j);
    }
    json_end(j);
}

static void put_key(struct json_writer *j, size_t number, const struct plan_item *item)
{
    bool movable = item->route != ROUTE_NONE;
    const struct err reason = err_note_get(&item->reason);

    json_map(j, NULL);
    json_number(j, "number", (int64_t)number);
    list_json_name(j, item->key);
    if (item->companion_of)
        json_number(j, "companion-of", (int64_t)item->companion_of);
    json_bool(j, "named", item->explicit);
    json_bool(j, "movable", movable);
    json_text(j, "route", key_route_name(item->route));
    if (item->route == ROUTE_ENVELOPE || item->route == ROUTE_DIRECT)
        json_text(j, "algorithm", hsm_alg_name(item->alg));
    if (!movable)
        json_text(j, "code", err_code_name(item->reason.code));
    json_text(j, "reason", reason.what);
    json_some(j, "next", reason.next);
    json_end(j);
}

static void put_warnings(struct json_writer *j, const struct kept_events *kept)
{
    const struct event *event;

    json_list(j, "warnings");
    for (size_t at = 0; (event = kept_events_next(kept, EVENT_WARNING, &at));) {
        json_map(j, NULL);
        if (event->key)
            json_number(j, "key", event->key);
        json_text(j, "name", event->note.name);
        json_text(j, "text", event->note.text);
        json_end(j);
    }
    json_end(j);
}

void probe_json_print(FILE *out, const struct config *config, const struct worker *worker,
                      const struct kept_events *kept, int exit_code)
{
    const struct plan *plan = worker_plan_now(worker);
    struct json_writer j = {.out = out};
    const struct event *event;

    json_map(&j, NULL);
    json_text(&j, "format", "hsmferry-probe/1");
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++)
        probe_json_side(&j, side, &config->side[side], kept);
    put_capabilities(&j, kept);
    put_evidence(&j, worker);
    put_negotiation(&j, kept);
    put_canaries(&j, kept);
    json_list(&j, "keys");
    for (size_t i = 0; i < plan->count; i++)
        put_key(&j, i + 1, &plan->items[i]);
    json_end(&j);
    put_warnings(&j, kept);
    json_list(&j, "errors");
    for (size_t at = 0; (event = kept_events_next(kept, EVENT_ERROR, &at));)
        list_json_error(&j, event->side, event->key, &event->error);
    json_end(&j);
    json_number(&j, "movable", (int64_t)plan->movable);
    json_number(&j, "exit-code", exit_code);
    json_end(&j);
}
