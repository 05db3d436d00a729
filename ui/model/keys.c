/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/keys.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ui/model/view.h"

enum { RANKS = 5 };

const struct key_row keys_doors[] = {{.help = NULL}};

static bool door_at(const struct view *const *views, size_t at, size_t *i, struct key_place *out)
{
    for (size_t to = 0; views[to]; to++)
        if (to != at && views[to]->door && (*i)-- == 0) {
            *out = (struct key_place){views[to]->door, to};
            return true;
        }
    return false;
}

/* Row *i of this table; if it has fewer rows, subtracts their number from *i. */
static bool row_at(const struct view *const *views, size_t at, const struct key_row *row, size_t *i,
                   struct key_place *out)
{
    for (; row->help || row->also; row++) {
        if (row->also == keys_doors ? door_at(views, at, i, out)
            : row->also             ? row_at(views, at, row->also, i, out)
                                    : false)
            return true;
        if (!row->also && (*i)-- == 0) {
            *out = (struct key_place){row, at};
            return true;
        }
    }
    return false;
}

bool keys_at(const struct view *const *views, size_t at, size_t i, struct key_place *out)
{
    return row_at(views, at, views[at]->keys, &i, out);
}

static bool row_has(const struct key_row *row, int press)
{
    for (unsigned i = 0; i < KEY_PRESSES_MAX; i++)
        if (row->presses[i] == press)
            return true;
    return false;
}

bool keys_find(const struct view *const *views, size_t at, int press, struct key_place *out)
{
    for (size_t i = 0; press != PRESS_NONE && keys_at(views, at, i, out); i++)
        if (row_has(out->row, press))
            return true;
    return false;
}

char *keys_name(int press, char *out)
{
    static const struct {
        int press;
        const char *name;
    } names[] = {
        {' ', "Space"},          {PRESS_TAB, "Tab"},
        {PRESS_ENTER, "Enter"},  {PRESS_ESC, "Esc"},
        {PRESS_UP, "Up"},        {PRESS_DOWN, "Down"},
        {PRESS_LEFT, "Left"},    {PRESS_RIGHT, "Right"},
        {PRESS_PAGE_UP, "PgUp"}, {PRESS_PAGE_DOWN, "PgDn"},
        {PRESS_HOME, "Home"},    {PRESS_END, "End"},
        {PRESS_INSERT, "Ins"},   {PRESS_BACKTAB, "Shift-Tab"},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].press == press) {
            snprintf(out, KEYS_NAME_MAX, "%s", names[i].name);
            return out;
        }
    }
    if (press >= PRESS_F1 && press <= PRESS_F10)
        snprintf(out, KEYS_NAME_MAX, "F%d", press - PRESS_F1 + 1);
    else if (press < ' ')
        snprintf(out, KEYS_NAME_MAX, "Ctrl-%c", press | 0x40);
    else
        snprintf(out, KEYS_NAME_MAX, "%c", press);
    return out;
}

static bool is_missing(int press, unsigned missing)
{
    return press >= PRESS_F1 && press <= PRESS_F10 && missing & 2U << (press - PRESS_F1);
}

int keys_hint_press(const struct key_row *row, unsigned missing)
{
    for (unsigned i = 0; i < KEY_PRESSES_MAX && row->presses[i]; i++)
        if (!is_missing(row->presses[i], missing))
            return row->presses[i];
    return row->presses[0];
}

char *keys_hint_text(const char *hint, unsigned missing, char *out, size_t size)
{
    size_t len = 0;

    out[0] = '\0';
    for (const char *at = hint; *at && len < size;) {
        char *end = NULL;
        long n = *at == 'F' && (at == hint || at[-1] == ' ') ? strtol(at + 1, &end, 10) : 0;
        if (n >= 1 && n <= 10 && missing & 1U << n) {
            len += (size_t)snprintf(out + len, size - len, "Esc %ld", n % 10);
            at = end;
        } else
            len += (size_t)snprintf(out + len, size - len, "%c", *at++);
    }
    return out;
}

static char *last_gap(char *hint)
{
    char *last = NULL;

    for (char *at = strstr(hint, "  "); at; at = strstr(at + 2, "  "))
        last = at;
    return last;
}

char *keys_hint_fit(char *hint, int columns)
{
    static const char gap[] = "   ";
    char *at;

    while (text_width(hint) > columns && (at = strstr(hint, gap)))
        memmove(at, at + 1, strlen(at));
    while (text_width(hint) > columns && (at = last_gap(hint)))
        *at = '\0';
    return hint;
}

char *keys_names(const struct key_row *row, char *out)
{
    size_t len = 0;

    for (unsigned i = 0; i < KEY_PRESSES_MAX && row->presses[i]; i++) {
        char name[KEYS_NAME_MAX];
        len += (size_t)snprintf(out + len, KEYS_NAMES_MAX - len, "%s%s", len ? " " : "",
                                keys_name(row->presses[i], name));
    }
    return out;
}

static int hint_width(const struct key_row *row, unsigned missing)
{
    char name[KEYS_NAME_MAX];
    return (int)(strlen(keys_name(keys_hint_press(row, missing), name)) + strlen(row->hint) + 2);
}

static bool is_offered(const struct app *app, const struct view *const *views,
                       const struct key_place *place)
{
    return !app || !views[place->to]->offers || views[place->to]->offers(app, place->row);
}

size_t keys_hints(const struct app *app, const struct view *const *views, size_t at, int columns,
                  unsigned missing, const struct key_row *out[KEYS_HINTS_MAX])
{
    enum { ROWS_MAX = 64 };
    bool taken[ROWS_MAX] = {false};
    struct key_place place;
    size_t count = 0;

    for (int rank = 1; rank <= RANKS; rank++)
        for (size_t i = 0; i < ROWS_MAX && keys_at(views, at, i, &place); i++)
            if (place.row->rank == rank && hint_width(place.row, missing) <= columns &&
                is_offered(app, views, &place)) {
                taken[i] = true;
                columns -= hint_width(place.row, missing);
            }
    for (size_t i = 0; i < ROWS_MAX && count < KEYS_HINTS_MAX && keys_at(views, at, i, &place); i++)
        if (taken[i])
            out[count++] = place.row;
    return count;
}

/* --- the manual page -------------------------------------------------------------------------- */

/* A row, and bit (1 << view) for each view that has it. */
struct manual_row {
    const struct key_row *row;
    unsigned views;
};

enum { MANUAL_ROWS_MAX = 128 };

struct manual {
    struct manual_row rows[MANUAL_ROWS_MAX];
    size_t count;
};

static bool is_same(const struct key_row *a, const struct key_row *b)
{
    return strcmp(a->help, b->help) == 0 && memcmp(a->presses, b->presses, sizeof a->presses) == 0;
}

static size_t manual_find(const struct manual *manual, const struct key_row *row)
{
    size_t i = 0;

    while (i < manual->count && !is_same(manual->rows[i].row, row))
        i++;
    return i;
}

/* Puts the rows of this view that no view before had in front of the next one that they had. */
static void manual_add(struct manual *manual, const struct view *const *views, size_t at)
{
    size_t end = manual->count;
    struct key_place place;
    size_t count = 0;

    while (keys_at(views, at, count, &place))
        count++;
    while (count-- > 0) { /* from the last on, for then the next one is known */
        size_t found;
        keys_at(views, at, count, &place);
        found = manual_find(manual, place.row);
        if (found == manual->count && manual->count == MANUAL_ROWS_MAX)
            continue;
        if (found == manual->count) {
            memmove(&manual->rows[end + 1], &manual->rows[end],
                    (manual->count++ - end) * sizeof manual->rows[0]);
            manual->rows[end] = (struct manual_row){.row = place.row};
        } else {
            end = found;
        }
        manual->rows[end].views |= 1U << at;
    }
}

static void write_presses(const struct key_row *row, FILE *to)
{
    for (unsigned k = 0; k < KEY_PRESSES_MAX && row->presses[k]; k++) {
        char name[KEYS_NAME_MAX];
        keys_name(row->presses[k], name);
        /* A minus, not a hyphen; and no punctuation that mdoc would set apart. */
        fprintf(to, " %s%s",
                strcmp(name, "-") == 0            ? "\\"
                : ispunct((unsigned char)name[0]) ? "\\&"
                                                  : "",
                name);
    }
}

void keys_manual(const struct view *const *views, FILE *to)
{
    struct manual manual = {.count = 0};
    size_t all = 0;

    for (; views[all]; all++)
        manual_add(&manual, views, all);
    fputs(".Bl -tag -width Ds\n", to);
    for (size_t i = 0; i < manual.count; i++) {
        bool everywhere = manual.rows[i].views == (1U << all) - 1;
        const char *before = "\nIn: ";
        fputs(".It Ic", to);
        write_presses(manual.rows[i].row, to);
        fprintf(to, "\n%s", manual.rows[i].row->help);
        for (size_t at = 0; !everywhere && at < all; at++) {
            if (!(manual.rows[i].views & 1U << at))
                continue;
            fprintf(to, "%s%s", before, views[at]->name);
            before = ", ";
        }
        fprintf(to, "%s\n", everywhere ? "" : ".");
    }
    fputs(".El\n", to);
}
