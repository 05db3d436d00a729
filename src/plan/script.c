/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/script.h"

#include <stdlib.h>
#include <string.h>

#include "base/search.h"
#include "base/text.h"
#include "plan/name_index.h"
#include "plan/plan.h"
#include "plan/selection.h"

static bool no_memory(struct err *err)
{
    return err_set(err, ERR_FAILED, "no memory for the script");
}

static void forget_keys(struct script *s)
{
    free(s->keys);
    s->keys = NULL;
    s->key_count = 0;
    s->opened = false;
}

void script_free(struct script *s)
{
    forget_keys(s);
    free(s->lines);
    *s = (struct script){0};
}

/* --- the lines -------------------------------------------------------------------------------- */

/* Grown in powers of two; the count alone says when. */
static void *room_for_one(void *list, size_t count, size_t size)
{
    return (count & (count - 1)) ? list : reallocarray(list, count ? 2 * count : 1, size);
}

static bool add_line(struct script *s, const char *uri, uint32_t expect, struct err *err)
{
    struct script_line *lines = room_for_one(s->lines, s->line_count, sizeof *lines);

    if (!lines)
        return no_memory(err);
    s->lines = lines;
    lines[s->line_count] = (struct script_line){.expect = expect};
    text_print(lines[s->line_count++].uri, URI_TEXT_MAX, "%s", uri);
    return true;
}

bool script_begin(struct script *s, const struct script_line *lines, size_t count, struct err *err)
{
    struct err ignored;
    struct uri uri;

    script_free(s);
    for (size_t i = 0; i < count; i++) {
        bool one = uri_parse(lines[i].uri, &uri, &ignored) && !uri_is_pattern(&uri);
        if (!add_line(s, lines[i].uri, one ? 1 : lines[i].expect, err))
            return false;
    }
    return true;
}

/* --- the keys --------------------------------------------------------------------------------- */

static bool add_key(struct script *s, const struct script_key *key, struct err *err)
{
    struct script_key *keys = room_for_one(s->keys, s->key_count, sizeof *keys);

    if (!keys)
        return no_memory(err);
    s->keys = keys;
    keys[s->key_count++] = *key;
    return true;
}

bool script_copy(struct script *s, const struct script *from, struct err *err)
{
    bool ok = script_begin(s, from->lines, from->line_count, err);

    s->settings = from->settings;
    for (size_t i = 0; ok && i < from->line_count; i++)
        s->lines[i].found = from->lines[i].found;
    for (size_t i = 0; ok && i < from->key_count; i++)
        ok = add_key(s, &from->keys[i], err);
    return ok;
}

static int compare_keys(const void *a, const void *b)
{
    const struct script_key *x = a, *y = b;

    if (x->handle != y->handle)
        return x->handle < y->handle ? -1 : 1;
    return x->line < y->line ? -1 : x->line > y->line;
}

static void sort_keys(struct script *s)
{
    if (s->key_count > 1)
        qsort(s->keys, s->key_count, sizeof *s->keys, compare_keys);
}

/* The bit of a setting; 0: it has none. */
static uint32_t setting_named(const char *name)
{
    for (unsigned i = 0; i < SCRIPT_SETTINGS; i++)
        if (strcmp(script_setting_name(i), name) == 0)
            return UINT32_C(1) << i;
    return 0;
}

bool script_take(struct script *s, const struct event_script *told, struct err *err)
{
    struct script_key key = {.line = told->line,
                             .handle = told->handle,
                             .class = told->class,
                             .label_len = told->label_len,
                             .id_len = told->id_len};

    if (told->what == SCRIPT_LINE)
        return told->line != s->line_count + 1 || add_line(s, told->text, told->expect, err);
    if (told->what == SCRIPT_POLICY)
        s->settings |= setting_named(told->text);
    if (told->what == SCRIPT_OPENED) {
        if (told->line == 1) /* it is opened again with the source */
            forget_keys(s);
        if (told->line >= 1 && told->line <= s->line_count)
            s->lines[told->line - 1].found = told->found;
        s->opened = true;
        return true;
    }
    if (told->what != SCRIPT_KEY)
        return true;
    memcpy(key.label, told->label, sizeof key.label);
    memcpy(key.id, told->id, sizeof key.id);
    text_print(key.type, sizeof key.type, "%s", told->type);
    if (!add_key(s, &key, err))
        return false;
    if (s->key_count > 1 && compare_keys(&s->keys[s->key_count - 2], &key) > 0)
        sort_keys(s);
    return true;
}

static struct script_key key_of(const struct key_desc *desc, uint32_t line)
{
    struct script_key key = {.line = line,
                             .handle = desc->handle,
                             .class = desc->class,
                             .label_len = desc->label_len,
                             .id_len = desc->id_len};

    memcpy(key.label, desc->label, sizeof key.label);
    memcpy(key.id, desc->id, sizeof key.id);
    key_type_text(desc, key.type);
    return key;
}

static bool open_line(struct script *s, uint32_t line, const struct key_list *source, bool *named,
                      struct err *err)
{
    struct err ignored;
    struct uri uri;

    s->lines[line - 1].found = 0;
    if (!uri_parse(s->lines[line - 1].uri, &uri, &ignored))
        return true;
    for (size_t i = 0; i < source->count; i++) {
        if (!plan_selects(&uri, &source->keys[i]))
            continue;
        const struct script_key key = key_of(&source->keys[i], line);
        s->lines[line - 1].found++;
        if (!named[i] && !add_key(s, &key, err))
            return false;
        named[i] = true;
    }
    return true;
}

bool script_open(struct script *s, const struct key_list *source, struct err *err)
{
    bool *named = calloc(source->count + 1, sizeof *named);
    bool ok = named || no_memory(err);

    forget_keys(s);
    for (size_t i = 0; ok && i < s->line_count; i++)
        ok = open_line(s, (uint32_t)i + 1, source, named, err);
    free(named);
    sort_keys(s);
    s->opened = ok;
    return ok;
}

bool script_open_again(struct script *s, const struct key_list *source, struct err *err)
{
    struct names names = {0};
    bool ok = names_make(source, &names, err);

    for (size_t k = 0; ok && k < s->key_count; k++) {
        struct script_key *key = &s->keys[k];
        struct key_desc was = {
            .class = key->class, .label_len = key->label_len, .id_len = key->id_len};
        memcpy(was.label, key->label, sizeof was.label);
        memcpy(was.id, key->id, sizeof was.id);
        const struct key_desc *is = names_only(&names, &was);
        key->handle = is ? is->handle : 0;
    }
    names_free(&names);
    sort_keys(s);
    s->opened = s->line_count > 0;
    return ok;
}

static int compare_with_handle(const void *handle, const void *key)
{
    return key_compare_handles(handle, &((const struct script_key *)key)->handle);
}

const struct script_key *script_find(const struct script *s, uint64_t handle)
{
    size_t at = search_first(&handle, s->keys, s->key_count, sizeof *s->keys, compare_with_handle);

    return at < s->key_count && s->keys[at].handle == handle ? &s->keys[at] : NULL;
}

char *script_key_text(const struct script_key *key, char *out)
{
    struct key_desc desc = {.label_len = key->label_len};

    memcpy(desc.label, key->label, sizeof desc.label);
    return key_label_text(&desc, out);
}

/* --- differences ------------------------------------------------------------------------------ */

/* A data object never migrates, and nobody can choose it. */
static bool compare_left_out(const struct script *s, const uint64_t *sorted, size_t count,
                             script_report *report, void *ctx, struct err *err)
{
    for (size_t i = 0; i < s->key_count; i++) {
        const struct script_difference it = {.what = SCRIPT_LEFT_OUT, .key = &s->keys[i]};
        if (s->keys[i].class != KEY_CLASS_DATA &&
            !bsearch(&s->keys[i].handle, sorted, count, sizeof *sorted, key_compare_handles) &&
            !report(ctx, &it, err))
            return false;
    }
    return true;
}

bool script_compare(const struct script *s, const uint64_t *chosen, size_t count,
                    script_report *report, void *ctx, struct err *err)
{
    uint64_t *sorted;
    bool ok;

    if (!s->opened)
        return true;
    sorted = calloc(count + 1, sizeof *sorted);
    if (!sorted)
        return no_memory(err);
    if (count) {
        memcpy(sorted, chosen, count * sizeof *sorted);
        qsort(sorted, count, sizeof *sorted, key_compare_handles);
    }
    ok = compare_left_out(s, sorted, count, report, ctx, err);
    free(sorted);
    for (size_t i = 0; ok && i < count; i++) {
        const struct script_difference it = {.what = SCRIPT_ADDED, .chosen = i};
        ok = script_find(s, chosen[i]) || report(ctx, &it, err);
    }
    for (size_t i = 0; ok && i < s->line_count; i++) {
        const struct script_difference it = {.what = SCRIPT_COUNT, .line = (uint32_t)i + 1};
        ok =
            !s->lines[i].expect || s->lines[i].expect == s->lines[i].found || report(ctx, &it, err);
    }
    return ok;
}

/* The names that have room, and how many there are in any case. */
void script_note(struct script_summary *summary, enum script_what what, const char *name)
{
    static const char more[] = ", ...";
    char *names = summary->names[what];
    size_t len = strlen(names), need = strlen(name) + (len ? 2 : 0);

    summary->counts[what]++;
    if (len + need + sizeof more <= SCRIPT_NAMES)
        text_print(names + len, SCRIPT_NAMES - len, "%s%s", len ? ", " : "", name);
    else if (len == 0)
        text_fit(name, SCRIPT_NAMES / 4, false, names, SCRIPT_NAMES);
    else if (strcmp(names + len - (sizeof more - 1), more) != 0)
        text_print(names + len, SCRIPT_NAMES - len, "%s", more);
}

bool script_deviates(const struct script_summary *summary)
{
    uint32_t all = 0;

    for (enum script_what what = SCRIPT_LEFT_OUT; what <= SCRIPT_POLICY; what++)
        all += summary->counts[what];
    return all > 0;
}

char *script_sentence(const struct script_summary *summary, char *out)
{
    static const struct {
        enum script_what what;
        const char *one, *many;
    } words[] = {
        {SCRIPT_LEFT_OUT, "key left out", "keys left out"},
        {SCRIPT_ADDED, "key added", "keys added"},
        {SCRIPT_COUNT, "count differs", "counts differ"},
        {SCRIPT_POLICY, "setting changed", "settings changed"},
    };
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        uint32_t count = summary->counts[words[i].what];
        if (count)
            len += text_print(out + len, SCRIPT_SENTENCE - len, "%s%u %s: %s", len ? "; " : "",
                              count, count == 1 ? words[i].one : words[i].many,
                              summary->names[words[i].what]);
    }
    return out;
}

/* --- settings --------------------------------------------------------------------------------- */

#define SETTING(name, member)                                                                      \
    {                                                                                              \
        name, offsetof(struct policy, member), sizeof((struct policy *)0)->member                  \
    }

static const struct setting {
    const char *name;
    size_t at, size; /* within the policy; size 0: no part of it */
} settings[] = {
    [SETTING_RSA_BITS] = SETTING("rsa-bits", rsa_bits),
    [SETTING_OAEP_HASHES] = SETTING("oaep-hashes", transports),
    [SETTING_TRANSPORTS] = SETTING("transports", order),
    [SETTING_KDF] = SETTING("kdf", kdf_required),
    [SETTING_QUANTUM] = SETTING("post-quantum", quantum),
    [SETTING_SENSITIVE] = SETTING("sensitive", sensitive),
    [SETTING_EXTRACTABLE] = SETTING("extractable", extractable),
    [SETTING_UNPROVEN] = SETTING("unproven", waive_unproven),
    [SETTING_UNAUTHENTICATED] = SETTING("allow-unauthenticated-envelope", unauthenticated),
    [SETTING_CMAC] = SETTING("cmac-check-values", cmac),
    [SETTING_CANARY] = SETTING("canary", canary),
    [SETTING_WRITES] = SETTING("writes-before-review", writes_before_review),
    [SETTING_CONFINEMENT] = SETTING("confinement", confinement),
    [SETTING_TAKEN] = SETTING("taken-name", taken),
    [SETTING_RENAME] = SETTING("renamed-to", rename),
    [SETTING_VERSIONS] = SETTING("versions", versions),
    [SETTING_GATES] = SETTING("gates", gates),
    [SETTING_TWO_OFFICERS] = SETTING("two-officers", two_officers),
    [SETTING_REHEARSAL] = {"rehearsal", 0, 0},
};
_Static_assert(sizeof settings / sizeof settings[0] == SCRIPT_SETTINGS, "all of them");

uint32_t script_settings(const struct script_said *said, const struct policy *policy,
                         bool rehearsal)
{
    uint32_t bits = 0;

    for (unsigned i = 0; i < SCRIPT_SETTINGS; i++) {
        const struct setting *it = &settings[i];
        bool same = it->size ? memcmp((const char *)&said->policy + it->at,
                                      (const char *)policy + it->at, it->size) == 0
                             : said->rehearsal == rehearsal;
        bits |= same ? 0 : UINT32_C(1) << i;
    }
    return bits;
}

const char *script_setting_name(unsigned i)
{
    return settings[i].name;
}
