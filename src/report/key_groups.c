/* SPDX-License-Identifier: Apache-2.0 */
#include "report/key_groups.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool no_memory(struct err *err)
{
    return err_set(err, ERR_FAILED, "There is no memory for the keys of a report");
}

bool key_groups_add(struct key_groups *g, int64_t key, struct err *err, const char *fmt, ...)
{
    va_list args;
    char *text;
    int len;

    if (g->count == g->room) {
        size_t room = g->room ? 2 * g->room : 64;
        struct key_statement *more = reallocarray(g->statements, room, sizeof *more);
        if (!more)
            return no_memory(err);
        g->statements = more;
        g->room = room;
    }
    va_start(args, fmt);
    len = vasprintf(&text, fmt, args);
    va_end(args);
    if (len < 0)
        return no_memory(err);
    g->statements[g->count] = (struct key_statement){.key = key, .order = g->count, .text = text};
    g->count++;
    return true;
}

static int by_text(const void *a, const void *b)
{
    const struct key_statement *left = a, *right = b;
    int order = strcmp(left->text, right->text);

    return order ? order : (left->order > right->order) - (left->order < right->order);
}

/* Statements of one text, next to each other. */
struct group {
    const struct key_statement *first;
    size_t count;
};

static int by_order(const void *a, const void *b)
{
    const struct group *left = a, *right = b;

    return (left->first->order > right->first->order) - (left->first->order < right->first->order);
}

/* The numbers of a group's keys, without those that come twice. Returns how many there are. */
static size_t print_numbers(FILE *out, const struct group *group)
{
    size_t count = 0;

    for (size_t i = 0, end; i < group->count; i = end) {
        int64_t from = group->first[i].key, to = from;
        for (end = i + 1;
             end < group->count && group->first[end].key - to <= 1 && group->first[end].key >= to;
             end++)
            to = group->first[end].key;
        if (from == 0)
            continue;
        fprintf(out, "%s%" PRId64, count ? ", " : "", from);
        if (to > from)
            fprintf(out, "%s%" PRId64, to == from + 1 ? ", " : " to ", to);
        count += (size_t)(to - from) + 1;
    }
    return count ? count : group->count;
}

static bool report_group(const struct group *group, key_groups_put *put, void *ctx, struct err *err)
{
    char *keys = NULL;
    size_t len, count = 0;
    FILE *out = open_memstream(&keys, &len);

    if (out)
        count = print_numbers(out, group);
    if (!out || fclose(out) != 0) {
        free(keys);
        return no_memory(err);
    }
    put(ctx, group->first->text, keys, count);
    free(keys);
    return true;
}

bool key_groups_report(struct key_groups *g, key_groups_put *put, void *ctx, struct err *err)
{
    struct group *groups;
    size_t count = 0;
    bool ok = true;

    if (g->count == 0)
        return true;
    qsort(g->statements, g->count, sizeof g->statements[0], by_text);
    groups = calloc(g->count, sizeof *groups);
    if (!groups)
        return no_memory(err);
    for (size_t i = 0; i < g->count; i++) {
        const struct key_statement *s = &g->statements[i];
        if (i == 0 || strcmp(s->text, s[-1].text) != 0)
            groups[count++].first = s;
        groups[count - 1].count++;
    }
    qsort(groups, count, sizeof *groups, by_order);
    for (size_t i = 0; ok && i < count; i++)
        ok = report_group(&groups[i], put, ctx, err);
    free(groups);
    return ok;
}

void key_groups_clear(struct key_groups *g)
{
    for (size_t i = 0; i < g->count; i++)
        free(g->statements[i].text);
    free(g->statements);
    *g = (struct key_groups){0};
}
