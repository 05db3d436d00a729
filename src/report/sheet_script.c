/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The script that the ceremony file is, what was not as it says, and who was asked for which PIN.
 * Older reports have none of this.
 */
#include <inttypes.h>
#include <string.h>

#include "protocol/step.h"
#include "report/sheet_view.h"

static const struct {
    const char *script, *words;
    enum sheet_tone tone;
} scripts[] = {
    {"followed", "followed: the keys that the ceremony file names, and no others", SHEET_GOOD},
    {"incomplete", "INCOMPLETE: not every key that the ceremony file names was migrated",
     SHEET_WARNING},
    {"deviated", "DEVIATED: this is not the ceremony that the ceremony file describes", SHEET_BAD},
    {"none", "none: the ceremony file names no keys", SHEET_PLAIN},
};

void sheet_script_outcome(struct sheet *s)
{
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++)
        if (node_is(s->report, "summary.script", scripts[i].script))
            sheet_toned(s, scripts[i].tone, "script", "%s", scripts[i].words);
}

static const struct node *first_of(const struct node *list)
{
    return list ? list->first : NULL;
}

/* Which line of the ceremony file names each key. */
static void put_named(struct sheet *s)
{
    struct key_groups groups = {0};

    for (size_t i = 0; i < s->key_count && !s->failed; i++) {
        const struct node *key = s->keys[i].key;
        if (!key || node_at(key, "companion-of"))
            continue;
        const char *line = node_text(key, "script-line");
        s->failed =
            !key_groups_add(&groups, (int64_t)i + 1, s->err, "%s%s",
                            line[0] ? "named by line " : "NOT NAMED BY THE CEREMONY FILE", line);
    }
    sheet_groups(s, &groups, "key");
}

static void put_deviations(struct sheet *s, const struct node *script)
{
    static const char *const words[][2] = {{"left-out", "LEFT OUT"},
                                           {"added", "ADDED"},
                                           {"count", "OTHER NUMBER"},
                                           {"policy", "OTHER POLICY"}};

    for (const struct node *d = first_of(node_at(script, "deviations")); d; d = d->next) {
        const char *what = "deviation";
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
            if (node_is(d, "what", words[i][0]))
                what = words[i][1];
        sheet_toned(s, SHEET_BAD, what, "%s%s%s", node_text(d, "text"),
                    node_at(d, "key") ? ", key " : "", node_text(d, "key"));
    }
}

/* What a line named, and the plan does not hold. */
static void put_unplanned(struct sheet *s, const struct node *script)
{
    for (const struct node *k = first_of(node_at(script, "keys")); k; k = k->next)
        if (!node_at(k, "key"))
            sheet_toned(s, SHEET_WARNING, "not planned", "%s, %s %s%s%s, named by line %s",
                        node_text(k, "label"), node_text(k, "class"), node_text(k, "type"),
                        node_text(k, "id")[0] ? ", id " : "", node_text(k, "id"),
                        node_text(k, "line"));
}

static void put_incomplete(struct sheet *s, const struct node *script)
{
    struct key_groups groups = {0};

    for (const struct node *k = first_of(node_at(script, "incomplete")); k && !s->failed;
         k = k->next)
        s->failed = !key_groups_add(&groups, node_number(k, "key"), s->err, "%s: %s",
                                    node_is(k, "outcome", "pending") ? "not begun"
                                                                     : node_text(k, "outcome"),
                                    node_text(k, "reason"));
    sheet_groups(s, &groups, "missing key");
}

void sheet_script(struct sheet *s)
{
    const struct node *script = node_at(s->report, "script");
    char name[32];

    if (!script)
        return;
    sheet_section(s, "SCRIPT AND DEVIATIONS");
    sheet_script_outcome(s);
    for (const struct node *l = first_of(node_at(script, "lines")); l; l = l->next) {
        snprintf(name, sizeof name, "line %.9s", node_text(l, "line"));
        sheet_fact(s, name, "%s%s%s, %s%s", node_text(l, "uri"),
                   node_at(l, "expect") ? ", expected: " : "", node_text(l, "expect"),
                   node_at(l, "found") ? "found: " : "not looked for", node_text(l, "found"));
    }
    if (first_of(node_at(script, "lines")))
        put_named(s);
    put_deviations(s, script);
    put_unplanned(s, script);
    put_incomplete(s, script);
}

void sheet_pins(struct sheet *s)
{
    char time[32];

    for (const struct node *p = first_of(node_at(s->report, "pins")); p; p = p->next)
        sheet_fact(s, "PIN", "of token %s, serial %s (%s), %s%s%s%s, %s", node_text(p, "token"),
                   node_text(p, "serial"),
                   node_is(p, "side", "relay") ? "to sign the report" : node_text(p, "side"),
                   node_at(p, "file") ? "from the file " : "asked of ",
                   node_text(p, node_at(p, "file") ? "file" : "officer"),
                   node_at(p, "officer") && !node_at(p, "file") && node_at(p, "role") ? ", " : "",
                   node_at(p, "file") ? "" : node_text(p, "role"),
                   sheet_time(s, node_text(p, "at"), 0, time));
}

static const char *pace_words(const struct node *pace)
{
    static const char *const words[][2] = {
        {"run", "without waiting"},
        {"key", "one key at a time"},
        {"step", "one step at a time"},
        {"first-key", "one step at a time through the first key, then without waiting"}};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (node_is(pace, "pace", words[i][0]))
            return words[i][1];
    return node_text(pace, "pace");
}

const char *sheet_step_title(const char *name)
{
    for (unsigned i = 0; i < STEPS; i++)
        if (strcmp(name, step_name((enum step_id)i)) == 0)
            return step_title((enum step_id)i);
    return name;
}

void sheet_pace(struct sheet *s)
{
    const struct node *pace = node_at(s->report, "ceremony.pace");
    const struct node *waits = node_at(pace, "waits");
    int64_t ms = node_number(pace, "waited-ms");
    char time[32];

    for (const struct node *c = first_of(node_at(pace, "chosen")); c; c = c->next)
        sheet_fact(s, "pace", "%s, chosen %s before the step: %s%s%s", pace_words(c),
                   sheet_time(s, node_text(c, "at"), 0, time),
                   sheet_step_title(node_text(c, "step")), node_at(c, "key") ? ", key " : "",
                   node_text(c, "key"));
    if (waits && waits->count > 0 && ms >= 0)
        sheet_fact(s, "waited", "%" PRId64 ".%" PRId64 " s in all, before %zu step%s", ms / 1000,
                   ms % 1000 / 100, waits->count, waits->count == 1 ? "" : "s");
}
