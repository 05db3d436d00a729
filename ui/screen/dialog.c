/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/screen/dialog.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ui/model/dispatch.h"
#include "ui/model/questions.h"
#include "ui/model/text_page.h"
#include "ui/screen/pane.h"

enum { WIDTH = 76, MASK = 16, ROOMY_LINES = 28 };

/* A frame in the middle, at most w wide and h high; returns its inside. */
static struct rect open_wide(const struct app *app, struct canvas *c, int w, int h,
                             const char *title)
{
    static const char *const stamps[2][2] = {{"", " REHEARSAL "},
                                             {" REPLAY ", " REPLAY   REHEARSAL "}};
    struct rect r = layout_dialog(&app->at.layout, w, h);
    bool rehearsal = app->config->rehearsal;

    draw_blank(c, r, STYLE_NORMAL);
    draw_frame(c, r, STYLE_STRONG, title);
    if (r.w >= 40) /* it may cover the stamps of the view's first line */
        draw_right(c, r.x, r.y, r.w - 2, STYLE_STRONG, stamps[app->at.replay != NULL][rehearsal]);
    r = layout_inside(r);
    return r.w > 2 ? (struct rect){r.x + 1, r.y, r.w - 2, r.h} : r;
}

static struct rect open_frame(const struct app *app, struct canvas *c, int h, const char *title)
{
    return open_wide(app, c, WIDTH, h, title);
}

/* What is typed, its end where it is longer than the place for it. */
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

/* A question and, behind it or on the next line, what is typed. */
static void draw_question(struct canvas *c, struct rect r, int y, const char *question,
                          const char *typed)
{
    int end = draw_text(c, r.x, y, r.w, STYLE_STRONG, question);

    if (end + 12 > r.w)
        draw_field(c, r.x, y + 1, r.w, typed);
    else
        draw_field(c, r.x + end + 1, y, r.w - end - 1, typed);
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

static void draw_page(const struct app *app, struct canvas *c)
{
    struct sheet sheet;
    struct rect in;

    dialog_page(app, app->dialog.kind, &sheet);
    in = open_frame(app, c, (int)sheet.lines + 2, sheet.title);
    draw_lines(c, in, sheet.text, app->dialog.scroll.at);
    if (sheet.lines > app->dialog.scroll.at + (size_t)in.h)
        draw_right(c, in.x, in.y + in.h, in.w, STYLE_STRONG, " more: Down ");
    draw_cursor(c, in.x, in.y);
}

static void draw_modules(const struct app *app, struct canvas *c)
{
    size_t rows = app->setup.modules.count + 1;
    size_t at = app->dialog.scroll.at < rows ? app->dialog.scroll.at : rows - 1;
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
}

static void draw_input(const struct app *app, struct canvas *c)
{
    struct rect s = app->at.layout.screen;
    struct rect r = {0, s.h - 5, s.w, 4}; /* at the bottom: what it acts on stays in sight */
    struct rect in = layout_inside(r);

    draw_blank(c, r, STYLE_NORMAL);
    draw_frame(c, r, STYLE_STRONG, app->dialog.input->title);
    draw_text(c, in.x, in.y, in.w, STYLE_NORMAL, app->dialog.input->prompt);
    draw_field(c, in.x, in.y + 1, in.w, app->dialog.field.text);
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

static void draw_pin(const struct app *app, struct canvas *c)
{
    const struct app_pin *pin = &app->asked.pin;
    struct rect in = open_frame(app, c, 8, "PIN");
    int end;

    draw_format(c, in.x, in.y, in.w, STYLE_STRONG, "%s: token %s",
                pin->side == SIDE_RELAY ? "SIGN THE REPORT" : pane_side_title(pin->side),
                pin->token);
    draw_format(c, in.x, in.y + 1, in.w, STYLE_NORMAL, "serial %s", pin->serial);
    draw_text(c, in.x, in.y + 2, in.w, pin->sworn ? STYLE_DIM : STYLE_WARN, pin_warning(pin));
    if (!pin->sworn) {
        draw_question(c, in, in.y + 4, "Type  last try  to go on:", app->dialog.field.text);
        return;
    }
    /* As wide for one character as for twenty: its length is a secret too. */
    end = draw_format(c, in.x, in.y + 4, in.w, STYLE_STRONG, "%s%s%s%sPIN: ", pin->officer,
                      pin->officer[0] ? ", " : "", pin->role, pin->officer[0] ? ", your " : "");
    if (pin->typed.len > 0)
        draw_run(c, in.x + end, in.y + 4, MASK, STYLE_STRONG, SIGN_MASK);
    draw_cursor(c, in.x + end + (pin->typed.len > 0 ? MASK : 0), in.y + 4);
}

static void draw_gate(const struct app *app, struct canvas *c)
{
    const struct run_gate *gate = &app->run.gate;
    char question[EVENT_TEXT_MAX + 64];
    struct sheet sheet;
    struct rect in;
    int bottom;

    dialog_page(app, DIALOG_GATE, &sheet);
    in = open_frame(app, c, (int)sheet.lines + 5, sheet.title);
    bottom = in.y + in.h - 3;
    draw_lines(c, (struct rect){in.x, in.y, in.w, in.h - 3}, sheet.text, app->dialog.scroll.at);
    if (gate->last == GATE_WRONG)
        draw_format(c, in.x, bottom, in.w, STYLE_BAD, "[FAIL] That was wrong. Tries left: %u",
                    gate->tries_left);
    else
        draw_format(c, in.x, bottom, in.w, STYLE_NORMAL, "%s%s%s", gate->officer,
                    gate->role[0] ? ", " : "", gate->role);
    snprintf(question, sizeof question, "%s:", gate->question);
    draw_question(c, in, bottom + 1, question, app->dialog.field.text);
}

/* --- review ----------------------------------------------------------------------------------- */

/* From where to where; returns the line below. */
static int draw_party(const struct app *app, struct canvas *c, struct rect r)
{
    const struct app_side *from = &app->side[SIDE_SOURCE], *to = &app->side[SIDE_DESTINATION];
    char companions[48], text[1024];
    int y = r.y;

    snprintf(companions, sizeof companions, ", with %zu public object%s,", app->run.companions,
             app->run.companions == 1 ? "" : "s");
    snprintf(text, sizeof text, "%zu key%s%s from %s (%s, %s) to %s (%s, %s)", app->run.movable,
             app->run.movable == 1 ? " goes" : "s go", app->run.companions ? companions : "",
             app_side_label(app, SIDE_SOURCE), from->token.model, from->info.api,
             app_side_label(app, SIDE_DESTINATION), to->token.model, to->info.api);
    y += draw_wrapped(c, (struct rect){r.x, y, r.w, 2}, STYLE_STRONG, text);
    if (app->run.refused)
        draw_format(c, r.x, y++, r.w, STYLE_WARN, "%" PRIu32 " key%s cannot go", app->run.refused,
                    app->run.refused == 1 ? "" : "s");
    return y;
}

/* What was agreed on, in which words of both sides and, where there is room, why; in as many lines
 * as it takes. Returns the line below. */
static int draw_choice(struct canvas *c, struct rect r, int y, const char *name,
                       const struct run_choice *choice, const char *cipher)
{
    char text[EVENT_TEXT_MAX + 160], words[sizeof choice->source_call * 2 + 8];
    bool roomy = r.h >= ROOMY_LINES;

    draw_text(c, r.x, y, 10, STYLE_STRONG, name);
    snprintf(words, sizeof words, "%s, then %s", choice->source_call, choice->destination_call);
    if (choice->bits)
        snprintf(text, sizeof text, "%s %" PRIu32 ", %s%s%s: %s", cipher, choice->bits,
                 hsm_alg_name(choice->alg), choice->keys[0] ? " for " : "", choice->keys,
                 roomy ? choice->reason : words);
    else
        snprintf(text, sizeof text, "none that both sides speak");
    y += draw_wrapped(c, (struct rect){r.x + 11, y, r.w - 11, 3}, STYLE_NORMAL, text);
    if (choice->bits && roomy)
        y += draw_wrapped(c, (struct rect){r.x + 11, y, r.w - 11, 2}, STYLE_DIM, words);
    return y;
}

/* ", AES, RSA" for the kinds in bits; returns out. */
static char *kind_names(uint32_t bits, char *out, size_t size)
{
    size_t len = 0;

    out[0] = '\0';
    for (unsigned kind = 0; kind < KEY_KINDS && len < size; kind++)
        if (bits & UINT32_C(1) << kind)
            len += (size_t)snprintf(out + len, size - len, "%s%s", len ? ", " : "",
                                    key_kind_name((enum key_kind)kind));
    return out;
}

/* For which kinds a throw-away key has gone the whole way. One that failed by the first envelope
 * and passed by the next has passed. */
static int draw_canary(const struct app *app, struct canvas *c, struct rect r, int y)
{
    uint32_t passed = app->run.canaries[CANARY_PASSED];
    uint32_t failed = app->run.canaries[CANARY_FAILED] & ~passed;
    uint32_t none = app->run.canaries[CANARY_IMPOSSIBLE] & ~passed & ~failed;
    char names[3][96], time[32] = "", text[EVENT_TEXT_MAX + 96];

    if (app->run.canary_ms == 0)
        return y;
    text_time(app->run.canary_ms, false, time);
    snprintf(text, sizeof text, "%s%s%s%s%s%s%s", kind_names(passed, names[0], sizeof names[0]),
             passed ? "   passed " : "", passed ? time + sizeof "2026-11-23" : "",
             failed ? "   FAILED: " : "", kind_names(failed, names[1], sizeof names[1]),
             none ? "   not possible: " : "", kind_names(none, names[2], sizeof names[2]));
    draw_text(c, r.x, y, 10, STYLE_STRONG, "Canary");
    draw_text(c, r.x + 11, y, r.w - 11, failed ? STYLE_WARN : STYLE_NORMAL, text);
    return y + 1;
}

/* In at most two lines, and not below end; returns the line below. */
static int draw_note(struct canvas *c, struct rect r, int y, int end, const struct run_note *note)
{
    enum style style = note->kind == EVENT_WARNING ? STYLE_WARN : STYLE_DIM;
    char text[EVENT_TEXT_MAX + 96];

    if (note->kind == EVENT_REJECTED)
        snprintf(text, sizeof text, "not %s: %s", note->name, note->text);
    else if (note->keys > 1)
        snprintf(text, sizeof text, "! %u keys: %s", note->keys, note->text);
    else
        snprintf(text, sizeof text, "! %s", note->text);
    return y + draw_wrapped(c, (struct rect){r.x, y, r.w, end - y < 2 ? end - y : 2}, style, text);
}

/* Notes of one kind from line y to line end, and how many have no room there; returns the line
 * below them. */
static int draw_notes(const struct app *app, struct canvas *c, struct rect r, int y, int end,
                      enum event_kind kind, unsigned *hidden)
{
    for (unsigned i = 0; i < app->run.note_count; i++) {
        if (app->run.notes[i].kind != kind)
            continue;
        if (y < end)
            y = draw_note(c, r, y, end, &app->run.notes[i]);
        else
            ++*hidden;
    }
    return y;
}

static void draw_planned(struct canvas *c, struct rect r, int y, const struct run_key *key)
{
    const int type = 12, proof = 21, as = r.w < 70 ? 0 : 27;
    const int label = r.w - type - as - proof;
    char text[KEY_LABEL_TEXT];

    if (key->companion_of) /* under the keys, with a sign that it is none of them */
        draw_text(c, r.x, y, 1, STYLE_DIM, "+");
    draw_text(c, r.x + (key->companion_of ? 2 : 0), y, label - (key->companion_of ? 3 : 1),
              STYLE_NORMAL, key_label_text(&key->source, text));
    draw_text(c, r.x + label, y, type - 1, STYLE_NORMAL, key_type_text(&key->source, text));
    if (key->route == ROUTE_NONE) {
        draw_format(c, r.x + label + type, y, as + proof, STYLE_WARN, "CANNOT GO: %s", key->reason);
        return;
    }
    if (key->route == ROUTE_PUBLIC) {
        draw_text(c, r.x + label + type, y, as - 1, STYLE_NORMAL, "public, as it is");
        draw_text(c, r.x + label + type + as, y, proof, STYLE_NORMAL, key->proof);
        return;
    }
    draw_format(c, r.x + label + type, y, as - 1, STYLE_NORMAL, "%ssensitive, %sextractable",
                key->want_flags & KEY_SENSITIVE ? "" : "NOT ",
                key->want_flags & KEY_EXTRACTABLE ? "" : "not ");
    draw_format(c, r.x + label + type + as, y, proof, STYLE_NORMAL, "%s%s", key->proof,
                key->route == ROUTE_DIRECT ? ", direct" : "");
}

/* Transport, envelope, what was not taken and what to know; returns the line below. */
static int draw_suite(const struct app *app, struct canvas *c, struct rect r, int y,
                      unsigned *hidden)
{
    int end = y + r.h / 2 - 2;

    y = draw_choice(c, r, y, "Transport", &app->run.transport, "RSA");
    y = draw_choice(c, r, y, "Envelope", &app->run.envelope, "AES");
    for (unsigned i = 0; i < app->run.more_count; i++)
        y = draw_choice(c, r, y, "and", &app->run.more[i], "AES");
    y = draw_canary(app, c, r, y);
    y = draw_notes(app, c, r, y, end, EVENT_WARNING, hidden);
    return draw_notes(app, c, r, y, end, EVENT_REJECTED, hidden);
}

/* The keys from line y on, and behind them all notes, for those that had no room above. */
static void draw_plan(const struct app *app, struct canvas *c, struct rect r, int y, int end)
{
    const struct run *run = &app->run;

    for (size_t at = app->dialog.scroll.at; y < end && at < run->key_count + run->note_count;
         at++) {
        const struct run_key *key = run_key_at(run, at + 1);
        if (key)
            draw_planned(c, r, y++, key);
        else
            y = draw_note(c, r, y, end, &run->notes[at - run->key_count]);
    }
}

static void draw_plan_head(const struct app *app, struct canvas *c, struct rect r, int y,
                           unsigned hidden)
{
    char more[64] = "";

    if (hidden)
        snprintf(more, sizeof more, "   (Up and Down: %u more note%s behind the keys)", hidden,
                 hidden == 1 ? "" : "s");
    else if (app->run.key_count > (size_t)r.h)
        snprintf(more, sizeof more, "   (Up and Down scroll)");
    draw_format(c, r.x, y, r.w, hidden ? STYLE_WARN : STYLE_DIM, "key, type, what it will be%s%s",
                hidden ? "" : " there, its proof", more);
}

static void draw_review(const struct app *app, struct canvas *c)
{
    struct rect in = open_wide(app, c, app->at.layout.screen.w, app->at.layout.screen.h, "REVIEW");
    int bottom = in.y + in.h - 1, y = draw_party(app, c, in);
    unsigned hidden = 0;
    char question[64];

    if (in.h >= 14)
        y = draw_suite(app, c, in, y + 1, &hidden) + 1;
    else
        y = draw_notes(app, c, in, y, y + 2, EVENT_WARNING, &hidden);
    draw_plan_head(app, c, (struct rect){in.x, y + 1, in.w, bottom - y - 2}, y, hidden);
    draw_plan(app, c, in, y + 1, bottom - 1);
    if (questions_review_waived(app))
        snprintf(question, sizeof question, "Type  start  and Enter, or Esc to go back:");
    else
        snprintf(question, sizeof question,
                 "Type  ferry %zu  and Enter, or Esc to go back:", app->run.movable);
    draw_question(c, in, bottom, question, app->dialog.field.text);
}

void dialog_draw(const struct app *app, struct canvas *c)
{
    static void (*const draws[DIALOGS])(const struct app *, struct canvas *) = {
        [DIALOG_HELP] = draw_page,       [DIALOG_MESSAGE] = draw_page,
        [DIALOG_DETAILS] = draw_page,    [DIALOG_INPUT] = draw_input,
        [DIALOG_MODULES] = draw_modules, [DIALOG_CONFIRM] = draw_confirm,
        [DIALOG_REVIEW] = draw_review,   [DIALOG_PIN] = draw_pin,
        [DIALOG_GATE] = draw_gate,
    };
    enum dialog_id dialog = app_dialog(app);

    if (draws[dialog])
        draws[dialog](app, c);
}
