/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of text that are read: help, details, a failure. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ui/model/app.h"
#include "ui/model/gate_page.h"
#include "ui/model/keys.h"
#include "ui/model/text_page.h"

typedef void page_fn(const struct app *app, struct sheet *sheet);

/* Scrolls; any other key closes. */
static void read_page(struct app *app, int press, page_fn *page)
{
    struct sheet sheet;

    sheet_clear(&sheet);
    page(app, &sheet);
    sheet_wrap(&sheet, layout_dialog_columns(&app->at.layout));
    if (press == 'j' || press == 'k')
        press = press == 'j' ? PRESS_DOWN : PRESS_UP;
    if (!app_scroll_page(app, press, sheet.lines, 2)) /* its frame */
        app->dialog.kind = DIALOG_NONE;
}

static void help(const struct app *app, struct sheet *s)
{
    struct key_place place;

    if (app_question(app) != DIALOG_NONE) {
        gate_explain(app, app_question(app), s);
        return;
    }
    snprintf(s->title, sizeof s->title, "HELP: %s", app_view(app)->name);
    s->hang = 16;
    for (size_t i = 0; keys_at(app->views, app->at.view, i, &place); i++) {
        char names[KEYS_NAMES_MAX];
        sheet_line(s, "%-15s %s", keys_names(place.row, names), place.row->help);
    }
    sheet_line(s, "%s", "");
    sheet_line(s, "%s", "Esc and a digit is the function key of that number; Esc 0 is F10.");
    sheet_line(s, "%s", "[ ok ] done   [ .. ] at work   [WAIT] waits for you   [FAIL] failed");
    sheet_line(s, "%s", "[UNDO] undone   [    ] still to come   ~ cut short");
    sheet_line(s, "%s", "* marked   + marked beyond the script   - in the script, but not marked");
}

static void help_press(struct app *app, int press)
{
    read_page(app, press, help);
}

static void details(const struct app *app, struct sheet *s)
{
    bool of_side = app->at.view == VIEW_SETUP || app->at.view == VIEW_INVENTORY;

    snprintf(s->title, sizeof s->title, "DETAILS: %s",
             of_side ? side_name(app->at.active) : app_view(app)->name);
    if (app_view(app)->details)
        app_view(app)->details(app, s);
}

static void details_press(struct app *app, int press)
{
    read_page(app, press, details);
}

/* With a full stop, which most failures leave to those that print them. */
static void sentence(struct sheet *s, const char *text)
{
    size_t len = strlen(text);

    if (len > 0)
        sheet_line(s, "%s%s", text, strchr(".!?:", text[len - 1]) ? "" : ".");
}

static void message(const struct app *app, struct sheet *s)
{
    const struct err *err = &app->dialog.message;

    snprintf(s->title, sizeof s->title, "%s", err->code == ERR_NONE ? "DONE" : "FAILED");
    sentence(s, err->what);
    if (err->hsm_name[0] || err->hsm_code)
        sheet_line(s, "The HSM says: 0x%" PRIx64 " %s", err->hsm_code, err->hsm_name);
    if (err->now[0])
        sheet_line(s, "%s", "");
    sentence(s, err->now);
    if (err->next[0])
        sheet_line(s, "%s", "");
    sentence(s, err->next);
}

static void message_press(struct app *app, int press)
{
    read_page(app, press, message);
}

static const char scroll_hint[] = "Up Down PgUp PgDn scroll   any other key closes";

const struct dialog help_dialog = {.hint = scroll_hint, .press = help_press, .page = help};
const struct dialog details_dialog = {.hint = scroll_hint, .press = details_press, .page = details};
const struct dialog message_dialog = {
    .hint = "any key closes", .press = message_press, .page = message};
