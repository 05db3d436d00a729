/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/screen/screen.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ui/model/dispatch.h"
#include "ui/model/replay_app.h"
#include "ui/screen/dialog.h"
#include "ui/screen/lanes.h"
#include "ui/screen/pane.h"
#include "ui/screen/view_rows.h"
#include "ui/screen/verification.h"

static void draw_setup(const struct app *app, struct canvas *c)
{
    pane_draw_setup(app, c, app->at.active == SIDE_SOURCE ? SIDE_DESTINATION : SIDE_SOURCE);
    pane_draw_setup(app, c, app->at.active);
}

static void draw_inventory(const struct app *app, struct canvas *c)
{
    pane_draw_inventory(app, c, SIDE_SOURCE);
    pane_draw_inventory(app, c, SIDE_DESTINATION);
}

/* --- the end ---------------------------------------------------------------------------------- */

static const char *end_words(const struct run *run)
{
    static const char *const words[] = {
        [END_COMPLETE] = "The ceremony is complete.",
        [END_PARTIAL] = "The ceremony is over; not every key was moved.",
        [END_FAILED] = "The ceremony failed.",
        [END_ABORTED] = "The ceremony was stopped.",
    };
    if (run->outcome == END_PARTIAL && run->left_over > 0)
        return "The ceremony is over; something may be left behind.";
    return (unsigned)run->outcome <= END_ABORTED ? words[run->outcome] : "?";
}

static void draw_left_over(const struct app *app, struct canvas *c, struct rect r, int y)
{
    for (unsigned i = 0; i < 2; i++) {
        const struct run_inventory *after = &app->run.after[i];
        const char *side = pane_side_title((enum side)i);
        if (!after->known)
            draw_format(c, r.x + 12, y + (int)i, r.w - 12, STYLE_WARN, "%s was not looked at again",
                        side);
        else if (after->unexplained || after->missing)
            draw_format(c, r.x + 12, y + (int)i, r.w - 12, STYLE_BAD,
                        "%s: %" PRIu32 " objects too many, %" PRIu32 " missing", side,
                        after->unexplained, after->missing);
        else
            draw_format(c, r.x + 12, y + (int)i, r.w - 12, STYLE_NORMAL,
                        "nothing on %s (inventories agree, %" PRIu32 " objects)", side,
                        after->objects);
    }
}

/* Returns the line below. */
static int draw_report(const struct app *app, struct canvas *c, struct rect r, int y)
{
    const struct app_report *report = &app->report;
    char groups[TEXT_GROUPS_SIZE], words[TEXT_WORDS_SIZE];
    unsigned each = r.w >= 12 + 5 * 12 ? 5 : 2; /* words of up to eleven letters on a line */

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
    for (unsigned i = 0; i < SHA256_SIZE; i += each)
        draw_text(
            c, r.x + 12, y++, r.w - 12, STYLE_NORMAL,
            text_words(report->sha256, i, i + each > SHA256_SIZE ? SHA256_SIZE - i : each, words));
    draw_text(c, r.x, y, 11, STYLE_STRONG, "Check with");
    draw_text(c, r.x + 12, y++, r.w - 12, STYLE_NORMAL,
              report->signed_by[0] ? "openssl dgst -sha256 -verify PUB.PEM -signature SIG REPORT"
                                   : "sha256sum REPORT");
    return y;
}

static void draw_signature(const struct app *app, struct canvas *c, struct rect r, int y)
{
    const struct app_report *report = &app->report;
    bool is_signed = report->signed_by[0] != '\0';
    const char *none = app->config->signer.key.text[0] ? "not yet" : "no key is named that signs";

    if (!report->path[0] || app->at.replay)
        return;
    draw_text(c, r.x, y, 11, STYLE_STRONG, "Signature");
    draw_format(c, r.x + 12, y, r.w - 12, is_signed ? STYLE_GOOD : STYLE_WARN, "%s%s",
                is_signed ? "by " : "UNSIGNED: ",
                is_signed                 ? report->signed_by
                : report->unsigned_why[0] ? report->unsigned_why
                                          : none);
}

/* The keys that did not go, and why, as far as there is room. */
static void draw_not_moved(const struct app *app, struct canvas *c, struct rect r)
{
    int y = 0;

    for (size_t i = 0; i < app->run.failure_count && y < r.h; i++) {
        const struct run_key *key = run_key_at(&app->run, app->run.failures[i]);
        char label[KEY_LABEL_TEXT];
        draw_format(c, r.x, r.y + y++, r.w, STYLE_WARN, "%-11s %s: %s",
                    key_outcome_name(key->outcome), key_label_text(&key->source, label),
                    key->reason);
    }
}

static void draw_end(const struct app *app, struct canvas *c)
{
    struct rect b = app->at.layout.body;
    struct rect r = {b.x + 1, b.y + 1, b.w - 2, b.h - 1};
    const struct run *run = &app->run;
    bool good = run->outcome == END_COMPLETE;
    char unproven[32], companions[48];
    int y = r.y;

    draw_format(c, r.x, y, r.w, good ? STYLE_GOOD : STYLE_BAD, "%s %s", good ? "[ ok ]" : "[FAIL]",
                end_words(run));
    snprintf(unproven, sizeof unproven, "   %" PRIu32 " UNPROVEN", run->unproven);
    snprintf(companions, sizeof companions, ", and %" PRIu32 " public along",
             run->companions_migrated);
    draw_format(c, r.x, y + 1, r.w, STYLE_STRONG,
                "%" PRIu32 " moved%s%s   %" PRIu32 " refused   %" PRIu32 " failed%s", run->migrated,
                run->companions_migrated ? companions : "", run->unproven ? unproven : "",
                run->refused, run->failed, app->config->rehearsal ? "      REHEARSAL" : "");
    draw_text(c, r.x, y + 2, r.w, STYLE_NORMAL, run->end_text);
    draw_cursor(c, r.x, y);
    /* Above the report: a long path must not push off the screen what was left behind. */
    draw_text(c, r.x, y + 4, 11, STYLE_STRONG, "Left over");
    draw_left_over(app, c, r, y + 4);
    draw_signature(app, c, r, y + 6);
    y = draw_report(app, c, r, y + 7);
    draw_not_moved(app, c, (struct rect){r.x, y, r.w, b.y + b.h - y});
}

/* --- the frame around every view -------------------------------------------------------------- */

static void draw_title(const struct app *app, struct canvas *c)
{
    struct rect r = app->at.layout.title;
    const char *title = app->config->title[0] ? app->config->title : "new ceremony";
    char time[32], safe[TEXT_SAFE_SIZE(EVENT_TEXT_MAX)];

    text_safe(title, strlen(title), safe, sizeof safe);
    draw_blank(c, r, STYLE_TITLE);
    /* Before the title, which may be longer than the screen is wide. */
    draw_format(c, r.x + 1, r.y, r.w - 12, STYLE_TITLE, "hsmferry   %s%s%s",
                app->at.replay ? "REPLAY   " : "", app->config->rehearsal ? "REHEARSAL   " : "",
                safe);
    text_time(app->at.utc_ms, false, time);
    draw_right(c, r.x, r.y, r.w - 1, STYLE_TITLE, time + 11);
}

static void draw_hints(const struct app *app, struct canvas *c, struct rect r)
{
    const struct key_row *hints[KEYS_HINTS_MAX];
    unsigned missing = app->at.keys_missing;
    size_t count = keys_hints(app->views, app->at.view, r.w - 1, missing, hints);
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
    enum side side;
    int64_t ms;

    out[0] = '\0';
    if (app->at.status[0])
        snprintf(out, size, "%s", app->at.status);
    else if (app->at.replay)
        replay_app_words(app, out, size);
    else if (app->at.view != VIEW_INVENTORY && app->at.view != VIEW_SETUP)
        return; /* the ceremony's own lines say it */
    else if (run_unanswered(&app->run, app->at.now_ms, RUN_UNANSWERED_MS, &side, &ms))
        snprintf(out, size, "[WAIT] no answer from %s for %" PRId64 " s (%s); F7 begins anew",
                 pane_side_title(side), ms / 1000, app->run.call[side].name);
    else if (app->phase == PHASE_PLANNING)
        snprintf(out, size, "Making the plan; throw-away keys try the way ...");
    else
        pane_current(app, out, size);
}

/* A dialog may cover the detail line: then the answer to the last key takes the hints' place. */
static void draw_foot(const struct app *app, struct canvas *c)
{
    enum dialog_id dialog = app_dialog(app);
    char text[1024], hint[256];

    detail_text(app, text, sizeof text);
    draw_text(c, app->at.layout.detail.x + 1, app->at.layout.detail.y, app->at.layout.detail.w - 1,
              app->at.status[0] ? STYLE_STRONG : STYLE_NORMAL, text);
    if (dialog == DIALOG_NONE)
        draw_hints(app, c, app->at.layout.hint);
    else
        draw_text(c, app->at.layout.hint.x + 1, app->at.layout.hint.y, app->at.layout.hint.w - 1,
                  STYLE_STRONG,
                  app_is_deaf(app)    ? "[ .. ] Keys are taken in a moment: read first."
                  : app->at.status[0] ? app->at.status
                                      : keys_hint_text(dialog_hint(dialog), app->at.keys_missing,
                                                       hint, sizeof hint));
}

/* Too small for a picture: what matters in one sentence. */
static void draw_sentence(const struct app *app, struct canvas *c)
{
    char stamp[32], text[320];
    enum step_id id;

    snprintf(stamp, sizeof stamp, "%s%s", app->at.replay ? "REPLAY. " : "",
             app->config->rehearsal ? "REHEARSAL. " : "");
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
                 " of %zu: the ceremony goes on. Make this window at least "
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
        [VIEW_SETUP] = draw_setup,    [VIEW_INVENTORY] = draw_inventory,
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
