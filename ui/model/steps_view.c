/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of one key, each in full: what was called, how long it took, and the SHA-256 of what
 * left, crossed and arrived. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ui/model/duration.h"
#include "ui/model/key_rows.h"
#include "ui/model/pace_keys.h"

/* What is said of one step, a line each. */
enum line { LINE_STATE, LINE_CALL, LINE_TEXT, LINE_BYTES, LINE_SHA, LINES };
enum { INDENT = 4, HALF = 8 }; /* half of a SHA-256 fits into 58 columns */

static const struct run_step *step_of(const struct app *app, enum step_id id)
{
    return run_step(&app->run, pace_key_shown(app), id);
}

/* Is this step one of such a key's? A sealed key has the first two, and the last. */
static bool is_step_of(enum step_id id, const struct run_key *key, bool sealed)
{
    bool of_object = id == STEP_READ_OBJECT || id == STEP_RELAY_OBJECT;
    bool of_both = id == STEP_COMMIT || id == STEP_PROVE_AGAIN;

    if (sealed || id == STEP_SEAL)
        return sealed && (id <= STEP_RELAY_KEY || id == STEP_SEAL);
    if (id == STEP_DERIVE || id == STEP_DERIVE_THERE || id == STEP_COMMIT_SOURCE)
        return false;
    if (id == STEP_ALIGN || key->route == ROUTE_ALIGNED)
        return key->route == ROUTE_ALIGNED && (id == STEP_ALIGN || id == STEP_PROVE_AGAIN);
    return of_both || of_object == (key->route == ROUTE_PUBLIC);
}

/* The steps of this key in their order; returns how many. Those of a public object are others. */
static size_t steps_of(const struct app *app, enum step_id ids[STEPS])
{
    static const enum step_id derived[] = {STEP_DERIVE, STEP_DERIVE_THERE,  STEP_PROVE,
                                           STEP_COMMIT, STEP_COMMIT_SOURCE, STEP_PROVE_AGAIN};
    const struct run_key *key = run_key_at(&app->run, pace_key_shown(app));
    size_t count = 0;

    if (key && key->route == ROUTE_DERIVED) {
        memcpy(ids, derived, sizeof derived);
        return sizeof derived / sizeof derived[0];
    }
    for (enum step_id id = STEP_WRAP_KEY; key && id <= STEP_SEAL; id++)
        if (is_step_of(id, key, app->run.for_service))
            ids[count++] = id;
    return count;
}

static bool has_line(const struct run_step *step, unsigned line)
{
    return line == LINE_CALL   ? step->call[0] != '\0'
           : line == LINE_TEXT ? step->text[0] != '\0'
                               : line == LINE_STATE || step->bytes;
}

static void put_state(const struct run_step *step, enum step_id id, struct view_row *row)
{
    static const char *const signs[] = {[RUN_AHEAD] = "[    ]",
                                        [RUN_BEGUN] = "[ .. ]",
                                        [RUN_OK] = "[ ok ]",
                                        [RUN_FAILED] = "[FAIL]",
                                        [RUN_UNDONE] = "[UNDO]"};
    char took[DURATION_TEXT] = "";

    if (step->state == RUN_OK || step->state == RUN_FAILED)
        duration_text(step->micros, took);
    text_print(row->text, sizeof row->text, "%s %2d %-12s %s%s%s", signs[step->state],
               step_number(id), side_name(step_side(id)), step_title(id), took[0] ? ", " : "",
               took);
    row->bad = step->state == RUN_FAILED;
}

static void put_line(const struct run_step *step, enum step_id id, unsigned line,
                     struct view_row *row)
{
    char groups[TEXT_GROUPS_SIZE];

    row->dim = INDENT;
    switch (line) {
    case LINE_STATE:
        row->dim = 0;
        put_state(step, id, row);
        break;
    case LINE_CALL:
        text_print(row->text, sizeof row->text, "%*s%s", INDENT, "", step->call);
        break;
    case LINE_TEXT:
        text_print(row->text, sizeof row->text, "%*s%s", INDENT, "", step->text);
        row->bad = step->state == RUN_FAILED;
        break;
    case LINE_BYTES:
        text_print(row->text, sizeof row->text, "%*s%" PRIu32 " B  sha256 %.39s", INDENT, "",
                   step->bytes, text_groups(step->sha256, 2 * HALF, groups));
        break;
    default:
        text_groups(step->sha256, 2 * HALF, groups);
        text_print(row->text, sizeof row->text, "%*s%*s%s", INDENT, "",
                   snprintf(NULL, 0, "%" PRIu32 " B  sha256 ", step->bytes), "", groups + 40);
        break;
    }
}

/* Is what the source sent, what crossed, and what the destination got the same, as far as each was
 * told? */
static void put_relay(const struct app *app, const enum step_id ids[], size_t steps,
                      struct view_row *row)
{
    const struct run_step *first = NULL;
    unsigned seen = 0, same = 0;

    for (size_t i = 0; i < steps; i++) {
        const struct run_step *step = step_of(app, ids[i]);
        if (!step->bytes || ids[i] == STEP_PROVE)
            continue;
        first = first ? first : step;
        seen++;
        same += step->bytes == first->bytes &&
                memcmp(step->sha256, first->sha256, sizeof step->sha256) == 0;
    }
    row->bad = seen != same;
    if (row->bad)
        text_print(row->text, sizeof row->text,
                   "[FAIL] THE BYTES THAT ARRIVED ARE NOT THOSE THAT LEFT");
    else if (seen < 2)
        text_print(row->text, sizeof row->text, "[    ] nothing has crossed the relay yet");
    else
        text_print(row->text, sizeof row->text, "[ ok ] the same bytes at %u places: %s", seen,
                   seen > 2 ? "source, relay and destination" : "source and relay");
}

static void put_end(const struct run_key *key, struct view_row *row)
{
    bool good = key->outcome == KEY_MIGRATED || key->outcome == KEY_DESTROYED ||
                key->outcome == KEY_ALIGNED || key->outcome == KEY_DERIVED;

    if (key->outcome == KEY_PENDING) {
        text_print(row->text, sizeof row->text, "[ .. ] no last word on this key yet");
        return;
    }
    text_print(row->text, sizeof row->text, "%s %s%s%s", good ? "[ ok ]" : "[FAIL]",
               key_outcome_name(key->outcome), good || !key->reason[0] ? "" : ": ",
               good ? "" : key->reason);
    row->bad = !good;
}

/* --- the view --------------------------------------------------------------------------------- */

enum { FIRST_ROWS = 2 }; /* above the steps: what became of the key, and of the bytes */

static size_t count(const struct app *app)
{
    enum step_id ids[STEPS];
    size_t steps = steps_of(app, ids), rows = steps ? FIRST_ROWS : 0;

    for (size_t i = 0; i < steps; i++)
        for (unsigned line = 0; line < LINES; line++)
            rows += has_line(step_of(app, ids[i]), line);
    return rows;
}

static void put_step_row(const struct app *app, const enum step_id ids[], size_t steps, size_t at,
                         struct view_row *out)
{
    for (size_t i = 0; i < steps; i++)
        for (unsigned line = 0; line < LINES; line++) {
            const struct run_step *step = step_of(app, ids[i]);
            if (has_line(step, line) && at-- == 0) {
                put_line(step, ids[i], line, out);
                return;
            }
        }
}

static void row(const struct app *app, size_t at, struct view_row *out)
{
    const struct run_key *key = run_key_at(&app->run, pace_key_shown(app));
    enum step_id ids[STEPS];
    size_t steps = steps_of(app, ids);

    if (key && at == 0)
        put_end(key, out);
    else if (at == 1)
        put_relay(app, ids, steps, out);
    else if (at >= FIRST_ROWS)
        put_step_row(app, ids, steps, at - FIRST_ROWS, out);
}

static void title(const struct app *app, char *out, size_t size)
{
    uint32_t number = pace_key_shown(app);
    const struct run_key *key = run_key_at(&app->run, number);
    char label[KEY_LABEL_TEXT], type[KEY_TYPE_TEXT];

    if (key)
        text_print(out, size, "STEPS OF %s %" PRIu32 " of %zu: %s, %s",
                   key->companion_of ? "OBJECT" : "KEY", number,
                   key->companion_of ? app->run.key_count : app->run.chosen,
                   key_label_text(&key->source, label), key_type_text(&key->source, type));
    else
        text_print(out, size, "STEPS: no key has begun");
}

static void card(struct app *app)
{
    app->verify.at = pace_key_shown(app);
    app->verify.scroll = (struct scroll){0};
    if (app->verify.at)
        app_go(app, VIEW_VERIFY);
}

/* The ledger's cursor follows. */
static void walk(struct app *app, long delta)
{
    pace_walk(app, delta);
    app->at.scroll = (struct scroll){0};
    if (!app->at.keys.failures && app->at.keys.shown)
        app->at.keys.scroll.at = app->at.keys.shown - 1;
}

static void next(struct app *app)
{
    walk(app, 1);
}

static void previous(struct app *app)
{
    walk(app, -1);
}

static const struct key_row keys[] = {
    {.also = keys_help},
    {.also = keys_moving},
    {{'n', PRESS_RIGHT, 'l'}, 2, "Next key", "The steps of the next key.", next, NULL},
    {{'p', PRESS_LEFT, 'h'}, 2, "Previous", "The steps of the key before.", previous, NULL},
    {{PRESS_F6, 'v'}, 3, "Card", "Show this key on both sides.", card, NULL},
    {.also = keys_exception},
    {.also = keys_doors},
    {.also = keys_back},
    {.also = keys_leaving},
    {.help = NULL},
};

const struct view steps_view = {.name = "Steps",
                                .keys = keys,
                                .title = title,
                                .count = count,
                                .row = row,
                                .offers = key_rows_offer};
