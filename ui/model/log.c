/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ui/model/scroll.h"

bool log_new(struct log *log, struct err *err)
{
    *log = (struct log){.lines = calloc(LOG_LINES, sizeof *log->lines), .follows = true};
    return log->lines || err_set(err, ERR_FAILED, "There is no memory for the log");
}

void log_free(struct log *log)
{
    free(log->lines);
    *log = (struct log){0};
}

void log_clear(struct log *log)
{
    *log = (struct log){.lines = log->lines, .follows = true};
}

const struct log_line *log_at(const struct log *log, size_t i)
{
    return i < log->count ? &log->lines[(log->first + i) % LOG_LINES] : NULL;
}

__attribute__((format(printf, 4, 5))) static void add(struct log *log, const struct event *event,
                                                      bool bad, const char *fmt, ...)
{
    struct log_line *line = &log->lines[(log->first + log->count) % LOG_LINES];
    char text[sizeof(struct event)];
    va_list args;

    if (log->count == LOG_LINES) {
        log->first = (log->first + 1) % LOG_LINES;
        log->dropped++;
    } else {
        log->count++;
    }
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    *line = (struct log_line){
        .utc_ms = event->utc_ms, .side = event->side, .bad = bad, .key = event->key};
    text_fit(text, (int)sizeof line->text - 1, false, line->text, sizeof line->text);
}

static void add_call(struct log *log, const struct event *e)
{
    if (e->call.state == EVENT_BEGUN)
        return;
    if (e->call.state == EVENT_OK)
        add(log, e, false, "%s %s  %" PRId64 " us", e->call.name, e->call.words, e->call.micros);
    else
        add(log, e, true, "%s %s  failed: 0x%" PRIx64 " %s", e->call.name, e->call.words,
            e->call.hsm_code, e->call.hsm_name);
}

static void add_step(struct log *log, const struct event *e)
{
    bool bad = e->step.state == EVENT_FAILED;
    char groups[TEXT_GROUPS_SIZE] = "";

    if (e->step.bytes && e->side == SIDE_RELAY)
        text_groups(e->step.sha256, 4, groups);
    add(log, e, bad, "step %d %s: %s %s%s%s", step_number(e->step.id), step_title(e->step.id),
        event_state_name(e->step.state), e->step.text, groups[0] ? "  sha256 " : "", groups);
}

static void add_error(struct log *log, const struct event *e)
{
    char line[sizeof(struct err)];

    add(log, e, true, "%s", err_line(&e->error, line, sizeof line));
}

static void add_kcv(struct log *log, const struct event *e)
{
    char text[EVENT_KCV_TEXT];

    add(log, e, false, "key %" PRIu32 ": check value %s", e->key, event_kcv_text(&e->kcv, text));
}

static void add_note(struct log *log, const struct event *e)
{
    add(log, e, e->kind == EVENT_WARNING, "%s %s: %s", event_kind_name(e->kind), e->note.name,
        e->note.text);
}

static void add_pace(struct log *log, const struct event *e)
{
    if (e->kind == EVENT_SESSIONS) {
        add(log, e, false, "sessions: source %" PRIu32 ", destination %" PRIu32 ": %s",
            e->sessions.have[SIDE_SOURCE], e->sessions.have[SIDE_DESTINATION], e->sessions.reason);
        return;
    }
    add(log, e, false, "pace %s: %s, step %d %s", pace_name(e->pace.pace),
        pace_state_name(e->pace.state), step_number(e->pace.step), step_title(e->pace.step));
}

static void add_event(struct log *log, const struct event *e)
{
    switch (e->kind) {
    case EVENT_CALL:
        add_call(log, e);
        break;
    case EVENT_VENDOR_OUTPUT:
        add(log, e, false, "the library says: %s", e->note.text);
        break;
    case EVENT_STEP:
        add_step(log, e);
        break;
    case EVENT_ERROR:
        add_error(log, e);
        break;
    case EVENT_SIDE:
        add(log, e, e->side_state.state == SIDE_FAILED, "%s", side_state_name(e->side_state.state));
        break;
    case EVENT_GATE:
        add(log, e, e->gate.state == GATE_WRONG || e->gate.state == GATE_REFUSED, "gate %s: %s",
            gate_name(e->gate.gate), gate_state_name(e->gate.state));
        break;
    case EVENT_PACE:
    case EVENT_SESSIONS:
        add_pace(log, e);
        break;
    case EVENT_PROOF:
        add(log, e, e->proof.state == EVENT_FAILED, "proof %s: %s %s",
            hsm_proof_name(e->proof.proof), event_state_name(e->proof.state), e->proof.text);
        break;
    case EVENT_KCV:
        add_kcv(log, e);
        break;
    case EVENT_KEY_DONE:
        add(log, e, e->key_done.outcome != KEY_MIGRATED, "key %" PRIu32 ": %s %s", e->key,
            key_outcome_name(e->key_done.outcome), e->key_done.text);
        break;
    case EVENT_CANARY:
        add(log, e, e->canary.state == CANARY_FAILED, "canary %s, %s: %s: %s", e->canary.type,
            hsm_alg_name(e->canary.alg), canary_state_name(e->canary.state), e->canary.text);
        break;
    case EVENT_REJECTED:
    case EVENT_WARNING:
    case EVENT_POLICY:
        add_note(log, e);
        break;
    case EVENT_EXCEPTION:
        add(log, e, true, "exception: %s", e->exception.happened);
        break;
    case EVENT_END:
        add(log, e, e->end.exit_code != 0, "end: %s %s", end_outcome_name(e->end.outcome),
            e->end.text);
        break;
    default: /* told elsewhere */
        break;
    }
}

void log_event(struct log *log, const struct event *e)
{
    add_event(log, e);
    if (log->follows)
        log_move(log, LOG_LINES);
}

void log_move(struct log *log, long delta)
{
    struct scroll scroll = {.at = log->at};

    scroll_move(&scroll, delta, log->count, 1);
    log->at = scroll.at;
    log->follows = log->at + 1 >= log->count;
}

static void found(struct log *log, size_t at)
{
    log->at = at;
    log->follows = false;
}

bool log_find(struct log *log, const char *text, bool next)
{
    for (size_t i = 0; i < log->count; i++) {
        size_t at = (log->at + next + i) % log->count;
        if (!strcasestr(log_at(log, at)->text, text))
            continue;
        found(log, at);
        return true;
    }
    return false;
}

/* The key of the last line up to the cursor that is about one: lines of calls are about none. */
static uint32_t key_here(const struct log *log)
{
    size_t i = log->count ? log->at + 1 : 0;

    while (i > 0 && log_at(log, i - 1)->key == 0)
        i--;
    return i > 0 ? log_at(log, i - 1)->key : 0;
}

bool log_walk(struct log *log, bool back)
{
    const size_t from = log->at;
    uint32_t here = key_here(log), to = 0;

    for (size_t i = 1; back ? i <= from : from + i < log->count; i++) {
        size_t at = back ? from - i : from + i;
        uint32_t key = log_at(log, at)->key;
        if (key == 0 || key == here)
            continue;
        if (to != 0 && key != to)
            return true;
        to = key;
        found(log, at);
        if (!back)
            return true;
    }
    return to != 0;
}
