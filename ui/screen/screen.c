/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/screen/screen.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ui/model/dispatch.h"
#include "ui/model/end_view.h"
#include "ui/model/keys.h"
#include "ui/model/replay_app.h"
#include "ui/screen/dialog.h"
#include "ui/screen/lanes.h"
#include "ui/screen/pane.h"
#include "ui/screen/setup_pane.h"
#include "ui/screen/view_rows.h"
#include "ui/screen/verification.h"

static void draw_inventory(const struct app *app, struct canvas *c)
{
    pane_draw_inventory(app, c, SIDE_SOURCE);
    pane_draw_inventory(app, c, SIDE_DESTINATION);
}

/* --- the end ---------------------------------------------------------------------------------- */

static const char *end_words(const struct app *app)
{
    const struct run *run = &app->run;
    static const char *const words[][2] = {
        [END_COMPLETE] = {"The ceremony is complete.", "This visit is complete."},
        [END_PARTIAL] = {"The ceremony is over; not every key was moved.",
                         "This visit is over; not every key was moved."},
        [END_FAILED] = {"The ceremony failed.", "This visit failed."},
        [END_ABORTED] = {"The ceremony was stopped.", "This visit was stopped."},
    };
    static const char *const of_removals[] = {
        [END_COMPLETE] = "The removal is complete.",
        [END_PARTIAL] = "The removal is over; not every key was destroyed.",
        [END_FAILED] = "The removal failed.",
        [END_ABORTED] = "The removal was stopped.",
    };

    if (app->at.refused)
        return "This visit did not begin.";
    if (run->outcome == END_COMPLETE && app->settle.how == SETTLE_CLEANS)
        return "The interrupted ceremony was cleaned up.";
    if (run->removal != REMOVAL_NONE)
        return (unsigned)run->outcome <= END_ABORTED ? of_removals[run->outcome] : "?";
    if (run->outcome == END_PARTIAL && run->left_over > 0)
        return "The ceremony has ended; an object may be left over.";
    return (unsigned)run->outcome <= END_ABORTED ? words[run->outcome][run->visit != VISIT_NONE]
                                                 : "?";
}

/* Why it ended so; the details have all of it. Returns the line below. */
static int draw_reason(const struct run *run, struct canvas *c, struct rect r, int y)
{
    if (!run->failure[0])
        return y;
    draw_text(c, r.x, y, 11, STYLE_STRONG, "Reason");
    return y + draw_wrapped(c, (struct rect){r.x + 12, y, r.w - 12, 3}, STYLE_BAD, run->failure);
}

/* Returns the line below. */
static int draw_left_over(const struct app *app, struct canvas *c, struct rect r, int y)
{
    const struct run_inventory *after = app->run.after;
    const unsigned hsms = run_place(&app->run)->hsms;
    const enum visit visit = app->run.visit;
    bool agree = true;

    draw_text(c, r.x, y, 11, STYLE_STRONG, "Left over");
    for (unsigned i = 0; i < hsms; i++)
        agree = agree && after[i].known && !after[i].unexplained && !after[i].missing;
    if (agree && hsms == 2)
        return y + draw_wrapped(c, (struct rect){r.x + 12, y, r.w - 12, 2}, STYLE_NORMAL,
                                "nothing on SOURCE, nothing on DESTINATION (inventories agree)");
    for (unsigned i = 0; i < hsms; i++, y++) {
        const char *side = pane_side_title((enum side)i);
        if (visit != VISIT_NONE && visit_side(visit) != (enum side)i)
            y--; /* it is in the other room */
        else if (!after[i].known)
            draw_format(c, r.x + 12, y, r.w - 12, STYLE_WARN, "%s was not inspected again", side);
        else if (after[i].unexplained || after[i].missing)
            draw_format(c, r.x + 12, y, r.w - 12, STYLE_BAD,
                        "%s: %" PRIu32 " object%s too many, %" PRIu32 " missing", side,
                        after[i].unexplained, after[i].unexplained == 1 ? "" : "s",
                        after[i].missing);
        else
            draw_format(c, r.x + 12, y, r.w - 12, STYLE_NORMAL, "nothing on %s (inventories agree)",
                        side);
    }
    return y;
}

/* What takes the first sealed key to its service. Returns the line below. */
static int draw_next(const struct app *app, struct canvas *c, struct rect r, int y)
{
    enum { LINES = 4 };
    struct rect place = {r.x + 12, c->h, r.w - 12, INT16_MAX}; /* below all, to count lines */
    const char *next = app->report.next;

    if (!next[0])
        return y;
    draw_text(c, r.x, y, 11, STYLE_STRONG, "Next");
    if (draw_wrapped(c, place, STYLE_NORMAL, next) > LINES) { /* half a command is none */
        draw_text(c, place.x, y, place.w, STYLE_NORMAL,
                  "F3 shows the command of the service's client");
        return y + 1;
    }
    place.y = y;
    return y + draw_wrapped(c, place, STYLE_NORMAL, next);
}

/* Returns the line below. */
static int draw_report(const struct app *app, struct canvas *c, struct rect r, int y)
{
    const struct app_report *report = &app->report;
    char groups[TEXT_GROUPS_SIZE], words[TEXT_WORDS_SIZE];
    /* Words of up to eleven letters on a line. */
    unsigned each = r.w >= 12 + 8 * 12 ? 8 : r.w >= 12 + 5 * 12 ? 5 : 2;

    draw_text(c, r.x, y, 11, STYLE_STRONG, app->at.replay ? "Journal" : "Report");
    if (app->at.replay) {
        const struct recording *recording = app->at.replay->recording;
        text_groups(recording->head, 16, groups);
        draw_path(c, r.x + 12, y, r.w - 12, STYLE_NORMAL, recording->path);
        draw_format(c, r.x + 12, y + 1, r.w - 12, STYLE_NORMAL, "the journal; its chain ends in");
        draw_format(c, r.x + 12, y + 2, r.w - 12, STYLE_NORMAL, "%.39s", groups);
        draw_text(c, r.x + 12, y + 3, r.w - 12, STYLE_NORMAL, groups + 40);
        return y + 4;
    }
    if (!report->path[0]) {
        draw_text(c, r.x + 12, y, r.w - 12, STYLE_WARN,
                  report->err.what[0] ? report->err.what : "none was written");
        return y + 1;
    }
    y += draw_wrapped(c, (struct rect){r.x + 12, y, r.w - 12, 3}, STYLE_NORMAL, report->path);
    draw_text(c, r.x, y, 11, STYLE_STRONG, "SHA-256");
    text_groups(report->sha256, 16, groups);
    draw_format(c, r.x + 12, y++, r.w - 12, STYLE_NORMAL, "%.39s", groups);
    draw_text(c, r.x + 12, y++, r.w - 12, STYLE_NORMAL, groups + 40);
    draw_text(c, r.x, y, 11, STYLE_STRONG, "write down");
    if (y + (int)((SHA256_SIZE + each - 1) / each) >= r.y + r.h) { /* half of the words are none */
        draw_text(c, r.x + 12, y, r.w - 12, STYLE_NORMAL, "F3 shows the words and the commands");
        return y + 1;
    }
    for (unsigned i = 0; i < SHA256_SIZE; i += each)
        draw_text(
            c, r.x + 12, y++, r.w - 12, STYLE_NORMAL,
            text_words(report->sha256, i, i + each > SHA256_SIZE ? SHA256_SIZE - i : each, words));
    draw_text(c, r.x, y, 11, STYLE_STRONG, "Check with");
    for (unsigned i = 0; i < 2; i++) {
        struct rect place = {r.x + 12, c->h, r.w - 12, INT16_MAX}; /* below all, to count lines */
        int lines = draw_wrapped(c, place, STYLE_NORMAL, report->commands[i]);
        if (y + lines > r.y + r.h - 1 && lines > 0) { /* half a command is none */
            draw_text(c, r.x + 12, y, r.w - 12, STYLE_NORMAL, "F3 shows the commands for that");
            return y + 1;
        }
        place.y = y;
        y += draw_wrapped(c, place, STYLE_NORMAL, report->commands[i]);
    }
    return y;
}

/* Returns the line below. */
static int draw_signature(const struct app *app, struct canvas *c, struct rect r, int y)
{
    const struct app_report *report = &app->report;
    bool is_signed = report->signed_by[0] != '\0';
    const char *none = app->config->signer.key.text[0] ? "not yet" : "no key is named that signs";
    char text[sizeof report->signed_by + sizeof report->unsigned_why];

    if (!report->path[0] || app->at.replay)
        return y;
    draw_text(c, r.x, y, 11, STYLE_STRONG, "Signature");
    snprintf(text, sizeof text, "%s%s", is_signed ? "by " : "UNSIGNED: ",
             is_signed                 ? report->signed_by
             : report->unsigned_why[0] ? report->unsigned_why
                                       : none);
    return y + draw_wrapped(c, (struct rect){r.x + 12, y, r.w - 12, 2},
                            is_signed ? STYLE_GOOD : STYLE_WARN, text);
}

/* The first keys that did not go, and why; the details have all. Returns the line below. */
static int draw_not_moved(const struct app *app, struct canvas *c, struct rect r, int y)
{
    const struct run *run = &app->run;
    size_t room = r.h > 24 ? (size_t)r.h / 3 : 2;
    size_t shown = run->failing.count <= room ? run->failing.count : room - 1;

    for (size_t i = 0; i < shown; i++) {
        const struct run_key *key = run_key_at(run, failing_at(&run->failing, i));
        char text[KEY_LABEL_TEXT + EVENT_TEXT_MAX + 32];
        draw_format(c, r.x, y++, r.w, STYLE_WARN, "%-11s %s", key_outcome_name(key->outcome),
                    end_not_moved(key, text, sizeof text));
    }
    if (shown < run->failing.count)
        draw_format(c, r.x, y++, r.w, STYLE_WARN, "... and %zu more: F3 has all of them",
                    run->failing.count - shown);
    return y;
}

/* Whether the script was followed; returns the line below. */
static int draw_script(const struct run *run, struct canvas *c, struct rect r, int y)
{
    bool good = run->script_outcome == SCRIPT_FOLLOWED;
    char sentence[SCRIPT_SENTENCE];

    if (run->script_outcome == SCRIPT_NONE)
        return y;
    script_sentence(&run->script, sentence);
    draw_text(c, r.x, y, 11, STYLE_STRONG, "Script");
    draw_format(c, r.x + 12, y, r.w - 12, good ? STYLE_NORMAL : STYLE_WARN, "%s%s%s",
                script_outcome_name(run->script_outcome), sentence[0] ? ": " : "", sentence);
    return y + 1;
}

/* What to give to a key service, and how it is to use it. Returns the line below. */
static int draw_given(const struct run *run, const struct run_file *file, struct canvas *c,
                      struct rect r, int y)
{
    const uint8_t *spki = run->fingerprint[SIDE_DESTINATION].spki_sha256;
    char groups[TEXT_GROUPS_SIZE];
    const int x = r.x + 12, width = r.w - 12;

    draw_text(c, r.x, y, 11, STYLE_STRONG, "Give");
    draw_path(c, x, y++, width, STYLE_NORMAL, file->path);
    draw_text(c, x, y++, width, STYLE_NORMAL, "to the service, and compare its SHA-256 there:");
    text_groups(spki, 16, groups);
    draw_format(c, x, y++, width, STYLE_STRONG, "%.39s", groups);
    draw_format(c, x, y++, width, STYLE_STRONG, "%s", groups + 40);
    draw_text(c, r.x, y, 11, STYLE_STRONG, "There");
    draw_format(c, x, y++, width, STYLE_NORMAL, "wrap by rsa-aes, or directly by %s",
                hsm_alg_name(run->transport.alg));
    draw_text(c, r.x, y, 11, STYLE_STRONG, "Then here");
    draw_text(c, x, y++, width, STYLE_NORMAL, "hsmferry accept --format rsa-aes FILE CEREMONY");
    return y;
}

/* What to carry to the other room, what to read out there, and what is done there. Returns the line
 * below. */
static int draw_carried(const struct run *run, struct canvas *c, struct rect r, int y)
{
    static const char *const next[VISITS] = {
        [VISIT_OFFER] = "load", [VISIT_LOAD] = "accept", [VISIT_ACCEPT] = "confirm"};
    const struct run_file *file = run->file_count ? &run->files[run->file_count - 1] : NULL;
    const char *there = file && strcmp(file->kind, "ack") == 0 ? "load" : next[run->visit];
    char groups[TEXT_GROUPS_SIZE], words[TEXT_WORDS_SIZE];
    const int x = r.x + 12, width = r.w - 12;

    if (!file || !file->written || !there)
        return y;
    if (strcmp(file->kind, ARRIVAL_PEM) == 0)
        return draw_given(run, file, c, r, y);
    draw_text(c, r.x, y, 11, STYLE_STRONG, "Carry");
    draw_path(c, x, y++, width, STYLE_NORMAL, file->path);
    draw_format(c, x, y++, width, STYLE_NORMAL, "%s, %" PRIu64 " bytes, sha256 %.19s", file->kind,
                file->bytes, text_groups(file->sha256, 4, groups));
    draw_text(c, r.x, y, 11, STYLE_STRONG, file->trust[0] ? "With it" : "Read out");
    if (file->trust[0])
        draw_text(c, x, y++, width, STYLE_NORMAL, "its .sig and .pub.pem, which authenticate it");
    for (unsigned i = 0; !file->trust[0] && i < FILE_WORDS; i += 4)
        draw_text(c, x, y++, width, STYLE_STRONG, text_words(file->sha256, i, 4, words));
    draw_text(c, r.x, y, 11, STYLE_STRONG, "There");
    draw_format(c, x, y++, width, STYLE_NORMAL, "hsmferry %s", there);
    return y;
}

/* How many of what arrived, and of which kind the ceremony was, if that fits, too: the first line
 * of the screen says it in any case. */
static void draw_counts(const struct app *app, struct canvas *c, struct rect r, int y)
{
    const struct run *run = &app->run;
    char unproven[32], companions[48], text[160];

    snprintf(unproven, sizeof unproven, "   %" PRIu32 " UNPROVEN", run->unproven);
    snprintf(companions, sizeof companions, ", with %" PRIu32 " public object%s",
             run->companions_migrated, run->companions_migrated == 1 ? "" : "s");
    snprintf(text, sizeof text, "%" PRIu32 " %s%s%s   %" PRIu32 " refused   %" PRIu32 " failed",
             run->migrated + run->sealed + run->destroyed, run_place(run)->arrived,
             run->companions_migrated ? companions : "", run->unproven ? unproven : "",
             run->refused, run->failed);
    draw_text(c, r.x, y, r.w, STYLE_STRONG, text);
    if (r.w >= text_width(text) + 6 + text_width(app_stamp(app)))
        draw_text(c, r.x + text_width(text) + 6, y, r.w, STYLE_STRONG, app_stamp(app));
}

static void draw_outcome(const struct app *app, struct canvas *c)
{
    struct rect b = app->at.layout.body;
    struct rect r = {b.x + 1, b.y + 1, b.w - 2, b.h - 1};
    const struct run *run = &app->run;
    bool good = run->outcome == END_COMPLETE && !app->at.refused;
    int y = r.y;

    draw_format(c, r.x, y, r.w, good ? STYLE_GOOD : STYLE_BAD, "%s %s", good ? "[ ok ]" : "[FAIL]",
                end_words(app));
    draw_counts(app, c, r, y + 1);
    draw_cursor(c, r.x, y);
    y += 2 + draw_wrapped(c, (struct rect){r.x, y + 2, r.w, 2}, STYLE_NORMAL, run->end_text);
    y = draw_reason(run, c, r, y);
    /* Above the report: a long path must not push left-over objects off the screen. */
    y = draw_carried(run, c, r, y);
    y = draw_script(run, c, r, y);
    y = draw_not_moved(app, c, r, y);
    y = draw_left_over(app, c, r, y);
    y = draw_next(app, c, r, y);
    y = draw_signature(app, c, r, y);
    y = draw_report(app, c, r, y);
    if (y > r.y + r.h)
        draw_right(c, r.x, r.y + r.h - 1, r.w, STYLE_STRONG, " more: F3 ");
}

/* Nothing of it runs into the lines at the foot. */
static void draw_end(const struct app *app, struct canvas *c)
{
    struct canvas part = *c;

    part.h = app->at.layout.body.y + app->at.layout.body.h;
    draw_outcome(app, &part);
    draw_cursor(c, part.cursor_x, part.cursor_y);
}

/* --- the frame around every view -------------------------------------------------------------- */

static void draw_title(const struct app *app, struct canvas *c)
{
    struct rect r = app->at.layout.title;
    const char *title = app->config->title[0] ? app->config->title : "new ceremony";
    const char *stamp = app_stamp(app);
    const enum visit visit = app->at.visit != VISIT_NONE ? app->at.visit : app->run.visit;
    const enum removal removal =
        app->at.removal != REMOVAL_NONE ? app->at.removal : app->run.removal;
    const char *what = visit != VISIT_NONE       ? visit_name(visit)
                       : removal != REMOVAL_NONE ? removal_name(removal)
                                                 : "";
    char time[32], safe[TEXT_SAFE_SIZE(EVENT_TEXT_MAX)];

    text_safe(title, strlen(title), safe, sizeof safe);
    draw_blank(c, r, STYLE_TITLE);
    /* Before the title, which may be longer than the screen is wide. */
    draw_format(c, r.x + 1, r.y, r.w - 12, STYLE_TITLE, "hsmferry   %s%s%s%s%s", stamp,
                stamp[0] ? "   " : "", what, what[0] ? ": " : "", safe);
    text_time(app->at.utc_ms, false, time);
    draw_right(c, r.x, r.y, r.w - 1, STYLE_TITLE, time + 11);
}

static void draw_hints(const struct app *app, struct canvas *c, struct rect r)
{
    const struct key_row *hints[KEYS_HINTS_MAX];
    unsigned missing = app->at.keys_missing;
    size_t count = keys_hints(app, app->views, app->at.view, r.w - 1, missing, hints);
    int x = r.x + 1;

    for (size_t i = 0; i < count; i++) {
        char name[KEYS_NAME_MAX];
        x += draw_text(c, x, r.y, r.w - x, STYLE_TITLE,
                       keys_name(keys_hint_press(hints[i], missing), name));
        x += 1 + draw_format(c, x, r.y, r.w - x, STYLE_NORMAL, " %s", hints[i]->hint);
    }
}

/* What matters most of: an answer to the last key, an HSM that hangs, what is at the cursor. */
static void detail_text(const struct app *app, char *out, size_t size)
{
    char trial[256];
    char sentence[SCRIPT_SENTENCE];
    size_t row = app->dialog.over.at;
    enum side side;
    int64_t ms;

    out[0] = '\0';
    if (app->at.status[0])
        snprintf(out, size, "%s", app->at.status);
    else if (app->at.replay)
        replay_app_words(app, out, size);
    else if (app->dialog.kind == DIALOG_MODULES && row < app->setup.modules.count)
        snprintf(out, size, "%s", app->setup.modules.found[row].path);
    else if (app_view(app)->line)
        app_view(app)->line(app, out, size);
    else if (app->at.view != VIEW_INVENTORY && app->at.view != VIEW_SETUP)
        return; /* the ceremony's own lines say it */
    else if (run_unanswered(&app->run, app->at.now_ms, RUN_UNANSWERED_MS, &side, &ms))
        snprintf(out, size, "[WAIT] no answer from %s for %" PRId64 " s (%s); F7 starts again",
                 pane_side_title(side), ms / 1000, app->run.call[side].name);
    else if (app->phase == PHASE_PLANNING)
        snprintf(out, size, "[ .. ] Canary, test keys: %s",
                 trial_text(&app->inventory.trial, app->at.now_ms, trial, sizeof trial));
    else if (app->setup.next_asked)
        snprintf(out, size,
                 "[WAIT] The devices are compared once both HSMs are open; F8 stops waiting");
    else if (app->inventory.review_asked)
        snprintf(out, size,
                 "[WAIT] The review opens once both HSMs are listed and free; "
                 "F5 takes that back");
    else if (app->at.view == VIEW_INVENTORY && script_deviates(&app->inventory.differs))
        snprintf(out, size, "NOT AS THE SCRIPT SAYS: %s",
                 script_sentence(&app->inventory.differs, sentence));
    else
        pane_current(app, out, size);
}

/* A dialog may cover the detail line: the answer to the last key then takes the hints' place. */
static void draw_foot(const struct app *app, struct canvas *c)
{
    const struct rect r = app->at.layout.hint;
    enum dialog_id dialog = app_dialog(app);
    char text[1024], hint[256];

    detail_text(app, text, sizeof text);
    if (dialog == DIALOG_NONE || !app->at.status[0])
        draw_text(c, app->at.layout.detail.x + 1, app->at.layout.detail.y,
                  app->at.layout.detail.w - 1, app->at.status[0] ? STYLE_STRONG : STYLE_NORMAL,
                  text);
    keys_hint_text(dialog_hint(app, dialog), app->at.keys_missing, hint, sizeof hint);
    if (dialog == DIALOG_NONE)
        draw_hints(app, c, r);
    else
        draw_text(c, r.x + 1, r.y, r.w - 1, STYLE_STRONG,
                  app_is_deaf(app)    ? "[ .. ] Keys are taken in a moment: read first."
                  : app->at.status[0] ? app->at.status
                                      : keys_hint_fit(hint, r.w - 1));
}

/* Too small for a picture: what matters in one sentence. */
static void draw_sentence(const struct app *app, struct canvas *c)
{
    char text[320], stamp[32];
    enum step_id id;

    snprintf(stamp, sizeof stamp, "%s%s", app_stamp(app), app_stamp(app)[0] ? ". " : "");
    if (app->at.replay)
        snprintf(text, sizeof text, "%sMake this window at least 40x12.", stamp);
    else if (app->run.gate.seq || app->asked.pin.seq)
        snprintf(text, sizeof text, "%sAn answer is asked for: make this window at least 40x12.",
                 stamp);
    else if (app->run.pace.seq)
        snprintf(text, sizeof text, "%sIt waits before step %d: make this window at least 40x12.",
                 stamp, step_number(app->run.pace.step));
    else if (app_is_running(app) && run_step_now(&app->run, &id))
        snprintf(text, sizeof text,
                 "%sStep %d, key %" PRIu32
                 " of %zu: the ceremony continues. Make this window at least "
                 "40x12.",
                 stamp, step_number(id), app->run.latest, app->run.chosen);
    else
        snprintf(text, sizeof text, "%shsmferry: make this window at least 40x12.", stamp);
    draw_wrapped(c, app->at.layout.screen, STYLE_NORMAL, text);
}

void screen_draw(const struct app *app, struct canvas *c)
{
    /* The views that are more than a list. */
    static void (*const pictures[VIEWS_NAMED])(const struct app *, struct canvas *) = {
        [VIEW_SETUP] = setup_draw,    [VIEW_INVENTORY] = draw_inventory,
        [VIEW_CEREMONY] = lanes_draw, [VIEW_VERIFY] = verify_draw,
        [VIEW_END] = draw_end,
    };
    enum view_id view = app->at.view;

    canvas_clear(c);
    if (app->at.layout.form == LAYOUT_SENTENCE) {
        draw_sentence(app, c);
        return;
    }
    draw_title(app, c);
    if (view < VIEWS_NAMED && pictures[view])
        pictures[view](app, c);
    else
        rows_draw_view(app, c);
    draw_foot(app, c);
    dialog_draw(app, c);
}
