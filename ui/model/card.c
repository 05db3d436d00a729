/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/card.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/randomart.h"
#include "base/text.h"
#include "hsm/fidelity.h"
#include "ui/model/pair.h"

enum { LABEL_WIDTH = 9, CAPTION_MIN = 19, TEXT_MOST = 120, GROUP_WIDTH = 5, GROUPS = 16 };

/* What the card is about. */
struct subject {
    const struct app *app;
    const struct run_key *key;      /* of the plan; NULL: a pair of the inventory */
    const struct compared *asked;   /* what both HSMs were asked about that one; NULL: nothing */
    const struct key_desc *side[2]; /* that of the destination may be NULL */
    int width;
};

/* --- lines ------------------------------------------------------------------------------------ */

/* The next line, empty; one too many is written over by the next. */
static struct card_line *add(struct card *card, enum card_look look)
{
    struct card_line *line = &card->lines[card->count];

    card->count += card->count + 1 < CARD_LINES_MAX;
    *line = (struct card_line){.look = look};
    return line;
}

__attribute__((format(printf, 3, 4))) static struct card_line *
put_across(struct card *card, enum card_look look, const char *fmt, ...)
{
    struct card_line *line = add(card, look);
    va_list args;

    va_start(args, fmt);
    text_vprint(line->text[0], sizeof line->text[0], fmt, args);
    va_end(args);
    return line;
}

static struct card_line *put_sides(struct card *card, enum card_look look, const char *source,
                                   const char *destination)
{
    struct card_line *line = add(card, look);

    line->sides = true;
    text_print(line->text[SIDE_SOURCE], CARD_TEXT, "%s", source);
    text_print(line->text[SIDE_DESTINATION], CARD_TEXT, "%s", destination);
    return line;
}

/* Takes as many words of *text as fit in columns; a word that is longer than that is cut by the
 * screen. Returns the bytes taken. */
static int take_words(const char **text, int columns)
{
    const char *from = *text;
    size_t taken = 0;

    while (from[taken]) {
        size_t word =
            strspn(from + taken, " ") + strcspn(from + taken + strspn(from + taken, " "), " ");
        char so_far[2 * EVENT_TEXT_MAX];
        text_print(so_far, sizeof so_far, "%.*s", (int)(taken + word), from);
        if (taken > 0 && text_width(so_far) > columns)
            break;
        taken += word;
    }
    *text = from + taken + strspn(from + taken, " ");
    return (int)taken;
}

/* Running text with a word in front of its first line. */
static void put_wrapped(const struct subject *s, struct card *card, enum card_look look,
                        const char *label, const char *text)
{
    int columns = s->width - LABEL_WIDTH - 1 < TEXT_MOST ? s->width - LABEL_WIDTH - 1 : TEXT_MOST;

    do {
        const char *from = text;
        int len = take_words(&text, columns);
        put_across(card, look, "%-*s%.*s", LABEL_WIDTH, label, len, from);
        label = "";
    } while (*text);
}

/* --- both fingerprints ------------------------------------------------------------------------ */

/* One side's fingerprint in digits and in words, no line wider than columns. Returns the number of
 * lines, at most max. */
static int fingerprint_lines(const struct key_desc *key, int columns, int max,
                             char lines[][CARD_TEXT])
{
    int each = columns / GROUP_WIDTH >= GROUPS ? GROUPS : columns / GROUP_WIDTH >= 8 ? 8 : 4;
    char text[TEXT_WORDS_SIZE];
    const char *rest = text;
    int n = 0;

    if (!key || !key->has_public) {
        text_print(lines[0], CARD_TEXT, "%s", key ? "not reported" : "not there");
        return 1;
    }
    text_print(lines[n++], CARD_TEXT, "sha256, public key");
    text_groups(key->spki_sha256, GROUPS, text);
    for (int at = 0; at < GROUPS && n < max; at += each)
        text_print(lines[n++], CARD_TEXT, "%.*s", each * GROUP_WIDTH - 1, text + at * GROUP_WIDTH);
    text_words(key->spki_sha256, 0, SHA256_SIZE, text);
    while (*rest && n < max) {
        const char *from = rest;
        int len = take_words(&rest, n + 1 < max ? columns : columns - 4);
        text_print(lines[n++], CARD_TEXT, "%.*s", len, from);
    }
    if (*rest)
        strcat(lines[n - 1], " ...");
    return n;
}

/* Pictures side by side; the digits and words of each at its right if there is room, else below. */
static void put_pictures(const struct subject *s, struct card *card)
{
    static const char blank[] = "                   ";
    int half = s->width / 2, columns = half - RANDOMART_WIDTH - 2, filled[2];
    bool fits = columns >= CAPTION_MIN;
    char caption[2][RANDOMART_LINES][CARD_TEXT] = {{"", ""}}, type[KEY_TYPE_TEXT];
    struct randomart art[2];

    for (unsigned i = 0; i < 2; i++) {
        const struct key_desc *key = s->side[i];
        filled[i] = fingerprint_lines(key, fits ? columns : half - 1, RANDOMART_LINES, caption[i]);
        if (key && key->has_public)
            randomart_draw(key->spki_sha256, SHA256_SIZE, key_type_text(key, type), "SHA256",
                           &art[i]);
        for (unsigned line = 0; (!key || !key->has_public) && line < RANDOMART_LINES; line++)
            memcpy(art[i].line[line], blank, sizeof blank);
    }
    for (unsigned i = 0; i < RANDOMART_LINES; i++) {
        struct card_line *line = put_sides(card, CARD_PLAIN, art[0].line[i], art[1].line[i]);
        for (unsigned side = 0; fits && side < 2; side++)
            text_print(line->text[side], CARD_TEXT, "%s %s", art[side].line[i], caption[side][i]);
    }
    for (int i = 0; !fits && (i < filled[0] || i < filled[1]); i++)
        put_sides(card, CARD_PLAIN, caption[0][i], caption[1][i]);
}

static void put_public(const struct subject *s, struct card *card)
{
    const struct key_desc *from = s->side[SIDE_SOURCE], *to = s->side[SIDE_DESTINATION];

    put_pictures(s, card);
    if (!to)
        put_across(card, CARD_WARN, "[    ] It is not on the destination.");
    else if (!from->has_public || !to->has_public)
        put_across(card, CARD_WARN, "[    ] One side does not report its public key.");
    else if (memcmp(from->spki_sha256, to->spki_sha256, SHA256_SIZE) != 0)
        put_across(card, CARD_BAD, "[FAIL] THE PUBLIC KEYS DIFFER");
    else
        put_across(card, CARD_GOOD, "[ ok ] the same public key; pictures only help the eye");
}

/* --- check values ----------------------------------------------------------------------------- */

static bool same_value(const struct kcv *check)
{
    const struct kcv_value *a = &check->value[SIDE_SOURCE];
    const struct kcv_value *b = &check->value[SIDE_DESTINATION];

    return a->len > 0 && a->len <= KCV_MAX && a->len == b->len &&
           memcmp(a->octets, b->octets, a->len) == 0;
}

static void put_check(struct card *card, const struct kcv *check)
{
    char value[2][EVENT_KCV_TEXT];
    struct card_line *line;

    event_kcv_value(check, SIDE_SOURCE, value[SIDE_SOURCE]);
    event_kcv_value(check, SIDE_DESTINATION, value[SIDE_DESTINATION]);
    if (!value[SIDE_SOURCE][0] && !value[SIDE_DESTINATION][0]) {
        put_across(card, CARD_DIM, "no %s: %s",
                   check->method ? kcv_method_words(check->method) : "check value", check->text);
        return;
    }
    line = put_sides(card, CARD_PLAIN, "", "");
    for (unsigned side = 0; side < 2; side++)
        text_print(line->text[side], CARD_TEXT, "%-18s  %s", kcv_method_words(check->method),
                   value[side][0] ? value[side] : "none");
    if (value[SIDE_SOURCE][0] && value[SIDE_DESTINATION][0] && !same_value(check))
        put_across(card, CARD_BAD, "[FAIL] THE CHECK VALUES DIFFER");
    else if (same_value(check))
        put_across(card, CARD_GOOD, "[ ok ] the same check value, computed by each HSM");
}

/* What the HSMs list, before anybody asked them to compute it. */
static void put_listed(const struct subject *s, struct card *card)
{
    char value[2][KEY_KCV_TEXT] = {"", ""};
    struct card_line *line;

    for (unsigned side = 0; side < 2; side++)
        if (s->side[side] && !key_kind_is(s->side[side]->kind, KEY_FAMILY_VALUE))
            key_kcv_text(s->side[side], value[side]);
    if (!value[SIDE_SOURCE][0] && !value[SIDE_DESTINATION][0]) {
        put_across(card, CARD_DIM, "no check value is known%s",
                   s->key ? " yet" : "; = asks for it");
        return;
    }
    line = put_sides(card, CARD_PLAIN, "", "");
    for (unsigned side = 0; side < 2; side++)
        text_print(line->text[side], CARD_TEXT, "listed: %s",
                   value[side][0] ? value[side] : "none");
    if (value[SIDE_SOURCE][0] && value[SIDE_DESTINATION][0])
        put_across(card, CARD_DIM,
                   strcmp(value[SIDE_SOURCE], value[SIDE_DESTINATION]) == 0
                       ? "both HSMs list the same check value%s"
                       : "the listed check values differ%s",
                   s->key ? "" : "; = asks both to compute it");
}

static void put_secret(const struct subject *s, struct card *card)
{
    const struct kcv *kcvs = s->key ? s->key->kcvs : s->asked ? s->asked->kcvs : NULL;
    unsigned count = s->key ? s->key->kcv_count : s->asked ? s->asked->kcv_count : 0;

    if (key_kind_is(s->side[SIDE_SOURCE]->kind, KEY_FAMILY_VALUE)) {
        put_wrapped(s, card, CARD_DIM, "",
                    "No picture and no check value: this may be a password, "
                    "and both would help to guess it.");
        return;
    }
    for (unsigned i = 0; i < count; i++)
        put_check(card, &kcvs[i]);
    if (count == 0)
        put_listed(s, card);
}

/* --- proofs ----------------------------------------------------------------------------------- */

static const char *const proven_when[RUN_PROOFS] = {"before it was kept", "after it was kept",
                                                    "by a fresh process"};

static void put_proofs(const struct subject *s, struct card *card)
{
    static const char *const signs[] = {[RUN_AHEAD] = "[    ]",
                                        [RUN_BEGUN] = "[ .. ]",
                                        [RUN_OK] = "[ ok ]",
                                        [RUN_FAILED] = "[FAIL]",
                                        [RUN_UNDONE] = "[UNDO]"};

    for (unsigned i = 0; i < RUN_PROOFS; i++) {
        const struct run_proof *proof = &s->key->proofs[i];
        char time[32];
        snprintf(time, sizeof time, "           not %s", s->app->run.over ? "proven" : "yet");
        if (proof->state != RUN_AHEAD)
            text_time(proof->utc_ms, true, time);
        put_across(card, proof->state == RUN_FAILED ? CARD_BAD : CARD_PLAIN, "%-*s%s %-19s %s",
                   LABEL_WIDTH, i ? "" : "PROVEN", signs[proof->state], proven_when[i], time + 11);
    }
}

/* Who computed what: each HSM its own answer, by these operations, and this host compared them. */
static void put_who(const struct subject *s, struct card *card, const char *label,
                    const struct run_proof *proof, const char *sentence)
{
    const char *source = proof->call[SIDE_SOURCE], *destination = proof->call[SIDE_DESTINATION];
    char who[2 * HSM_CALL_MAX + EVENT_TEXT_MAX + 96];

    if (strcmp(source, destination) == 0)
        text_print(who, sizeof who, "SOURCE and DESTINATION %s: %s", source, sentence);
    else
        text_print(who, sizeof who, "SOURCE %s, DESTINATION %s: %s", source, destination, sentence);
    put_wrapped(s, card, CARD_PLAIN, label, who);
}

/* Once, unless a later proof was made by other operations. */
static void put_operations(const struct subject *s, struct card *card)
{
    const struct run_proof *last = NULL;

    for (unsigned i = 0; i < RUN_PROOFS; i++) {
        const struct run_proof *proof = &s->key->proofs[i];
        if (proof->state == RUN_AHEAD)
            continue;
        if (!last)
            put_who(s, card, "BY", proof, s->key->proof);
        else if (strcmp(last->call[0], proof->call[0]) != 0 ||
                 strcmp(last->call[1], proof->call[1]) != 0)
            put_who(s, card, "", proof, proven_when[i]);
        last = proof;
    }
    if (!last)
        put_wrapped(s, card, CARD_DIM, "BY", s->key->proof[0] ? s->key->proof : "nothing so far");
}

/* A pair of the inventory was compared on request, or not at all. */
static void put_asked(const struct subject *s, struct card *card)
{
    char text[2 * EVENT_TEXT_MAX];

    if (!s->asked) {
        put_wrapped(s, card, CARD_DIM, "PROVEN",
                    "nothing in this ceremony; = asks both HSMs whether it is the same key");
        return;
    }
    text_print(text, sizeof text, "%s %s%s%s: %s",
               s->asked->result == COMPARED_SAME      ? "[ ok ]"
               : s->asked->result == COMPARED_DIFFERS ? "[FAIL]"
                                                      : "[    ]",
               comparison_name(s->asked->result), s->asked->method[0] ? ", " : "", s->asked->method,
               s->asked->text);
    put_wrapped(s, card, s->asked->result == COMPARED_DIFFERS ? CARD_BAD : CARD_PLAIN, "ASKED",
                text);
}

/* --- rights ----------------------------------------------------------------------------------- */

static const char *verdict_words(enum fidelity verdict)
{
    return verdict == FIDELITY_NATURE ? "every import does this" : fidelity_name(verdict);
}

/* Appends the rights that changed from this to that by this verdict; *first: none was written. */
static void add_changes(const struct fidelity_pair *pair, enum fidelity verdict, const char *from,
                        const char *to, char *out, size_t size)
{
    struct fidelity_row row;
    size_t at = strlen(out);
    bool first = true;

    for (unsigned i = 0; fidelity_row(pair, i, &row); i++)
        if (row.verdict == verdict && strcmp(row.source, from) == 0 && strcmp(row.found, to) == 0) {
            at += text_print(out + at, size - at, "%s%s", !first ? ", " : at ? "; " : "", row.name);
            first = false;
        }
    if (!first)
        text_print(out + at, size - at, " %s -> %s (%s)", from[0] ? from : "none",
                   to[0] ? to : "none", verdict_words(verdict));
}

static void put_changes(const struct subject *s, struct card *card)
{
    static const char *const values[] = {"yes", "no", ""};
    struct fidelity_pair pair = {.source = s->side[SIDE_SOURCE],
                                 .found = s->side[SIDE_DESTINATION],
                                 .asked = s->key ? &s->key->want_flags : NULL};
    struct fidelity_row row;
    char text[2 * FIDELITY_CHANGES_MAX] = "";
    bool bad = false;

    if (!pair.found)
        return;
    for (enum fidelity verdict = FIDELITIES; verdict-- > FIDELITY_TIGHTENED;)
        for (unsigned from = 0; from < 3; from++)
            for (unsigned to = 0; to < 3; to++)
                add_changes(&pair, verdict, values[from], values[to], text, sizeof text);
    /* what is no yes or no: dates, templates */
    for (unsigned i = 0; fidelity_row(&pair, i, &row); i++) {
        bool flag = row.verdict < FIDELITY_TIGHTENED;
        for (unsigned v = 0; v < 3 && !flag; v++)
            flag = strcmp(row.source, values[v]) == 0 || strcmp(row.found, values[v]) == 0;
        bad |= row.verdict == FIDELITY_LOOSENED || row.verdict == FIDELITY_DIFFERS;
        if (!flag)
            add_changes(&pair, row.verdict, row.source, row.found, text, sizeof text);
    }
    put_wrapped(s, card, bad ? CARD_BAD : CARD_PLAIN, "CHANGED", text[0] ? text : "no right");
}

/* --- the whole -------------------------------------------------------------------------------- */

static bool find_subject(const struct app *app, int width, struct subject *s)
{
    *s = (struct subject){.app = app, .key = run_key_at(&app->run, app->verify.at), .width = width};
    pair_of(app, &s->side[SIDE_SOURCE], &s->side[SIDE_DESTINATION]);
    s->asked = s->key ? NULL : verify_asked(app, s->side[SIDE_SOURCE], s->side[SIDE_DESTINATION]);
    if (!s->side[SIDE_SOURCE]) { /* on the destination alone */
        s->side[SIDE_SOURCE] = s->side[SIDE_DESTINATION];
        s->side[SIDE_DESTINATION] = NULL;
    }
    return s->side[SIDE_SOURCE] != NULL;
}

static void put_head(const struct subject *s, struct card *card)
{
    struct card_line *line = put_sides(card, CARD_HEAD, "", "");
    char label[KEY_LABEL_TEXT];

    for (unsigned i = 0; i < 2; i++)
        text_print(line->text[i], CARD_TEXT, "%s %s: %s",
                   i == SIDE_SOURCE ? "SOURCE" : "DESTINATION", app_side_label(s->app, i),
                   s->side[i] ? key_label_text(s->side[i], label) : "-");
}

/* What became of it, at the right of the line above if there is room. */
static void put_outcome(const struct subject *s, struct card *card)
{
    enum card_look look = s->key->outcome == KEY_MIGRATED ? CARD_GOOD : CARD_WARN;
    struct card_line *line = &card->lines[card->count - 1];
    char text[96];

    text_print(text, sizeof text, "%s, %skey %zu of %zu", key_outcome_name(s->key->outcome),
               s->key->companion_of ? "with " : "",
               s->key->companion_of ? s->key->companion_of : s->app->verify.at, s->app->run.chosen);
    if (line->sides || text_width(line->text[0]) + text_width(text) + 3 > s->width)
        line = put_across(card, look, "%s", "");
    text_print(line->text[1], CARD_TEXT, "%s", text);
    if (s->key->outcome == KEY_REFUSED || s->key->outcome == KEY_FAILED ||
        s->key->outcome == KEY_UNKNOWN)
        put_wrapped(s, card, CARD_WARN, "", s->key->reason);
}

static void put_report(const struct subject *s, struct card *card)
{
    char words[TEXT_WORDS_SIZE];

    if (!s->app->report.path[0] || !s->key)
        return;
    put_across(card, CARD_PLAIN, "%-*s%s", LABEL_WIDTH, "REPORT", s->app->report.path);
    put_across(card, CARD_PLAIN, "%-*ssha256 in words: %s ...", LABEL_WIDTH, "",
               text_words(s->app->report.sha256, 0, 4, words));
}

bool card_make(const struct app *app, int width, struct card *card)
{
    struct subject s;
    size_t rows;

    card->count = 0;
    if (!find_subject(app, width, &s))
        return false;
    put_head(&s, card);
    if (s.side[SIDE_SOURCE]->has_public ||
        (s.side[SIDE_DESTINATION] && s.side[SIDE_DESTINATION]->has_public))
        put_public(&s, card);
    else
        put_secret(&s, card);
    if (s.key) {
        put_outcome(&s, card);
        put_proofs(&s, card);
    } else {
        put_asked(&s, card);
    }
    put_changes(&s, card);
    if (s.key)
        put_operations(&s, card);
    rows = verify_pair(app, card->rows);
    put_across(card, CARD_DIM, "What each HSM reports of it:");
    for (size_t i = 0; i < rows; i++)
        add(card, CARD_PLAIN)->row = &card->rows[i];
    put_report(&s, card);
    return true;
}

size_t card_last(const struct app *app, const struct card *card)
{
    size_t shown = app->at.layout.body.h > 0 ? (size_t)app->at.layout.body.h : 0;

    return shown < card->count ? card->count - shown : 0;
}
