/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/screen/verification.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ui/model/card.h"

enum { NAME_WIDTH = sizeof "verify-recover" }; /* the longest, and a blank */

static const enum style styles[] = {
    [CARD_PLAIN] = STYLE_NORMAL, [CARD_DIM] = STYLE_DIM,   [CARD_HEAD] = STYLE_STRONG,
    [CARD_GOOD] = STYLE_GOOD,    [CARD_WARN] = STYLE_WARN, [CARD_BAD] = STYLE_BAD,
};

/* An attribute of one side, in in. */
static void draw_value(struct canvas *c, struct rect in, const struct verify_row *row,
                       bool destination)
{
    const char *value = destination ? row->destination : row->source;
    enum style style = !row->differs ? STYLE_NORMAL : row->bad ? STYLE_BAD : STYLE_WARN;
    int word = destination && row->differs ? (int)strlen(row->word) + 1 : 0;

    if (row->differs)
        draw_text(c, in.x, in.y, 1, style, draw_sign(c, SIGN_DIFFERS));
    draw_text(c, in.x + 1, in.y, NAME_WIDTH, STYLE_DIM, row->name);
    draw_text(c, in.x + 1 + NAME_WIDTH, in.y, in.w - 1 - NAME_WIDTH - word, style, value);
    if (word)
        draw_right(c, in.x, in.y, in.w, style, row->word);
}

static void draw_line(struct canvas *c, struct rect r, const struct card_line *line)
{
    const struct rect half[2] = {{r.x, r.y, r.w / 2, 1}, {r.x + r.w / 2, r.y, r.w - r.w / 2, 1}};
    static const enum style heads[2] = {STYLE_SOURCE, STYLE_DESTINATION};
    int right = text_width(line->text[1]);

    for (unsigned side = 0; side < 2 && (line->row || line->sides); side++) {
        if (line->row)
            draw_value(c, half[side], line->row, side == SIDE_DESTINATION);
        else
            draw_text(c, half[side].x, r.y, half[side].w - (side == SIDE_SOURCE),
                      line->look == CARD_HEAD ? heads[side] : styles[line->look], line->text[side]);
    }
    if (line->row || line->sides)
        return;
    draw_text(c, r.x, r.y, r.w - (right ? right + 1 : 0), styles[line->look], line->text[0]);
    draw_right(c, r.x, r.y, r.w, styles[line->look], line->text[1]);
}

void verify_draw(const struct app *app, struct canvas *c)
{
    struct card *card = calloc(1, sizeof *card);
    struct rect b = app->at.layout.body;
    size_t last, first;

    if (!card || !card_make(app, b.w, card)) {
        free(card);
        return;
    }
    last = card_last(app, card);
    first = app->verify.scroll.at < last ? app->verify.scroll.at : last;
    for (int i = 0; i < b.h && first + (size_t)i < card->count; i++)
        draw_line(c, (struct rect){b.x, b.y + i, b.w, 1}, &card->lines[first + (size_t)i]);
    draw_lines_place(c, b.x, b.y + b.h, b.w - 1, first, (size_t)b.h, card->count);
    draw_cursor(c, b.x, b.y);
    free(card);
}
