/* SPDX-License-Identifier: Apache-2.0 */
#include "hsm/fidelity.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* --- attributes other than flags ------------------------------------------------------------- */

static void label_value(const struct key_desc *key, char *out)
{
    key_label_text(key, out);
}

static void id_value(const struct key_desc *key, char *out)
{
    key_id_text(key, out);
}

static void class_value(const struct key_desc *key, char *out)
{
    snprintf(out, FIDELITY_VALUE_MAX, "%s", key_class_name(key->class));
}

static void type_value(const struct key_desc *key, char *out)
{
    if (key->kind == KEY_KIND_OTHER)
        snprintf(out, FIDELITY_VALUE_MAX, "%s", key->type_name);
    else if (key_set_named(key->curve))
        snprintf(out, FIDELITY_VALUE_MAX, "%s", key->curve);
    else
        snprintf(out, FIDELITY_VALUE_MAX, "%s%s%s", key_kind_name(key->kind),
                 key->curve[0] ? " " : "", key->curve);
}

/* Separate from the type, because some HSMs do not report the size of unwrapped keys. */
static void size_value(const struct key_desc *key, char *out)
{
    if (key->kind == KEY_KIND_RSA && key->bits)
        snprintf(out, FIDELITY_VALUE_MAX, "%" PRIu32 " bits", key->bits);
    else if (key->length)
        snprintf(out, FIDELITY_VALUE_MAX, "%" PRIu32 " bytes", key->length);
}

static void public_value(const struct key_desc *key, char *out)
{
    if (key->has_public)
        text_groups(key->spki_sha256, 4, out);
}

static void kcv_value(const struct key_desc *key, char *out)
{
    key_kcv_text(key, out);
}

static void subject_value(const struct key_desc *key, char *out)
{
    size_t len = key->constraints.subject_len < KEY_SUBJECT_MAX ? key->constraints.subject_len
                                                                : KEY_SUBJECT_MAX;

    text_hex(key->constraints.subject, len, out);
}

static void start_value(const struct key_desc *key, char *out)
{
    snprintf(out, FIDELITY_VALUE_MAX, "%s", key->constraints.start);
}

static void end_value(const struct key_desc *key, char *out)
{
    snprintf(out, FIDELITY_VALUE_MAX, "%s", key->constraints.end);
}

static void allowed_value(const struct key_desc *key, char *out)
{
    size_t count = key->constraints.allowed_count, at = 0;

    if (count > KEY_ALLOWED_MAX)
        snprintf(out, FIDELITY_VALUE_MAX, "%zu mechanisms", count);
    else
        for (size_t i = 0; i < count; i++)
            at += (size_t)snprintf(out + at, FIDELITY_VALUE_MAX - at, "%s0x%" PRIx32, i ? " " : "",
                                   key->constraints.allowed[i]);
}

/* --- verdicts -------------------------------------------------------------------------------- */

/* Equal if both sides report it. */
static enum fidelity same(const struct fidelity_pair *pair, const struct fidelity_row *row)
{
    (void)pair;
    if (!row->source[0] || !row->found[0])
        return FIDELITY_OPEN;
    return strcmp(row->source, row->found) == 0 ? FIDELITY_KEPT : FIDELITY_DIFFERS;
}

/* HSMs compute check values by different methods, so a difference proves nothing. */
static enum fidelity alike(const struct fidelity_pair *pair, const struct fidelity_row *row)
{
    return same(pair, row) == FIDELITY_KEPT ? FIDELITY_KEPT : FIDELITY_OPEN;
}

/* An empty name must stay empty. */
static enum fidelity same_name(const struct fidelity_pair *pair, const struct fidelity_row *row)
{
    if (pair->temporary)
        return FIDELITY_OPEN;
    return strcmp(row->source, row->found) == 0 ? FIDELITY_KEPT : FIDELITY_DIFFERS;
}

static enum fidelity same_public(const struct fidelity_pair *pair, const struct fidelity_row *row)
{
    const struct key_desc *s = pair->source, *f = pair->found;
    (void)row;

    if (!s->has_public || !f->has_public)
        return FIDELITY_OPEN;
    return memcmp(s->spki_sha256, f->spki_sha256, sizeof s->spki_sha256) == 0 ? FIDELITY_KEPT
                                                                              : FIDELITY_DIFFERS;
}

static enum fidelity kept_subject(const struct fidelity_pair *pair, const struct fidelity_row *row)
{
    if (!row->source[0] && !row->found[0])
        return FIDELITY_OPEN;
    if (strcmp(row->source, row->found) == 0 &&
        pair->source->constraints.subject_len == pair->found->constraints.subject_len)
        return FIDELITY_KEPT;
    return row->found[0] ? FIDELITY_DIFFERS : FIDELITY_DROPPED;
}

/* A later start or an earlier end is tighter; no date is the loosest. */
static enum fidelity later(const struct fidelity_pair *pair, const struct fidelity_row *row)
{
    int order = strcmp(row->found, row->source);
    (void)pair;

    if (!row->source[0] && !row->found[0])
        return FIDELITY_OPEN;
    return order == 0 ? FIDELITY_KEPT : order > 0 ? FIDELITY_TIGHTENED : FIDELITY_LOOSENED;
}

static enum fidelity earlier(const struct fidelity_pair *pair, const struct fidelity_row *row)
{
    enum fidelity verdict = later(pair, row);

    if (row->source[0] && row->found[0] && verdict != FIDELITY_KEPT)
        return verdict == FIDELITY_TIGHTENED ? FIDELITY_LOOSENED : FIDELITY_TIGHTENED;
    return verdict;
}

static bool allows(const struct key_constraints *constraints, uint32_t mechanism)
{
    for (size_t i = 0; i < constraints->allowed_count && i < KEY_ALLOWED_MAX; i++)
        if (constraints->allowed[i] == mechanism)
            return true;
    return constraints->allowed_count == 0;
}

static enum fidelity fewer(const struct fidelity_pair *pair, const struct fidelity_row *row)
{
    const struct key_constraints *s = &pair->source->constraints, *f = &pair->found->constraints;

    if (s->allowed_count == 0 && f->allowed_count == 0)
        return FIDELITY_OPEN;
    if (s->allowed_count > KEY_ALLOWED_MAX || f->allowed_count > KEY_ALLOWED_MAX ||
        (s->allowed_count && f->allowed_count == 0))
        return FIDELITY_LOOSENED;
    for (size_t i = 0; i < f->allowed_count; i++)
        if (!allows(s, f->allowed[i]))
            return FIDELITY_LOOSENED;
    return strcmp(row->source, row->found) == 0 ? FIDELITY_KEPT : FIDELITY_TIGHTENED;
}

static const struct {
    const char *name;
    void (*value)(const struct key_desc *key, char *out); /* leaves out empty: not reported */
    enum fidelity (*judge)(const struct fidelity_pair *pair, const struct fidelity_row *row);
    bool constraint;
} attributes[] = {
    {"label", label_value, same_name, false},   {"id", id_value, same_name, false},
    {"class", class_value, same, false},        {"type", type_value, same, false},
    {"size", size_value, same, false},          {"public key", public_value, same_public, false},
    {"check value", kcv_value, alike, false},   {"subject", subject_value, kept_subject, true},
    {"start date", start_value, later, true},   {"end date", end_value, earlier, true},
    {"mechanisms", allowed_value, fewer, true},
};

enum { ATTRIBUTES = sizeof attributes / sizeof attributes[0] };

/* --- constraints on other keys --------------------------------------------------------------- */

/* A template that requires more is tighter. */
static void template_row(const struct fidelity_pair *pair, enum key_template_use use,
                         struct fidelity_row *row)
{
    const struct key_template *source = &pair->source->constraints.templates[use], *found;

    row->name = key_template_name(use);
    row->constraint = true;
    key_template_text(source, row->source);
    if (!pair->found)
        return;
    found = &pair->found->constraints.templates[use];
    key_template_text(found, row->found);
    if (!key_template_is_set(source) && !key_template_is_set(found))
        row->verdict = FIDELITY_OPEN;
    else if (!key_template_covers(found, source))
        row->verdict = FIDELITY_LOOSENED;
    else
        row->verdict = key_template_covers(source, found) ? FIDELITY_KEPT : FIDELITY_TIGHTENED;
}

/* --- flags ----------------------------------------------------------------------------------- */

/* The stricter value of each flag, and whether a looser one must never be accepted. */
enum nature { USE, STRICT_YES, STRICT_NO, HISTORY, PLACE };
static const struct {
    uint32_t flag;
    enum nature nature;
    bool never; /* refused if looser than requested, or if the strict value is not reported */
    bool late;  /* only the committed key has it */
} flags[] = {
    {KEY_ENCRYPT, USE, true, false},
    {KEY_DECRYPT, USE, true, false},
    {KEY_SIGN, USE, true, false},
    {KEY_VERIFY, USE, true, false},
    {KEY_WRAP, USE, true, false},
    {KEY_UNWRAP, USE, true, false},
    {KEY_DERIVE, USE, true, false},
    {KEY_SIGN_RECOVER, USE, true, false},
    {KEY_VERIFY_RECOVER, USE, true, false},
    {KEY_PRIVATE, STRICT_YES, true, false},
    {KEY_SENSITIVE, STRICT_YES, true, false},
    {KEY_EXTRACTABLE, STRICT_NO, true, false},
    {KEY_WRAP_WITH_TRUSTED, STRICT_YES, true, false},
    {KEY_ALWAYS_AUTHENTICATE, STRICT_YES, true, false},
    {KEY_MODIFIABLE, STRICT_NO, true, true},
    {KEY_COPYABLE, STRICT_NO, false, true},
    {KEY_DESTROYABLE, STRICT_NO, false, false},
    {KEY_TRUSTED, USE, true, false},
    {KEY_TOKEN, PLACE, false, true},
    {KEY_ALWAYS_SENSITIVE, HISTORY, false, false},
    {KEY_NEVER_EXTRACTABLE, HISTORY, false, false},
    {KEY_LOCAL, HISTORY, false, false},
    {KEY_ENCAPSULATE, USE, true, false},
    {KEY_DECAPSULATE, USE, true, false},
};

_Static_assert(sizeof flags / sizeof flags[0] == KEY_FLAGS, "every flag has a row");
enum { TEMPLATE_ROWS = ATTRIBUTES, FLAG_ROWS = TEMPLATE_ROWS + KEY_TEMPLATES };
_Static_assert(FLAG_ROWS + KEY_FLAGS <= FIDELITY_ROWS_MAX, "every row has a place");
_Static_assert((int)KEY_TEMPLATE_TEXT <= (int)FIDELITY_VALUE_MAX, "a template has room in a row");

static void flag_value(const struct key_desc *key, uint32_t flag, char *out)
{
    snprintf(out, FIDELITY_VALUE_MAX, "%s",
             key_is(key, flag)       ? "yes"
             : key_is_not(key, flag) ? "no"
                                     : "");
}

/* A guard that the HSM does not report counts as missing; a use that it does not report counts as
 * not granted. */
static bool is_strict(const struct key_desc *key, unsigned at)
{
    return flags[at].nature == STRICT_YES ? key_is(key, flags[at].flag)
           : flags[at].nature == USE      ? !key_is(key, flags[at].flag)
                                          : key_is_not(key, flags[at].flag);
}

static enum fidelity judge_flag(const struct fidelity_pair *pair, unsigned at,
                                const struct fidelity_row *row)
{
    bool strict = is_strict(pair->source, at), found = is_strict(pair->found, at), asked = strict;
    bool differs = row->source[0] && row->found[0] && strcmp(row->source, row->found) != 0;

    if (flags[at].late && pair->temporary)
        return FIDELITY_OPEN;
    if (flags[at].nature == HISTORY || flags[at].nature == PLACE)
        return !row->source[0] || !row->found[0] ? FIDELITY_OPEN
               : !differs                        ? FIDELITY_KEPT
               : flags[at].nature == HISTORY     ? FIDELITY_NATURE
                                                 : FIDELITY_DIFFERS;
    if (!pair->asked && !row->found[0])
        return FIDELITY_OPEN;
    if (pair->asked)
        asked = ((*pair->asked & flags[at].flag) != 0) == (flags[at].nature == STRICT_YES);
    if (asked && !found)
        return flags[at].never ? FIDELITY_LOOSENED : FIDELITY_DROPPED;
    if (!asked && found && flags[at].nature == USE)
        return FIDELITY_DROPPED;
    if (!row->source[0] || !row->found[0])
        return FIDELITY_OPEN;
    return differs ? FIDELITY_TIGHTENED : FIDELITY_KEPT;
}

static void flag_row(const struct fidelity_pair *pair, unsigned at, struct fidelity_row *row)
{
    row->name = key_flag_name(flags[at].flag);
    flag_value(pair->source, flags[at].flag, row->source);
    if (pair->asked && flags[at].nature != HISTORY)
        snprintf(row->asked, sizeof row->asked, "%s", *pair->asked & flags[at].flag ? "yes" : "no");
    if (!pair->found)
        return;
    flag_value(pair->found, flags[at].flag, row->found);
    row->verdict = judge_flag(pair, at, row);
}

bool fidelity_row(const struct fidelity_pair *pair, unsigned at, struct fidelity_row *row)
{
    if (at >= FLAG_ROWS + KEY_FLAGS)
        return false;
    *row = (struct fidelity_row){.verdict = FIDELITY_OPEN};
    if (at >= TEMPLATE_ROWS) {
        if (at < FLAG_ROWS)
            template_row(pair, (enum key_template_use)(at - TEMPLATE_ROWS), row);
        else
            flag_row(pair, at - FLAG_ROWS, row);
        return true;
    }
    row->name = attributes[at].name;
    row->constraint = attributes[at].constraint;
    attributes[at].value(pair->source, row->source);
    if (pair->found) {
        attributes[at].value(pair->found, row->found);
        row->verdict = attributes[at].judge(pair, row);
    }
    return true;
}

/* An HSM that does not enforce these must not be trusted with more keys. The others are guards that
 * some HSMs lack: then only this key is refused, and the ceremony can continue with others. */
static bool is_secrecy(const char *name)
{
    static const uint32_t secrecy = KEY_USES | KEY_PRIVATE | KEY_SENSITIVE | KEY_EXTRACTABLE;

    for (uint32_t flag = 1; flag < 1U << KEY_FLAGS; flag <<= 1)
        if ((secrecy & flag) && strcmp(name, key_flag_name(flag)) == 0)
            return true;
    return false;
}

bool fidelity_check(const struct fidelity_pair *pair, struct err *err)
{
    struct fidelity_row row;

    for (unsigned at = 0; fidelity_row(pair, at, &row); at++) {
        const char *is = row.found[0] ? row.found : "not reported";
        const char *was = row.asked[0] ? row.asked : row.source[0] ? row.source : "none";
        if (row.verdict == FIDELITY_DIFFERS)
            return err_set(err, ERR_DATA,
                           "the arrived key has another %s than the original: %.60s, not "
                           "%.60s",
                           row.name, is, was);
        if (row.verdict == FIDELITY_LOOSENED)
            return err_set(
                err, is_secrecy(row.name) ? ERR_DATA : ERR_DENIED,
                "the destination loosened the key, contrary to its template: %s is %.60s, "
                "not %.60s",
                row.name, is, was);
    }
    return true;
}

const char *fidelity_name(enum fidelity verdict)
{
    static const char *const names[FIDELITIES] = {
        [FIDELITY_OPEN] = "",
        [FIDELITY_KEPT] = "kept",
        [FIDELITY_TIGHTENED] = "tightened",
        [FIDELITY_DROPPED] = "dropped",
        [FIDELITY_NATURE] = "by nature",
        [FIDELITY_LOOSENED] = "LOOSENED",
        [FIDELITY_DIFFERS] = "DIFFERS",
    };
    return (unsigned)verdict < FIDELITIES ? names[verdict] : "?";
}

char *fidelity_changes(const struct fidelity_pair *pair, char *out)
{
    struct fidelity_row row;
    size_t at = 0;

    out[0] = '\0';
    for (enum fidelity verdict = FIDELITY_TIGHTENED; verdict < FIDELITIES; verdict++) {
        bool first = true;
        for (unsigned i = 0; fidelity_row(pair, i, &row) && at < FIDELITY_CHANGES_MAX; i++) {
            if (row.verdict != verdict)
                continue;
            at +=
                (size_t)snprintf(out + at, FIDELITY_CHANGES_MAX - at, "%s%s%s%s",
                                 !first   ? ", "
                                 : at > 0 ? "; "
                                          : "",
                                 first ? fidelity_name(verdict) : "", first ? ": " : "", row.name);
            first = false;
        }
    }
    return out;
}

const char *fidelity_nature_words(void)
{
    return "always-sensitive, never-extractable and local tell where a key was born and that it "
           "never left; a key that was moved has left, so on the destination they say no";
}
