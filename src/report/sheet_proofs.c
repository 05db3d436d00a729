/* SPDX-License-Identifier: Apache-2.0 */
/* For each key: its proof, what identifies it later, and the changes of its rights. */
#include <string.h>

#include "base/text.h"
#include "report/sheet_view.h"

static const char *const stages[SHEET_PROOFS] = {"before it was kept", "once it was kept",
                                                 "by a fresh process"};

static bool says_the_same(const struct node *a, const struct node *b)
{
    static const char *const members[] = {"text", "source", "destination"};

    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        if (strcmp(node_text(a, members[i]), node_text(b, members[i])) != 0)
            return false;
    return true;
}

/* The stages of a key's proofs that say the same as the first one of them, which are then taken out
 * of left. Returns that first one. */
static const struct node *take_stages(const struct sheet_key *k, bool left[SHEET_PROOFS],
                                      char out[static 128])
{
    const struct node *first = NULL;
    size_t at = 0;

    for (size_t i = 0; i < SHEET_PROOFS; i++) {
        const struct node *proof = k->proof[i];
        if (!left[i] || (first && !says_the_same(proof, first)))
            continue;
        first = first ? first : proof;
        left[i] = false;
        at += text_print(out + at, 128 - at, "%s%s", at ? ", " : "", stages[i]);
    }
    return first;
}

static void add_proofs(struct sheet *s, struct key_groups *groups, size_t number)
{
    const struct sheet_key *k = &s->keys[number - 1];
    bool left[SHEET_PROOFS];
    char when[128];

    for (size_t i = 0; i < SHEET_PROOFS; i++)
        left[i] = k->proof[i] != NULL;
    for (const struct node *proof; !s->failed && (proof = take_stages(k, left, when));)
        s->failed = !(
            node_at(proof, "source")
                ? key_groups_add(groups, (int64_t)number, s->err,
                                 "%s; %s (source: %s, destination: %s)", node_text(proof, "text"),
                                 when, node_text(proof, "source"), node_text(proof, "destination"))
                : key_groups_add(groups, (int64_t)number, s->err, "%s; %s",
                                 node_text(proof, "text"), when));
}

void sheet_proofs(struct sheet *s)
{
    struct key_groups keys = {0}, objects = {0};

    sheet_section(s, "PROOFS");
    for (size_t i = 0; i < s->key_count && !s->failed; i++)
        if (s->keys[i].key)
            add_proofs(s, node_at(s->keys[i].key, "companion-of") ? &objects : &keys, i + 1);
    if (keys.count + objects.count == 0)
        sheet_fact(s, "", "%s", "none: no key was proven");
    sheet_groups(s, &keys, "key");
    sheet_groups(s, &objects, "public object");
}

static bool is_said_elsewhere(const struct node *check)
{
    return node_is(check, "method", "spki-sha256"); /* the public half's fingerprint */
}

static const char *method_words(const struct node *check)
{
    static const char *const words[][2] = {
        {"ecb-zero", "by ECB of zeros"},
        {"cmac-zero", "by CMAC of zeros"},
        {"rewrap-sha256", "by encrypting the key once more on both sides"},
    };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (node_is(check, "method", words[i][0]))
            return words[i][1];
    return "by any method";
}

/* Of all check values, those that only one side reports, or none. */
void sheet_check_values(struct sheet *s)
{
    struct key_groups groups = {0};

    for (size_t i = 0; i < s->key_count && !s->failed; i++) {
        const struct node *key = s->keys[i].key;
        const struct node *c = key ? node_at(key, "check-values")->first : NULL;
        for (; c && !s->failed; c = c->next) {
            bool source = sheet_check_of(c, "source"),
                 destination = sheet_check_of(c, "destination");
            if (is_said_elsewhere(c) || (source && destination))
                continue;
            s->failed = !key_groups_add(&groups, (int64_t)i + 1, s->err, "%s %s%s%s",
                                        source        ? "only the source has one"
                                        : destination ? "only the destination has one"
                                                      : "none",
                                        method_words(c), node_at(c, "none") ? ", " : "",
                                        node_text(c, "none"));
        }
    }
    if (groups.count > 0)
        sheet_section(s, "CHECK VALUES THAT WERE NOT COMPARED");
    sheet_groups(s, &groups, "key");
}

static void add_rights(struct sheet *s, struct key_groups *groups, size_t number, const char *list)
{
    const struct node *a = node_at(s->keys[number - 1].key, list);

    for (a = a ? a->first : NULL; a && !s->failed; a = a->next) {
        const char *by = node_text(a, "by");
        if (!node_at(a, "verdict") || node_is(a, "verdict", "kept"))
            continue;
        s->failed = !key_groups_add(
            groups, (int64_t)number, s->err, "%s: %s %s %s, %s%s%s%s", node_text(a, "name"),
            node_text(a, "source")[0] ? node_text(a, "source") : "not set",
            s->page.form->to_the_right,
            node_text(a, "found")[0] ? node_text(a, "found") : "not set", node_text(a, "verdict"),
            by[0] ? " (" : "", by, by[0] ? " does not keep it)" : "");
    }
}

void sheet_rights(struct sheet *s)
{
    struct key_groups keys = {0}, objects = {0};

    sheet_section(s, "WHAT CHANGED IN THEIR RIGHTS");
    for (size_t i = 0; i < s->key_count && !s->failed; i++)
        if (s->keys[i].key) {
            struct key_groups *groups = node_at(s->keys[i].key, "companion-of") ? &objects : &keys;
            add_rights(s, groups, i + 1, "attributes");
            add_rights(s, groups, i + 1, "own-attributes");
        }
    if (keys.count + objects.count == 0)
        sheet_fact(s, "", "%s", "nothing");
    sheet_groups(s, &keys, "key");
    sheet_groups(s, &objects, "public object");
    sheet_fact(s, "by nature", "%s", node_text(s->report, "by-nature"));
}
