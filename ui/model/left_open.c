/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/left_open.h"

#include <inttypes.h>
#include <stdio.h>

#include "ui/model/text_page.h"

struct counts {
    uint32_t kept, missing, refused;
};

/* Of the keys that were chosen, without what accompanies them. */
static struct counts count_keys(const struct run *run)
{
    struct counts counts = {0};

    for (size_t i = 0; i < run->key_count; i++) {
        const struct run_key *key = run_key_at(run, i + 1);
        if (key->companion_of)
            continue;
        *(key->kept                  ? &counts.kept
          : key->route == ROUTE_NONE ? &counts.refused
                                     : &counts.missing) += 1;
    }
    return counts;
}

/* Each of these was looked for and found before the review opened. */
static void tokens(const struct app *app, struct sheet *s)
{
    const struct counts counts = count_keys(&app->run);
    char refused[32] = "";

    if (counts.refused)
        snprintf(refused, sizeof refused, ", %" PRIu32 " refused", counts.refused);
    sheet_line(s, "On %s: every key of the plan, unchanged.", app_side_label(app, SIDE_SOURCE));
    sheet_line(s, "On %s: %" PRIu32 " of %" PRIu32 " keys, proven again; %" PRIu32 " missing%s.",
               app_side_label(app, SIDE_DESTINATION), counts.kept,
               counts.kept + counts.missing + counts.refused, counts.missing, refused);
    sheet_line(s, "%s", "What the interruption left there unfinished is destroyed.");
}

static void page(const struct app *app, struct sheet *s)
{
    const char *own = app->settle.own;

    snprintf(s->title, sizeof s->title, "STILL OPEN");
    sheet_sentence(s, app->dialog.message.what);
    sheet_line(s, "%s", "The interrupted ceremony is still open, and its journal says so.");
    sheet_line(s, "%s", "");
    tokens(app, s);
    sheet_line(s, "%s", "");
    sheet_line(s, "%s", "F5 shows the review again. After this console, go on with one of:");
    sheet_line(s, "  hsmferry resume %s", own);
    sheet_line(s, "  hsmferry clean %s", own);
    sheet_line(s, "%s", "clean keeps what was proven, and migrates nothing more.");
}

static void press(struct app *app, int press)
{
    struct sheet sheet;

    sheet_clear(&sheet);
    page(app, &sheet);
    sheet_wrap(&sheet, layout_dialog_columns(&app->at.layout));
    if (!app_scroll_page(app, press, sheet.lines, 2)) /* its frame */
        app->dialog.kind = DIALOG_NONE;
}

void left_open_show(struct app *app, const char *why)
{
    err_clear(&app->dialog.message);
    err_set(&app->dialog.message, ERR_UNFINISHED, "%s", why);
    app_open(app, DIALOG_LEFT_OPEN);
    app_be_deaf(app);
}

const struct dialog left_open_dialog = {
    .hint = "Up Down PgUp PgDn scroll   any other key closes", .press = press, .page = page};
