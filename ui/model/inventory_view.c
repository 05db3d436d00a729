/* SPDX-License-Identifier: Apache-2.0 */
/* The inventory view: the objects of both HSMs, and the keys that are marked for the ceremony. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "hsm/fidelity.h"
#include "ui/model/exception.h"
#include "ui/model/key_rows.h"
#include "ui/model/marks.h"
#include "ui/model/pair.h"
#include "ui/model/reviewing.h"
#include "ui/model/text_page.h"

static struct inventory *current(struct app *app)
{
    return &app->side[app->at.active].inventory;
}

/* --- marks ------------------------------------------------------------------------------------ */

static void mark(struct app *app)
{
    struct inventory *inv = current(app);
    const struct key_desc *key = inventory_row(inv, inv->scroll.at);
    const struct verdict *verdict = inventory_verdict(inv, inv->scroll.at);
    bool marked = inventory_is_marked(inv, inv->scroll.at);
    char reason[VERDICT_REASON];

    if (settle_is_on(&app->settle))
        app_say(app, "The journal says which keys; F5 looks for them again.");
    else if (app->at.active != SIDE_SOURCE)
        app_say(app, "Keys are marked on the source; this is the destination.");
    else if (app_awaits_list(app, SIDE_SOURCE))
        return;
    else if (key && !inventory_can_mark(inv, inv->scroll.at))
        app_say(app, "It cannot go: %s.",
                verdict->known ? inventory_reason(inv, verdict, reason)
                               : key_class_name(key->class));
    else if (key && !marked && verdict->known && !verdict->movable &&
             !script_find(&app->inventory.script, key->handle))
        app_say(app, "It cannot go: %s.", inventory_reason(inv, verdict, reason));
    else if (key) {
        inventory_mark(inv, inv->scroll.at, !marked);
        marks_changed(app);
        pair_move(app, 1);
    }
}

/* Many were marked at once, on the source even if the destination was active. Nobody shall search
 * for those that were not. */
static void many_marked(struct app *app, size_t left_out)
{
    app->at.active = SIDE_SOURCE;
    app_resize(app); /* one pane alone shows the active side */
    marks_changed(app);
    if (left_out)
        app_say(app, "%zu refused key%s not marked; F4 \"" INVENTORY_REFUSED "\" shows %s.",
                left_out, left_out == 1 ? " was" : "s were", left_out == 1 ? "it" : "them");
}

static void pattern_done(struct app *app)
{
    many_marked(app, inventory_mark_pattern(&app->side[SIDE_SOURCE].inventory,
                                            app->dialog.field.text, &app->inventory.script));
}

static const struct input pattern_input = {
    .title = "MARK",
    .prompt = "Mark the keys whose label matches; * stands for anything:",
    .done = pattern_done};

static void mark_pattern(struct app *app)
{
    if (app_awaits_list(app, SIDE_SOURCE))
        return;
    app_open_input(app, &pattern_input, "*");
    field_offer(&app->dialog.field, "*");
}

static void mark_invert(struct app *app)
{
    if (app_awaits_list(app, SIDE_SOURCE))
        return;
    many_marked(app,
                inventory_mark_invert(&app->side[SIDE_SOURCE].inventory, &app->inventory.script));
}

static void mark_clear(struct app *app)
{
    inventory_mark_clear(&app->side[SIDE_SOURCE].inventory);
    marks_changed(app);
}

static void mark_undo(struct app *app)
{
    size_t changed = inventory_mark_undo(&app->side[SIDE_SOURCE].inventory);

    if (changed == 0) {
        app_say(app, "There is no change of marks to undo.");
        return;
    }
    marks_changed(app);
    app_say(app, "%zu mark%s as before; u again reverses this.", changed, changed == 1 ? "" : "s");
}

/* --- what is shown ---------------------------------------------------------------------------- */

static void filter_to(struct app *app, const char *text)
{
    inventory_filter(current(app), text);
    app_resize(app);
}

static void filter_typed(struct app *app)
{
    filter_to(app, app->dialog.field.text);
}

static void filter_left(struct app *app)
{
    filter_to(app, app->inventory.filter_before);
}

static void filter_count(const struct app *app, char *out, size_t size)
{
    const struct inventory *inv = &app->side[app->at.active].inventory;

    snprintf(out, size, "%zu of %zu shown", inv->shown_count, inv->count);
}

static const struct input filter_input = {
    .title = "FILTER",
    .prompt = "Show only what holds this text in label, type or id, or what is \"" INVENTORY_REFUSED
              "\"; empty shows all:",
    .changed = filter_typed,
    .left = filter_left,
    .count = filter_count};

static void filter(struct app *app)
{
    memcpy(app->inventory.filter_before, current(app)->filter, sizeof app->inventory.filter_before);
    app_open_input(app, &filter_input, current(app)->filter);
}

static void sort(struct app *app)
{
    struct inventory *inv = current(app);

    inventory_sort(inv, (enum inventory_sort)((inv->sort + 1) % SORTS));
    app_resize(app);
    app_say(app, "Sorted by %s.", inventory_sort_name(inv->sort));
}

static bool find(struct app *app, const char *text, bool next)
{
    struct inventory *inv = current(app);

    return inventory_find(inv, text, inv->scroll.at + next, pair_page(app, app->at.active));
}

/* From key to key; public objects and data are passed over. */
static void walk(struct app *app, long delta)
{
    const struct inventory *inv = current(app);
    size_t row = inv->scroll.at;
    long steps = 0;

    do {
        row += (size_t)delta; /* before the first row it wraps, and there is none */
        steps += delta;
    } while (inventory_row(inv, row) && !key_is_movable_class(inventory_row(inv, row)));
    if (inventory_row(inv, row))
        pair_move(app, steps);
}

static void next_key(struct app *app)
{
    walk(app, 1);
}

static void key_before(struct app *app)
{
    walk(app, -1);
}

static void details_open(struct app *app)
{
    if (inventory_row(current(app), current(app)->scroll.at))
        app_open(app, DIALOG_DETAILS);
    else
        app_say(app, "This list has no object to show.");
}

static size_t page(const struct app *app)
{
    return pair_page(app, app->at.active);
}

static void size(struct app *app)
{
    for (unsigned i = 0; i < 2; i++) {
        struct inventory *inv = &app->side[i].inventory;
        scroll_move(&inv->scroll, 0, inv->shown_count, pair_page(app, (enum side)i));
    }
}

static void map_open(struct app *app)
{
    app_go(app, VIEW_MAP);
}

/* --- the ceremony ----------------------------------------------------------------------------- */

static void event(struct app *app, const struct event *e)
{
    char text[EVENT_COMPARED_TEXT];

    if (app->phase == PHASE_PLANNING)
        trial_event(&app->inventory.trial, e, app->at.now_ms);
    marks_event(app, e);
    if (e->kind != EVENT_COMPARED)
        return;
    /* without memory it is shown once, and not kept */
    comparisons_add(&app->inventory.comparisons, &e->compared);
    app_say(app, "%.100s: %.300s", e->compared.label, event_compared_text(&e->compared, text));
}

static void done(struct app *app, enum request_kind kind, enum side side, bool ok)
{
    (void)side;
    if ((kind == REQUEST_COMPARED || kind == REQUEST_VERDICTS) && !ok)
        app_show_error(app, &app->queue.error);
    if (kind == REQUEST_CHOOSE && ok && reviewing_is_possible(app) && settle_is_on(&app->settle)) {
        app->settle.planned = false; /* by these sessions */
        reviewing_begin(app);        /* its journal says which keys */
    } else if (kind == REQUEST_CHOOSE && ok && reviewing_is_possible(app)) {
        marks_take(app);
        app_ask(app, REQUEST_VERDICTS, SIDE_RELAY);
    }
    if (app->inventory.review_asked && app->queue.under_way == 0)
        reviewing_begin(app);
}

/* --- details ---------------------------------------------------------------------------------- */

static const char *truth(const struct key_desc *key, uint32_t flag)
{
    return key_is(key, flag) ? "yes" : key_is_not(key, flag) ? "no" : "not reported";
}

/* The usage constraints of the key besides its flags, if there are any. */
static void constraints(const struct key_desc *key, struct sheet *s)
{
    const struct fidelity_pair pair = {.source = key};
    struct fidelity_row row;

    for (unsigned i = 0; fidelity_row(&pair, i, &row); i++)
        if (row.constraint && row.source[0])
            sheet_line(s, "%-20s %s", row.name, row.source);
    if (key->constraints.known & KEY_DATES_HIDDEN)
        sheet_line(s, "%-20s %s", "dates", "there are some, which this HSM fails to read");
}

static void fingerprint(const struct key_desc *key, struct sheet *s)
{
    char text[TEXT_WORDS_SIZE];

    if (!key->has_public) {
        sheet_line(s, "%-20s %s", "public key", "not reported");
        return;
    }
    sheet_line(s, "%-20s SHA-256 of its SubjectPublicKeyInfo", "public key");
    for (unsigned i = 0; i < SHA256_SIZE; i += SHA256_SIZE / 2) {
        char groups[TEXT_GROUPS_SIZE];
        text_groups(key->spki_sha256, 16, groups);
        sheet_line(s, "%-20s %.39s", "", groups + (i ? 40 : 0));
    }
    for (unsigned i = 0; i < SHA256_SIZE; i += 4)
        sheet_line(s, "%-20s %s", "", text_words(key->spki_sha256, i, 4, text));
}

static void verdict(const struct app *app, struct sheet *s)
{
    const struct inventory *inv = &app->side[app->at.active].inventory;
    const struct verdict *v = inventory_verdict(inv, inv->scroll.at);
    char reason[VERDICT_REASON];

    if (app->at.active != SIDE_SOURCE || !v || !v->known)
        return;
    sheet_line(s, "%-20s %s: %s", "can it go?", v->movable ? "yes" : "no",
               inventory_reason(inv, v, reason));
}

/* As the HSM reports it by itself, and as the officers asked for it. */
static void show_kcvs(const struct app *app, const struct key_desc *key, struct sheet *s)
{
    const struct compared *asked =
        comparisons_find(&app->inventory.comparisons, app->at.active, key->handle);
    char text[EVENT_KCV_TEXT];

    /* it would help to guess a password */
    if (key->kcv_len && !key_kind_is(key->kind, KEY_FAMILY_VALUE))
        sheet_line(s, "%-20s %s", "check value", key_kcv_text(key, text));
    for (unsigned i = 0; asked && i < asked->kcv_count; i++)
        sheet_line(s, "%-20s %s", "check value", event_kcv_text(&asked->kcvs[i], text));
}

static void details(const struct app *app, struct sheet *s)
{
    const struct inventory *inv = &app->side[app->at.active].inventory;
    const struct key_desc *key = inventory_row(inv, inv->scroll.at);
    char text[2 * KEY_LABEL_TEXT];

    if (!key)
        return;
    s->hang = SHEET_FACTS;
    sheet_line(s, "%-20s %s", "label", key_label_text(key, text));
    text_hex(key->id, key->id_len < KEY_ID_MAX ? key->id_len : KEY_ID_MAX, text);
    sheet_line(s, "%-20s %s", "id", text[0] ? text : "none");
    sheet_line(s, "%-20s %s", "class", key_class_name(key->class));
    sheet_line(s, "%-20s %s  (%s)", "type", key_type_text(key, text), key->type_name);
    if (key->length)
        sheet_line(s, "%-20s %" PRIu32 " bytes", "length", key->length);
    verdict(app, s);
    for (unsigned i = 0; i < KEY_FLAGS; i++)
        sheet_line(s, "%-20s %s", key_flag_name(UINT32_C(1) << i), truth(key, UINT32_C(1) << i));
    constraints(key, s);
    show_kcvs(app, key, s);
    fingerprint(key, s);
    sheet_line(s, "%-20s %" PRIu64, "handle", key->handle);
}

/* --- the view --------------------------------------------------------------------------------- */

static const struct key_row keys[] = {
    {.also = keys_help},
    {.also = keys_moving},
    {{'n'}, 0, NULL, "The next key.", next_key, NULL},
    {{'p'}, 0, NULL, "The key before.", key_before, NULL},
    {.also = keys_sides},
    {{' ', PRESS_INSERT, 'm'}, 2, "Mark", "Mark the key for migration, or unmark it.", mark, NULL},
    {{'+'},
     0,
     NULL,
     "Mark what is not refused and whose label matches a pattern (* is all).",
     mark_pattern,
     NULL},
    {{'*'},
     0,
     NULL,
     "Mark what is neither marked nor refused, and unmark the rest.",
     mark_invert,
     NULL},
    {{'-'}, 0, NULL, "Unmark all keys.", mark_clear, NULL},
    {{'u'}, 0, NULL, "Undo the last change of marks; once more does it again.", mark_undo, NULL},
    {.also = keys_finding},
    {.also = keys_save},
    {{PRESS_F3, PRESS_ENTER, 'd'},
     3,
     "Details",
     "Show everything that is known of this object.",
     details_open,
     NULL},
    {{PRESS_F4, 'f'},
     3,
     "Filter",
     "Show only what holds a text in label, type or id, or what is refused.",
     filter,
     NULL},
    {{'s'}, 0, NULL, "Sort by label, by type, or by id, in turn.", sort, NULL},
    {{PRESS_F5, 'c'},
     1,
     "Migrate",
     "Review the marked keys and migrate them.",
     reviewing_ask,
     NULL},
    {{PRESS_F6, 'M'},
     3,
     "Compare",
     "Compare both sides, object by object: the map.",
     map_open,
     NULL},
    {{'v'}, 0, NULL, "Show source and destination of a key side by side.", pair_show, NULL},
    {{'='},
     0,
     NULL,
     "Ask both HSMs whether theirs is the same key: an operation on it.",
     pair_ask_same,
     NULL},
    {.also = keys_hsms},
    {.also = keys_retry},
    {{'X'}, 0, NULL, "Write down what is not as planned.", exception_begin, NULL},
    {.also = keys_doors},
    {.also = keys_leaving},
    {.help = NULL},
};

/* Marks wait for the list. After a ceremony, and without a source, nothing is marked or migrated;
 * of one that was interrupted, its journal says which keys. */
static bool offers(const struct app *app, const struct key_row *row)
{
    bool possible = !app->run.over && app->side[SIDE_SOURCE].state != SIDE_FAILED;

    if (row->act == mark)
        return possible && !settle_is_on(&app->settle) &&
               app->side[SIDE_SOURCE].state != SIDE_LOGGED_IN;
    return (row->act != reviewing_ask || possible) && key_rows_offer(app, row);
}

const struct view inventory_view = {.name = "Inventory",
                                    .keys = keys,
                                    .move = pair_move,
                                    .page = page,
                                    .find = find,
                                    .details = details,
                                    .offers = offers,
                                    .size = size,
                                    .event = event,
                                    .done = done};
