/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/script_watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static bool say(struct narrator *n, const struct event_script *word, uint32_t key, struct err *err)
{
    struct event e = {.kind = EVENT_SCRIPT, .side = SIDE_SOURCE, .key = key, .script = *word};

    return emit_event(n, &e, err);
}

static bool say_lines(const struct script_watch *w, enum script_what what, struct narrator *n,
                      struct err *err)
{
    for (size_t i = 0; i < w->script.line_count; i++) {
        const struct script_line *line = &w->script.lines[i];
        struct event_script word = {
            .what = what, .line = (uint32_t)i + 1, .expect = line->expect, .found = line->found};
        if (what == SCRIPT_LINE)
            memcpy(word.text, line->uri, sizeof word.text);
        if (!say(n, &word, 0, err))
            return false;
    }
    return true;
}

bool script_watch_begin(struct script_watch *w, const struct ceremony_setup *setup,
                        struct narrator *n, struct err *err)
{
    const struct script_said *said = setup->script;
    bool ok = true;

    w->explained = setup->interrupted ? &setup->interrupted->explained : NULL;
    if (setup->interrupted)
        ok = script_copy(&w->script, &setup->interrupted->script, err);
    else if (said && said->count)
        ok = script_begin(&w->script, said->lines, said->count, err);
    w->named = said ? said->named : 0;
    w->changed = w->script.settings;
    if (said)
        w->changed |= script_settings(said, &setup->policy, setup->rehearsal);
    if (w->script.line_count)
        w->script.settings = w->changed;
    if (!(w->named & UINT32_C(1) << SETTING_REHEARSAL)) /* no file says it, and it has no default */
        w->changed |= UINT32_C(1) << SETTING_REHEARSAL;
    return ok && say_lines(w, SCRIPT_LINE, n, err);
}

static void name_key(struct event_script *word, const struct script_key *key)
{
    word->line = key->line;
    word->handle = key->handle;
    word->class = key->class;
    word->label_len = key->label_len;
    word->id_len = key->id_len;
    memcpy(word->label, key->label, sizeof word->label);
    memcpy(word->id, key->id, sizeof word->id);
    memcpy(word->type, key->type, sizeof word->type);
}

bool script_watch_open(struct script_watch *w, const struct key_list *source, bool interrupted,
                       struct narrator *n, struct err *err)
{
    if (w->script.line_count == 0)
        return true;
    if (!(interrupted ? script_open_again(&w->script, source, err)
                      : script_open(&w->script, source, err)))
        return false;
    if (!say_lines(w, SCRIPT_OPENED, n, err))
        return false;
    for (size_t i = 0; i < w->script.key_count; i++) {
        struct event_script word = {.what = SCRIPT_KEY};
        name_key(&word, &w->script.keys[i]);
        if (!say(n, &word, 0, err))
            return false;
    }
    return true;
}

/* --- what differs ----------------------------------------------------------------------------- */

struct reporter {
    struct script_watch *watch;
    const struct plan *plan;
    const size_t *items; /* by number of what was chosen: the item of the plan */
    struct narrator *narrator;
};

/* Says it, and looks whether an exception of an interrupted ceremony says why. */
static bool differ(struct script_watch *w, const struct event_script *word, uint32_t number,
                   const struct key_desc *added, struct narrator *n, struct err *err)
{
    const struct explained_difference d = explained_of(word, added);
    bool covered = w->explained && explained_covers(w->explained, &d);

    w->further |= !covered;
    script_note(&w->differs, word->what, word->text);
    return say(n, word, number, err);
}

static bool report(void *ctx, const struct script_difference *it, struct err *err)
{
    const struct reporter *t = ctx;
    const struct plan_item *item = NULL;
    struct event_script word = {.what = it->what, .line = it->line};
    uint32_t number = 0;

    if (it->what == SCRIPT_LEFT_OUT) {
        name_key(&word, it->key);
        script_key_text(it->key, word.text);
    } else if (it->what == SCRIPT_ADDED) {
        number = (uint32_t)t->items[it->chosen] + 1;
        item = &t->plan->items[number - 1];
        key_label_text(item->key, word.text);
    } else {
        const struct script_line *line = &t->watch->script.lines[it->line - 1];
        word.expect = line->expect;
        word.found = line->found;
        text_print(word.text, sizeof word.text, "line %u names %u, not %u", it->line, line->found,
                   line->expect);
    }
    return differ(t->watch, &word, number, item ? item->key : NULL, t->narrator, err);
}

/* What was chosen, without what accompanies it; a companion can have the handle of its key. */
static bool compare(struct script_watch *w, const struct plan *plan, struct narrator *n,
                    struct err *err)
{
    uint64_t *handles = calloc(plan->count + 1, sizeof *handles);
    size_t *items = calloc(plan->count + 1, sizeof *items), count = 0;
    const struct reporter reporter = {w, plan, items, n};
    bool ok = (handles && items) || err_set(err, ERR_FAILED, "no memory for the script");

    for (size_t i = 0; ok && i < plan->count; i++)
        if (!plan->items[i].companion_of) {
            items[count] = i;
            handles[count++] = plan_item_chosen(&plan->items[i]);
        }
    ok =
        ok && script_compare(&w->script, handles, count, report, (void *)(uintptr_t)&reporter, err);
    free(handles);
    free(items);
    return ok;
}

static bool report_settings(struct script_watch *w, struct narrator *n, struct err *err)
{
    for (unsigned i = 0; i < SCRIPT_SETTINGS; i++) {
        struct event_script word = {.what = SCRIPT_POLICY};
        if (!(w->script.settings & UINT32_C(1) << i))
            continue;
        text_print(word.text, sizeof word.text, "%s", script_setting_name(i));
        if (!differ(w, &word, 0, NULL, n, err))
            return false;
    }
    return true;
}

/* An exception of the interrupted ceremony, with its origin: if that quoted it, too, the ceremony
 * in which it was written. */
static bool quote(const struct script_watch *w, const struct event *was, struct narrator *n,
                  struct err *err)
{
    struct event e = {.kind = EVENT_EXCEPTION, .side = SIDE_RELAY};

    e.exception = was->exception;
    e.exception.script = was->exception.script && !w->further;
    e.exception.begun = false; /* here, that is */
    e.exception.step = 0;
    if (!e.exception.from[0]) {
        text_print(e.exception.from, sizeof e.exception.from, "%s", w->explained->ceremony);
        e.exception.written_ms = was->utc_ms;
    }
    return emit_event(n, &e, err);
}

/* All of them: each says why of a part. */
static bool quote_all(const struct script_watch *w, struct narrator *n, struct err *err)
{
    for (size_t i = 0; w->explained && i < w->explained->word_count; i++)
        if (!quote(w, &w->explained->words[i], n, err))
            return false;
    return true;
}

bool script_watch_plan(struct script_watch *w, const struct plan *plan, struct narrator *n,
                       struct err *err)
{
    w->differs = (struct script_summary){0};
    w->wanted = w->owed = w->further = false;
    if (w->script.line_count == 0)
        return true;
    if (!compare(w, plan, n, err) || !report_settings(w, n, err))
        return false;
    w->owed = w->further;
    return !script_deviates(&w->differs) || quote_all(w, n, err);
}

bool script_watch_pass(struct script_watch *w, struct narrator *n, struct err *err)
{
    struct event_script word = {.what = SCRIPT_WANTED};
    char sentence[SCRIPT_SENTENCE];

    if (!w->owed)
        return true;
    if (w->wanted)
        return false;
    text_print(word.text, sizeof word.text, "%s", script_sentence(&w->differs, sentence));
    w->wanted = say(n, &word, 0, err);
    return false;
}

void script_watch_ask_again(struct script_watch *w)
{
    w->wanted = false;
}

void script_watch_explain(struct script_watch *w, struct event *exception)
{
    exception->exception.script = w->owed;
    w->owed = w->wanted = false;
}

static const struct script_key *named(const struct script_watch *w, const struct transfer *t)
{
    return t->owner ? NULL : script_find(&w->script, plan_item_chosen(t->item));
}

bool script_watch_names(const struct script_watch *w, const struct transfer *t)
{
    return named(w, t) != NULL;
}

bool script_watch_left_out(struct script_watch *w, const struct transfer *t, struct narrator *n,
                           struct err *err)
{
    const struct script_key *key = named(w, t);
    struct event_script word = {.what = SCRIPT_LEFT_OUT};

    if (!key)
        return true;
    name_key(&word, key);
    script_key_text(key, word.text);
    script_note(&w->differs, SCRIPT_LEFT_OUT, word.text);
    return say(n, &word, t->number, err);
}

/* --- what became of it ------------------------------------------------------------------------ */

bool script_watch_end(const struct script_watch *w, const struct transfers *transfers,
                      struct narrator *n, struct err *err)
{
    struct event_script word = {.what = SCRIPT_VERDICT};
    char sentence[SCRIPT_SENTENCE];
    size_t arrived = 0;

    for (size_t i = 0; i < transfers->count; i++)
        arrived +=
            (transfers->at[i].outcome == KEY_MIGRATED || transfers->at[i].outcome == KEY_SEALED ||
             transfers->at[i].outcome == KEY_ALIGNED || transfers->at[i].outcome == KEY_DERIVED) &&
            named(w, &transfers->at[i]);
    word.outcome = script_judge(w->script.line_count > 0, script_deviates(&w->differs),
                                arrived == 0 || arrived < w->script.key_count);
    text_print(word.text, sizeof word.text, "%s", script_sentence(&w->differs, sentence));
    return say(n, &word, 0, err);
}
