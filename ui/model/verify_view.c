/* SPDX-License-Identifier: Apache-2.0 */
/* The verification view: a key of the source beside the same key of the destination. */
#include <stddef.h>

#include "ui/model/key_rows.h"
#include "ui/model/pair.h"
#include "ui/model/verify_rows.h"

static void step(struct app *app, long delta)
{
    if (app->verify.at == 0)
        pair_move(app, delta);
    else
        pair_show_planned(app, delta);
}

static void next(struct app *app)
{
    step(app, 1);
}

static void previous(struct app *app)
{
    step(app, -1);
}

static void move(struct app *app, long delta)
{
    scroll_move(&app->verify.scroll, delta, verify_last(app) + 1, 1);
}

static const struct key_row key_ask_same = {
    {'='},         3,
    "Same?",       "Ask both HSMs whether theirs is the same key: an operation on it.",
    pair_ask_same, false};
static const struct key_row key_next = {{'n', PRESS_RIGHT, 'l'}, 2,    "Next key",
                                        "The next key.",         next, false};
static const struct key_row key_previous = {{'p', PRESS_LEFT, 'h'}, 2,        "Previous",
                                            "The key before.",      previous, false};

static const struct key_row *const keys[] = {
    &key_help,      &key_up,    &key_down,     &key_page_up, &key_page_down,
    &key_first,     &key_last,  &key_ask_same, &key_next,    &key_previous,
    &key_exception, &key_doors, &key_back,     &key_redraw,  &key_suspend,
    &key_quit,      NULL};

const struct view verify_view = {.name = "Verification", .keys = keys, .move = move};
