/* SPDX-License-Identifier: Apache-2.0 */
/* A ceremony was interrupted: which one, how far it had come, and the word that settles it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ui/model/opening.h"
#include "ui/model/text_page.h"

static void keys(const struct settle *s, struct sheet *sheet)
{
    char cut[48] = "";

    if (s->cut)
        snprintf(cut, sizeof cut, ", %" PRIu32 " cut off", s->cut);
    sheet_line(sheet, "Keys       %" PRIu32 " of %" PRIu32 " arrived and are proven%s", s->proven,
               s->keys, cut);
}

static void page(const struct app *app, struct sheet *sheet)
{
    static const char *const effects[] = {
        "Either looks at both tokens first, and touches no others.",
        "resume: proves the keys that arrived once more and keeps them, destroys what is "
        "temporary, and migrates the keys that are missing.",
        "clean: keeps the keys that were proven, destroys what is temporary and each key that "
        "was not proven, and migrates nothing.",
        "Esc: leaves it as it is; both tokens can be looked at.",
    };
    const struct settle *s = &app->settle;
    const char *name = strrchr(s->journal, '/');
    char time[32];

    snprintf(sheet->title, sizeof sheet->title, "A CEREMONY WAS INTERRUPTED");
    if (s->unread[0]) {
        sheet_sentence(sheet, s->unread);
    } else {
        sheet_line(sheet, "Ceremony   %s%s", s->rehearsal ? "REHEARSAL  " : "PRODUCTION  ",
                   s->title);
        sheet_line(sheet, "Began      %s", text_time(s->began_ms, false, time));
        sheet_line(sheet, "Last step  %s", s->last[0] ? s->last : "none was begun");
        if (s->last[0])
            sheet_line(sheet, "           %s", s->last_state);
        keys(s, sheet);
    }
    sheet_line(sheet, "Journal    %s", name ? name + 1 : s->journal);
    if (name)
        sheet_line(sheet, "in         %.*s", (int)(name - s->journal), s->journal);
    sheet_line(sheet, "%s", "");
    for (size_t i = 0; i < sizeof effects / sizeof effects[0]; i++)
        sheet_line(sheet, "%s", effects[i]);
}

static void leave(struct app *app)
{
    app->dialog.kind = DIALOG_NONE;
    app->settle.how = SETTLE_NOTHING;
    opening_begin(app);
    app_say(app, "Left alone: %.400s", app->settle.journal);
}

/* Anything else that is typed leaves it alone. */
static void typed(struct app *app)
{
    static const struct {
        const char *word;
        enum request_kind request;
    } words[] = {{"resume", REQUEST_RESUME}, {"clean", REQUEST_CLEAN}};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (text_typed_equal(app->dialog.field.text, words[i].word, true)) {
            app->dialog.kind = DIALOG_NONE;
            app_ask(app, words[i].request, SIDE_RELAY);
            return;
        }
    leave(app);
}

static void press(struct app *app, int press)
{
    struct sheet sheet;

    sheet_clear(&sheet);
    page(app, &sheet);
    sheet_wrap(&sheet, layout_dialog_columns(&app->at.layout));
    if (press == PRESS_ESC)
        leave(app);
    else if (press == PRESS_F10 || press == PRESS_CTRL('c'))
        app_ask(app, REQUEST_QUIT, SIDE_RELAY);
    else if (press == PRESS_ENTER)
        typed(app);
    else if (!app_scroll_page(app, press, sheet.lines, 4)) /* frame, blank, question */
        field_press(&app->dialog.field, press);
}

const struct dialog settle_dialog = {
    .hint = "Enter OK   Esc Leave it alone   F10 Quit", .press = press, .page = page};
