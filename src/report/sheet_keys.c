/* SPDX-License-Identifier: Apache-2.0 */
/* Which keys there were, and what became of them. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "report/sheet_view.h"

enum { VALUE = 19 }; /* four groups of a fingerprint */

static bool arrived(const struct node *key)
{
    return node_is(key, "outcome", "migrated");
}

/* Is it on its way, as a file for a key service? */
static bool sealed(const struct node *key)
{
    return node_is(key, "outcome", "sealed");
}

static const char *label_of(const struct node *key)
{
    return node_text(key, "label")[0] ? node_text(key, "label") : "(no label)";
}

/* "EC P-256", "EC P-256 public", "certificate". Returns out. */
static const char *type_of(const struct node *key, char out[static 96])
{
    const char *class = node_text(key, "class");
    bool shown = node_is(key, "class", "public");

    text_print(out, 96, "%s%s%s", node_text(key, "type"), shown ? " " : "", shown ? class : "");
    return out;
}

/* The compared check value by a method; NULL: there is none on either side. */
static const struct node *check_by(const struct node *key, const char *method)
{
    const struct node *checks = node_at(key, "check-values");

    for (const struct node *c = checks ? checks->first : NULL; c; c = c->next)
        if (node_is(c, "method", method) &&
            (sheet_check_of(c, "source") || sheet_check_of(c, "destination")))
            return c;
    return NULL;
}

/* The SHA-256 of the source's public half; empty: none. */
static const char *half_of(const struct node *key)
{
    const struct node *half = node_at(key, "public-key"); /* from format 3 on, of both sides */

    half = half ? half : node_at(key, "source-public-key");
    return half && half->text ? half->text : node_text(half, "sha256");
}

/* What a key is known again by: the beginning of its public half's SHA-256, or a check value; of a
 * key that did not arrive, why. Returns out. */
static const char *known_by(const struct node *key, char out[static 80])
{
    const char *half = half_of(key);
    const struct node *ecb = check_by(key, "ecb-zero"), *cmac = check_by(key, "cmac-zero");
    const char *reason = node_text(key, "reason");

    if (!arrived(key) && !sealed(key))
        text_print(out, 80, "%s", text_width(reason) <= VALUE ? reason : "reason below");
    else if (half[0] || node_at(key, "der-sha256"))
        sheet_digest_text(half[0] ? half : node_text(key, "der-sha256"), 16, out);
    else if (ecb || cmac)
        text_print(out, 80, "%s %s", ecb ? "ECB" : "CMAC",
                   node_text(sheet_check_of(ecb ? ecb : cmac, "source"), ""));
    else
        text_print(out, 80, "no check value");
    return out;
}

/* The digest of its public half or DER in full, its check values by each method; or why it did not
 * arrive. Returns out. */
static const char *known_in_full(const struct node *key, char out[static 400])
{
    static const struct {
        const char *method, *words;
    } methods[] = {{"ecb-zero", "ECB of zeros"},
                   {"cmac-zero", "CMAC of zeros"},
                   {"rewrap-sha256", "SHA-256 of the key encrypted on both sides"}};
    const char *half = half_of(key);
    char groups[80];
    size_t at = 0;

    if (!arrived(key) && !sealed(key)) {
        text_print(out, 400, "%s", node_text(key, "reason"));
        return out;
    }
    if (!half[0])
        half = node_text(key, "der-sha256");
    if (half[0])
        at = text_print(out, 400, "SHA-256 %s", sheet_digest_text(half, 64, groups));
    out[at] = '\0';
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        const struct node *c = check_by(key, methods[i].method);
        const struct node *source = sheet_check_of(c, "source");
        const struct node *destination = sheet_check_of(c, "destination");
        const char *value = node_text(source ? source : destination, "");
        if (c)
            at += text_print(out + at, 400 - at, "%s%s %s%s", at ? ", " : "", methods[i].words,
                             strlen(value) == 64 ? sheet_digest_text(value, 64, groups) : value,
                             source && destination ? " on both sides" : " on one side");
    }
    return out;
}

/* When each proof passed. Returns out. */
static const char *proven_at(const struct sheet *s, const struct sheet_key *k, char out[static 128])
{
    char time[32];
    size_t at = 0;

    out[0] = '\0';
    for (size_t i = 0; i < SHEET_PROOFS; i++)
        if (k->proof[i])
            at += text_print(out + at, 128 - at, "%s%s", at ? " " : "",
                             sheet_time(s, k->proven_at[i], 11, time));
    return out;
}

static enum sheet_tone tone_of(const struct node *key)
{
    return arrived(key) || sealed(key) || node_is(key, "outcome", "aligned") ||
                   node_is(key, "outcome", "derived")
               ? SHEET_PLAIN
           : node_is(key, "outcome", "refused") || node_is(key, "outcome", "pending")
               ? SHEET_WARNING
               : SHEET_BAD;
}

static void put_key(struct sheet *s, const struct sheet_key *k)
{
    const struct node *key = k->key;
    char type[96], value[80], full[400], proven[128];
    const char *const cells[] = {
        node_text(key, "number"),
        label_of(key),
        type_of(key, type),
        node_text(key, "id"),
        node_is(key, "outcome", "pending") ? "not begun" : node_text(key, "outcome"),
        s->page.form->roomy ? known_in_full(key, full) : known_by(key, value),
        proven_at(s, k, proven),
    };

    s->page.form->row(&s->page, cells, tone_of(key));
}

void sheet_key_table(struct sheet *s)
{
    static const struct sheet_column columns[] = {
        {.title = "no.", .width = 5, .right = true},
        {.title = "key", .exact = true},
        {.title = "type", .width = 15, .whole = true},
        {.title = "id", .width = 6, .exact = true, .cut = true},
        {.title = "outcome", .width = 9, .whole = true},
        {.title = "fingerprint", .width = VALUE, .exact = true},
        {.title = "proven at", .whole = true, .roomy = true},
    };

    sheet_section(s, "KEYS");
    if (s->failed)
        return;
    s->page.form->table(&s->page, columns, sizeof columns / sizeof columns[0]);
    for (size_t i = 0; i < s->key_count; i++)
        if (s->keys[i].key && !node_at(s->keys[i].key, "companion-of"))
            put_key(s, &s->keys[i]);
    s->page.form->table_end(&s->page);
    sheet_fact(s, "fingerprint",
               "of a public half or object: %sits SHA-256; of a secret key: its check "
               "value, with the method. Of a migrated key both sides report the "
               "same, unless it says otherwise below.",
               s->page.form->roomy ? "" : "the beginning of ");
}

void sheet_not_migrated(struct sheet *s)
{
    struct key_groups groups = {0};

    for (size_t i = 0; i < s->key_count && !s->failed; i++) {
        const struct node *key = s->keys[i].key;
        if (key && !node_at(key, "companion-of") && !arrived(key) && !sealed(key))
            s->failed = !key_groups_add(
                &groups, (int64_t)i + 1, s->err, "%s: %s",
                node_is(key, "outcome", "pending") ? "not begun" : node_text(key, "outcome"),
                node_text(key, "reason"));
    }
    if (groups.count > 0)
        sheet_section(s, node_at(s->report, "ceremony.removal") ||
                                 node_at(s->report, "summary.aligned") ||
                                 node_at(s->report, "summary.derived")
                             ? "WHAT BECAME OF THE KEYS"
                             : "KEYS THAT WERE NOT MIGRATED");
    sheet_groups(s, &groups, "key");
}

void sheet_sealed(struct sheet *s)
{
    size_t count = 0;

    for (size_t i = 0; i < s->key_count && !s->failed; i++) {
        const struct node *key = s->keys[i].key;
        if (!key || !sealed(key))
            continue;
        if (count++ == 0) {
            sheet_section(s, "SEALED FILES");
            sheet_fact(s, "for", "%s; nothing here shows that a file has arrived there",
                       node_text(s->report, "ceremony.sealed-for"));
        }
        sheet_fact(s, node_text(key, "number"), "%s", node_text(key, "file"));
        sheet_digest(s, "", "sha256", node_text(key, "file-sha256"));
    }
}

static void put_companion(struct sheet *s, const struct node *object)
{
    char type[96], groups[80];
    const char *const cells[] = {
        node_text(object, "number"),
        node_text(object, "companion-of"),
        label_of(object),
        type_of(object, type),
        node_text(object, "id"),
        node_text(object, "outcome"),
        sheet_digest_text(node_text(object, "der-sha256"), 64, groups),
    };

    s->page.form->row(&s->page, cells, tone_of(object));
}

static void companion_table(struct sheet *s)
{
    static const struct sheet_column columns[] = {
        {.title = "no.", .right = true},
        {.title = "of key", .right = true},
        {.title = "object", .exact = true},
        {.title = "type", .whole = true},
        {.title = "id", .exact = true},
        {.title = "outcome"},
        {.title = "SHA-256 of its DER", .exact = true},
    };

    s->page.form->table(&s->page, columns, sizeof columns / sizeof columns[0]);
    for (size_t i = 0; i < s->key_count; i++)
        if (s->keys[i].key && node_at(s->keys[i].key, "companion-of"))
            put_companion(s, s->keys[i].key);
    s->page.form->table_end(&s->page);
}

void sheet_companions(struct sheet *s)
{
    const struct node *companions = node_at(s->report, "companions");
    struct key_groups groups = {0};

    if (companions->count == 0 || s->failed)
        return;
    sheet_section(s, "PUBLIC OBJECTS THAT ACCOMPANY KEYS");
    if (s->page.form->roomy) {
        companion_table(s);
        return;
    }
    for (const struct node *object = companions->first; object && !s->failed; object = object->next)
        s->failed = !key_groups_add(
            &groups, node_number(object, "companion-of"), s->err, "%s, %s: %s",
            node_is(object, "class", "public") ? "public key" : node_text(object, "class"),
            node_text(object, "outcome"), node_text(object, arrived(object) ? "proven" : "reason"));
    sheet_groups(s, &groups, "key");
}
