/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/review_page.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "plan/transports.h"

/* --- notes ------------------------------------------------------------------------------------ */

/* The line of the ceremony file that would change it; empty: none would. */
static const char *policy_line(const struct run_note *note)
{
    static const struct {
        const char *name, *line;
    } lines[] = {
        {"transport-downgrade", "transports"},
        {"no-integrity", "allow-unauthenticated-envelope"},
        {"no-canary", "canary, writes-before-review"},
        {"agent", "agent"},
        {"environment", "environment-trusted"},
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        if (strcmp(note->name, lines[i].name) == 0)
            return lines[i].line;
    return strncmp(note->text, "no canary", 9) == 0 ? "canary" : "";
}

bool review_is_warning(const struct run *run, unsigned i)
{
    if (run->notes[i].kind != EVENT_WARNING)
        return false;
    for (unsigned j = 0; j < i; j++)
        if (strcmp(run->notes[i].name, "transport-strength") == 0 &&
            strcmp(run->notes[j].name, run->notes[i].name) == 0)
            return false;
    return true;
}

unsigned review_hidden(const struct run *run, unsigned shown)
{
    unsigned hidden = 0;

    for (unsigned i = shown; i < run->note_count; i++)
        hidden += review_is_warning(run, i);
    return hidden;
}

/* "5 keys (AES 256, RSA 4096) under an RSA 3072 ...": one warning for all kinds of keys. */
static void merge(const struct run *run, unsigned first, char *out, size_t size)
{
    const char *rest = strstr(run->notes[first].text, " under ");
    char kinds[256] = "";
    unsigned keys = 0;
    size_t len = 0;

    for (unsigned i = first; i < run->note_count; i++) {
        const struct run_note *note = &run->notes[i];
        size_t kind = strcspn(note->text, "(");
        if (strcmp(note->name, run->notes[first].name) != 0 || len >= sizeof kinds)
            continue;
        keys += note->keys;
        len += (size_t)snprintf(kinds + len, sizeof kinds - len, "%s%.*s", len ? ", " : "",
                                (int)(kind ? kind - 1 : 0), note->text);
    }
    if (rest && keys > 1)
        snprintf(out, size, "%u keys (%s)%s", keys, kinds, rest);
    else
        snprintf(out, size, "%s", run->notes[first].text);
}

static void warning_text(const struct run *run, unsigned i, char *out, size_t size)
{
    const struct run_note *note = &run->notes[i];

    if (strcmp(note->name, "transport-strength") == 0)
        merge(run, i, out, size);
    else if (note->keys > 1)
        snprintf(out, size, "%u keys: %s", note->keys, note->text);
    else
        snprintf(out, size, "%s", note->text);
}

char *review_note(const struct run *run, unsigned i, char *out, size_t size)
{
    const struct run_note *note = &run->notes[i];
    const char *line = policy_line(note);
    char text[EVENT_TEXT_MAX + 320];

    if (note->kind == EVENT_REJECTED) {
        snprintf(out, size, "not %s: %s", note->name, note->text);
        return out;
    }
    warning_text(run, i, text, sizeof text);
    snprintf(out, size, "! %s%s%s%s", text, line[0] ? "  (ceremony file: " : "", line,
             line[0] ? ")" : "");
    return out;
}

/* --- mechanisms ------------------------------------------------------------------------------- */

/* Appends a text, wrapped, after its name. */
static void add_named(struct sheet *out, const char *name, const char *text, int columns)
{
    struct sheet lines;

    sheet_clear(&lines);
    sheet_line(&lines, "%s", text);
    sheet_wrap(&lines, columns - REVIEW_NAME_COLUMNS);
    for (const char *line = lines.text; *line; name = "") {
        size_t len = strcspn(line, "\n");
        sheet_line(out, "%-*s%.*s", REVIEW_NAME_COLUMNS, name, (int)len, line);
        line += len + 1;
    }
}

/* What was agreed on, why, and in which words of both sides. */
static void add_choice(struct sheet *out, const char *name, const struct run_choice *choice,
                       const char *cipher, enum visit visit, int columns)
{
    char text[EVENT_TEXT_MAX + 160], words[sizeof choice->source_call * 2 + 8];
    char pair[TRANSPORT_TEXT];

    if (!choice->bits && visit != VISIT_NONE)
        return; /* one side chooses nothing */
    if (!choice->bits) {
        add_named(out, name, "none that both sides speak", columns);
        return;
    }
    if (choice->kdf[0])
        transport_pair_text(choice->alg, choice->bits, pair);
    else
        text_print(pair, sizeof pair, "%s %" PRIu32, cipher, choice->bits);
    snprintf(text, sizeof text, "%s, %s%s%s: %s", pair, hsm_alg_name(choice->alg),
             choice->keys[0] ? " for " : "", choice->keys, choice->reason);
    snprintf(words, sizeof words, "%s, then %s", choice->source_call, choice->destination_call);
    add_named(out, name, text, columns);
    add_named(out, "", words, columns);
}

/* "AES, RSA" for the kinds in bits; returns out. */
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

/* For which kinds a test key was migrated end to end. One that failed by the first envelope and
 * passed by the next has passed. Returns whether one failed. */
static bool add_canary(struct sheet *out, const struct run *run, int columns)
{
    uint32_t passed = run->canaries[CANARY_PASSED];
    uint32_t failed = run->canaries[CANARY_FAILED] & ~passed;
    uint32_t none = run->canaries[CANARY_IMPOSSIBLE] & ~passed & ~failed;
    char names[3][96], time[32] = "", text[EVENT_TEXT_MAX + 96];

    if (run->canary_ms == 0)
        return false;
    text_time(run->canary_ms, false, time);
    snprintf(text, sizeof text, "%s%s%s%s%s%s%s", kind_names(passed, names[0], sizeof names[0]),
             passed ? "   passed " : "", passed ? time + sizeof "2026-11-23" : "",
             failed ? "   FAILED: " : "", kind_names(failed, names[1], sizeof names[1]),
             none ? "   not possible: " : "", kind_names(none, names[2], sizeof names[2]));
    add_named(out, "Canary", text, columns);
    return failed != 0;
}

/* --- together --------------------------------------------------------------------------------- */

static void add_note(struct sheet *out, const char *text, int columns)
{
    struct sheet lines;

    sheet_clear(&lines);
    sheet_line(&lines, "%s", text);
    sheet_wrap(&lines, columns);
    for (const char *line = lines.text; *line;) {
        size_t len = strcspn(line, "\n");
        sheet_line(out, "%.*s", (int)len, line);
        line += len + 1;
    }
}

static void add_warnings(struct sheet *out, const struct run *run, int columns, unsigned shown)
{
    char text[REVIEW_NOTE_MAX];

    for (unsigned i = shown; i < run->note_count; i++)
        if (review_is_warning(run, i))
            add_note(out, review_note(run, i, text, sizeof text), columns);
    if (!run->notes_lost)
        return;
    snprintf(text, sizeof text, "! %u more warnings: the log (F8, or t) has them", run->notes_lost);
    add_note(out, text, columns);
}

void review_rest(const struct app *app, int columns, unsigned shown, struct review_rest *out)
{
    const struct run *run = &app->run;
    struct sheet *sheet = &out->sheet;
    char text[REVIEW_NOTE_MAX];

    sheet_clear(sheet);
    if (run->removal != REMOVAL_NONE) {
        add_named(sheet, "By report", run->report, columns);
    } else {
        add_choice(sheet, "Transport", &run->transport, "RSA", run->visit, columns);
        if (!run->derives)
            add_choice(sheet, "Envelope", &run->envelope, "AES", run->visit, columns);
    }
    for (unsigned i = 0; i < run->more_count; i++)
        add_choice(sheet, "and", &run->more[i], "AES", run->visit, columns);
    out->canary = sheet->lines;
    out->canary_failed = add_canary(sheet, run, columns);
    out->mechanisms = sheet->lines;
    add_warnings(sheet, run, columns, shown);
    out->warnings = sheet->lines - out->mechanisms;
    for (unsigned i = 0; i < run->note_count; i++)
        if (run->notes[i].kind == EVENT_REJECTED)
            add_note(sheet, review_note(run, i, text, sizeof text), columns);
}

int review_columns(const struct app *app)
{
    int columns = app->at.layout.screen.w - 4; /* frame and margin */

    return columns > 1 ? columns : 1;
}

size_t review_lines(const struct app *app)
{
    struct review_rest rest;

    review_rest(app, review_columns(app), 0, &rest);
    return app->run.key_count + rest.sheet.lines;
}
