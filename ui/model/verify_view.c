/* SPDX-License-Identifier: Apache-2.0 */
/* The verification view: a key of the source next to the same key of the destination. */
#include <stdlib.h>
#include <string.h>

#include "ui/model/card.h"
#include "ui/model/key_rows.h"
#include "ui/model/pair.h"
#include "ui/model/text_page.h"
#include "ui/model/verify_rows.h"

static void step(struct app *app, long delta)
{
    struct mapped *mapped = &app->inventory.mapped;

    if (app->verify.mapped)
        scroll_move(&mapped->scroll, delta, mapped->shown_count, 1);
    else if (app->verify.at == 0)
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

/* Both sides below each other, for what two columns have no room for. */
static void details(const struct app *app, struct sheet *s)
{
    struct verify_row *rows = calloc(VERIFY_ROWS_MAX, sizeof *rows);
    size_t count = rows ? verify_pair(app, rows) : 0;

    s->hang = SHEET_FACTS;
    for (size_t i = 0; i < count; i++) {
        const struct verify_row *row = &rows[i];
        sheet_line(s, "%-20s %s", row->name, row->source);
        if (strcmp(row->source, row->destination) != 0)
            sheet_line(s, "%-20s %s%s%s", "  destination", row->destination,
                       row->word[0] ? "  " : "", row->word);
    }
    free(rows);
}

static void details_open(struct app *app)
{
    app_open(app, DIALOG_DETAILS);
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
    {{PRESS_F3, 'd'},
     4,
     "Details",
     "Show all of both sides, of which nothing is cut.",
     details_open,
     NULL},
    {.also = keys_exception},
    {.also = keys_doors},
    {.also = keys_back},
    {.also = keys_leaving},
    {.help = NULL},
};

const struct view verify_view = {.name = "Verification",
                                 .keys = keys,
                                 .move = move,
                                 .details = details,
                                 .offers = key_rows_offer};
