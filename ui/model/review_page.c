/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/review_page.h"

#include <stdio.h>
#include <string.h>

char *review_note(const struct run_note *note, char *out, size_t size)
{
    if (note->kind == EVENT_REJECTED)
        snprintf(out, size, "not %s: %s", note->name, note->text);
    else if (note->keys > 1)
        snprintf(out, size, "! %u keys: %s", note->keys, note->text);
    else
        snprintf(out, size, "! %s", note->text);
    return out;
}

static void add_notes(const struct app *app, enum event_kind kind, struct sheet *out)
{
    char text[EVENT_TEXT_MAX + 96];

    for (unsigned i = 0; i < app->run.note_count; i++)
        if (app->run.notes[i].kind == kind)
            sheet_line(out, "%s", review_note(&app->run.notes[i], text, sizeof text));
}

size_t review_notes(const struct app *app, int columns, struct sheet *out)
{
    struct sheet rejected;
    size_t warnings;

    sheet_clear(out);
    add_notes(app, EVENT_WARNING, out);
    if (app->run.notes_lost)
        sheet_line(out, "! %u more warnings: the log (F8, or t) has them", app->run.notes_lost);
    sheet_wrap(out, columns);
    warnings = out->lines;
    sheet_clear(&rejected);
    add_notes(app, EVENT_REJECTED, &rejected);
    sheet_wrap(&rejected, columns);
    for (const char *line = rejected.text; *line;) {
        const char *end = strchr(line, '\n');
        sheet_line(out, "%.*s", (int)(end - line), line);
        line = end + 1;
    }
    return warnings;
}

int review_columns(const struct app *app)
{
    int columns = app->at.layout.screen.w - 4; /* frame and margin */

    return columns > 1 ? columns : 1;
}

size_t review_lines(const struct app *app)
{
    struct sheet notes;

    review_notes(app, review_columns(app), &notes);
    return app->run.key_count + notes.lines;
}
