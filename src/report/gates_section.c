/* SPDX-License-Identifier: Apache-2.0 */
/* The part of the report about gates: what was asked, who answered which question and after what
 * time, and what was waived for which keys. */
#include "base/text.h"
#include "report/report_sections.h"

/* A waiver that is for so few keys names them. */
enum { WAIVER_LABELS = 8 };

/* The question that is on the screen; no seq: none is. */
struct asked {
    uint64_t seq;
    int64_t mono_ms;
    enum gate gate;
    uint32_t key;
};

/* Is this an answer? If so, *to is the question, which is no longer open then. */
static bool is_answer(struct asked *open, const struct event *e, struct asked *to)
{
    if (e->gate.state == GATE_WAIVED)
        return false;
    *to = *open;
    *open = (struct asked){0};
    if (e->gate.state != GATE_OPEN)
        return to->seq && to->gate == e->gate.gate && to->key == e->key;
    *open = (struct asked){e->seq, e->mono_ms, e->gate.gate, e->key}; /* the one before is void */
    return false;
}

int64_t part_gates_ms(const struct view *v)
{
    struct asked open = {0}, to;
    struct event event;
    int64_t all = 0;

    for (size_t at = 0; event_log_next(v->log, section_kind(EVENT_GATE), &at, &event);)
        if (is_answer(&open, &event, &to))
            all += event.mono_ms - to.mono_ms;
    return all;
}

/* The labels of the keys that can be migrated, as the keys have them. */
static void put_labels(const struct view *v)
{
    struct event event;
    char label[KEY_LABEL_TEXT];
    const struct key_desc *key = &event.planned.desc;

    writer_list(v->w, "labels", true);
    for (size_t i = 0; i < v->index->key_count; i++) {
        if (!v->index->keys[i].planned)
            continue;
        event_log_read(v->log, v->index->keys[i].planned, &event);
        if (event.planned.route == ROUTE_NONE || event.planned.kept || event.planned.companion_of)
            continue;
        text_safe(key->label, key_label_held(key), label, sizeof label);
        writer_text(v->w, NULL, label);
    }
    writer_end(v->w);
}

/* A waiver is for all keys at once. The devices come before any key is chosen. */
static void put_waived(const struct view *v, const struct event *event, bool is_void)
{
    writer_text(v->w, "keys", "all");
    if (event->gate.gate == GATE_DEVICES)
        return;
    writer_number(v->w, "key-count", event->gate.keys);
    if (event->gate.keys <= WAIVER_LABELS && !is_void)
        put_labels(v);
}

/* What format 2 had not at first. */
static void put_more(const struct view *v, const struct event *event, size_t at, struct asked *open)
{
    bool is_void = event->gate.gate == GATE_REVIEW && at < v->index->plan;
    struct asked to;

    if (is_void)
        writer_yes(v->w, "void", true);
    if (event->gate.state == GATE_WAIVED)
        put_waived(v, event, is_void);
    if (!is_answer(open, event, &to))
        return;
    writer_number(v->w, "asked", (int64_t)to.seq);
    writer_number(v->w, "ms", event->mono_ms - to.mono_ms);
}

void section_gates(const struct view *v)
{
    const bool has_more = part_additions(v) >= 2;
    struct writer *w = v->w;
    struct asked open = {0};
    struct event event;

    writer_list(w, "gates", false);
    for (size_t at = 0; event_log_next(v->log, section_kind(EVENT_GATE), &at, &event);) {
        writer_map(w, NULL, true);
        writer_number(w, "seq", (int64_t)event.seq);
        writer_time(w, "at", event.utc_ms);
        writer_text(w, "gate", gate_name(event.gate.gate));
        writer_text(w, "state", gate_state_name(event.gate.state));
        if (event.key)
            writer_number(w, "key", event.key);
        section_some(w, "officer", event.gate.officer);
        section_some(w, "role", event.gate.role);
        section_some(w, "question", event.gate.question);
        section_some(w, "answer", event.gate.answer);
        if (has_more)
            put_more(v, &event, at, &open);
        writer_end(w);
    }
    writer_end(w);
}
