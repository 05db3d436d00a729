/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/pair.h"

enum { NO_ROWS = 5 }; /* lines of a pane that show no object */

size_t pair_page(const struct app *app, enum side side)
{
    int h = app->at.layout.pane[side].h;

    return h > NO_ROWS ? (size_t)(h - NO_ROWS) : 1;
}

void pair_move(struct app *app, long delta)
{
    struct inventory *inv = &app->side[app->at.active].inventory;

    scroll_move(&inv->scroll, delta, inv->shown_count, pair_page(app, app->at.active));
}

enum relation pair_relation(const struct app *app, enum side side, const struct key_desc *key)
{
    enum side other = app_other(side);
    const struct compared *asked = comparisons_find(&app->inventory.comparisons, side, key->handle);
    const struct key_desc *there;
    enum relation relation = inventory_counterpart(&app->side[other].inventory, key, &there);

    if (relation != RELATION_NAME || !asked || asked->handle[other] != there->handle ||
        asked->result == COMPARED_UNKNOWN)
        return relation;
    return asked->result == COMPARED_SAME ? RELATION_SAME : RELATION_OTHER;
}

static void pair_at_cursor(const struct app *app, const struct key_desc **source,
                           const struct key_desc **destination)
{
    enum side active = app->at.active;
    const struct inventory *inv = &app->side[active].inventory;
    const struct key_desc *here = inventory_row(inv, inv->scroll.at);
    const struct key_desc *there = NULL;

    if (here)
        inventory_counterpart(&app->side[app_other(active)].inventory, here, &there);
    *source = active == SIDE_SOURCE ? here : there;
    *destination = active == SIDE_SOURCE ? there : here;
}

/* The objects of the map's current row. */
static void pair_in_map(const struct app *app, const struct key_desc *pair[2])
{
    const struct mapped *mapped = &app->inventory.mapped;
    const struct map_row *row = mapped_row(mapped, mapped->scroll.at);

    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++) {
        const struct inventory *inv = &app->side[side].inventory;
        const uint32_t number = row ? row->object[side] : 0;
        pair[side] = number && number <= inv->count ? inventory_key(inv, number - 1) : NULL;
    }
}

void pair_of(const struct app *app, const struct key_desc **source,
             const struct key_desc **destination)
{
    const struct run_key *key = run_key_at(&app->run, app->verify.at);
    const struct key_desc *pair[2];
    bool arrived;

    if (app->at.view == VIEW_MAP || (app->at.view == VIEW_VERIFY && app->verify.mapped)) {
        pair_in_map(app, pair);
        *source = pair[SIDE_SOURCE];
        *destination = pair[SIDE_DESTINATION];
        return;
    }
    if (!key) {
        pair_at_cursor(app, source, destination);
        return;
    }
    arrived =
        key->outcome == KEY_MIGRATED || key->outcome == KEY_UNKNOWN || key->outcome == KEY_UNPROVEN;
    *source = &key->source;
    *destination = arrived ? &key->destination : NULL;
}

/* After a ceremony that is the key which it moved: its card is the same from everywhere. */
void pair_show(struct app *app)
{
    const struct inventory *inv = &app->side[app->at.active].inventory;
    const struct verdict *verdict = inventory_verdict(inv, inv->scroll.at);
    const struct key_desc *source, *destination;

    app->verify.at = verdict ? verdict->key : 0;
    app->verify.mapped = false;
    pair_of(app, &source, &destination);
    if (!source || !destination) {
        app_say(app, "The other side holds no key of this name.");
        return;
    }
    app->verify.scroll = (struct scroll){0};
    app_go(app, VIEW_VERIFY);
}

void pair_show_planned(struct app *app, long delta)
{
    const struct run *run = &app->run;
    size_t at = app->verify.at ? app->verify.at : run->key_last ? run->key_last : 1;

    if (run->key_count == 0) {
        app_say(app, "The plan has no key to compare yet.");
        return;
    }
    if (delta == 0)
        at = run->over ? 1 : at;
    if (delta < 0 && at > 1)
        at--;
    if (delta > 0 && at < run->key_count)
        at++;
    app->verify.at = at;
    app->verify.mapped = false;
    app->verify.scroll = (struct scroll){0};
    app_go(app, VIEW_VERIFY);
}

void pair_ask_same(struct app *app)
{
    const struct key_desc *source, *destination;

    pair_of(app, &source, &destination);
    if (app->verify.at)
        app_say(app, "The ceremony proves these itself.");
    else if (!source || !destination)
        app_say(app, "The other side holds no key of this name.");
    else if (!key_is_movable_class(source))
        app_say(app, "Only secret and private keys have something to ask the HSMs for.");
    else if (app_is_running(app) || app->queue.under_way)
        app_say(app, "The HSMs are at work; ask again when they are done.");
    else {
        app_say(app, "Both HSMs are asked ...");
        app_ask(app, REQUEST_COMPARED, SIDE_RELAY);
    }
}
