/* SPDX-License-Identifier: Apache-2.0 */
/* The verification view: a key of the source beside the same key of the destination. */
#include <stdlib.h>

#include "ui/model/card.h"
#include "ui/model/key_rows.h"
#include "ui/model/pair.h"

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
    struct card *card = calloc(1, sizeof *card);

    if (card && card_make(app, app->at.layout.body.w, card))
        scroll_move(&app->verify.scroll, delta, card_last(app, card) + 1, 1);
    free(card);
}

static const struct key_row keys[] = {
    {.also = keys_help},
    {.also = keys_moving},
    {{'='},
     3,
     "Same?",
     "Ask both HSMs whether theirs is the same key: an operation on it.",
     pair_ask_same,
     NULL},
    {{'n', PRESS_RIGHT, 'l'}, 2, "Next key", "The next key.", next, NULL},
    {{'p', PRESS_LEFT, 'h'}, 2, "Previous", "The key before.", previous, NULL},
    {.also = keys_exception},
    {.also = keys_doors},
    {.also = keys_back},
    {.also = keys_leaving},
    {.help = NULL},
};

const struct view verify_view = {
    .name = "Verification", .keys = keys, .move = move, .offers = key_rows_offer};
