/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the report about its script: what the ceremony file names, and what differs from it;
 * which exceptions say why; and about whose PINs were asked for. */
#include "base/text.h"
#include "report/report_sections.h"

uint32_t part_additions(const struct view *v)
{
    struct event begin = {0};

    if (v->index->begin)
        event_log_read(v->log, v->index->begin, &begin);
    return begin.begin.additions;
}

/* The script, and who was asked what. */
static bool has_script(const struct view *v)
{
    return part_additions(v) >= 1;
}

/* Both are told line by line, in one order. */
static void put_lines(const struct view *v)
{
    struct writer *w = v->w;
    struct event line, opened;
    size_t found = v->index->script.opened;

    writer_list(w, "lines", false);
    for (size_t at = 0; event_log_next(v->log, section_kind(EVENT_SCRIPT), &at, &line);) {
        if (line.script.what != SCRIPT_LINE)
            continue;
        writer_map(w, NULL, true);
        writer_number(w, "line", line.script.line);
        writer_text(w, "uri", line.script.text);
        if (line.script.expect)
            writer_number(w, "expect", line.script.expect);
        if (found) {
            event_log_read(v->log, found, &opened);
            writer_number(w, "found", opened.script.found);
            event_log_next(v->log, section_kind(EVENT_SCRIPT), &found, &opened);
        }
        writer_end(w);
    }
    writer_end(w);
}

/* A key that is not in the plan, as the source lists it. */
static void put_name(struct writer *w, const struct event_script *key)
{
    char label[KEY_LABEL_TEXT];
    size_t len = key->label_len < KEY_LABEL_MAX ? key->label_len : KEY_LABEL_MAX;

    text_safe(key->label, len, label, sizeof label);
    writer_text(w, "label", label);
    writer_hex(w, "id", key->id, key->id_len < KEY_ID_MAX ? key->id_len : KEY_ID_MAX);
    writer_text(w, "class", key_class_name(key->class));
    writer_text(w, "type", key->type);
}

static void put_keys(const struct view *v)
{
    struct writer *w = v->w;
    struct event event;

    writer_list(w, "keys", false);
    for (size_t at = v->index->script.opened;
         at && event_log_next(v->log, section_kind(EVENT_SCRIPT), &at, &event);) {
        uint32_t number = event_index_number(v->index, event.script.handle);
        if (event.script.what != SCRIPT_KEY)
            continue;
        writer_map(w, NULL, true);
        writer_number(w, "line", event.script.line);
        if (number)
            writer_number(w, "key", number);
        else
            put_name(w, &event.script);
        writer_end(w);
    }
    writer_end(w);
}

/* Keys of the script that were to be migrated or sealed, and were not. */
static void put_incomplete(const struct view *v)
{
    struct writer *w = v->w;
    struct event planned, done;

    writer_list(w, "incomplete", false);
    for (size_t i = 0; i < v->index->key_count; i++) {
        const struct event_index_key *key = &v->index->keys[i];
        if (!key->line)
            continue;
        event_log_read(v->log, key->planned, &planned);
        if (key->done)
            event_log_read(v->log, key->done, &done);
        enum key_outcome outcome = event_index_outcome(&planned, key->done ? &done : NULL);
        if (outcome == KEY_MIGRATED || outcome == KEY_SEALED || outcome == KEY_ALIGNED ||
            outcome == KEY_DERIVED)
            continue;
        writer_map(w, NULL, true);
        writer_number(w, "key", (int64_t)i + 1);
        writer_text(w, "outcome", key_outcome_name(outcome));
        writer_text(w, "reason",
                    outcome == KEY_PENDING ? "never reached"
                    : key->done            ? done.key_done.text
                                           : planned.planned.reason);
        writer_end(w);
    }
    writer_end(w);
}

static void put_deviations(const struct view *v)
{
    struct writer *w = v->w;
    struct event event;

    writer_list(w, "deviations", false);
    for (size_t at = v->index->script.planned;
         at && event_log_next(v->log, section_kind(EVENT_SCRIPT), &at, &event);) {
        const struct event_script *it = &event.script;
        if (it->what < SCRIPT_LEFT_OUT || it->what > SCRIPT_POLICY)
            continue;
        writer_map(w, NULL, true);
        writer_text(w, "what", script_what_name(it->what));
        if (it->line)
            writer_number(w, "line", it->line);
        if (event.key)
            writer_number(w, "key", event.key);
        if (it->what == SCRIPT_LEFT_OUT)
            put_name(w, it);
        writer_text(w, "text", it->text);
        writer_end(w);
    }
    writer_end(w);
}

void part_script(const struct view *v)
{
    if (!has_script(v))
        return;
    writer_map(v->w, "script", false);
    put_lines(v);
    put_keys(v);
    put_incomplete(v);
    put_deviations(v);
    writer_end(v->w);
}

/* Who was asked, or which file gave it; never the PIN. */
void part_pins(const struct view *v)
{
    struct writer *w = v->w;
    struct event event;

    if (!has_script(v))
        return;
    writer_list(w, "pins", false);
    for (size_t at = 0; event_log_next(v->log, section_kind(EVENT_PIN), &at, &event);) {
        writer_map(w, NULL, true);
        writer_time(w, "at", event.utc_ms);
        writer_text(w, "side", side_name(event.side));
        writer_text(w, "token", event.pin.token);
        writer_text(w, "serial", event.pin.serial);
        section_some(w, "file", event.pin.file);
        section_some(w, "officer", event.pin.officer);
        section_some(w, "role", event.pin.role);
        writer_end(w);
    }
    writer_end(w);
}

/* --- exceptions --- */

/* Was it written for a plan that was replaced? One that is not about a plan holds whatever plan
 * follows. */
static bool is_void(const struct view *v, const struct event *event, size_t at)
{
    return part_additions(v) >= 3 && at < v->index->plan &&
           (event->exception.script || event->exception.from[0]);
}

void section_exceptions(const struct view *v)
{
    struct writer *w = v->w;
    struct event event;

    writer_list(w, "exceptions", false);
    for (size_t at = 0; event_log_next(v->log, section_kind(EVENT_EXCEPTION), &at, &event);) {
        writer_map(w, NULL, false);
        writer_number(w, "seq", (int64_t)event.seq);
        writer_time(w, "at", event.utc_ms);
        if (event.exception.script)
            writer_yes(w, "script", true);
        if (is_void(v, &event, at))
            writer_yes(w, "void", true);
        if (event.exception.from[0]) {
            writer_text(w, "from", event.exception.from);
            writer_time(w, "written", event.exception.written_ms);
        }
        if (event.exception.begun)
            writer_text(w, "step", step_name(event.exception.step));
        if (event.key)
            writer_number(w, "key", event.key);
        writer_text(w, "expected", event.exception.expected);
        writer_text(w, "happened", event.exception.happened);
        writer_text(w, "decided", event.exception.decided);
        writer_end(w);
    }
    writer_end(w);
}
