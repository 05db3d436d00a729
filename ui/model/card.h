/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verification card: a key of the source and the same key of the destination as lines that are
 * compared by eye. First their fingerprints, as pictures and in words, or their check values; then
 * who proved it when, what became of its rights, and all that is known of both.
 */
#ifndef HSMFERRY_UI_MODEL_CARD_H
#define HSMFERRY_UI_MODEL_CARD_H

#include "ui/model/app.h"
#include "ui/model/verify_rows.h"

enum card_look { CARD_PLAIN, CARD_DIM, CARD_HEAD, CARD_GOOD, CARD_WARN, CARD_BAD };

enum { CARD_TEXT = 256, CARD_LINES_MAX = 192 };

struct card_line {
    enum card_look look;
    bool sides; /* one text for each side; else one across, and one at its right */
    const struct verify_row *row; /* instead of both texts: an attribute of both sides */
    char text[2][CARD_TEXT];
};

struct card {
    struct card_line lines[CARD_LINES_MAX];
    size_t count;
    struct verify_row rows[VERIFY_ROWS_MAX];
};

/* Makes the card of the pair that is shown, for a screen of this width. It has as many lines as
 * there is room for. Returns false if no key is shown. */
bool card_make(const struct app *app, int width, struct card *card);

/* The line that is at the top when the last one is at the bottom. */
size_t card_last(const struct app *app, const struct card *card);

#endif
