/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger: all keys of the plan, a row each, with a cell for each step. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ui/model/key_rows.h"
#include "ui/model/text_page.h"

/* A cell of a row. Of a public object other steps than of a key. */
static const struct cell {
    enum step_id step, of_object;
    int width;
    const char *head;
} to_hsm[] =
    {
        {STEP_WRAP_KEY, STEP_READ_OBJECT, 4, "wrap"},
        {STEP_RELAY_KEY, STEP_RELAY_OBJECT, 6, "relay"},
        {STEP_UNWRAP_KEY, STEPS, 6, "unwrap"},
        {STEP_PROVE, STEPS, 5, "prove"},
        {STEP_COMMIT, STEP_COMMIT, 4, "keep"},
        {STEP_PROVE_AGAIN, STEP_PROVE_AGAIN, 5, "again"},
        {STEP_PROVE_FRESH, STEP_PROVE_FRESH, 5, "fresh"},
},
  to_service[] = {
      {STEP_WRAP_KEY, STEPS, 4, "wrap"},
      {STEP_RELAY_KEY, STEPS, 6, "relay"},
      {STEP_SEAL, STEPS, 6, "seal"},
};
enum {
    NUMBER_LEAST = 2,
    LABEL_LEAST = 12,
    LABEL_MUCH = 24,
    TYPE_WIDTH = 9,
    CHECK_SHORT = 7, /* "=60a8ad" */
    CHECK_WHOLE = 17,
};

/* The columns of a row in a window this wide; 0: there is no room for it. */
struct columns {
    int number, label, type, check;
};

/* Takes a column from the label's, if that keeps so many. */
static int take(int *label, int width, int least)
{
    if (*label < least + width + 1)
        return 0;
    *label -= width + 1;
    return width;
}

/* The cells of a row; returns how many. */
static unsigned cells_of(const struct app *app, const struct cell **cells)
{
    const bool service = app->run.for_service;

    *cells = service ? to_service : to_hsm;
    return service ? sizeof to_service / sizeof to_service[0] : sizeof to_hsm / sizeof to_hsm[0];
}

static struct columns columns_of(const struct app *app)
{
    struct columns to = {.number = snprintf(NULL, 0, "%zu", app->run.key_count)};
    const struct cell *cells;
    const unsigned count = cells_of(app, &cells);

    to.number = to.number < NUMBER_LEAST ? NUMBER_LEAST : to.number;
    to.label = app->at.layout.body.w - 2 - to.number - 1;
    for (unsigned i = 0; i < count; i++)
        to.label -= cells[i].width + 1;
    to.type = take(&to.label, TYPE_WIDTH, LABEL_LEAST);
    to.check = take(&to.label, CHECK_WHOLE, LABEL_MUCH);
    to.check = to.check ? to.check : take(&to.label, CHECK_SHORT, LABEL_LEAST);
    to.label = to.label > 4 ? to.label : 4;
    return to;
}

/* Appends text in so many columns, after a blank. */
static void put(struct view_row *row, const char *text, int columns)
{
    char fits[KEY_LABEL_TEXT];
    size_t len = strlen(row->text);

    text_fit(text, columns, false, fits, sizeof fits);
    snprintf(row->text + len, sizeof row->text - len, " %s%*s", fits, columns - text_width(fits),
             "");
}

/* --- one row ---------------------------------------------------------------------------------- */

static void put_bytes(uint32_t bytes, char out[16])
{
    if (bytes < 10000)
        snprintf(out, 16, "%" PRIu32 " B", bytes);
    else
        snprintf(out, 16, "%" PRIu32 "kB", bytes / 1000 % 100000);
}

/* A copy that is there has one step in place of all those before its proof. */
static enum step_id of_aligned(const struct cell *cell)
{
    return cell->step == STEP_COMMIT ? STEP_ALIGN : cell->step < STEP_COMMIT ? STEPS : cell->step;
}

/* A new key is derived on both sides; others are wrapped and unwrapped. */
static enum step_id of_derived(const struct cell *cell)
{
    return cell->step == STEP_WRAP_KEY     ? STEP_DERIVE
           : cell->step == STEP_RELAY_KEY  ? STEPS
           : cell->step == STEP_UNWRAP_KEY ? STEP_DERIVE_THERE
                                           : cell->step;
}

/* How a step of a key went, in a cell. */
static void cell_text(const struct run *run, uint32_t number, const struct cell *cell, char out[16])
{
    static const char *const words[] = {[RUN_AHEAD] = "",
                                        [RUN_BEGUN] = "[..]",
                                        [RUN_OK] = "ok",
                                        [RUN_FAILED] = "FAIL",
                                        [RUN_UNDONE] = "UNDO"};
    const struct run_key *key = run_key_at(run, number);
    enum step_id id = key->route == ROUTE_PUBLIC    ? cell->of_object
                      : key->route == ROUTE_ALIGNED ? of_aligned(cell)
                      : key->route == ROUTE_DERIVED ? of_derived(cell)
                                                    : cell->step;
    const struct run_step *step;

    if (id == STEPS || id == STEP_PROVE_FRESH) {
        snprintf(out, 16, "%s",
                 id == STEPS                            ? "-"
                 : key->stages & 1U << STEP_PROVE_FRESH ? "ok"
                                                        : "");
        return;
    }
    step = run_step(run, number, id);
    if (cell->step == STEP_RELAY_KEY && step->state == RUN_OK)
        put_bytes(step->bytes, out);
    else
        snprintf(out, 16, "%s", words[step->state]);
}

/* What both sides report of the key: "=60a8ad", "DIFFER", or nothing. */
static void check_text(const struct run_key *key, int columns, char *out, size_t size)
{
    char value[2][EVENT_KCV_TEXT];

    out[0] = '\0';
    for (unsigned i = 0; i < key->kcv_count && !out[0]; i++) {
        event_kcv_value(&key->kcvs[i], SIDE_SOURCE, value[0]);
        event_kcv_value(&key->kcvs[i], SIDE_DESTINATION, value[1]);
        if (value[0][0] && value[1][0])
            snprintf(out, size, strcmp(value[0], value[1]) == 0 ? "=%.*s" : "DIFFER", columns - 1,
                     value[0]);
    }
}

/* Is there nothing to be said of its steps but why it has none? */
static bool is_left_out(const struct run *run, const struct run_key *key)
{
    return !key->begun && key->outcome != KEY_MIGRATED &&
           (key->outcome != KEY_PENDING || run->over);
}

static void put_row(const struct app *app, uint32_t number, struct view_row *row)
{
    const struct run_key *key = run_key_at(&app->run, number);
    const struct columns columns = columns_of(app);
    const struct cell *cells;
    const unsigned count = cells_of(app, &cells);
    char text[KEY_LABEL_TEXT];
    size_t len;

    snprintf(row->text, sizeof row->text, "%*" PRIu32, columns.number, number);
    put(row, key_label_text(&key->source, text), columns.label);
    if (columns.type)
        put(row, sheet_type(&key->source, columns.type, text), columns.type);
    if (is_left_out(&app->run, key)) {
        len = strlen(row->text);
        text_print(row->text + len, sizeof row->text - len, " %s%s%s",
                   key_outcome_name(key->outcome), key->reason[0] ? ": " : "", key->reason);
        return;
    }
    for (unsigned i = 0; i < count; i++) {
        char cell[16];
        cell_text(&app->run, number, &cells[i], cell);
        put(row, cell, cells[i].width);
    }
    if (columns.check) {
        check_text(key, columns.check, text, sizeof text);
        put(row, text, columns.check);
    }
}

/* --- the view --------------------------------------------------------------------------------- */

/* The key of a row, from 1; 0: there is no such row. */
static uint32_t number_at(const struct app *app, size_t i)
{
    const struct run *run = &app->run;

    if (app->at.keys.failures)
        return failing_at(&run->failing, i);
    return i < run->key_count ? (uint32_t)i + 1 : 0;
}

static size_t count(const struct app *app)
{
    return app->at.keys.failures ? app->run.failing.count : app->run.key_count;
}

static size_t at(const struct app *app)
{
    size_t last = count(app);

    return app->at.keys.scroll.at < last ? app->at.keys.scroll.at : last ? last - 1 : 0;
}

static void title(const struct app *app, char *out, size_t size)
{
    const struct run *run = &app->run;
    size_t objects = run->key_count - run->chosen;
    char companions[64] = "";

    if (objects)
        snprintf(companions, sizeof companions, ", with %zu public object%s", objects,
                 objects == 1 ? "" : "s");
    if (app->at.keys.failures)
        snprintf(out, size, "KEYS  %zu of %zu rows: refused, failed or unproven",
                 run->failing.count, run->key_count);
    else
        snprintf(out, size,
                 "KEYS %zu%s   %" PRIu32 " %s   %" PRIu32 " refused   %" PRIu32 " failed",
                 run->chosen, companions,
                 run->over ? run->migrated + run->sealed + run->destroyed : run->arrived,
                 run_place(run)->proven, run->refused, run->failed);
}

static void head(const struct app *app, struct view_row *row)
{
    const struct columns columns = columns_of(app);
    const struct cell *cells;
    const unsigned count = cells_of(app, &cells);

    snprintf(row->text, sizeof row->text, "%*s", columns.number, "#");
    put(row, "label", columns.label);
    if (columns.type)
        put(row, "type", columns.type);
    for (unsigned i = 0; i < count; i++)
        put(row, cells[i].head, cells[i].width);
    if (columns.check)
        put(row, "check", columns.check);
}

static void row(const struct app *app, size_t i, struct view_row *out)
{
    uint32_t number = number_at(app, i);
    enum key_outcome outcome;

    if (number == 0)
        return;
    put_row(app, number, out);
    outcome = run_key_at(&app->run, number)->outcome;
    out->bad = outcome != KEY_MIGRATED && outcome != KEY_DESTROYED && outcome != KEY_ALIGNED &&
               outcome != KEY_DERIVED && (outcome != KEY_PENDING || app->run.over);
}

static size_t page(const struct app *app)
{
    int h = app->at.layout.body.h - 3; /* within the frame, under the head */

    return h > 1 ? (size_t)h : 1;
}

static void move(struct app *app, long delta)
{
    app->at.keys.scroll.at = at(app);
    scroll_move(&app->at.keys.scroll, delta, count(app), page(app));
}

static void next(struct app *app)
{
    move(app, 1);
}

static void previous(struct app *app)
{
    move(app, -1);
}

static void steps(struct app *app)
{
    app->at.keys.shown = number_at(app, at(app));
    if (app->at.keys.shown)
        app_go(app, VIEW_STEPS);
    else
        app_say(app, "The list is empty.");
}

static void card(struct app *app)
{
    app->verify.at = number_at(app, at(app));
    app->verify.mapped = false;
    app->verify.scroll = (struct scroll){0};
    if (app->verify.at)
        app_go(app, VIEW_VERIFY);
    else
        app_say(app, "The list is empty.");
}

/* The key at the cursor stays there if it is shown. */
static void filter(struct app *app)
{
    uint32_t number = number_at(app, at(app));
    struct app_keys *keys = &app->at.keys;

    keys->failures = !keys->failures;
    if (!keys->failures) {
        keys->scroll.at = number ? number - 1 : 0;
        return;
    }
    keys->scroll.at = failing_before(&app->run.failing, number);
    if (app->run.failing.count == 0)
        app_say(app, "No key was refused, and none failed.");
}

static const struct key_row ledger_door = {
    {'L'}, 3, "Ledger", "Show all keys, a row each, with a cell for each step.", NULL, NULL};

static const struct key_row keys[] = {
    {.also = keys_help},
    {.also = keys_moving},
    {{'n', PRESS_RIGHT, 'l'}, 0, NULL, "The next key.", next, NULL},
    {{'p', PRESS_LEFT, 'h'}, 0, NULL, "The key before.", previous, NULL},
    {{PRESS_ENTER, 'd'}, 2, "Steps", "Show the steps of this key, each in full.", steps, NULL},
    {{PRESS_F6, 'v'}, 2, "Card", "Show this key on both sides.", card, NULL},
    {{PRESS_F4, 'f'},
     3,
     "Failed",
     "Only the keys that were refused, failed or arrived unproven; again: all.",
     filter,
     NULL},
    {.also = keys_exception},
    {.also = keys_doors},
    {.also = keys_back_from_list},
    {.also = keys_leaving},
    {.help = NULL},
};

static bool offers(const struct app *app, const struct key_row *row)
{
    return row == &ledger_door ? app->run.key_count > 0 : key_rows_offer(app, row);
}

const struct view ledger_view = {.name = "Ledger",
                                 .offers = offers,
                                 .keys = keys,
                                 .door = &ledger_door,
                                 .title = title,
                                 .head = head,
                                 .count = count,
                                 .row = row,
                                 .at = at,
                                 .move = move,
                                 .page = page};
