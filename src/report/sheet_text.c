/* SPDX-License-Identifier: Apache-2.0 */
/* The sheet as plain text in pages. */
#include <string.h>

#include "base/text.h"
#include "report/sheet_form.h"

enum { LABEL = 15, INDENT = 2, FACT = SHEET_COLUMNS - INDENT - LABEL };

static void head(struct sheet_page *p)
{
    char title[256];

    text_fit(p->title, 50, false, title, sizeof title);
    fprintf(p->out, "%s%s   %s   page %u\n\n", p->number ? "\f" : "", title, p->stamp,
            p->number + 1);
    p->number++;
    p->line = 2;
}

/* Begins a page unless so many lines fit on this one. */
static void need(struct sheet_page *p, unsigned lines)
{
    if (p->line + lines > SHEET_LINES)
        head(p);
}

static void end_line(struct sheet_page *p)
{
    fputc('\n', p->out);
    p->line++;
}

static void text_section(struct sheet_page *p, const char *title)
{
    if (p->line + 4 > SHEET_LINES) /* no title at the end of a page */
        head(p);
    else if (p->line > 2)
        end_line(p);
    fputs(title, p->out);
    end_line(p);
}

static void text_fact(struct sheet_page *p, const char *name, const char *text,
                      enum sheet_tone tone, bool exact)
{
    (void)tone, (void)exact;
    if (strlen(name) >= LABEL) { /* it takes a whole line */
        need(p, 2);
        fprintf(p->out, "%*s%.*s", INDENT, "", SHEET_COLUMNS - INDENT, name);
        end_line(p);
        name = "";
    }
    do {
        size_t len = text_line_len(text, FACT);
        need(p, 1);
        if (len == 0 && !*name)
            break;
        fprintf(p->out, "%*s%-*s%.*s", INDENT, "", len ? LABEL : 0, name, (int)len, text);
        end_line(p);
        name = "";
        text += len;
        text += strspn(text, " ");
    } while (*text);
}

static int width_of(const struct sheet_page *p, size_t column)
{
    int left = SHEET_COLUMNS;

    if (p->columns[column].width)
        return p->columns[column].width;
    for (size_t i = 0; i < p->column_count; i++)
        left -= p->columns[i].roomy ? 0 : p->columns[i].width + (i > 0);
    return left;
}

/* Prints what of each cell fits on one line, and moves the cells on. False: nothing is left. */
static bool row_line(struct sheet_page *p, const char **cells)
{
    int blanks = 0; /* that are printed only if something follows them */
    bool more = false;

    for (size_t i = 0; i < p->column_count; i++) {
        const struct sheet_column *column = &p->columns[i];
        int width = width_of(p, i);
        char cell[4 * SHEET_COLUMNS * 5];
        if (column->roomy)
            continue;
        size_t len = text_line_len(cells[i], width);
        if (column->cut)
            text_fit(cells[i], width, false, cell, sizeof cell);
        else
            text_print(cell, sizeof cell, "%.*s", (int)len, cells[i]);
        if (column->cut)
            len = strlen(cells[i]);
        int used = text_width(cell), before = column->right ? width - used : 0;
        if (used > 0)
            fprintf(p->out, "%*s%s", blanks + before, "", cell);
        blanks = used > 0 ? width - used - before + 1 : blanks + width + 1;
        cells[i] += len;
        cells[i] += strspn(cells[i], " ");
        more = more || *cells[i];
    }
    end_line(p);
    return more;
}

static void text_row(struct sheet_page *p, const char *const *cells, enum sheet_tone tone)
{
    const char *rest[SHEET_CELLS];

    (void)tone;
    memcpy(rest, cells, p->column_count * sizeof rest[0]);
    do
        need(p, 1);
    while (row_line(p, rest));
}

static void text_table(struct sheet_page *p, const struct sheet_column *columns, size_t count)
{
    const char *titles[SHEET_CELLS];

    p->columns = columns;
    p->column_count = count;
    for (size_t i = 0; i < count; i++)
        titles[i] = columns[i].title;
    need(p, 2);
    text_row(p, titles, SHEET_PLAIN);
}

static void text_table_end(struct sheet_page *p)
{
    p->column_count = 0;
}

static void text_signature(struct sheet_page *p, const char *name, const char *role)
{
    char who[SHEET_COLUMNS * 8];

    need(p, 4); /* a name and its line stay together */
    if (p->line > 2)
        end_line(p);
    text_print(who, sizeof who, "%s%s%s", name[0] ? name : "name ______________________________",
               role[0] ? ", " : "", role);
    text_fact(p, "present", who, SHEET_PLAIN, false);
    text_fact(p, "", "date ______________   signature ______________________________", SHEET_PLAIN,
              false);
}

static void text_end(struct sheet_page *p)
{
    (void)p;
}

const struct sheet_form sheet_text = {
    .to_the_left = "<-",
    .to_the_right = "->",
    .begin = head,
    .section = text_section,
    .fact = text_fact,
    .table = text_table,
    .row = text_row,
    .table_end = text_table_end,
    .signature = text_signature,
    .end = text_end,
};
