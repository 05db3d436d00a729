/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes the record of a ceremony with thousands of keys from that of one with a few: each key comes
 * many times, with another label, handle, digest and check value each time.
 *
 * usage: multiply JOURNAL TIMES FOLDER   writes a journal and its report into FOLDER, and prints
 * the path of the report
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "journal/journal.h"
#include "report/report.h"

struct work {
    struct event_log log;
    struct report *report;
    struct event_sink *sink;
    uint32_t times, keys, companions;
    uint64_t seq;
    struct err err;
};

static bool emit(struct work *w, struct event *event)
{
    event->seq = ++w->seq;
    event->utc_ms = INT64_C(1795437667512) + (int64_t)w->seq / 4;
    event->mono_ms = 2 + (int64_t)w->seq / 4;
    return w->sink->emit(w->sink, event, &w->err);
}

/* Companions come after all keys. */
static uint32_t number_of(const struct work *w, uint32_t key, uint32_t i)
{
    if (key == 0)
        return 0;
    return key <= w->keys ? i * w->keys + key
                          : w->times * w->keys + i * w->companions + key - w->keys;
}

static void change_bytes(uint8_t *bytes, size_t len, uint32_t i)
{
    for (size_t at = 0; at < len && at < sizeof i; at++)
        bytes[at] ^= (uint8_t)(i >> 8 * at);
}

static void change_desc(struct key_desc *desc, uint32_t i)
{
    char label[32];
    uint8_t id[4] = {(uint8_t)(i >> 24), (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};

    key_set_label(desc, label, (size_t)snprintf(label, sizeof label, "payments-2031-%05u", i + 1));
    key_set_id(desc, id, sizeof id);
    desc->handle += UINT64_C(32) * i;
    if (desc->has_public)
        change_bytes(desc->spki_sha256, sizeof desc->spki_sha256, i);
    change_bytes(desc->kcv, desc->kcv_len, i);
}

static void change(const struct work *w, struct event *event, uint32_t i)
{
    event->key = number_of(w, event->key, i);
    switch (event->kind) {
    case EVENT_PLANNED:
        change_desc(&event->planned.desc, i);
        event->planned.companion_of = number_of(w, event->planned.companion_of, i);
        if (event->planned.bytes)
            change_bytes(event->planned.sha256, sizeof event->planned.sha256, i);
        break;
    case EVENT_KEY_DONE:
        change_desc(&event->key_done.desc, i);
        break;
    case EVENT_STEP:
        if (event->step.bytes)
            change_bytes(event->step.sha256, sizeof event->step.sha256, i);
        if (event->step.state != EVENT_BEGUN)
            event->step.micros = 100 + i % 900;
        break;
    case EVENT_KCV:
        for (unsigned side = 0; side < 2; side++)
            change_bytes(event->kcv.value[side].octets, event->kcv.value[side].len, i);
        break;
    case EVENT_SCRIPT:
        event->script.handle += UINT64_C(32) * i;
        break;
    default:
        break;
    }
}

static bool is_of_key(const struct event *event)
{
    return event->key > 0 || (event->kind == EVENT_SCRIPT && event->script.what == SCRIPT_KEY);
}

/* The events of one key in the run of such events that begins after this place; or, key 0, where
 * that run ends. */
static bool take_run(struct work *w, size_t begin, uint32_t key, uint32_t i, size_t *end)
{
    struct event event;
    size_t at = begin;

    for (*end = begin; event_log_next(&w->log, UINT64_MAX, &at, &event) && is_of_key(&event);
         *end = at) {
        uint32_t its = event.kind == EVENT_SCRIPT ? 1 : event.key;
        if (its != key)
            continue;
        change(w, &event, i);
        if (!emit(w, &event))
            return false;
    }
    return true;
}

static bool multiply(struct work *w)
{
    struct event event;
    size_t before = 0, at = 0;

    while (event_log_next(&w->log, UINT64_MAX, &at, &event)) {
        size_t end = at;
        if (is_of_key(&event)) {
            for (uint32_t key = 1; key <= w->keys + w->companions; key++)
                for (uint32_t i = 0; i < w->times; i++)
                    if (!take_run(w, before, key, i, &end))
                        return false;
            at = before = end;
            continue;
        }
        if (event.kind == EVENT_SCRIPT)
            event.script.found *= w->times;
        if (event.kind == EVENT_GATE)
            event.gate.keys *= w->times;
        if (event.kind == EVENT_END) {
            event.end.migrated *= w->times;
            event.end.companions *= w->times;
        }
        if (!emit(w, &event))
            return false;
        before = at;
    }
    return true;
}

static void count_keys(struct work *w)
{
    struct event event;

    for (size_t at = 0; event_log_next(&w->log, UINT64_C(1) << EVENT_PLANNED, &at, &event);)
        ++*(event.planned.companion_of ? &w->companions : &w->keys);
}

int main(int argc, char **argv)
{
    struct work w = {.keys = 0};
    bool torn, ok;

    if (argc != 4)
        return 64;
    w.times = (uint32_t)strtoul(argv[2], NULL, 10);
    ok = journal_read(argv[1], &w.log, &torn, &w.err) &&
         report_new(argv[3], "Many", INT64_C(1795437667512), &w.report, &w.err);
    if (ok) {
        count_keys(&w);
        w.sink = report_sink(w.report);
        ok = multiply(&w);
    }
    if (ok)
        puts(report_path(w.report));
    else
        fprintf(stderr, "%s\n", w.err.what);
    report_free(w.report);
    event_log_free(&w.log);
    return ok ? 0 : 1;
}
