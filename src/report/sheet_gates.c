/* SPDX-License-Identifier: Apache-2.0 */
/* Who confirmed what and when, and what was waived. */
#include <string.h>

#include "base/text.h"
#include "report/sheet_view.h"

static const struct {
    const char *gate, *words;
} gates[] = {
    {"devices", "identity of both devices"},
    {"review", "review of the keys"},
    {"fingerprint", "fingerprint of the transport key"},
    {"key", "migration of key"},
};

static const char *words_of(const struct node *gate)
{
    for (size_t i = 0; i < sizeof gates / sizeof gates[0]; i++)
        if (node_is(gate, "gate", gates[i].gate))
            return gates[i].words;
    return node_text(gate, "gate");
}

static bool is_open(const struct node *gate)
{
    return node_is(gate, "state", "open");
}

/* It is about a plan that was replaced. */
static bool is_void(const struct node *gate)
{
    return node_is(gate, "void", "yes");
}

/* The last of the confirmations of keys by one officer that follow each other from here on. */
static const struct node *end_of_run(const struct node *from, size_t *count)
{
    const struct node *last = from;

    *count = 1;
    if (!node_is(from, "gate", "key") || !node_is(from, "state", "confirmed"))
        return last;
    for (const struct node *g = from->next; g; g = g->next) {
        if (is_open(g) || is_void(g))
            continue;
        if (!node_is(g, "gate", "key") || !node_is(g, "state", "confirmed") ||
            strcmp(node_text(g, "officer"), node_text(from, "officer")) != 0 ||
            strcmp(node_text(g, "role"), node_text(from, "role")) != 0)
            break;
        last = g;
        ++*count;
    }
    return last;
}

/* "migration of 12 keys, 1 to 15". Returns out. */
static const char *what_text(const struct node *from, const struct node *last, size_t count,
                             char out[static 128])
{
    if (node_is(from, "gate", "key") && node_is(from, "state", "waived"))
        text_print(out, 128, "migration of each key");
    else if (count > 1)
        text_print(out, 128, "migration of %zu keys, %s to %s", count, node_text(from, "key"),
                   node_text(last, "key"));
    else
        text_print(out, 128, "%s%s%s", words_of(from), node_at(from, "key") ? " " : "",
                   node_text(from, "key"));
    return out;
}

/* A gate that was answered, or a run of them up to last. */
static void put_gate(struct sheet *s, const struct node *from, const struct node *last,
                     size_t count, const struct node *asked)
{
    char what[128], who[1024], time[32], until[32], when[80], words[1024];
    bool waived = node_is(from, "state", "waived"), wrong = node_is(from, "state", "wrong");

    text_print(who, sizeof who, "%s%s%s", waived ? "the ceremony file" : node_text(from, "officer"),
               !waived && node_text(from, "role")[0] ? ", " : "",
               waived ? "" : node_text(from, "role"));
    text_print(when, sizeof when, "%s%s%s", sheet_time(s, node_text(from, "at"), 0, time),
               count > 1 ? " to " : "",
               count > 1 ? sheet_time(s, node_text(last, "at"), 11, until) : "");
    text_print(words, sizeof words, "%s%s%s", node_text(wrong || waived ? from : asked, "question"),
               node_at(from, "answer") ? ": " : "", node_text(from, "answer"));
    const char *const cells[] = {
        what_text(from, last, count, what),
        wrong ? "wrong answer" : node_text(from, "state"),
        who,
        when,
        words,
    };
    s->page.form->row(&s->page, cells,
                      node_is(from, "state", "confirmed") ? SHEET_PLAIN : SHEET_WARNING);
}

/* What was waived, and for which keys: for all that were to be migrated. Older reports do not say.
 */
static void put_waived(struct sheet *s)
{
    const struct node *labels = NULL;
    struct key_groups groups = {0};
    char waived[512] = "", names[8192] = "", what[128];
    size_t len = 0, named = 0;

    for (const struct node *g = node_at(s->report, "gates")->first; g; g = g->next) {
        if (!node_at(g, "keys") || is_void(g))
            continue;
        len += text_print(waived + len, sizeof waived - len, "%s%s", len ? ", " : "",
                          what_text(g, g, 1, what));
        labels = labels ? labels : node_at(g, "labels");
    }
    for (size_t i = 0; len > 0 && i < s->key_count && !s->failed; i++) {
        const struct node *key = s->keys[i].key;
        if (!key || node_at(key, "companion-of") || node_at(key, "kept") ||
            node_is(key, "route", "none"))
            continue;
        s->failed = !key_groups_add(&groups, (int64_t)i + 1, s->err,
                                    "waived by the ceremony file: %s", waived);
    }
    sheet_groups(s, &groups, "key");
    for (const struct node *l = labels ? labels->first : NULL; l; l = l->next)
        named += text_print(names + named, sizeof names - named, "%s%s", named ? ", " : "",
                            l->text[0] ? l->text : "(no label)");
    if (named)
        sheet_fact(s, "", "%s", names);
}

void sheet_gates(struct sheet *s)
{
    static const struct sheet_column columns[] = {
        {.title = "what", .width = 28},
        {.title = "answer", .width = 12, .whole = true},
        {.title = "by"},
        {.title = "when (UTC)", .width = 20, .whole = true},
        {.title = "asked", .roomy = true},
    };
    const struct node *asked = NULL, *gates_of = node_at(s->report, "gates");

    sheet_section(s, "CONFIRMATIONS AND WAIVERS");
    if (gates_of->count == 0)
        sheet_fact(s, "", "%s", "none: nothing was asked");
    put_waived(s);
    if (s->failed || gates_of->count == 0)
        return;
    s->page.form->table(&s->page, columns, sizeof columns / sizeof columns[0]);
    for (const struct node *g = gates_of->first; g; g = g->next) {
        const struct node *last = g;
        size_t count = 1;
        if (is_void(g))
            continue;
        if (is_open(g)) {
            asked = g;
            continue;
        }
        if (!s->page.form->roomy)
            last = end_of_run(g, &count);
        put_gate(s, g, last, count, asked);
        asked = NULL;
        g = last;
    }
    s->page.form->table_end(&s->page);
}
