/* SPDX-License-Identifier: Apache-2.0 */
/* The map: every object of both sides, a row each, and whether it is the same. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "plan/map_text.h"
#include "ui/model/key_rows.h"
#include "ui/model/marks.h"
#include "ui/model/pair.h"
#include "ui/model/reviewing.h"
#include "ui/model/text_page.h"

enum {
    OLD_MS = 60000, /* from then on the map says how old it is */
    STATE_COLUMNS = 19,
    TYPE_COLUMNS = 9,
    CLASS_COLUMNS = 8,
    LABEL_LEAST = 12,
};

static const struct mapped *mapped(const struct app *app)
{
    return &app->inventory.mapped;
}

static const struct map_row *current(const struct app *app)
{
    return mapped_row(mapped(app), mapped(app)->scroll.at);
}

static const struct key_desc *object_of(const struct app *app, const struct map_row *row,
                                        enum side side)
{
    const struct inventory *inv = &app->side[side].inventory;
    const uint32_t number = row->object[side];

    return number && number <= inv->count ? inventory_key(inv, number - 1) : NULL;
}

static bool is_marked(const struct app *app, const struct map_row *row)
{
    const struct inventory *inv = &app->side[SIDE_SOURCE].inventory;
    const uint32_t number = row->object[SIDE_SOURCE];

    return number && number <= inv->count && inv->marked[number - 1];
}

/* --- what is shown ---------------------------------------------------------------------------- */

static bool are_listed(const struct app *app)
{
    return app->side[SIDE_SOURCE].state == SIDE_LISTED &&
           app->side[SIDE_DESTINATION].state == SIDE_LISTED;
}

static void add_age(const struct app *app, char *out, size_t size)
{
    const int64_t made_ms = mapped(app)->map.utc_ms, age_ms = app->at.utc_ms - made_ms;
    char time[32];
    size_t len;

    len = text_print(out, size, "MAP of %.9s", text_time(made_ms, false, time) + 11);
    if (age_ms >= OLD_MS)
        text_print(out + len, size - len, ", STALE: %" PRId64 " min old", age_ms / OLD_MS);
}

static void title(const struct app *app, char *out, size_t size)
{
    const struct mapped *m = mapped(app);
    size_t len;

    if (!m->shown) {
        text_print(out, size, "MAP%s",
                   m->asked           ? "  both sides are compared ..."
                   : !are_listed(app) ? "  INCOMPLETE: both lists come first"
                                      : "");
        return;
    }
    add_age(app, out, size);
    len = strlen(out);
    if (m->filter == MAPPED_ALL)
        text_print(out + len, size - len, "  %zu rows: %zu the same, %zu missing", m->map.count,
                   m->map.counts[MAP_SAME], m->map.counts[MAP_ONLY_SOURCE]);
    else
        text_print(out + len, size - len, "  %zu of %zu rows: %s", m->shown_count, m->map.count,
                   mapped_filter_name(m));
}

/* Appends text in so many columns, and a blank. */
static void put(struct view_row *row, const char *text, int columns)
{
    char fits[KEY_LABEL_TEXT];
    size_t len = strlen(row->text);

    if (columns <= 0)
        return;
    text_fit(text, columns, false, fits, sizeof fits);
    text_print(row->text + len, sizeof row->text - len, "%s%*s ", fits, columns - text_width(fits),
               "");
}

/* The columns of a row; 0: there is no room for it. */
struct columns {
    int label, type, class, other;
};

static struct columns columns_of(const struct app *app)
{
    const int rest = app->at.layout.body.w - 2 - 2 - STATE_COLUMNS - 1;
    struct columns to = {.label = rest};

    if (rest - TYPE_COLUMNS - 1 >= LABEL_LEAST) {
        to.type = TYPE_COLUMNS;
        to.label -= TYPE_COLUMNS + 1;
    }
    if (to.label - CLASS_COLUMNS - 1 >= 2 * LABEL_LEAST) {
        to.class = CLASS_COLUMNS;
        to.label -= CLASS_COLUMNS + 1;
    }
    if (to.label >= 4 * LABEL_LEAST) {
        to.other = to.label / 2;
        to.label -= to.other;
    }
    to.label = to.label > 5 ? to.label - 1 : 4;
    return to;
}

static void head(const struct app *app, struct view_row *row)
{
    const struct columns to = columns_of(app);

    put(row, "", 1);
    put(row, "state", STATE_COLUMNS);
    put(row, "label", to.label);
    put(row, "type", to.type);
    put(row, "class", to.class);
    put(row, "by, or what differs", to.other);
}

/* The label under which the source's object of this row arrives, if it is another one; safe text.
 */
static const char *arrives_as(const struct app *app, const struct key_desc *source,
                              char out[KEY_LABEL_TEXT])
{
    const struct plan_name *name =
        source ? renames_find(&app->inventory.renames, source->handle) : NULL;

    out[0] = '\0';
    if (name)
        text_safe(name->label, name->label_len, out, KEY_LABEL_TEXT);
    return out;
}

/* What the column of the state does not say. */
static void other_text(const struct app *app, const struct map_row *row, char *out)
{
    const struct key_desc *source = object_of(app, row, SIDE_SOURCE);
    const struct key_desc *there = object_of(app, row, SIDE_DESTINATION);
    char label[KEY_LABEL_TEXT];

    out[0] = '\0';
    if (row->state == MAP_SAME)
        text_print(out, MAP_TEXT_MAX, "%s", map_by_name((enum map_by)row->by));
    else if (arrives_as(app, source, label)[0])
        text_print(out, MAP_TEXT_MAX, "arrives as: %s", label);
    else if ((row->state == MAP_OTHER_NAME || row->state == MAP_NAME_TAKEN) && there)
        text_print(out, MAP_TEXT_MAX, "there: %s", key_label_text(there, label));
    else if (row->state == MAP_NOT_KNOWN)
        text_print(out, MAP_TEXT_MAX, "same %s; = asks", map_by_name((enum map_by)row->by));
    else if (row->missing || row->differs)
        map_details_text(row, source, out);
}

static void row(const struct app *app, size_t i, struct view_row *out)
{
    const struct map_row *is = mapped_row(mapped(app), i);
    const struct columns to = columns_of(app);
    const struct key_desc *source, *there, *key;
    char text[KEY_LABEL_TEXT], other[MAP_TEXT_MAX];

    if (!is)
        return;
    source = object_of(app, is, SIDE_SOURCE);
    there = object_of(app, is, SIDE_DESTINATION);
    key = source ? source : there;
    if (!key)
        return;
    put(out, is_marked(app, is) ? "*" : "", 1);
    put(out, map_state_name((enum map_state)is->state), STATE_COLUMNS);
    put(out, key_label_text(key, text), to.label);
    put(out, sheet_type(key, to.type, text), to.type);
    put(out, key_class_name(key->class), to.class);
    other_text(app, is, other);
    put(out, other, to.other);
    out->bad = is->state == MAP_NAME_TAKEN;
}

/* Why it cannot be migrated, as the inventory has it. */
static const char *reason_of(const struct app *app, const struct map_row *row,
                             char out[VERDICT_REASON])
{
    const struct inventory *inv = &app->side[SIDE_SOURCE].inventory;
    const uint32_t number = row->object[SIDE_SOURCE];

    out[0] = '\0';
    if (row->state == MAP_CANNOT && number && number <= inv->count)
        inventory_reason(inv, &inv->verdicts[number - 1], out);
    return out;
}

static char *sentence(const struct app *app, const struct map_row *row, char *out)
{
    char reason[VERDICT_REASON];

    return map_row_text(row, object_of(app, row, SIDE_SOURCE),
                        object_of(app, row, SIDE_DESTINATION), reason_of(app, row, reason), out);
}

static void line(const struct app *app, char *out, size_t size)
{
    const struct map_row *row = current(app);
    char text[MAP_TEXT_MAX];

    if (row)
        text_print(out, size, "%s", sentence(app, row, text));
    else if (mapped(app)->shown)
        text_print(out, size, "No row passes the filter; F4 shows others.");
    else if (!are_listed(app))
        text_print(out, size, "The map is made as soon as both sides are listed.");
    else if (!mapped(app)->asked)
        text_print(out, size, "There is no map of these lists; R compares both sides.");
}

static void side_details(const struct app *app, const struct map_row *row, enum side side,
                         struct sheet *s)
{
    const struct key_desc *key = object_of(app, row, side);
    char text[KEY_LABEL_TEXT], print[TEXT_GROUPS_SIZE];

    if (!key) {
        sheet_line(s, "%-20s %s", side_name(side), "has none");
        return;
    }
    sheet_line(s, "%-20s %s", side_name(side), key_label_text(key, text));
    sheet_line(s, "%-20s %s", "  id", key->id_len ? key_id_text(key, text) : "none");
    sheet_line(s, "%-20s %s %s", "  type", key_class_name(key->class), key_type_text(key, text));
    if (key->has_public)
        sheet_line(s, "%-20s %s", "  public key", text_groups(key->spki_sha256, 8, print));
}

static void details(const struct app *app, struct sheet *s)
{
    const struct map_row *row = current(app);
    const struct map *map = &mapped(app)->map;
    char text[MAP_TEXT_MAX];

    s->hang = SHEET_FACTS;
    if (row) {
        side_details(app, row, SIDE_SOURCE, s);
        side_details(app, row, SIDE_DESTINATION, s);
        sheet_line(s, "%-20s %s", "result", sentence(app, row, text));
        sheet_line(s, "%s", "");
    }
    for (enum map_state state = 0; state < MAP_STATES; state++)
        if (map->counts[state])
            sheet_line(s, "%-20s %zu", map_state_name(state), map->counts[state]);
}

/* --- keys ------------------------------------------------------------------------------------- */

static size_t count(const struct app *app)
{
    return mapped(app)->shown_count;
}

static size_t at(const struct app *app)
{
    return mapped(app)->scroll.at;
}

static size_t page(const struct app *app)
{
    int h = app->at.layout.body.h - 3; /* within the frame, under the head */

    return h > 1 ? (size_t)h : 1;
}

static void move(struct app *app, long delta)
{
    scroll_move(&app->inventory.mapped.scroll, delta, count(app), page(app));
}

static bool find(struct app *app, const char *text, bool next)
{
    struct mapped *m = &app->inventory.mapped;

    for (size_t i = 0; i < m->shown_count; i++) {
        size_t place = (m->scroll.at + next + i) % m->shown_count;
        const struct map_row *row = mapped_row(m, place);
        for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++) {
            const struct key_desc *key = object_of(app, row, side);
            if (!key || !inventory_holds(key, text))
                continue;
            move(app, (long)place - (long)m->scroll.at);
            return true;
        }
    }
    return false;
}

static void filter(struct app *app)
{
    mapped_next_filter(&app->inventory.mapped);
    move(app, 0);
}

static bool are_at_work(struct app *app)
{
    const bool at_work = app_is_running(app) || app->queue.under_way;

    if (at_work)
        app_say(app, "The HSMs are at work; ask again when they are done.");
    return at_work;
}

static void make(struct app *app)
{
    app->inventory.mapped.asked = true;
    app_ask(app, REQUEST_MAP, SIDE_RELAY);
}

static void again(struct app *app)
{
    if (!are_listed(app))
        app_say(app, "Both HSMs must be open and listed first.");
    else if (!are_at_work(app)) {
        app_ask(app, REQUEST_REFRESH, SIDE_SOURCE);
        app_ask(app, REQUEST_REFRESH, SIDE_DESTINATION);
        app_ask(app, REQUEST_VERDICTS, SIDE_RELAY);
        make(app);
    }
}

/* The first time; later the officers decide when. */
static void enter(struct app *app)
{
    if (!mapped(app)->shown && !mapped(app)->asked && are_listed(app) && !app_is_running(app))
        make(app);
}

static void card(struct app *app)
{
    const struct map_row *row = current(app);

    if (!row || !row->object[SIDE_SOURCE] || !row->object[SIDE_DESTINATION]) {
        app_say(app, "This row has an object of one side only.");
        return;
    }
    app->verify.at = 0;
    app->verify.mapped = true;
    app->verify.scroll = (struct scroll){0};
    app_go(app, VIEW_VERIFY);
}

static void ask_same(struct app *app)
{
    const struct map_row *row = current(app);

    if (!row || !map_may_ask(row, object_of(app, row, SIDE_SOURCE)))
        app_say(app, "A challenge would show no more about this row.");
    else if (!are_at_work(app)) {
        app_say(app, "Both HSMs are asked ...");
        app_ask(app, REQUEST_COMPARED, SIDE_RELAY);
    }
}

/* --- a taken name ------------------------------------------------------------------------------
 */

/* Marks the key at the cursor, under this label; NULL: unmarks it. */
static void name(struct app *app, const char *label)
{
    const struct map_row *row = current(app);
    const struct key_desc *key = row ? object_of(app, row, SIDE_SOURCE) : NULL;
    struct err err;

    if (!key)
        return;
    if (!renames_set(&app->inventory.renames, key->handle, label, &err)) {
        app_show_error(app, &err);
        return;
    }
    inventory_mark_begin(&app->side[SIDE_SOURCE].inventory);
    inventory_mark_index(&app->side[SIDE_SOURCE].inventory, row->object[SIDE_SOURCE] - 1,
                         label != NULL);
    marks_changed(app);
}

static void name_done(struct app *app)
{
    const char *label = app->dialog.field.text;
    char safe[TEXT_SAFE_SIZE(KEY_LABEL_MAX)];

    name(app, label[0] ? label : NULL);
    if (app->dialog.kind != DIALOG_NONE)
        return; /* it failed */
    text_safe(label, strlen(label), safe, sizeof safe);
    if (label[0])
        app_say(app, "Marked; it arrives as %.300s.", safe);
    else
        app_say(app, "Skipped: it stays on the source.");
    move(app, 1);
}

static void name_left(struct app *app)
{
    app_say(app, "Stopped: nothing was marked or changed.");
}

static const struct input name_input = {
    .title = "THE NAME IS TAKEN",
    .prompt =
        "Another key on the destination has this label or id, and no key is overwritten. Type "
        "the label under which this one arrives; empty skips it; Esc stops:",
    .done = name_done,
    .left = name_left,
    .typed_only = true};

/* May it leave under another name? */
static bool may_be_renamed(const struct app *app, const struct map_row *row)
{
    const struct key_desc *key = row ? object_of(app, row, SIDE_SOURCE) : NULL;
    struct err ignored;

    return key && row->state == MAP_NAME_TAKEN && key_is_movable_class(key) &&
           policy_may_leave(key, &ignored);
}

/* Is it there, and out of date: attributes that can be set, or an older certificate? */
static bool is_out_of_date(const struct app *app, const struct map_row *row)
{
    const struct key_desc *source = object_of(app, row, SIDE_SOURCE);
    const struct key_desc *there = object_of(app, row, SIDE_DESTINATION);

    if (!source || !there || row->outdated)
        return source && there && row->outdated;
    if (row->state != MAP_SAME && row->state != MAP_OTHER_NAME &&
        row->state != MAP_OTHER_ATTRIBUTES && row->state != MAP_INCOMPLETE)
        return false;
    return map_may_tighten(&app->config->policy, source, there);
}

/* Can a migration bring it, or bring it up to date? */
static bool is_to_bring(const struct app *app, const struct map_row *row)
{
    return row->state == MAP_ONLY_SOURCE || is_out_of_date(app, row);
}

static void mark(struct app *app)
{
    const struct map_row *row = current(app);
    struct inventory *inv = &app->side[SIDE_SOURCE].inventory;
    char text[MAP_TEXT_MAX];

    if (settle_is_on(&app->settle) || app->run.over)
        app_say(app, "Nothing is marked in this console.");
    else if (may_be_renamed(app, row) && is_marked(app, row))
        name(app, NULL);
    else if (may_be_renamed(app, row))
        app_open_input(app, &name_input, "");
    else if (row && is_to_bring(app, row)) {
        inventory_mark_begin(inv);
        inventory_mark_index(inv, row->object[SIDE_SOURCE] - 1, !is_marked(app, row));
        marks_changed(app);
        app_say(app, "%zu of %zu marked.", inv->marked_count, inv->count);
        move(app, 1);
    } else if (row)
        app_say(app, "Not to be migrated: %.300s.", sentence(app, row, text));
}

/* What only the source has, and what is out of date; the public objects of a key come with it. */
static void mark_missing(struct app *app)
{
    struct inventory *inv = &app->side[SIDE_SOURCE].inventory;
    const struct map *map = &mapped(app)->map;
    size_t before = inv->marked_count;

    if (settle_is_on(&app->settle) || app->run.over || !mapped(app)->shown) {
        app_say(app, "Nothing is marked in this console.");
        return;
    }
    inventory_mark_begin(inv);
    for (size_t i = 0; i < map->count; i++)
        if (is_to_bring(app, &map->rows[i]) && !map->rows[i].accompanies)
            inventory_mark_index(inv, map->rows[i].object[SIDE_SOURCE] - 1, true);
    if (inv->marked_count == before && before == 0) {
        app_say(app, "Nothing is missing or out of date on the destination.");
        return;
    }
    marks_changed(app);
    app_say(app, "%zu marked, %zu of them now; F5 reviews and migrates them.", inv->marked_count,
            inv->marked_count - before);
}

static void review(struct app *app)
{
    app_go(app, VIEW_INVENTORY);
    reviewing_ask(app);
}

static void details_open(struct app *app)
{
    app_open(app, DIALOG_DETAILS);
}

/* --- what the worker says --------------------------------------------------------------------- */

static void event(struct app *app, const struct event *e)
{
    if (e->kind != EVENT_COMPARED)
        return;
    for (size_t i = 0; i < mapped(app)->map.count; i++) {
        const struct map_row *is = &mapped(app)->map.rows[i];
        const struct map_couple of = {object_of(app, is, SIDE_SOURCE),
                                      object_of(app, is, SIDE_DESTINATION), &app->config->policy};
        if (!map_may_ask(is, of.source) || !of.found ||
            of.source->handle != e->compared.handle[SIDE_SOURCE] ||
            of.found->handle != e->compared.handle[SIDE_DESTINATION])
            continue;
        mapped_answer(&app->inventory.mapped, &of, is->object, e->compared.result);
        break;
    }
}

static void done(struct app *app, enum request_kind kind, enum side side, bool ok)
{
    (void)side;
    if (kind == REQUEST_CHOOSE && app->at.view == VIEW_MAP)
        enter(app); /* it was opened before both lists were complete */
    if (kind != REQUEST_MAP)
        return;
    app->inventory.mapped.asked = false;
    if (!ok)
        app_show_error(app, &app->queue.error);
}

static void size(struct app *app)
{
    move(app, 0);
}

static const struct key_row keys[] = {
    {.also = keys_help},
    {.also = keys_moving},
    {{'M'},
     1,
     "Mark missing",
     "Mark all that is missing or out of date on the destination.",
     mark_missing,
     NULL},
    {{' ', PRESS_INSERT, 'm'},
     3,
     "Mark",
     "Mark what is missing or out of date, or whose name is taken; or unmark.",
     mark,
     NULL},
    {.also = keys_finding},
    {{PRESS_F3, 'd'}, 4, "Details", "Show this row in full, and the counts.", details_open, NULL},
    {{PRESS_F4, 'f'},
     2,
     "Filter",
     "Show all rows, all that are not the same, or one state, in turn.",
     filter,
     NULL},
    {{PRESS_F5, 'c'}, 2, "Migrate", "Review the marked keys and migrate them.", review, NULL},
    {{PRESS_F6, PRESS_ENTER, 'v'}, 3, "Card", "Show both objects of this row.", card, NULL},
    {{'='},
     4,
     "Same?",
     "Ask both HSMs whether this is the same key: an operation on it.",
     ask_same,
     NULL},
    {{'R'}, 3, "List again", "List both sides and compare them again.", again, NULL},
    {.also = keys_doors},
    {.also = keys_back_from_list},
    {.also = keys_leaving},
    {.help = NULL},
};

static bool offers(const struct app *app, const struct key_row *row)
{
    const bool marks = !settle_is_on(&app->settle) && !app->run.over;

    if (row->act == mark || row->act == mark_missing || row->act == review)
        return marks;
    return key_rows_offer(app, row);
}

const struct view map_view = {.name = "Map",
                              .keys = keys,
                              .title = title,
                              .head = head,
                              .count = count,
                              .row = row,
                              .at = at,
                              .move = move,
                              .page = page,
                              .find = find,
                              .details = details,
                              .line = line,
                              .offers = offers,
                              .enter = enter,
                              .size = size,
                              .event = event,
                              .done = done};
