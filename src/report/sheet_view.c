/* SPDX-License-Identifier: Apache-2.0 */
#include "report/sheet_view.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

void sheet_section(struct sheet *s, const char *title)
{
    if (!s->failed)
        s->page.form->section(&s->page, title);
}

static void put_fact(struct sheet *s, enum sheet_tone tone, const char *name, const char *fmt,
                     va_list args) __attribute__((format(printf, 4, 0)));
static void put_fact(struct sheet *s, enum sheet_tone tone, const char *name, const char *fmt,
                     va_list args)
{
    char *text = NULL;

    if (s->failed)
        return;
    if (vasprintf(&text, fmt, args) < 0) {
        s->failed = !err_set(s->err, ERR_FAILED, "There is no memory for a sheet");
        return;
    }
    s->page.form->fact(&s->page, name, text, tone, false);
    free(text);
}

void sheet_fact(struct sheet *s, const char *name, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    put_fact(s, SHEET_PLAIN, name, fmt, args);
    va_end(args);
}

void sheet_toned(struct sheet *s, enum sheet_tone tone, const char *name, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    put_fact(s, tone, name, fmt, args);
    va_end(args);
}

const char *sheet_digest_text(const char *hex, size_t digits, char out[static 80])
{
    size_t at = 0;

    for (size_t n = 0; *hex && n < digits && n < 64; hex++) {
        if (*hex == ' ')
            continue;
        if (n > 0 && n % 4 == 0)
            out[at++] = ' ';
        out[at++] = *hex;
        n++;
    }
    out[at] = '\0';
    return out;
}

void sheet_digest(struct sheet *s, const char *name, const char *words, const char *hex)
{
    char groups[80], text[160];

    if (s->failed || !*hex)
        return;
    snprintf(text, sizeof text, "%s%s%s", words, *words ? " " : "",
             sheet_digest_text(hex, 64, groups));
    s->page.form->fact(&s->page, name, text, SHEET_PLAIN, true);
}

/* What put_group() needs to know. */
struct group_ctx {
    struct sheet *sheet;
    const char *of;
};

static void put_group(void *ctx, const char *text, const char *keys, size_t count)
{
    const struct group_ctx *g = ctx;
    char name[64];

    if (!*keys) {
        sheet_fact(g->sheet, "", "%s", text);
        return;
    }
    snprintf(name, sizeof name, "%zu %s%s", count, g->of, count == 1 ? "" : "s");
    sheet_fact(g->sheet, name, "%s: %s%s %s", text, g->of, count == 1 ? "" : "s", keys);
}

void sheet_groups(struct sheet *s, struct key_groups *g, const char *of)
{
    struct group_ctx ctx = {.sheet = s, .of = of};

    if (!s->failed)
        s->failed = !key_groups_report(g, put_group, &ctx, s->err);
    key_groups_clear(g);
}

/* How many keys "1 to 4, 7" are. */
static size_t count_keys(const char *keys)
{
    size_t count = 0;

    while (*keys) {
        char *after;
        unsigned long from = strtoul(keys, &after, 10), to = from;
        if (strncmp(after, " to ", 4) == 0)
            to = strtoul(after + 4, &after, 10);
        count += to >= from ? to - from + 1 : 0;
        keys = after + strspn(after, ", ");
        if (keys == after)
            break;
    }
    return count;
}

void sheet_keys_fact(struct sheet *s, const char *keys, const char *text)
{
    struct group_ctx ctx = {.sheet = s, .of = "key"};

    put_group(&ctx, text, keys, count_keys(keys));
}

const struct node *sheet_check_of(const struct node *check, const char *side)
{
    const struct node *value = node_at(check, side);

    return value ? value : node_at(check, "both"); /* from format 3 on */
}

const char *sheet_time(const struct sheet *s, const char *time, size_t from, char out[static 32])
{
    size_t len = strlen(time);

    if (len != 24) { /* the schema does not allow this */
        text_fit(time, 24, false, out, 32);
        return out;
    }
    snprintf(out, 32, "%.*s%s", (int)((s->page.form->roomy ? 23 : 19) - from), time + from, "Z");
    if (from == 0)
        out[10] = ' ';
    return out;
}
