/* SPDX-License-Identifier: Apache-2.0 */
/* hsmferry probe FILE: performs everything that precedes the first question of a ceremony, and
 * nothing else. */
#include <stdio.h>

#include "base/text.h"
#include "cmd/command.h"
#include "cmd/message.h"
#include "cmd/probe_json.h"
#include "cmd/session.h"
#include "ui/plain/plain_log.h"
#include "ui/plain/plain_loop.h"

/* Between two rooms, the proof of a key that may be weak is encrypted by the HSMs. */
static void say_evidence(const struct worker *worker, struct plain_log *log)
{
    char text[EVENT_TEXT_MAX];

    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++) {
        const struct hsm_capability *evidence = worker_evidence_now(worker, side);
        const bool can = side == SIDE_SOURCE ? evidence->wrap : evidence->unwrap;
        text_print(text, sizeof text, "evidence key on the %s, for two rooms: %s%s%s%s",
                   side_name(side), can ? "yes, " : "no: ", evidence->reason,
                   can ? "" : "; there, stored secrets, HMAC and DES keys need the waiver of ",
                   can ? "" : "unproven keys");
        plain_log_note(log, text);
    }
}

/* The code that the ceremony would end with for this: that of a key named by itself. log: NULL: no
 * line of it is wanted. */
static int verdict(const struct plan *plan, struct plain_log *log)
{
    size_t companions = 0;
    char text[96];
    int code = 0;

    for (size_t i = plan->count; i-- > 0;) {
        companions += plan->items[i].companion_of != 0;
        if (plan->items[i].explicit && plan->items[i].route == ROUTE_NONE)
            code = err_exit(plan->items[i].reason.code);
    }
    text_print(text, sizeof text, "%zu of %zu keys can be migrated; no key was touched",
               plan->movable, plan->count - companions);
    if (log)
        plain_log_note(log, text);
    return code;
}

/* log: NULL: the result is written as JSON, and nothing else. */
static int probe(struct session *s, struct plain_log *log)
{
    struct kept_events kept = {.kinds = log ? 0 : PROBE_EVENTS};
    const struct config *config = s->config;
    struct uri all;
    struct selection keys = {.uris = config->keys, .uri_count = config->key_count};
    struct worker *worker;
    struct err err = {0};
    bool writes;

    if (config->key_count == 0) {
        if (!uri_parse("pkcs11:", &all, &err))
            return command_failed(&err);
        keys = (struct selection){.uris = &all, .uri_count = 1};
    }
    /* The canary records its writes; if it leaves nothing, the journal is deleted. */
    writes = config->policy.canary != CANARY_NONE && config->policy.writes_before_review;
    if (!session_start(s, writes, false, &worker, &err))
        return command_failed(&err);
    if (log)
        plain_log_print_all(log);
    struct plain_result result = plain_run(&(struct plain_job){
        .worker = worker,
        .token = {&config->side[SIDE_SOURCE].token, &config->side[SIDE_DESTINATION].token},
        .selection = &keys,
        .until_plan = true,
        .log = log,
        .out = stdout,
        .take = kept_events_take,
        .ctx = &kept,
    });
    if (result.exit_code == 0 && log)
        say_evidence(worker, log);
    if (result.exit_code == 0)
        result.exit_code = verdict(worker_plan_now(worker), log);
    if (kept.lost) {
        err_set(&err, ERR_FAILED, "There is no memory for all that the HSMs answered");
        result.exit_code = command_failed(&err);
    } else if (!log) {
        probe_json_print(stdout, config, worker, &kept, result.exit_code);
    }
    worker_free(worker);
    kept_events_free(&kept);
    return result.exit_code;
}

int command_probe(const struct invocation *in)
{
    struct session s = {.host = in->host, .probes = true};
    struct plain_log *log = NULL;
    struct err err = {0};
    int code;

    if (!session_load(&s, in->words[0], &err) || !session_confine(&s, SESSION_RECORD, NULL, &err) ||
        (!in->json && !plain_log_new(stdout, &log, &err))) {
        code = command_failed(&err);
    } else {
        if (in->no_canary)
            s.config->policy.canary = CANARY_NONE;
        code = probe(&s, log);
    }
    plain_log_free(log);
    session_free(&s);
    return code;
}
