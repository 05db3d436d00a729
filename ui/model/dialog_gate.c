/* SPDX-License-Identifier: Apache-2.0 */
/* A gate: the engine waits until an officer has typed what it asks for. */
#include <inttypes.h>
#include <stdio.h>

#include "base/text.h"
#include "ui/model/key_rows.h"
#include "ui/model/questions.h"
#include "ui/model/text_page.h"

/* --- what is read ----------------------------------------------------------------------------- */

enum { WORD_COLUMNS = 12, GATE_MARGIN = 8 };

/* Both halves of the digest in hex, then all of it in words, the first of each line numbered. */
static void print(struct sheet *s, const uint8_t sha256[SHA256_SIZE], int columns)
{
    unsigned words = (unsigned)(columns - GATE_MARGIN) / WORD_COLUMNS;
    char groups[TEXT_GROUPS_SIZE], text[TEXT_WORDS_SIZE];

    words = words < 2 ? 2 : words > 6 ? 6 : words;
    text_groups(sha256, 16, groups);
    sheet_line(s, "    %.39s", groups);
    sheet_line(s, "    %s", groups + 40);
    for (unsigned i = 0; i < SHA256_SIZE; i += words)
        sheet_line(s, " %2u %s", i + 1,
                   text_words(sha256, i, i + words > SHA256_SIZE ? SHA256_SIZE - i : words, text));
}

static void compare(const struct app *app, struct sheet *s)
{
    const struct run_fingerprint *prints = app->run.fingerprint;

    sheet_line(s, "%s", "The transport key, as the DESTINATION made it:");
    print(s, prints[SIDE_DESTINATION].spki_sha256, app->at.layout.screen.w);
    sheet_line(s, "%s", "The same key, as the SOURCE loaded it:");
    print(s, prints[SIDE_SOURCE].spki_sha256, app->at.layout.screen.w);
}

/* Both devices, as they are read out. */
static void devices(const struct app *app, struct sheet *s)
{
    static const char *const titles[] = {"SOURCE", "DESTINATION"};

    sheet_line(s, "%s", "Compare both devices with the script on paper, before anything else.");
    for (unsigned i = 0; i < 2; i++) {
        const struct app_side *side = &app->side[i];
        sheet_line(s, "%s", "");
        sheet_line(s, "%-12s token  %s", titles[i], side->token.label);
        sheet_line(s, "%-12s serial %s", "", side->token.serial);
        sheet_line(s, "%-12s %s %s, firmware %s", "", side->token.manufacturer, side->token.model,
                   side->token.firmware);
        sheet_line(s, "%-12s %s %s, %s %s", "", side->info.api, side->info.api_version,
                   side->info.library, side->info.version);
    }
}

static void page(const struct app *app, struct sheet *s)
{
    static const char *const titles[GATES] = {"DEVICES", "START", "COMPARE", "KEY"};
    const struct run_key *key;
    char text[KEY_LABEL_TEXT];

    if ((unsigned)app->run.gate.gate < GATES)
        snprintf(s->title, sizeof s->title, "%s", titles[app->run.gate.gate]);
    if (app->run.gate.gate == GATE_DEVICES)
        devices(app, s);
    else if (app->run.gate.gate == GATE_FINGERPRINT)
        compare(app, s);
    else if (app->run.gate.gate == GATE_KEY && (key = run_key_at(&app->run, app->run.gate.key))) {
        sheet_line(s, "Key %" PRIu32 " of %zu", app->run.gate.key, app->run.chosen);
        sheet_line(s, "%s", key_label_text(&key->source, text));
        sheet_line(s, "%s", key_type_text(&key->source, text));
        sheet_line(s, "%s", key->reason);
    } else
        sheet_line(s, "%zu keys go; %" PRIu32 " cannot.", app->run.movable, app->run.refused);
}

/* --- what is typed ---------------------------------------------------------------------------- */

static void answer(struct app *app)
{
    if (app->dialog.field.len == 0)
        return;
    questions_answer(app);
    app_ask(app, REQUEST_ANSWER, SIDE_RELAY);
    app->run.gate.seq = 0; /* answered: until the engine asks again */
}

static void press(struct app *app, int press)
{
    struct sheet sheet;

    sheet_clear(&sheet);
    page(app, &sheet);
    if (press == PRESS_ESC)
        app_open_confirm(app, &questions_stop);
    else if (press == PRESS_ENTER)
        answer(app);
    else if (!key_rows_press(app, press) && !app_scroll(app, press, sheet.lines))
        field_press(&app->dialog.field, press);
}

static void event(struct app *app, const struct event *e)
{
    bool starting = app->phase == PHASE_STARTING;

    if (e->kind != EVENT_GATE || e->gate.state != GATE_OPEN)
        return;
    if (app->phase >= PHASE_LEAVING) {
        app_ask(app, REQUEST_STOP, SIDE_RELAY);
        return;
    }
    if (starting)
        app->phase = PHASE_RUNNING;
    if (starting && e->gate.gate == GATE_REVIEW)
        app_ask(app, REQUEST_ANSWER, SIDE_RELAY); /* typed under the review; the engine judges it */
    else
        questions_expect(app);
}

const struct dialog gate_dialog = {.hint = "F1 Help   Enter OK   Esc Stop   F10 Quit",
                                   .press = press,
                                   .page = page,
                                   .event = event};
