/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/screen/dialog.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ui/model/dispatch.h"
#include "ui/model/gate_page.h"
#include "ui/model/questions.h"
#include "ui/model/review_page.h"
#include "ui/model/text_page.h"
#include "ui/screen/pane.h"

enum { MASK = 16, ROOMY_REVIEW = 14, REVIEW_WIDE = 70, REVIEW_TYPE = 50 };

/* It may cover that of the view's first line. */
static void draw_stamp(const struct app *app, struct canvas *c, struct rect r)
{
    const char *stamp = app_stamp(app);
    char text[32];

    snprintf(text, sizeof text, " %s ", stamp);
    if (stamp[0] && r.w >= 40)
        draw_right(c, r.x, r.y, r.w - 2, STYLE_STRONG, text);
}

/* A frame; returns its inside. If a few columns are left next to it, they are cleared. */
static struct rect open_at(const struct app *app, struct canvas *c, struct rect r,
                           const char *title)
{
    enum { FEW = 4 };
    const int from = r.x < FEW ? 0 : r.x, end = r.x + r.w, to = c->w - end < FEW ? c->w : end;

    draw_blank(c, (struct rect){from, r.y, to - from, r.h}, STYLE_NORMAL);
    draw_frame(c, r, STYLE_STRONG, title);
    draw_stamp(app, c, r);
    r = layout_inside(r);
    return r.w > 2 ? (struct rect){r.x + 1, r.y, r.w - 2, r.h} : r;
}

/* A frame in the middle, at most h high. */
static struct rect open_frame(const struct app *app, struct canvas *c, int h, const char *title)
{
    return open_at(app, c, layout_dialog(&app->at.layout, LAYOUT_DIALOG_COLUMNS, h), title);
}

/* The typed text, or its end if it is longer than the field. */
static void draw_field(struct canvas *c, int x, int y, int width, const char *text)
{
    while (*text && text_width(text) >= width) {
        do
            text++;
        while (((unsigned char)*text & 0xc0) == 0x80);
    }
    draw_restyle(c, (struct rect){x, y, width, 1}, STYLE_STRONG);
    draw_cursor(c, x + draw_text(c, x, y, width, STYLE_STRONG, text), y);
}

/* A wrapped question and, after it or below it, what is typed. */
static void draw_question(struct canvas *c, struct rect r, int y, const struct sheet *question,
                          const char *typed, bool below)
{
    int end = 0;

    for (const char *line = question->text; *line; y++) {
        size_t len = strcspn(line, "\n");
        end = draw_format(c, r.x, y, r.w, STYLE_STRONG, "%.*s", (int)len, line);
        line += len + (line[len] == '\n');
    }
    if (below)
        draw_field(c, r.x, y, r.w, typed);
    else
        draw_field(c, r.x + end + 1, y - 1, r.w - end - 1, typed);
}

/* --- pages ------------------------------------------------------------------------------------ */

/* Draws the lines of a page from the one at first on. */
static void draw_lines(struct canvas *c, struct rect r, const char *text, size_t first)
{
    int y = 0;

    for (size_t i = 0; *text && y < r.h; i++) {
        size_t len = strcspn(text, "\n");
        if (i >= first)
            draw_format(c, r.x, r.y + y++, r.w, STYLE_NORMAL, "%.*s", (int)len, text);
        text += len + (text[len] == '\n');
    }
}

/* The first line of a page in h lines: none is left empty, also after the window grew. */
static size_t first_line(const struct scroll *scroll, int h, size_t lines)
{
    size_t last = lines > (size_t)h ? lines - (size_t)h : 0;

    return scroll->at < last ? scroll->at : last;
}

static void draw_page(const struct app *app, struct canvas *c)
{
    struct sheet sheet;
    struct rect in;
    size_t first;

    dialog_page(app, app->dialog.kind, &sheet);
    in = open_frame(app, c, (int)sheet.lines + 2, sheet.title);
    first = first_line(&app->dialog.over, in.h, sheet.lines);
    draw_lines(c, in, sheet.text, first);
    draw_lines_place(c, in.x, in.y + in.h, in.w, first, (size_t)in.h, sheet.lines);
    draw_cursor(c, in.x, in.y);
}

static void draw_modules(const struct app *app, struct canvas *c)
{
    size_t rows = app->setup.modules.count + 1;
    size_t at = app->dialog.over.at < rows ? app->dialog.over.at : rows - 1;
    struct rect in = open_frame(app, c, (int)rows + 2, "MODULE");
    size_t first = in.h > 0 && at >= (size_t)in.h ? at - (size_t)in.h + 1 : 0;

    for (int i = 0; i < in.h && first + (size_t)i < rows; i++) {
        size_t row = first + (size_t)i;
        struct rect line = {in.x, in.y + i, in.w, 1};
        if (row < app->setup.modules.count) {
            draw_path(c, in.x + 2, line.y, in.w - 26, STYLE_NORMAL,
                      app->setup.modules.found[row].path);
            draw_right(c, in.x + in.w - 24, line.y, 24, STYLE_DIM,
                       app->setup.modules.found[row].name);
        } else {
            draw_text(c, in.x + 2, line.y, in.w - 2, STYLE_NORMAL, "another path ...");
        }
        if (row != at)
            continue;
        draw_text(c, in.x, line.y, 1, STYLE_STRONG, draw_sign(c, SIGN_CURRENT));
        draw_restyle(c, line, STYLE_CURRENT);
        draw_cursor(c, in.x, line.y);
    }
    draw_place(c, (struct rect){in.x - 2, in.y - 1, in.w + 4, in.h + 2}, at + 1, rows);
}

static void draw_input(const struct app *app, struct canvas *c)
{
    struct rect s = app->at.layout.screen, r, in;
    struct sheet prompt;

    sheet_clear(&prompt);
    sheet_line(&prompt, "%s", app->dialog.input->prompt);
    sheet_wrap(&prompt, s.w - 2);
    r = (struct rect){0, s.h - 4 - (int)prompt.lines, s.w, 3 + (int)prompt.lines};
    in = layout_inside(r); /* at the bottom: what it acts on stays in sight */
    draw_blank(c, r, STYLE_NORMAL);
    draw_frame(c, r, STYLE_STRONG, app->dialog.input->title);
    draw_lines(c, in, prompt.text, 0);
    in.y += (int)prompt.lines - 1;
    draw_field(c, in.x, in.y + 1, in.w, app->dialog.field.text);
    if (app->dialog.field.offered)
        draw_restyle(c, (struct rect){in.x, in.y + 1, text_width(app->dialog.field.text), 1},
                     STYLE_CURRENT);
    if (app->dialog.input->count) {
        char text[64];
        app->dialog.input->count(app, text, sizeof text);
        draw_right(c, in.x, in.y + 1, in.w, STYLE_DIM, text);
    }
}

static void draw_confirm(const struct app *app, struct canvas *c)
{
    struct rect in = open_frame(app, c, 7, "SURE?");
    int y = draw_wrapped(c, (struct rect){in.x, in.y, in.w, in.h - 2}, STYLE_NORMAL,
                         app->dialog.confirm->question);

    draw_text(c, in.x, in.y + y + 1, in.w, STYLE_STRONG, "y  yes      any other key  no");
    draw_cursor(c, in.x, in.y + y + 1);
}

/* --- questions of the engine ------------------------------------------------------------------ */

static const char *pin_warning(const struct app_pin *pin)
{
    if (pin->flags & HSM_TOKEN_PIN_FINAL_TRY)
        return "[WAIT] THIS IS THE LAST TRY: a wrong PIN locks the token.";
    if (pin->flags & HSM_TOKEN_PIN_COUNT_LOW)
        return "[WAIT] a wrong PIN was entered before: few tries are left.";
    return "One try; it is never repeated by itself.";
}

/* In its own side's pane, so that nobody gives a PIN to the other HSM; in the middle, if the pane
 * has no room, or belongs to neither. */
static struct rect pin_place(const struct app *app, enum side side, const struct sheet *text)
{
    const struct layout *l = &app->at.layout;
    struct rect pane = side == SIDE_RELAY ? (struct rect){0} : l->pane[side];
    int h = (int)text->lines + 2;

    if (pane.h < h || pane.w < LAYOUT_MIN_COLUMNS)
        return layout_dialog(l, LAYOUT_DIALOG_COLUMNS, h);
    return (struct rect){pane.x, pane.y + (pane.h - h) / 2, pane.w, h};
}

static void pin_text(const struct app_pin *pin, int columns, struct sheet *s)
{
    sheet_clear(s);
    sheet_line(s, "%s: token %s",
               pin->side == SIDE_RELAY ? "SIGN THE REPORT" : pane_side_title(pin->side),
               pin->token);
    sheet_line(s, "serial %s", pin->serial);
    sheet_line(s, "%s", pin_warning(pin));
    sheet_line(s, "%s", "");
    if (!pin->sworn)
        sheet_line(s, "%s", "Type  last try  to go on:");
    else
        sheet_line(s, "%s%s%s%sPIN:", pin->officer, pin->officer[0] && pin->role[0] ? ", " : "",
                   pin->role, pin->officer[0] || pin->role[0] ? ", your " : "");
    sheet_wrap(s, columns);
    sheet_line(s, "%s", ""); /* for what is typed */
}

static void draw_pin(const struct app *app, struct canvas *c)
{
    const struct app_pin *pin = &app->asked.pin;
    struct sheet text;
    struct rect in;

    pin_text(pin, LAYOUT_MIN_COLUMNS - 4, &text);
    in = pin_place(app, pin->side, &text);
    pin_text(pin, in.w - 4, &text);
    in = open_at(app, c, in, "PIN");
    draw_lines(c, in, text.text, 0);
    draw_restyle(c, (struct rect){in.x, in.y, in.w, 1}, STYLE_STRONG);
    if (pin->flags & (HSM_TOKEN_PIN_FINAL_TRY | HSM_TOKEN_PIN_COUNT_LOW))
        draw_restyle(c, (struct rect){in.x, in.y + 2, in.w, 2}, STYLE_WARN);
    if (!pin->sworn) {
        draw_field(c, in.x, in.y + (int)text.lines - 1, in.w, app->dialog.field.text);
        return;
    }
    /* As wide for one character as for twenty: its length is a secret too. */
    if (pin->typed.len > 0)
        draw_run(c, in.x, in.y + (int)text.lines - 1, MASK, STYLE_STRONG, SIGN_MASK);
    draw_cursor(c, in.x + (pin->typed.len > 0 ? MASK : 0), in.y + (int)text.lines - 1);
}

/* What became of the last answer. */
static void draw_status(const struct app *app, struct canvas *c, struct rect r, int y)
{
    if (app->run.gate.last == GATE_WRONG)
        draw_format(c, r.x, y, r.w, STYLE_BAD, "[FAIL] That was wrong. Tries left: %u",
                    app->run.gate.tries_left);
}

/* That of a key is below the lanes, which stay in sight. */
static struct rect gate_place(const struct app *app, int height)
{
    struct rect r = layout_dialog(&app->at.layout, LAYOUT_DIALOG_COLUMNS, height);

    if (app->run.gate.gate == GATE_KEY)
        r.y = app->at.layout.hint.y - r.h;
    return r;
}

static void draw_gate(const struct app *app, struct canvas *c)
{
    struct gate_page page;
    struct rect in;

    gate_page(app, &page);
    in = open_at(app, c, gate_place(app, page.height), page.sheet.title);
    draw_lines(c, (struct rect){in.x, in.y, in.w, page.rows}, page.sheet.text,
               app->dialog.scroll.at);
    draw_lines_place(c, in.x, in.y + in.h, in.w, app->dialog.scroll.at, (size_t)page.rows,
                     page.sheet.lines);
    draw_status(app, c, in, in.y + page.rows);
    draw_question(c, in, in.y + page.rows + 1, &page.ask, app->dialog.field.text, page.below);
}

/* What was interrupted, and the word that settles it. */
static void draw_settle(const struct app *app, struct canvas *c)
{
    struct sheet sheet, ask;
    struct rect in;
    size_t first;

    dialog_page(app, DIALOG_SETTLE, &sheet);
    sheet_clear(&ask);
    sheet_line(&ask, "%s", "Type  resume  or  clean:");
    in = open_frame(app, c, (int)sheet.lines + 4, sheet.title);
    first = first_line(&app->dialog.over, in.h - 2, sheet.lines);
    draw_lines(c, (struct rect){in.x, in.y, in.w, in.h - 2}, sheet.text, first);
    draw_lines_place(c, in.x, in.y + in.h, in.w, first, (size_t)in.h - 2, sheet.lines);
    draw_question(c, in, in.y + in.h - 1, &ask, app->dialog.field.text, false);
}

/* --- review ----------------------------------------------------------------------------------- */

/* What a visit does, and on which token. */
static void visit_words(const struct app *app, const char *companions, char *out, size_t size)
{
    static const struct {
        bool keys;
        const char *words, *service; /* of another room; of a key service */
    } does[VISITS] = {
        [VISIT_OFFER] = {false, "A transport pair is made, and waits for a bundle, on",
                         "A transport pair is made, and waits for the key service's file, on"},
        [VISIT_LOAD] = {true, "encrypted for the other room, from", ""},
        [VISIT_ACCEPT] = {true, "decrypted from the bundle of the other room, to",
                          "decrypted from the file of a key service, to"},
        [VISIT_CONFIRM] = {true, "whose answers from the other room are judged, on", ""},
        [VISIT_WITHDRAW] = {false, "The transport pair of the offer is destroyed on",
                            "The transport pair of the offer is destroyed on"},
    };
    const enum visit visit = app->at.visit;
    const struct app_side *side = &app->side[visit_side(visit)];
    int len = 0;

    if (does[visit].keys)
        len = snprintf(out, size, "%zu key%s%s ", app->run.movable,
                       app->run.movable == 1 ? "" : "s", companions);
    snprintf(out + len, size - (size_t)len, "%s %s (%s, %s)",
             app->config->arriving.wanted ? does[visit].service : does[visit].words,
             app_side_label(app, visit_side(visit)), side->token.model, side->info.api);
}

/* The keys that a removal destroys, and the HSM that keeps their copies. */
static void removal_words(const struct app *app, const char *companions, char *out, size_t size)
{
    const enum side from = removal_from(app->at.removal), keeper = removal_keeper(app->at.removal);

    snprintf(out, size, "%zu key%s%s DESTROYED on the %s, %s (%s); the %s, %s (%s), keeps %s",
             app->run.movable, companions, app->run.movable == 1 ? " is" : "s are", side_name(from),
             app_side_label(app, from), app->side[from].info.api, side_name(keeper),
             app_side_label(app, keeper), app->side[keeper].info.api,
             app->run.movable == 1 ? "it" : "them");
}

/* From where to where; returns the line below. */
static int draw_party(const struct app *app, struct canvas *c, struct rect r)
{
    const struct app_side *from = &app->side[SIDE_SOURCE], *to = &app->side[SIDE_DESTINATION];
    char companions[48], text[1024];
    int y = r.y;

    snprintf(companions, sizeof companions, ", with %zu public object%s,", app->run.companions,
             app->run.companions == 1 ? "" : "s");
    if (app->at.visit != VISIT_NONE)
        visit_words(app, app->run.companions ? companions : "", text, sizeof text);
    else if (app->at.removal != REMOVAL_NONE)
        removal_words(app, app->run.companions ? companions : "", text, sizeof text);
    else if (app->run.derives)
        snprintf(text, sizeof text, "A NEW key is derived on %s (%s, %s) and on %s (%s, %s)",
                 app_side_label(app, SIDE_SOURCE), from->token.model, from->info.api,
                 app_side_label(app, SIDE_DESTINATION), to->token.model, to->info.api);
    else
        snprintf(text, sizeof text, "%zu key%s%s from %s (%s, %s) to %s (%s, %s)", app->run.movable,
                 app->run.movable == 1 ? " goes" : "s go", app->run.companions ? companions : "",
                 app_side_label(app, SIDE_SOURCE), from->token.model, from->info.api,
                 app_side_label(app, SIDE_DESTINATION), to->token.model, to->info.api);
    y += draw_wrapped(c, (struct rect){r.x, y, r.w, 2}, STYLE_STRONG, text);
    if (app->run.refused)
        draw_format(c, r.x, y++, r.w, STYLE_WARN, "%" PRIu32 " key%s %s", app->run.refused,
                    app->run.refused == 1 ? "" : "s",
                    app->at.removal == REMOVAL_NONE ? "cannot go"
                    : app->run.refused == 1         ? "is kept"
                                                    : "are kept");
    return y;
}

/* The warnings from line y to line end, each whole; returns the line below them. *shown: how many
 * notes are above the keys; the others follow them. */
static int draw_warnings(const struct app *app, struct canvas *c, struct rect r, int y, int end,
                         unsigned *shown)
{
    const struct run *run = &app->run;
    char text[REVIEW_NOTE_MAX];
    struct sheet lines;

    for (*shown = 0; *shown < run->note_count; ++*shown) {
        if (!review_is_warning(run, *shown))
            continue;
        sheet_clear(&lines);
        sheet_line(&lines, "%s", review_note(run, *shown, text, sizeof text));
        sheet_wrap(&lines, r.w);
        if (y + (int)lines.lines > end)
            break;
        draw_lines(c, (struct rect){r.x, y, r.w, end - y}, lines.text, 0);
        draw_restyle(c, (struct rect){r.x, y, r.w, (int)lines.lines}, STYLE_WARN);
        y += (int)lines.lines;
    }
    return y;
}

static void draw_planned(struct canvas *c, struct rect r, int y, const struct run_key *key,
                         bool service, bool removal)
{
    const char *stays_word = removal ? "STAYS" : "CANNOT GO";
    /* The label matters most, then what it will be; the proof is the first to go. */
    const bool narrow = r.w < REVIEW_WIDE, stays = key->route == ROUTE_NONE;
    const int type = narrow && (stays || r.w < REVIEW_TYPE) ? 0 : 12, proof = narrow ? 0 : 21;
    const int as = !narrow ? 27 : stays && r.w - 24 > 21 ? r.w - 24 : 21;
    const int label = r.w - type - as - proof;
    char text[KEY_LABEL_TEXT];

    if (key->companion_of) /* under the keys, with a sign that it is none of them */
        draw_text(c, r.x, y, 1, STYLE_DIM, "+");
    draw_text(c, r.x + (key->companion_of ? 2 : 0), y, label - (key->companion_of ? 3 : 1),
              STYLE_NORMAL, key_label_text(&key->source, text));
    draw_text(c, r.x + label, y, type - 1, STYLE_NORMAL, key_type_text(&key->source, text));
    if (key->route == ROUTE_NONE) {
        draw_format(c, r.x + label + type, y, as + proof, STYLE_WARN, "%s: %s", stays_word,
                    key->reason);
        return;
    }
    if (key->route == ROUTE_REMOVED) {
        draw_text(c, r.x + label + type, y, as - 1, STYLE_WARN,
                  key->kept ? "destroyed before" : "DESTROYED");
        draw_text(c, r.x + label + type + as, y, proof, STYLE_NORMAL, key->proof);
        return;
    }
    if (key->kept) {
        draw_text(c, r.x + label + type, y, as + proof, STYLE_NORMAL,
                  narrow ? "there, and proven" : "there already, and proven");
        return;
    }
    if (key->route == ROUTE_ALIGNED || key->route == ROUTE_DERIVED) {
        draw_format(c, r.x + label + type, y, as + proof, STYLE_WARN, "%s", key->reason);
        return;
    }
    if (key->route == ROUTE_PUBLIC) {
        draw_text(c, r.x + label + type, y, as - 1, STYLE_NORMAL, "public, as it is");
        draw_text(c, r.x + label + type + as, y, proof, STYLE_NORMAL, key->proof);
        return;
    }
    if (service) { /* which decides itself what the key will be there */
        draw_text(c, r.x + label + type, y, as + proof, STYLE_NORMAL,
                  key->route == ROUTE_DIRECT ? "in a file, directly" : "in a file, by an AES key");
        return;
    }
    draw_format(c, r.x + label + type, y, as - 1, STYLE_NORMAL,
                narrow ? "%ssens., %sextr." : "%ssensitive, %sextractable",
                key->want_flags & KEY_SENSITIVE ? "" : "NOT ",
                key->want_flags & KEY_EXTRACTABLE ? "" : "not ");
    draw_format(c, r.x + label + type + as, y, proof, STYLE_NORMAL, "%s%s", key->proof,
                key->route == ROUTE_DIRECT ? ", direct" : "");
}

/* A line of what follows the keys. */
static void style_rest(struct canvas *c, struct rect line, const struct review_rest *rest,
                       size_t at)
{
    struct rect name = {line.x, line.y, REVIEW_NAME_COLUMNS, 1};

    if (at < rest->mechanisms) {
        if (at >= rest->canary && rest->canary_failed)
            draw_restyle(c, line, STYLE_WARN);
        draw_restyle(c, name, STYLE_STRONG);
    } else {
        draw_restyle(c, line, at < rest->mechanisms + rest->warnings ? STYLE_WARN : STYLE_DIM);
    }
}

/* In r the keys, and what follows them; its end is at the foot. in: within the frame. */
static void draw_plan(const struct app *app, struct canvas *c, struct rect in, struct rect r,
                      unsigned shown)
{
    const struct run *run = &app->run;
    struct review_rest rest;
    int y = r.y, end = r.y + r.h;
    size_t at, lines;

    if (r.h < 1)
        return;
    review_rest(app, r.w, shown, &rest);
    lines = run->key_count + rest.sheet.lines;
    at = first_line(&app->dialog.scroll, r.h, lines);
    draw_lines_place(c, in.x, in.y + in.h, in.w, at, (size_t)r.h, lines);
    for (; y < end && at < run->key_count; at++)
        draw_planned(c, r, y++, run_key_at(run, at + 1), run->for_service,
                     app->at.removal != REMOVAL_NONE);
    if (y >= end)
        return;
    at -= run->key_count;
    draw_lines(c, (struct rect){r.x, y, r.w, end - y}, rest.sheet.text, at);
    for (; y < end && at < rest.sheet.lines; at++)
        style_rest(c, (struct rect){r.x, y++, r.w, 1}, &rest, at);
}

/* The names of the columns, and how many warnings had no room above them. */
static void draw_review_head(const struct app *app, struct canvas *c, struct rect r, int y,
                             unsigned shown)
{
    unsigned hidden = review_hidden(&app->run, shown);

    if (app->run.key_count == 0 && !hidden)
        return;
    if (hidden)
        draw_format(c, r.x, y, r.w, STYLE_WARN, "%s(%u more warning%s after the keys: Down)",
                    r.w < 72 ? "" : "key, type, what it will be     ", hidden,
                    hidden == 1 ? "" : "s");
    else if (app->at.removal != REMOVAL_NONE)
        draw_text(c, r.x, y, r.w, STYLE_DIM,
                  r.w < REVIEW_TYPE   ? "key, what happens to it"
                  : r.w < REVIEW_WIDE ? "key, type, what happens to it"
                                      : "key, type, what happens to it, how its copy is proven");
    else
        draw_text(c, r.x, y, r.w, STYLE_DIM,
                  app->run.for_service ? "key, type, how it leaves"
                  : r.w < REVIEW_TYPE  ? "key, what it will be there"
                  : r.w < REVIEW_WIDE  ? "key, type, what it will be there"
                                       : "key, type, what it will be there, its proof");
}

static void ask_review(const struct app *app, struct sheet *ask)
{
    sheet_clear(ask);
    if (app->phase != PHASE_REVIEWING)
        sheet_line(ask, "%s:", app->run.gate.question);
    else if (questions_review_waived(app))
        sheet_line(ask, "%s", "Type  start  and Enter, or Esc to go back:");
    else
        sheet_line(ask, "Type  ferry %zu  and Enter, or Esc to go back:", app->run.movable);
    sheet_wrap(ask, review_columns(app));
}

/* The frame, whose title says who is asked; without room for that, the first lines do. */
static struct rect open_review(const struct app *app, struct canvas *c)
{
    enum { STAMP = 18, TITLE = 8 };
    struct rect screen = app->at.layout.screen, in;
    char who[GATE_WHO_SIZE], title[GATE_WHO_SIZE + TITLE];
    bool fits = text_width(gate_who(app, who)) + TITLE + STAMP <= screen.w;
    int y;

    snprintf(title, sizeof title, "REVIEW%s%s", fits && who[0] ? "  " : "", fits ? who : "");
    in = open_at(app, c, layout_dialog(&app->at.layout, screen.w, screen.h), title);
    y = fits ? 0 : draw_wrapped(c, in, STYLE_STRONG, who);
    return (struct rect){in.x, in.y + y, in.w, in.h - y};
}

/* In as many lines as it takes, within reason; returns the line below. */
static int draw_script(const struct app *app, struct canvas *c, struct rect r, int y)
{
    char text[SCRIPT_SENTENCE + 2 * EVENT_TEXT_MAX + 64], sentence[SCRIPT_SENTENCE];
    const char *why = app->run.script_why;

    if (!script_deviates(&app->run.script))
        return y;
    snprintf(text, sizeof text, "NOT AS THE SCRIPT SAYS: %s%s%s",
             script_sentence(&app->run.script, sentence),
             why[0] ? ".  Decided before the interruption: " : "", why);
    return y + draw_wrapped(c, (struct rect){r.x, y, r.w, r.h / 2}, STYLE_WARN, text);
}

/* First what the officers decide on: from where to where, what to know, which keys. The mechanisms
 * come after the keys. */
static void draw_review(const struct app *app, struct canvas *c)
{
    enum { FEWEST = 2 }; /* lines that can be scrolled */
    struct rect in = open_review(app, c);
    int y = draw_script(app, c, in, draw_party(app, c, in)), bottom = in.y + in.h, end, most;
    bool wrong = app->phase != PHASE_REVIEWING && app->run.gate.last == GATE_WRONG, below;
    unsigned shown;
    struct sheet ask;

    ask_review(app, &ask);
    below = gate_field_below(GATE_REVIEW, sheet_last_columns(&ask), in.w);
    bottom -= (int)ask.lines + below;
    end = in.h < ROOMY_REVIEW && !wrong ? bottom : bottom - 1;
    most = y + in.h / 2 - 2 < end - 1 - FEWEST ? y + in.h / 2 - 2 : end - 1 - FEWEST;
    y = draw_warnings(app, c, in, y, most, &shown);
    draw_review_head(app, c, in, y, shown);
    draw_plan(app, c, in, (struct rect){in.x, y + 1, in.w, end - y - 1}, shown);
    if (wrong)
        draw_status(app, c, in, bottom - 1);
    draw_question(c, in, bottom, &ask, app->dialog.field.text, below);
}

void dialog_draw(const struct app *app, struct canvas *c)
{
    static void (*const draws[DIALOGS])(const struct app *, struct canvas *) = {
        [DIALOG_HELP] = draw_page,       [DIALOG_MESSAGE] = draw_page,
        [DIALOG_DETAILS] = draw_page,    [DIALOG_INPUT] = draw_input,
        [DIALOG_MODULES] = draw_modules, [DIALOG_CONFIRM] = draw_confirm,
        [DIALOG_REVIEW] = draw_review,   [DIALOG_PIN] = draw_pin,
        [DIALOG_GATE] = draw_gate,       [DIALOG_SETTLE] = draw_settle,
        [DIALOG_LEFT_OPEN] = draw_page,
    };
    enum dialog_id dialog = app_dialog(app);

    if (draws[dialog])
        draws[dialog](app, c);
}
