/* SPDX-License-Identifier: Apache-2.0 */
#include "ui_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void name_side(struct config_side *side, const char *token)
{
    struct err err;
    char uri[64];

    snprintf(side->where.api, sizeof side->where.api, "pkcs11");
    snprintf(side->where.module, sizeof side->where.module, "/usr/lib/test.so");
    snprintf(uri, sizeof uri, "pkcs11:token=%s", token);
    if (!uri_parse(uri, &side->token, &err))
        abort();
}

void fixture_new(struct fixture *f)
{
    struct err err;

    memset(f, 0, sizeof *f);
    snprintf(f->config.title, sizeof f->config.title, "test ceremony");
    f->config.policy.gates = 1U << GATE_REVIEW | 1U << GATE_FINGERPRINT;
    name_side(&f->config.side[SIDE_SOURCE], "hsm-old");
    name_side(&f->config.side[SIDE_DESTINATION], "hsm-new");
    if (!app_new(&f->config, &f->app, &err))
        abort();
    app_size(f->app, 80, 24);
    app_time(f->app, 1000, 1700000000000);
}

void fixture_free(struct fixture *f)
{
    for (unsigned i = 0; i < 2; i++) {
        for (char **v = f->config.side[i].environment; v && *v; v++)
            free(*v);
        free(f->config.side[i].environment);
    }
    free(f->config.keys);
    app_free(f->app);
}

void fixture_event(struct fixture *f, struct event *e)
{
    e->seq = ++f->seq;
    e->utc_ms = 1700000000000 + (int64_t)f->seq;
    app_event(f->app, e);
    fixture_drain(f);
}

void fixture_done(struct fixture *f, enum request_kind kind, enum side side, bool ok)
{
    struct event e = {.kind = EVENT_DONE, .side = side};

    e.done.ok = ok;
    fixture_event(f, &e);
    app_done(f->app, kind, side, ok);
    fixture_drain(f);
}

void fixture_side(struct fixture *f, enum side side, enum side_state state)
{
    struct event e = {.kind = EVENT_SIDE, .side = side, .side_state = {state}};

    fixture_event(f, &e);
}

void fixture_error(struct fixture *f, enum err_code code, const char *what)
{
    struct event e = {.kind = EVENT_ERROR, .side = SIDE_RELAY};

    err_set(&e.error, code, "%s", what);
    fixture_event(f, &e);
}

void fixture_step(struct fixture *f, enum step_id id, enum event_state state, uint32_t key)
{
    struct event e = {.kind = EVENT_STEP, .side = step_side(id), .key = key};

    e.step.id = id;
    e.step.state = state;
    if (step_side(id) == SIDE_RELAY && state == EVENT_OK)
        e.step.bytes = 384;
    e.step.micros = 1500;
    fixture_event(f, &e);
}

void fixture_gate(struct fixture *f, enum gate gate, enum gate_state state, const char *question)
{
    struct event e = {.kind = EVENT_GATE, .side = SIDE_RELAY};

    e.gate.gate = gate;
    e.gate.state = state;
    e.gate.tries_left = state == GATE_WRONG ? 1 : 2;
    snprintf(e.gate.question, sizeof e.gate.question, "%s", question);
    fixture_event(f, &e);
}

void fixture_drain(struct fixture *f)
{
    struct request request;

    f->order_count = 0;
    while (app_request(f->app, &request)) {
        f->asked[request.kind]++;
        if (f->order_count < 64)
            f->order[f->order_count++] = request.kind;
        if (request.kind != REQUEST_ANSWER)
            continue;
        f->last_serial = request.serial;
        snprintf(f->last_answer, sizeof f->last_answer, "%.*s", (int)f->app->asked.answer.len,
                 (const char *)f->app->asked.answer.data);
    }
}

void fixture_press(struct fixture *f, int press)
{
    struct app *app = f->app;

    if (app->at.now_ms < app->dialog.deaf_until_ms) /* an officer has read first */
        app_time(app, app->dialog.deaf_until_ms, app->at.utc_ms);
    app_press(app, press);
    fixture_drain(f);
}

void fixture_type(struct fixture *f, const char *text)
{
    for (; *text; text++)
        fixture_press(f, *text == '\n' ? PRESS_ENTER : (unsigned char)*text);
}

struct key_desc fixture_key(uint64_t handle, const char *label, enum key_class class,
                            enum key_kind kind, uint32_t bits)
{
    struct key_desc key = {.handle = handle, .class = class, .kind = kind, .bits = bits};

    key_set_label(&key, label, strlen(label));
    key.flags_known = (1U << KEY_FLAGS) - 1;
    key.flags = KEY_SIGN | KEY_SENSITIVE | KEY_EXTRACTABLE;
    return key;
}

struct key_list fixture_keys(size_t count)
{
    struct key_list list = {0};

    for (size_t i = 0; i < count; i++) {
        char label[32];
        struct key_desc key;
        snprintf(label, sizeof label, "key-%06zu", i);
        key = fixture_key(i + 1, label, KEY_CLASS_SECRET, KEY_KIND_AES, 256);
        if (!key_list_add(&list, &key))
            abort();
    }
    return list;
}

static void judge(struct fixture *f, const struct key_list *source)
{
    struct plan_verdicts verdicts = {calloc(source->count + 1, sizeof *verdicts.at), source->count};

    for (size_t i = 0; i < source->count; i++) {
        struct plan_verdict *verdict = &verdicts.at[i];
        verdict->handle = source->keys[i].handle;
        verdict->movable =
            key_is_movable_class(&source->keys[i]) && memcmp(source->keys[i].label, "no", 2) != 0;
        if (!verdict->movable)
            err_note_set(&verdict->reason,
                         &(struct err){.code = ERR_DENIED, .what = "not extractable"});
    }
    app_take_verdicts(f->app, &verdicts);
    plan_verdicts_free(&verdicts);
}

static void list_side(struct fixture *f, enum side side, const struct key_list *keys)
{
    struct event e = {.kind = EVENT_HSM, .side = side};

    snprintf(e.hsm.info.api, sizeof e.hsm.info.api, "pkcs11");
    snprintf(e.hsm.info.library, sizeof e.hsm.info.library, "Test library");
    snprintf(e.hsm.slot.label, sizeof e.hsm.slot.label, "%s",
             side == SIDE_SOURCE ? "hsm-old" : "hsm-new");
    snprintf(e.hsm.slot.serial, sizeof e.hsm.slot.serial, "0123456789abcdef");
    fixture_event(f, &e);
    e = (struct event){.kind = EVENT_SIDE, .side = side, .side_state = {SIDE_LISTED}};
    fixture_event(f, &e);
    app_take_keys(f->app, side, keys);
    fixture_done(f, REQUEST_CHOOSE, side, true);
}

void fixture_open(struct fixture *f)
{
    app_start(f->app);
    fixture_drain(f);
    fixture_done(f, REQUEST_OPEN, SIDE_SOURCE, true);
    fixture_done(f, REQUEST_OPEN, SIDE_DESTINATION, true);
}

void fixture_list(struct fixture *f, const struct key_list *source,
                  const struct key_list *destination)
{
    fixture_open(f);
    fixture_listed(f, source, destination);
}

void fixture_listed(struct fixture *f, const struct key_list *source,
                    const struct key_list *destination)
{
    list_side(f, SIDE_SOURCE, source);
    list_side(f, SIDE_DESTINATION, destination);
    judge(f, source);
    fixture_done(f, REQUEST_VERDICTS, SIDE_RELAY, true);
}

void fixture_small(struct fixture *f)
{
    struct key_desc source[] = {
        fixture_key(1, "alpha", KEY_CLASS_SECRET, KEY_KIND_AES, 256),
        fixture_key(2, "beta", KEY_CLASS_PRIVATE, KEY_KIND_RSA, 2048),
        fixture_key(3, "no-way", KEY_CLASS_SECRET, KEY_KIND_AES, 128),
        fixture_key(4, "beta", KEY_CLASS_PUBLIC, KEY_KIND_RSA, 2048),
    };
    struct key_desc destination[] = {
        fixture_key(9, "other", KEY_CLASS_SECRET, KEY_KIND_AES, 256),
    };
    struct key_list from = {source, sizeof source / sizeof source[0], 0};
    struct key_list to = {destination, 1, 0};

    fixture_list(f, &from, &to);
}

void fixture_review(struct fixture *f)
{
    const struct inventory *inv = &f->app->side[SIDE_SOURCE].inventory;
    uint32_t number = 0;

    fixture_press(f, PRESS_F5);
    for (enum key_kind kind = KEY_KIND_AES; kind <= KEY_KIND_RSA; kind++) {
        struct event e = {.kind = EVENT_CANARY, .side = SIDE_RELAY, .utc_ms = 1795437680000};
        e.canary.kind = kind;
        e.canary.state = kind == KEY_KIND_DES3      ? CANARY_FAILED
                         : kind == KEY_KIND_GENERIC ? CANARY_IMPOSSIBLE
                                                    : CANARY_PASSED;
        fixture_event(f, &e);
    }
    for (size_t i = 0; i < inv->count; i++) {
        struct event e = {.kind = EVENT_PLANNED, .side = SIDE_SOURCE, .key = number + 1};
        if (!inv->marked[i])
            continue;
        number++;
        e.planned.desc = *inventory_key(inv, i);
        e.planned.want_flags = KEY_SIGN | KEY_SENSITIVE;
        e.planned.route = ROUTE_ENVELOPE;
        snprintf(e.planned.proof, sizeof e.planned.proof, "aes-ecb");
        fixture_event(f, &e);
    }
    fixture_done(f, REQUEST_PLAN, SIDE_RELAY, true);
    fixture_done(f, REQUEST_REVIEW, SIDE_RELAY, true);
}

void fixture_run(struct fixture *f)
{
    fixture_type(f, "ferry 2\n");
    fixture_gate(f, GATE_REVIEW, GATE_OPEN, "type  ferry 2  to start");
    fixture_gate(f, GATE_REVIEW, GATE_CONFIRMED, "");
}
