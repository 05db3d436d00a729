/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/screen/verification.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ui/model/text_page.h"
#include "ui/screen/pane.h"

/* --- the rows --------------------------------------------------------------------------------- */

/* Names that are too long for their column. */
static const char *short_name(const char *name)
{
    static const char *const names[][2] = {
        {"wrap-with-trusted", "trusted only"}, {"always-authenticate", "PIN each time"},
        {"always-sensitive", "always sens."},  {"never-extractable", "never extr."},
        {"unwrap template", "unwrap templ."},  {"derive template", "derive templ."},
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i][0]) == 0)
            return names[i][1];
    return name;
}

/* Fewer uses, other guards: a difference that is allowed, unless it is one of the last two. */
static bool is_bad(enum fidelity verdict)
{
    return verdict == FIDELITY_LOOSENED || verdict == FIDELITY_DIFFERS;
}

static void put_row(const struct fidelity_pair *pair, const struct fidelity_row *from,
                    struct verify_row *row)
{
    bool untold = !from->found[0];

    row->name = short_name(from->name);
    row->differs = from->verdict != FIDELITY_OPEN && from->verdict != FIDELITY_KEPT;
    row->bad = is_bad(from->verdict);
    row->word = row->differs ? fidelity_name(from->verdict) : "";
    snprintf(row->source, sizeof row->source, "%s", from->source[0] ? from->source : "not told");
    snprintf(
        row->destination, sizeof row->destination, "%s%s%s%s",
        !pair->found ? "-"
        : untold     ? "not told"
                     : from->found,
        row->differs && from->asked[0] && strcmp(from->asked, from->found) != 0 ? " (asked " : "",
        row->differs && from->asked[0] && strcmp(from->asked, from->found) != 0 ? from->asked : "",
        row->differs && from->asked[0] && strcmp(from->asked, from->found) != 0 ? ")" : "");
}

/* The fingerprint of the public half once more, in words. */
static void put_words(const struct fidelity_pair *pair, const struct verify_row *above,
                      struct verify_row *row)
{
    *row = *above;
    row->name = "  in words";
    if (pair->source->has_public)
        text_words(pair->source->spki_sha256, 0, 2, row->source);
    if (pair->found && pair->found->has_public)
        text_words(pair->found->spki_sha256, 0, 2, row->destination);
}

/* What differs comes next to the name: where there is room for a part of the rows, for that part.
 */
static void put_differences_first(struct verify_row *rows, size_t count)
{
    size_t to = 0;

    while (to < count && (strcmp(rows[to].name, "label") == 0 || strcmp(rows[to].name, "id") == 0))
        to++;
    for (size_t i = to; i < count; i++) {
        struct verify_row row = rows[i];
        if (!row.differs)
            continue;
        memmove(&rows[to + 1], &rows[to], (i - to) * sizeof row);
        rows[to++] = row;
    }
}

size_t verify_rows(const struct fidelity_pair *pair, struct verify_row rows[VERIFY_ROWS_MAX])
{
    struct fidelity_row from;
    size_t n = 0;

    for (unsigned at = 0; fidelity_row(pair, at, &from); at++) {
        bool name = strcmp(from.name, "label") == 0 || strcmp(from.name, "id") == 0;
        if (!from.source[0] && !from.found[0] && !name)
            continue;
        put_row(pair, &from, &rows[n++]);
        if (strcmp(from.name, "public key") == 0) {
            put_words(pair, &rows[n - 1], &rows[n]);
            n++;
        }
    }
    put_differences_first(rows, n);
    return n;
}

size_t verify_checks(const struct check *checks, unsigned check_count, struct verify_row *rows,
                     size_t count)
{
    size_t at = 0;

    while (at < count && (strcmp(rows[at].name, "label") == 0 || strcmp(rows[at].name, "id") == 0))
        at++;
    for (unsigned i = 0; i < check_count; i++) {
        const struct check *check = &checks[i];
        struct verify_row *row = &rows[at];
        if (check->method == KEY_CHECK_SPKI) /* the row of the public key says it */
            continue;
        memmove(row + 1, row, (count++ - at++) * sizeof *row);
        *row = (struct verify_row){.name = key_check_words(check->method), .word = ""};
        event_check_value(check, SIDE_SOURCE, row->source);
        event_check_value(check, SIDE_DESTINATION, row->destination);
        if (row->source[0] == '\0') {
            row->name = check->method ? row->name : "check value";
            snprintf(row->source, sizeof row->source, "none: %s", check->text);
            snprintf(row->destination, sizeof row->destination, "none");
        }
    }
    return count;
}

size_t verify_companions(const struct run *run, size_t at, struct verify_row *rows, size_t count)
{
    for (size_t i = run->chosen; i < run->key_count && count < VERIFY_ROWS_MAX; i++) {
        const struct run_key *key = &run->keys[i];
        const char *subject = strstr(key->reason, "; ");
        struct verify_row *row = &rows[count];
        char label[KEY_LABEL_TEXT];
        if (key->companion_of != at)
            continue;
        *row = (struct verify_row){.word = ""};
        row->name = key->source.class == KEY_CLASS_CERTIFICATE ? "certificate" : "public object";
        row->bad = key->outcome == KEY_FAILED || key->outcome == KEY_UNKNOWN;
        snprintf(row->source, sizeof row->source, "%s",
                 subject ? subject + 2 : key_label_text(&key->source, label));
        snprintf(row->destination, sizeof row->destination, "%s",
                 key->outcome == KEY_MIGRATED ? "the same bytes" : key_outcome_name(key->outcome));
        count++;
    }
    return count;
}

/* --- the picture ------------------------------------------------------------------------------ */

enum { NAME_WIDTH = 14, PROOF_LINES = 5 };

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

/* What both HSMs were asked about this pair of the inventory; NULL: nothing. */
static const struct compared *asked_of(const struct app *app, const struct key_desc *source,
                                       const struct key_desc *destination)
{
    const struct compared *asked =
        source && destination ? comparisons_find(&app->comparisons, SIDE_SOURCE, source->handle)
                              : NULL;

    return asked && asked->handle[SIDE_DESTINATION] == destination->handle ? asked : NULL;
}

/* How it was proven, in a sentence that can be quoted. */
static void proof_words(const struct app *app, const struct key_desc *source,
                        const struct key_desc *destination, char *out, size_t size)
{
    const struct run_key *key = run_key_at(&app->run, app->verify_at);
    const struct compared *asked = asked_of(app, source, destination);
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
    const struct run_key *key = run_key_at(&app->run, app->verify_at);
    char words[2 * EVENT_TEXT_MAX + 64], print[TEXT_WORDS_SIZE];
    int y;

    proof_words(app, source, destination, words, sizeof words);
    draw_text(c, r.x + 1, r.y, 7, STYLE_STRONG, "Proof");
    y = draw_wrapped(c, (struct rect){r.x + 8, r.y, r.w - 9, 2}, STYLE_NORMAL, words);
    y = y > 0 ? y : 1;
    if (app->report.written && app->verify_at) {
        draw_text(c, r.x + 1, r.y + y, 7, STYLE_STRONG, "Report");
        draw_path(c, r.x + 8, r.y + y, r.w - 9, STYLE_NORMAL, app->report.path);
        draw_format(c, r.x + 8, r.y + y + 1, r.w - 9, STYLE_NORMAL, "sha256 in words: %s ...",
                    text_words(app->report.sha256, 0, 4, print));
    }
    if (key)
        draw_format(c, r.x + 1, r.y + PROOF_LINES - 1, r.w - 2,
                    key->outcome == KEY_MIGRATED ? STYLE_GOOD : STYLE_WARN, "%s   %skey %zu of %zu",
                    key_outcome_name(key->outcome), key->companion_of ? "with " : "",
                    key->companion_of ? key->companion_of : app->verify_at, app->run.chosen);
    if (r.w >= 78)
        draw_right(c, r.x, r.y + PROOF_LINES - 1, r.w - 1, STYLE_DIM,
                   "by nature: history, which no import can set");
}

/* All rows of the pair that is looked at. A key that is on the destination alone is its source. */
static size_t pair_rows(const struct app *app, struct verify_row rows[VERIFY_ROWS_MAX],
                        const struct key_desc **source, const struct key_desc **destination)
{
    const struct run_key *key = run_key_at(&app->run, app->verify_at);
    const struct compared *asked;
    struct fidelity_pair pair = {.asked = key ? &key->want_flags : NULL};
    size_t count;

    app_pair(app, source, destination);
    asked = asked_of(app, *source, *destination);
    if (!*source) {
        *source = *destination;
        *destination = NULL;
    }
    if (!*source)
        return 0;
    pair.source = *source;
    pair.found = *destination;
    count = verify_rows(&pair, rows);
    if (key)
        count = verify_checks(key->checks, key->check_count, rows, count);
    else if (asked)
        count = verify_checks(asked->checks, asked->check_count, rows, count);
    return key ? verify_companions(&app->run, app->verify_at, rows, count) : count;
}

static size_t last_of(const struct app *app, size_t count)
{
    int shown = app->layout.body.h - PROOF_LINES - 2; /* within the frame */

    return shown > 0 && (size_t)shown < count ? count - (size_t)shown : 0;
}

size_t verify_last(const struct app *app)
{
    const struct key_desc *source, *destination;
    struct verify_row rows[VERIFY_ROWS_MAX];

    return last_of(app, pair_rows(app, rows, &source, &destination));
}

void verify_draw(const struct app *app, struct canvas *c)
{
    const struct key_desc *source, *destination;
    struct verify_row rows[VERIFY_ROWS_MAX];
    size_t count = pair_rows(app, rows, &source, &destination), last = last_of(app, count);
    size_t first = app->dialog_scroll.at < last ? app->dialog_scroll.at : last;
    struct rect b = app->layout.body;
    int half = b.w / 2;

    if (!source)
        return;
    b.h -= PROOF_LINES;
    draw_side(app, c, (struct rect){b.x + half, b.y, b.w - half, b.h}, SIDE_DESTINATION, rows,
              first, count);
    draw_side(app, c, (struct rect){b.x, b.y, half, b.h}, SIDE_SOURCE, rows, first, count);
    draw_proof(app, c, (struct rect){b.x, b.y + b.h, b.w, PROOF_LINES}, source, destination);
}
