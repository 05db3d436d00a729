/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ui/pane.h"
#include "ui/sheet.h"

/* --- what is compared ------------------------------------------------------------------------- */

static void label_value(const struct key_desc *key, char *out)
{
    key_label_text(key, out);
}

static void id_value(const struct key_desc *key, char *out)
{
    text_hex(key->id, key->id_len < KEY_ID_MAX ? key->id_len : KEY_ID_MAX, out);
}

static void class_value(const struct key_desc *key, char *out)
{
    snprintf(out, VERIFY_VALUE_MAX, "%s", key_class_name(key->class));
}

static void type_value(const struct key_desc *key, char *out)
{
    if (key->kind == KEY_KIND_OTHER)
        snprintf(out, VERIFY_VALUE_MAX, "%s", key->type_name);
    else
        snprintf(out, VERIFY_VALUE_MAX, "%s%s%s", key_kind_name(key->kind),
                 key->curve[0] ? " " : "", key->curve);
}

/* Apart from the type, since some HSMs do not tell it of keys that they unwrapped. */
static void size_value(const struct key_desc *key, char *out)
{
    if (key->kind == KEY_KIND_RSA && key->bits)
        snprintf(out, VERIFY_VALUE_MAX, "%" PRIu32 " bits", key->bits);
    else if (key->length)
        snprintf(out, VERIFY_VALUE_MAX, "%" PRIu32 " bytes", key->length);
}

static void public_value(const struct key_desc *key, char *out)
{
    if (key->has_public)
        text_groups(key->spki_sha256, 4, out);
}

static void public_words(const struct key_desc *key, char *out)
{
    if (key->has_public)
        text_words(key->spki_sha256, 0, 2, out);
}

static void check_value(const struct key_desc *key, char *out)
{
    key_check_text(key, out);
}

static void use_value(const struct key_desc *key, char *out)
{
    sheet_flags(key, KEY_USES, out, VERIFY_VALUE_MAX);
}

static const struct {
    const char *name;
    void (*value)(const struct key_desc *key, char *out); /* leaves out empty: not told */
} attributes[] = {
    {"label", label_value},       {"id", id_value},
    {"class", class_value},       {"type", type_value},
    {"size", size_value},         {"public key", public_value},
    {"  in words", public_words}, {"check value", check_value},
    {"use", use_value},
};

enum { ATTRIBUTES = sizeof attributes / sizeof attributes[0] };

/* The guards, and which of their values is the stricter one. */
static const struct {
    uint32_t flag;
    const char *name;
    enum { NATURE, STRICT_YES, STRICT_NO, NEITHER } stricter;
} guards[] = {
    {KEY_PRIVATE, "private", STRICT_YES},
    {KEY_SENSITIVE, "sensitive", STRICT_YES},
    {KEY_EXTRACTABLE, "extractable", STRICT_NO},
    {KEY_WRAP_WITH_TRUSTED, "trusted only", STRICT_YES},
    {KEY_ALWAYS_AUTHENTICATE, "PIN each time", STRICT_YES},
    {KEY_MODIFIABLE, "modifiable", STRICT_NO},
    {KEY_COPYABLE, "copyable", STRICT_NO},
    {KEY_DESTROYABLE, "destroyable", STRICT_NO},
    {KEY_TRUSTED, "trusted", STRICT_NO},
    {KEY_TOKEN, "token", NEITHER},
    {KEY_ALWAYS_SENSITIVE, "always sens.", NATURE},
    {KEY_NEVER_EXTRACTABLE, "never extr.", NATURE},
    {KEY_LOCAL, "local", NATURE},
};

enum { GUARDS = sizeof guards / sizeof guards[0] };
_Static_assert(ATTRIBUTES + GUARDS <= VERIFY_ROWS_MAX, "every row has a place");

static void guard_value(const struct key_desc *key, uint32_t flag, char *out)
{
    snprintf(out, VERIFY_VALUE_MAX, "%s",
             key_is(key, flag)       ? "yes"
             : key_is_not(key, flag) ? "no"
                                     : "");
}

static const char *guard_word(unsigned guard, const char *destination)
{
    bool yes = strcmp(destination, "yes") == 0;

    switch (guards[guard].stricter) {
    case NATURE:
        return "by nature";
    case STRICT_YES:
        return yes ? "tightened" : "LOOSENED";
    case STRICT_NO:
        return yes ? "LOOSENED" : "tightened";
    default:
        return "differs";
    }
}

/* A use that is gone makes the key weaker; one that came makes it another key to fear. */
static const char *use_word(const struct key_desc *source, const struct key_desc *destination)
{
    uint32_t came = destination->flags & ~source->flags & KEY_USES;

    return came ? "LOOSENED" : "fewer uses";
}

static void settle(struct verify_row *row, const struct key_desc *destination)
{
    row->word = "";
    row->differs = destination && row->source[0] && row->destination[0] &&
                   strcmp(row->source, row->destination) != 0;
    if (!row->source[0])
        strcpy(row->source, "not told");
    if (!row->destination[0])
        strcpy(row->destination, destination ? "not told" : "-");
}

size_t verify_rows(const struct key_desc *source, const struct key_desc *destination,
                   struct verify_row rows[VERIFY_ROWS_MAX])
{
    size_t n = 0;

    for (unsigned i = 0; i < ATTRIBUTES; i++, n++) {
        rows[n] = (struct verify_row){.name = attributes[i].name};
        attributes[i].value(source, rows[n].source);
        if (destination)
            attributes[i].value(destination, rows[n].destination);
        settle(&rows[n], destination);
        if (rows[n].differs)
            rows[n].word =
                attributes[i].value == use_value ? use_word(source, destination) : "DIFFERS";
    }
    for (unsigned i = 0; i < GUARDS; i++, n++) {
        rows[n] = (struct verify_row){.name = guards[i].name};
        guard_value(source, guards[i].flag, rows[n].source);
        if (destination)
            guard_value(destination, guards[i].flag, rows[n].destination);
        settle(&rows[n], destination);
        if (rows[n].differs)
            rows[n].word = guard_word(i, rows[n].destination);
    }
    return n;
}

/* --- the picture ------------------------------------------------------------------------------ */

enum { NAME_WIDTH = 14, PROOF_LINES = 5 };

static void draw_value(struct canvas *c, struct rect in, int y, const struct verify_row *row,
                       bool destination)
{
    const char *value = destination ? row->destination : row->source;
    enum style style = !row->differs                                ? STYLE_NORMAL
                       : row->word[0] == 'L' || row->word[0] == 'D' ? STYLE_BAD
                                                                    : STYLE_WARN;
    int word = destination && row->differs ? (int)strlen(row->word) + 1 : 0;

    if (row->differs)
        draw_text(c, in.x, y, 1, style, draw_sign(c, SIGN_DIFFERS));
    draw_text(c, in.x + 1, y, NAME_WIDTH, STYLE_DIM, row->name);
    draw_text(c, in.x + 1 + NAME_WIDTH, y, in.w - 1 - NAME_WIDTH - word,
              row->differs ? style : STYLE_NORMAL, value);
    if (word)
        draw_right(c, in.x, y, in.w, style, row->word);
}

static void draw_side(const struct app *app, struct canvas *c, struct rect r, enum side side,
                      const struct verify_row *rows, size_t count)
{
    struct rect in = layout_inside(r);
    char title[256];

    snprintf(title, sizeof title, "%s %s", pane_side_title(side), app_side_label(app, side));
    draw_frame(c, r, side == SIDE_SOURCE ? STYLE_SOURCE : STYLE_DESTINATION, title);
    for (int i = 0; i < in.h; i++) {
        size_t at = app->dialog_scroll.at + (size_t)i;
        if (at < count)
            draw_value(c, in, in.y + i, &rows[at], side == SIDE_DESTINATION);
    }
    draw_cursor(c, in.x, in.y);
}

/* How it was proven, in a sentence that can be quoted. */
static void proof_words(const struct app *app, const struct key_desc *source,
                        const struct key_desc *destination, char *out, size_t size)
{
    const struct run_key *key = run_key_at(&app->run, app->verify_at);
    const struct key_desc *ignored;
    char time[32] = "";

    if (!key) {
        bool same = source && destination &&
                    inventory_counterpart(&app->side[SIDE_DESTINATION].inventory, source,
                                          &ignored) == RELATION_SAME;
        snprintf(out, size, "%s",
                 same ? "Both hold the same public half. Nothing was proven in this ceremony."
                      : "The same name. Whether it is the same key was not proven here.");
        return;
    }
    if (key->outcome == KEY_REFUSED || key->outcome == KEY_FAILED) {
        snprintf(out, size, "%s: %s", key_outcome_name(key->outcome), key->reason);
        return;
    }
    if (key->stages & 1U << STEP_PROVE_FRESH)
        text_time(key->proven_ms, false, time);
    snprintf(out, size, "%s %s%s%s", key->stages ? "[ ok ]" : "[    ]", key->proof,
             time[0] ? "; again from a fresh process " : "", time[0] ? time + 11 : "");
}

static void draw_proof(const struct app *app, struct canvas *c, struct rect r,
                       const struct key_desc *source, const struct key_desc *destination)
{
    const struct run_key *key = run_key_at(&app->run, app->verify_at);
    char words[2 * EVENT_TEXT_MAX + 64], print[TEXT_WORDS_SIZE];
    int y;

    proof_words(app, source, destination, words, sizeof words);
    draw_text(c, r.x + 1, r.y, 7, STYLE_STRONG, "Proof");
    y = draw_wrapped(c, (struct rect){r.x + 8, r.y, r.w - 9, 2}, STYLE_NORMAL, words);
    y = y > 0 ? y : 1;
    if (app->report.written && app->verify_at) {
        draw_text(c, r.x + 1, r.y + y, 7, STYLE_STRONG, "Report");
        draw_path(c, r.x + 8, r.y + y, r.w - 9, STYLE_NORMAL, app->report.path);
        draw_format(c, r.x + 8, r.y + y + 1, r.w - 9, STYLE_NORMAL, "sha256 in words: %s ...",
                    text_words(app->report.sha256, 0, 4, print));
    }
    if (key)
        draw_format(c, r.x + 1, r.y + PROOF_LINES - 1, r.w - 2,
                    key->outcome == KEY_MIGRATED ? STYLE_GOOD : STYLE_WARN, "%s   key %zu of %zu",
                    key_outcome_name(key->outcome), app->verify_at, app->run.key_count);
}

void verify_draw(const struct app *app, struct canvas *c)
{
    const struct key_desc *source, *destination;
    struct verify_row rows[VERIFY_ROWS_MAX];
    struct rect b = app->layout.body;
    int half = b.w / 2;
    size_t count;

    app_pair(app, &source, &destination);
    if (!source) {
        source = destination;
        destination = NULL;
    }
    if (!source)
        return;
    b.h -= PROOF_LINES;
    count = verify_rows(source, destination, rows);
    draw_side(app, c, (struct rect){b.x + half, b.y, b.w - half, b.h}, SIDE_DESTINATION, rows,
              count);
    draw_side(app, c, (struct rect){b.x, b.y, half, b.h}, SIDE_SOURCE, rows, count);
    draw_proof(app, c, (struct rect){b.x, b.y + b.h, b.w, PROOF_LINES}, source, destination);
}
