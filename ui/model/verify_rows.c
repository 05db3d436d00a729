/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/verify_rows.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ui/model/pair.h"

/* Names that are too long for their column. */
static const char *short_name(const char *name)
{
    static const char *const names[][2] = {
        {"wrap-with-trusted", "trusted only"}, {"always-authenticate", "PIN each time"},
        {"always-sensitive", "always sens."},  {"never-extractable", "never extr."},
        {"unwrap template", "unwrap templ."},  {"derive template", "derive templ."},
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i][0]) == 0)
            return names[i][1];
    return name;
}

/* Fewer uses, other guards: a difference that is allowed, unless it is one of the last two. */
static bool is_bad(enum fidelity verdict)
{
    return verdict == FIDELITY_LOOSENED || verdict == FIDELITY_DIFFERS;
}

static void put_row(const struct fidelity_pair *pair, const struct fidelity_row *from,
                    struct verify_row *row)
{
    bool untold = !from->found[0];

    row->name = short_name(from->name);
    row->differs = from->verdict != FIDELITY_OPEN && from->verdict != FIDELITY_KEPT;
    row->bad = is_bad(from->verdict);
    row->word = row->differs ? fidelity_name(from->verdict) : "";
    snprintf(row->source, sizeof row->source, "%s",
             from->source[0] ? from->source : "not reported");
    snprintf(
        row->destination, sizeof row->destination, "%s%s%s%s",
        !pair->found ? "-"
        : untold     ? "not reported"
                     : from->found,
        row->differs && from->asked[0] && strcmp(from->asked, from->found) != 0 ? " (asked " : "",
        row->differs && from->asked[0] && strcmp(from->asked, from->found) != 0 ? from->asked : "",
        row->differs && from->asked[0] && strcmp(from->asked, from->found) != 0 ? ")" : "");
}

/* The fingerprint of the public half once more, in words. */
static void put_words(const struct fidelity_pair *pair, const struct verify_row *above,
                      struct verify_row *row)
{
    *row = *above;
    row->name = "  in words";
    if (pair->source->has_public)
        text_words(pair->source->spki_sha256, 0, 2, row->source);
    if (pair->found && pair->found->has_public)
        text_words(pair->found->spki_sha256, 0, 2, row->destination);
}

/* Differences follow the name, so that they are shown if there is room for a part of the rows
 * only. */
static void put_differences_first(struct verify_row *rows, size_t count)
{
    size_t to = 0;

    while (to < count && (strcmp(rows[to].name, "label") == 0 || strcmp(rows[to].name, "id") == 0))
        to++;
    for (size_t i = to; i < count; i++) {
        struct verify_row row = rows[i];
        if (!row.differs)
            continue;
        memmove(&rows[to + 1], &rows[to], (i - to) * sizeof row);
        rows[to++] = row;
    }
}

/* A check value of a password is what a guess is tried by. */
static bool is_oracle(const struct fidelity_pair *pair, const struct fidelity_row *row)
{
    return key_kind_is(pair->source->kind, KEY_FAMILY_VALUE) &&
           strcmp(row->name, "check value") == 0;
}

size_t verify_rows(const struct fidelity_pair *pair, struct verify_row rows[VERIFY_ROWS_MAX])
{
    struct fidelity_row from;
    size_t n = 0;

    for (unsigned at = 0; fidelity_row(pair, at, &from); at++) {
        bool name = strcmp(from.name, "label") == 0 || strcmp(from.name, "id") == 0;
        if ((!from.source[0] && !from.found[0] && !name) || is_oracle(pair, &from))
            continue;
        put_row(pair, &from, &rows[n++]);
        if (strcmp(from.name, "public key") == 0) {
            put_words(pair, &rows[n - 1], &rows[n]);
            n++;
        }
    }
    put_differences_first(rows, n);
    return n;
}

_Static_assert((int)VERIFY_ROWS_MAX < (int)RUN_KEYS_AT_HAND, "the key itself stays at hand");

size_t verify_companions(const struct run *run, size_t at, struct verify_row *rows, size_t count)
{
    const struct run_key *of = run_key_at(run, at), *key;

    for (uint32_t i = of ? of->companion : 0; i && count < VERIFY_ROWS_MAX;
         i = key->next_companion) {
        struct verify_row *row = &rows[count];
        char label[KEY_LABEL_TEXT];
        key = run_key_at(run, i);
        const char *subject = strstr(key->reason, "; ");
        *row = (struct verify_row){.word = ""};
        row->name = key->source.class == KEY_CLASS_CERTIFICATE ? "certificate" : "public object";
        row->bad = key->outcome == KEY_FAILED || key->outcome == KEY_UNKNOWN;
        snprintf(row->source, sizeof row->source, "%s",
                 subject ? subject + 2 : key_label_text(&key->source, label));
        snprintf(row->destination, sizeof row->destination, "%s",
                 key->outcome == KEY_MIGRATED ? "the same bytes" : key_outcome_name(key->outcome));
        count++;
    }
    return count;
}

/* --- of the pair that is looked at ------------------------------------------------------------ */

const struct compared *verify_asked(const struct app *app, const struct key_desc *source,
                                    const struct key_desc *destination)
{
    const struct compared *asked =
        source && destination
            ? comparisons_find(&app->inventory.comparisons, SIDE_SOURCE, source->handle)
            : NULL;

    return asked && asked->handle[SIDE_DESTINATION] == destination->handle ? asked : NULL;
}

size_t verify_pair(const struct app *app, struct verify_row rows[VERIFY_ROWS_MAX])
{
    const struct run_key *key = run_key_at(&app->run, app->verify.at);
    struct fidelity_pair pair = {.asked = key ? &key->want_flags : NULL};
    size_t count;

    pair_of(app, &pair.source, &pair.found);
    if (!pair.source) {
        pair.source = pair.found;
        pair.found = NULL;
    }
    if (!pair.source)
        return 0;
    count = verify_rows(&pair, rows);
    return key ? verify_companions(&app->run, app->verify.at, rows, count) : count;
}
