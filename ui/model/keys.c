/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/keys.h"

#include <ctype.h>
#include <string.h>

#include "base/text.h"

#define IN(view)    (1U << VIEW_##view)
#define EVERYWHERE  ((1U << VIEWS) - 1)
#define LISTS       (IN(SETUP) | IN(INVENTORY) | IN(VERIFY) | IN(LOG) | IN(CEREMONY))
#define SIDES_SHOWN (IN(SETUP) | IN(INVENTORY))

/* In the order in which the hint line and the help show them. */
static const struct key_row rows[] = {
    {ACTION_HELP, EVERYWHERE, {PRESS_F1, '?'}, 1, "Help", "Show the keys of this screen."},
    {ACTION_UP, LISTS, {PRESS_UP, 'k'}, 0, NULL, "One row up."},
    {ACTION_DOWN, LISTS, {PRESS_DOWN, 'j'}, 0, NULL, "One row down."},
    {ACTION_PAGE_UP, LISTS, {PRESS_PAGE_UP, PRESS_CTRL('b')}, 0, NULL, "One page up."},
    {ACTION_PAGE_DOWN, LISTS, {PRESS_PAGE_DOWN, PRESS_CTRL('f')}, 0, NULL, "One page down."},
    {ACTION_FIRST, LISTS, {PRESS_HOME, 'g'}, 0, NULL, "To the first row."},
    {ACTION_LAST, LISTS, {PRESS_END, 'G'}, 0, NULL, "To the last row."},
    {ACTION_OTHER_SIDE, SIDES_SHOWN, {PRESS_TAB, PRESS_BACKTAB}, 4, "Side", "To the other HSM."},
    {ACTION_SOURCE_SIDE, SIDES_SHOWN, {PRESS_LEFT, 'h'}, 0, NULL, "To the source."},
    {ACTION_DESTINATION_SIDE, SIDES_SHOWN, {PRESS_RIGHT, 'l'}, 0, NULL, "To the destination."},
    {ACTION_CHOOSE,
     IN(SETUP),
     {PRESS_ENTER, ' '},
     1,
     "Choose",
     "Choose the API, the module or the slot at the cursor."},
    {ACTION_MARK,
     IN(INVENTORY),
     {' ', PRESS_INSERT, 'm'},
     2,
     "Mark",
     "Mark the key for migration, or unmark it."},
    {ACTION_MARK_PATTERN,
     IN(INVENTORY),
     {'+'},
     0,
     NULL,
     "Mark all keys whose label matches a pattern; * stands for anything."},
    {ACTION_MARK_INVERT,
     IN(INVENTORY),
     {'*'},
     0,
     NULL,
     "Mark what is not marked and unmark the rest."},
    {ACTION_MARK_CLEAR, IN(INVENTORY), {'-'}, 0, NULL, "Unmark all keys."},
    {ACTION_FIND,
     IN(INVENTORY) | IN(LOG),
     {'/', PRESS_CTRL('s')},
     3,
     "Find",
     "Find text while you type it."},
    {ACTION_FIND_NEXT, IN(INVENTORY) | IN(LOG), {'n'}, 0, NULL, "Find the same text again."},
    {ACTION_SAVE,
     IN(SETUP) | IN(INVENTORY),
     {PRESS_F2, 'w'},
     4,
     "Save",
     "Save what was chosen as a ceremony file that can be run again."},
    {ACTION_DETAILS,
     IN(INVENTORY),
     {PRESS_F3, PRESS_ENTER, 'd'},
     3,
     "Details",
     "Show everything that is known of this object."},
    {ACTION_DETAILS,
     IN(SETUP),
     {PRESS_F3, 'd'},
     3,
     "Details",
     "Show everything that is known of this side's module and slot."},
    {ACTION_DETAILS, IN(LOG), {PRESS_F3, 'd'}, 3, "Details", "Show the whole line."},
    {ACTION_FILTER,
     IN(INVENTORY),
     {PRESS_F4, 'f'},
     3,
     "Filter",
     "Show only the objects that hold this text in label, type or id."},
    {ACTION_SORT, IN(INVENTORY), {'s'}, 0, NULL, "Sort by label, by type, or by id, in turn."},
    {ACTION_MIGRATE,
     IN(INVENTORY),
     {PRESS_F5, 'c'},
     1,
     "Migrate",
     "Review the marked keys and migrate them."},
    {ACTION_COMPARE,
     IN(INVENTORY) | IN(CEREMONY) | IN(END),
     {PRESS_F6, 'v'},
     3,
     "Compare",
     "Show source and destination of a key beside each other."},
    {ACTION_ASK_SAME,
     IN(INVENTORY),
     {'='},
     0,
     NULL,
     "Ask both HSMs whether theirs is the same key: an operation on it."},
    {ACTION_ASK_SAME,
     IN(VERIFY),
     {'='},
     3,
     "Same?",
     "Ask both HSMs whether theirs is the same key: an operation on it."},
    {ACTION_SETUP,
     IN(INVENTORY) | IN(END),
     {PRESS_F7, 'o'},
     5,
     "HSMs",
     "Choose other HSMs, or begin another ceremony."},
    {ACTION_RETRY,
     IN(SETUP) | IN(INVENTORY),
     {'R'},
     0,
     NULL,
     "Open the HSM that failed again, also after a wrong PIN."},
    {ACTION_NEXT,
     IN(SETUP),
     {PRESS_F8, 'n'},
     1,
     "Next",
     "Log in to both tokens and list their keys."},
    {ACTION_NEXT_KEY, IN(VERIFY), {'n', PRESS_RIGHT, 'l'}, 2, "Next key", "The next key."},
    {ACTION_PREVIOUS_KEY, IN(VERIFY), {'p', PRESS_LEFT, 'h'}, 2, "Previous", "The key before."},
    {ACTION_STEPS, IN(END), {PRESS_F5, 'c'}, 3, "Steps", "Show the steps of the ceremony again."},
    {ACTION_STOP,
     IN(CEREMONY),
     {PRESS_F7, 's'},
     2,
     "Stop",
     "Stop the ceremony before its next step; what was begun is undone."},
    {ACTION_ABANDON,
     IN(CEREMONY),
     {PRESS_F4, 'a'},
     3,
     "Abandon",
     "Give up a call that an HSM does not answer."},
    {ACTION_EXCEPTION,
     IN(CEREMONY) | IN(VERIFY) | IN(LOG),
     {PRESS_F2, 'X'},
     4,
     "Exception",
     "Write down what is not as planned; F2 also while a question is open."},
    {ACTION_EXCEPTION, IN(INVENTORY), {'X'}, 0, NULL, "Write down what is not as planned."},
    {ACTION_LOG,
     IN(INVENTORY) | IN(CEREMONY) | IN(END) | IN(VERIFY),
     {PRESS_F8, 't'},
     4,
     "Log",
     "Show the log of all calls into both HSMs."},
    {ACTION_REPORT,
     IN(INVENTORY) | IN(CEREMONY) | IN(VERIFY),
     {PRESS_F9, 'r'},
     4,
     "Report",
     "Show the outcome and where the report is."},
    {ACTION_BACK,
     IN(VERIFY) | IN(LOG) | IN(END) | IN(CEREMONY),
     {PRESS_ESC, PRESS_ENTER, 'b'},
     2,
     "Back",
     "Back to the screen before."},
    {ACTION_REDRAW, EVERYWHERE, {PRESS_CTRL('l')}, 0, NULL, "Draw the screen again."},
    {ACTION_SUSPEND,
     EVERYWHERE,
     {PRESS_CTRL('z')},
     0,
     NULL,
     "Back to the shell for a while; off while a ceremony runs."},
    {ACTION_QUIT,
     EVERYWHERE,
     {PRESS_F10, 'q', PRESS_CTRL('c')},
     1,
     "Quit",
     "Leave; asks first while a ceremony runs."},
};

enum { ROWS = sizeof rows / sizeof rows[0], RANKS = 5 };

const struct key_row *keys_row(size_t i)
{
    return i < ROWS ? &rows[i] : NULL;
}

static bool row_has(const struct key_row *row, int press)
{
    for (unsigned i = 0; i < KEY_PRESSES_MAX; i++)
        if (row->presses[i] == press)
            return true;
    return false;
}

enum action keys_action(enum view view, int press)
{
    if (press == PRESS_NONE)
        return ACTION_NONE;
    for (size_t i = 0; i < ROWS; i++)
        if ((rows[i].views & 1U << view) && row_has(&rows[i], press))
            return rows[i].action;
    return ACTION_NONE;
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

const char *keys_view_name(enum view view)
{
    static const char *const names[VIEWS] = {
        [VIEW_SETUP] = "Setup",       [VIEW_INVENTORY] = "Inventory",
        [VIEW_CEREMONY] = "Ceremony", [VIEW_VERIFY] = "Verification",
        [VIEW_LOG] = "Log",           [VIEW_END] = "End",
    };
    return (unsigned)view < VIEWS ? names[view] : "?";
}

static int hint_width(const struct key_row *row)
{
    char name[KEYS_NAME_MAX];
    return (int)(strlen(keys_name(row->presses[0], name)) + strlen(row->hint) + 2);
}

size_t keys_hints(enum view view, int columns, const struct key_row *out[KEYS_HINTS_MAX])
{
    bool taken[ROWS] = {false};
    size_t count = 0;

    for (int rank = 1; rank <= RANKS; rank++)
        for (size_t i = 0; i < ROWS; i++)
            if (rows[i].rank == rank && (rows[i].views & 1U << view) &&
                hint_width(&rows[i]) <= columns) {
                taken[i] = true;
                columns -= hint_width(&rows[i]);
            }
    for (size_t i = 0; i < ROWS && count < KEYS_HINTS_MAX; i++)
        if (taken[i])
            out[count++] = &rows[i];
    return count;
}

void keys_manual(FILE *to)
{
    fputs(".Bl -tag -width Ds\n", to);
    for (size_t i = 0; i < ROWS; i++) {
        const char *before = "\nIn: ";
        fputs(".It Ic", to);
        for (unsigned k = 0; k < KEY_PRESSES_MAX && rows[i].presses[k]; k++) {
            char name[KEYS_NAME_MAX];
            keys_name(rows[i].presses[k], name);
            /* A minus, not a hyphen; and no punctuation that mdoc would set apart. */
            fprintf(to, " %s%s",
                    strcmp(name, "-") == 0            ? "\\"
                    : ispunct((unsigned char)name[0]) ? "\\&"
                                                      : "",
                    name);
        }
        fprintf(to, "\n%s", rows[i].help);
        for (unsigned view = 0; rows[i].views != EVERYWHERE && view < VIEWS; view++) {
            if (!(rows[i].views & 1U << view))
                continue;
            fprintf(to, "%s%s", before, keys_view_name((enum view)view));
            before = ", ";
        }
        fprintf(to, "%s\n", rows[i].views == EVERYWHERE ? "" : ".");
    }
    fputs(".El\n", to);
}
