/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/screen/verification.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ui/model/verify_rows.h"
#include "ui/screen/pane.h"

/* --- the picture ------------------------------------------------------------------------------ */

enum { NAME_WIDTH = 14 };

static void draw_value(struct canvas *c, struct rect in, int y, const struct verify_row *row,
                       bool destination)
{
    const char *value = destination ? row->destination : row->source;
    enum style style = !row->differs ? STYLE_NORMAL : row->bad ? STYLE_BAD : STYLE_WARN;
    int word = destination && row->differs ? (int)strlen(row->word) + 1 : 0;

    if (row->differs)
        draw_text(c, in.x, y, 1, style, draw_sign(c, SIGN_DIFFERS));
    draw_text(c, in.x + 1, y, NAME_WIDTH, STYLE_DIM, row->name);
    draw_text(c, in.x + 1 + NAME_WIDTH, y, in.w - 1 - NAME_WIDTH - word,
              row->differs ? style : STYLE_NORMAL, value);
    if (word)
        draw_right(c, in.x, y, in.w, style, row->word);
}

/* first: the row at the top. */
static void draw_side(const struct app *app, struct canvas *c, struct rect r, enum side side,
                      const struct verify_row *rows, size_t first, size_t count)
{
    struct rect in = layout_inside(r);
    char title[256];

    snprintf(title, sizeof title, "%s %s", pane_side_title(side), app_side_label(app, side));
    draw_frame(c, r, side == SIDE_SOURCE ? STYLE_SOURCE : STYLE_DESTINATION, title);
    for (int i = 0; i < in.h && first + (size_t)i < count; i++)
        draw_value(c, in, in.y + i, &rows[first + (size_t)i], side == SIDE_DESTINATION);
    if (side == SIDE_DESTINATION && first + (size_t)in.h < count)
        draw_right(c, in.x, in.y + in.h, in.w, STYLE_STRONG, " more: Down ");
    draw_cursor(c, in.x, in.y);
}

/* How it was proven, in a sentence that can be quoted. */
static void proof_calls(const struct app *app, const struct key_desc *source,
                        const struct key_desc *destination, char *out, size_t size)
{
    const struct run_key *key = run_key_at(&app->run, app->verify.at);
    const struct compared *asked = verify_asked(app, source, destination);
    const struct key_desc *ignored;
    char time[32] = "";

    if (!key && asked) {
        snprintf(out, size, "%s %s%s%s: %s",
                 asked->result == COMPARED_SAME      ? "[ ok ]"
                 : asked->result == COMPARED_DIFFERS ? "[FAIL]"
                                                     : "[    ]",
                 comparison_name(asked->result), asked->method[0] ? ", " : "", asked->method,
                 asked->text);
        return;
    }
    if (!key) {
        bool same = source && destination &&
                    inventory_counterpart(&app->side[SIDE_DESTINATION].inventory, source,
                                          &ignored) == RELATION_SAME;
        snprintf(out, size, "%s",
                 same ? "Both hold the same public half. Nothing was proven in this ceremony."
                      : "The same name. = asks both HSMs whether it is the same key, too.");
        return;
    }
    if (key->outcome == KEY_REFUSED || key->outcome == KEY_FAILED) {
        snprintf(out, size, "%s: %s", key_outcome_name(key->outcome), key->reason);
        return;
    }
    if (key->stages & 1U << STEP_PROVE_FRESH)
        text_time(key->proven_ms, false, time);
    snprintf(out, size, "%s %s%s%s", key->stages ? "[ ok ]" : "[    ]", key->proof,
             time[0] ? "; again from a fresh process " : "", time[0] ? time + 11 : "");
}

static void draw_proof(const struct app *app, struct canvas *c, struct rect r,
                       const struct key_desc *source, const struct key_desc *destination)
{
    const struct run_key *key = run_key_at(&app->run, app->verify.at);
    char words[2 * EVENT_TEXT_MAX + 64], print[TEXT_WORDS_SIZE];
    int y;

    proof_calls(app, source, destination, words, sizeof words);
    draw_text(c, r.x + 1, r.y, 7, STYLE_STRONG, "Proof");
    y = draw_wrapped(c, (struct rect){r.x + 8, r.y, r.w - 9, 2}, STYLE_NORMAL, words);
    y = y > 0 ? y : 1;
    if (app->report.path[0] && app->verify.at) {
        draw_text(c, r.x + 1, r.y + y, 7, STYLE_STRONG, "Report");
        draw_path(c, r.x + 8, r.y + y, r.w - 9, STYLE_NORMAL, app->report.path);
        draw_format(c, r.x + 8, r.y + y + 1, r.w - 9, STYLE_NORMAL, "sha256 in words: %s ...",
                    text_words(app->report.sha256, 0, 4, print));
    }
    if (key)
        draw_format(c, r.x + 1, r.y + VERIFY_PROOF_LINES - 1, r.w - 2,
                    key->outcome == KEY_MIGRATED ? STYLE_GOOD : STYLE_WARN, "%s   %skey %zu of %zu",
                    key_outcome_name(key->outcome), key->companion_of ? "with " : "",
                    key->companion_of ? key->companion_of : app->verify.at, app->run.chosen);
    if (r.w >= 78)
        draw_right(c, r.x, r.y + VERIFY_PROOF_LINES - 1, r.w - 1, STYLE_DIM,
                   "by nature: history, which no import can set");
}

void verify_draw(const struct app *app, struct canvas *c)
{
    const struct key_desc *source, *destination;
    struct verify_row rows[VERIFY_ROWS_MAX];
    size_t count = verify_pair(app, rows, &source, &destination), last = verify_last_of(app, count);
    size_t first = app->verify.scroll.at < last ? app->verify.scroll.at : last;
    struct rect b = app->at.layout.body;
    int half = b.w / 2;

    if (!source)
        return;
    b.h -= VERIFY_PROOF_LINES;
    draw_side(app, c, (struct rect){b.x + half, b.y, b.w - half, b.h}, SIDE_DESTINATION, rows,
              first, count);
    draw_side(app, c, (struct rect){b.x, b.y, half, b.h}, SIDE_SOURCE, rows, first, count);
    draw_proof(app, c, (struct rect){b.x, b.y + b.h, b.w, VERIFY_PROOF_LINES}, source, destination);
}
