/* SPDX-License-Identifier: Apache-2.0 */
/* A side is rows of text, made one at a time by number; both sides' rows are printed abreast. */
#include "ui/plain/list.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "protocol/event.h"

enum {
    LIST_ROW_MAX = 4096,
    LIST_HEAD = 2, /* rows above the slots */
    LIST_ROWS_OF_SLOT = 3,
    LIST_KEY_HEAD = 1, /* row between slots and keys */
    LIST_TYPE = 17,    /* columns of a type, of an id */
    LIST_ID = 6,
};

/* Adds text in columns, then a blank. */
static void add_cell(char *row, const char *text, int columns)
{
    char cell[KEY_LABEL_TEXT];
    size_t at = strlen(row);

    text_fit(text, columns, false, cell, sizeof cell);
    text_print(row + at, LIST_ROW_MAX - at, "%s%*s ", cell, columns - text_width(cell), "");
}

static void add_text(char *row, const char *text)
{
    size_t at = strlen(row);

    text_print(row + at, LIST_ROW_MAX - at, "%s", text);
}

static void head_row(const struct list_side *s, enum side side, size_t row, char *out)
{
    if (row == 0)
        text_print(out, LIST_ROW_MAX, "%s  %s", side == SIDE_SOURCE ? "SOURCE" : "DESTINATION",
                   s->api);
    else
        text_print(out, LIST_ROW_MAX, "%s", s->module);
}

static void slot_row(const struct hsm_slot *slot, bool chosen, size_t row, char *out)
{
    const char *obstacle = hsm_slot_obstacle(slot);

    if (row == 0) {
        text_print(out, LIST_ROW_MAX, "slot 0x%" PRIx64 "  %s%s%s%s", slot->id, slot->label,
                   slot->label[0] ? "  " : "", obstacle ? obstacle : "ready",
                   chosen ? "  <- named" : "");
        return;
    }
    if (row == 1) {
        text_print(out, LIST_ROW_MAX, "  %s", slot->serial[0] ? "serial " : "no serial");
        add_text(out, slot->serial);
        add_text(out, ", ");
        add_text(out, slot->manufacturer);
        add_text(out, " ");
        add_text(out, slot->model);
        return;
    }
    text_print(out, LIST_ROW_MAX, " ");
    for (unsigned i = 0; i < HSM_SLOT_FLAGS; i++)
        if (slot->flags & UINT32_C(1) << i) {
            add_text(out, " ");
            add_text(out, hsm_slot_flag_name(UINT32_C(1) << i));
        }
}

/* One letter for each flag, in this order. */
static const struct {
    uint32_t flag;
    char letter;
} shown[] = {
    {KEY_SENSITIVE, 'S'}, {KEY_EXTRACTABLE, 'X'}, {KEY_WRAP_WITH_TRUSTED, 'T'},
    {KEY_ENCRYPT, 'e'},   {KEY_DECRYPT, 'd'},     {KEY_SIGN, 's'},
    {KEY_VERIFY, 'v'},    {KEY_WRAP, 'w'},        {KEY_UNWRAP, 'u'},
    {KEY_DERIVE, 'r'},
};
enum { SHOWN = sizeof shown / sizeof shown[0] };

static void type_with_class(const struct key_desc *key, char *out, size_t size)
{
    char type[KEY_TYPE_TEXT];
    bool half = key->class == KEY_CLASS_PRIVATE || key->class == KEY_CLASS_PUBLIC;

    text_print(out, size, "%s%s%s", key_type_text(key, type), half ? " " : "",
               half ? key_class_name(key->class) : "");
}

static void key_row(const struct key_desc *key, int width, char *out)
{
    char text[KEY_LABEL_TEXT], hex[KEY_ID_TEXT], flags[SHOWN + 1] = "";

    for (size_t i = 0; i < SHOWN; i++)
        flags[i] = key_is(key, shown[i].flag)       ? shown[i].letter
                   : key_is_not(key, shown[i].flag) ? '-'
                                                    : '?';
    out[0] = '\0';
    add_cell(out, key_label_text(key, text), width - LIST_TYPE - LIST_ID - SHOWN - 3);
    type_with_class(key, text, sizeof text);
    add_cell(out, text, LIST_TYPE);
    add_cell(out, key_id_text(key, hex), LIST_ID);
    add_text(out, key->class == KEY_CLASS_CERTIFICATE || key->class == KEY_CLASS_DATA ? "" : flags);
}

/* How many there are, and how many of them the HSM fails to read. printed: so many were printed. */
static void count_row(const struct list_side *s, size_t printed, char *out)
{
    const struct key_list *list = s->keys;
    const char *why = NULL;
    size_t unread = 0;

    if (printed > list->count) {
        text_print(out, LIST_ROW_MAX, "NOT COMPLETE: the list failed after these %zu objects",
                   printed);
        return;
    }
    if (!s->listed) {
        text_print(out, LIST_ROW_MAX, "NOT LISTED: its objects could not be read");
        return;
    }
    for (size_t i = 0; i < list->count; i++)
        if (list->keys[i].class == KEY_CLASS_OTHER && list->keys[i].unread[0]) {
            why = why ? why : list->keys[i].unread;
            unread++;
        }
    if (unread)
        text_print(out, LIST_ROW_MAX, "%zu objects, %zu of them unreadable: %s", list->count,
                   unread, why);
    else
        text_print(out, LIST_ROW_MAX, "%zu objects", list->count);
}

static size_t slot_rows(const struct list_side *s)
{
    return LIST_ROWS_OF_SLOT * s->slots->count;
}

static size_t row_count(const struct list_side *s)
{
    return LIST_HEAD + slot_rows(s) + LIST_KEY_HEAD + s->keys->count;
}

static void make_row(const struct list_side *s, enum side side, size_t row, int width, char *out)
{
    out[0] = '\0';
    if (row < LIST_HEAD) {
        head_row(s, side, row, out);
        return;
    }
    row -= LIST_HEAD;
    if (row < slot_rows(s)) {
        const struct hsm_slot *slot = &s->slots->slots[row / LIST_ROWS_OF_SLOT];
        slot_row(slot, uri_matches_slot(s->token, slot), row % LIST_ROWS_OF_SLOT, out);
        return;
    }
    row -= slot_rows(s);
    if (row >= LIST_KEY_HEAD && row - LIST_KEY_HEAD < s->keys->count)
        key_row(&s->keys->keys[row - LIST_KEY_HEAD], width, out);
}

static int width_of(const struct list_print *p)
{
    return ((p->columns < LIST_COLUMNS_MIN ? LIST_COLUMNS_MIN : p->columns) - 3) / 2;
}

static size_t without_blanks(const char *text)
{
    size_t len = strlen(text);

    while (len > 0 && text[len - 1] == ' ')
        len--;
    return len;
}

static void print_legend(FILE *out)
{
    fputs("\nFlags:", out);
    for (size_t i = 0; i < SHOWN; i++)
        fprintf(out, " %c %s,", shown[i].letter, key_flag_name(shown[i].flag));
    fputs(" - no, ? not reported\n", out);
}

static void print_row(const struct list_print *p, bool cuts_left, char cells[2][LIST_ROW_MAX])
{
    const int width = width_of(p);
    char left[LIST_ROW_MAX], right[LIST_ROW_MAX], line[2 * LIST_ROW_MAX];

    text_fit(cells[SIDE_SOURCE], width, cuts_left, left, sizeof left);
    text_fit(cells[SIDE_DESTINATION], width, cuts_left, right, sizeof right);
    text_print(line, sizeof line, "%s%*s | %s", left, width - text_width(left), "", right);
    fprintf(p->out, "%.*s\n", (int)without_blanks(line), line);
}

static void print_rows(struct list_print *p, const struct list_side side[2], size_t count)
{
    char cells[2][LIST_ROW_MAX];

    for (; p->rows < count; p->rows++) {
        for (enum side i = SIDE_SOURCE; i <= SIDE_DESTINATION; i++)
            make_row(&side[i], i, p->rows, width_of(p), cells[i]);
        print_row(p, p->rows == 1, cells);
    }
}

void list_print_more(struct list_print *p, const struct list_side side[2])
{
    size_t left = row_count(&side[SIDE_SOURCE]), right = row_count(&side[SIDE_DESTINATION]);

    print_rows(p, side, left < right ? left : right);
    fflush(p->out);
}

void list_print_rest(struct list_print *p, const struct list_side side[2])
{
    size_t left = row_count(&side[SIDE_SOURCE]), right = row_count(&side[SIDE_DESTINATION]);
    char cells[2][LIST_ROW_MAX] = {"", ""};
    size_t printed[2];

    for (enum side i = SIDE_SOURCE; i <= SIDE_DESTINATION; i++) {
        const size_t above = LIST_HEAD + slot_rows(&side[i]) + LIST_KEY_HEAD;
        printed[i] = p->rows > above ? p->rows - above : 0;
    }
    print_rows(p, side, left > right ? left : right);
    print_row(p, false, cells);
    for (enum side i = SIDE_SOURCE; i <= SIDE_DESTINATION; i++)
        count_row(&side[i], printed[i], cells[i]);
    print_row(p, false, cells);
    print_legend(p->out);
}
