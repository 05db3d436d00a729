/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/conflicts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include "base/text.h"
#include "ceremony/align.h"
#include "ceremony/couple.h"
#include "ceremony/members.h"
#include "plan/map_text.h"
#include "plan/name_index.h"

enum { NEW_ID = 20 }; /* octets of an id that replaces a taken one */

struct settler {
    struct ceremony *c;
    const struct selection *selection;
    struct names there; /* of the destination */
    bool *selected;     /* for each object of the source */
    struct plan_known *known;
    size_t count;
    uint64_t *added; /* public objects of keys that are there */
    size_t added_count;
    bool resync;
};

static int compare_known(const void *a, const void *b)
{
    return key_compare_handles(&((const struct plan_known *)a)->handle,
                               &((const struct plan_known *)b)->handle);
}

/* What the officers said of this object; NULL: nothing. */
static const struct plan_known *said_of(const struct selection *selection, uint64_t handle)
{
    const struct plan_known like = {.handle = handle};

    return selection->known_count ? bsearch(&like, selection->known, selection->known_count,
                                            sizeof like, compare_known)
                                  : NULL;
}

static bool mark_selected(const struct settler *s, struct err *err)
{
    const struct key_list *source = &s->c->side[SIDE_SOURCE].keys;
    const struct selection *selection = s->selection;
    const size_t count = selection->handle_count;
    uint64_t *handles = calloc(count + 1, sizeof *handles);

    if (!handles)
        return err_set(err, ERR_FAILED, "no memory for %zu keys", count);
    if (count) {
        memcpy(handles, selection->handles, count * sizeof *handles);
        qsort(handles, count, sizeof *handles, key_compare_handles);
    }
    for (size_t i = 0; i < source->count; i++) {
        const struct key_desc *key = &source->keys[i];
        s->selected[i] =
            bsearch(&key->handle, handles, count, sizeof *handles, key_compare_handles) != NULL;
        for (size_t u = 0; u < selection->uri_count && !s->selected[i]; u++)
            s->selected[i] = plan_selects(&selection->uris[u], key);
    }
    free(handles);
    return true;
}

/* --- names ------------------------------------------------------------------------------------ */

/* A private key, its public key and its certificate keep one id, so that the new one depends on the
 * new label alone. */
static void choose_id(const struct settler *s, const struct key_desc *key, struct plan_name *name)
{
    uint8_t sha256[SHA256_DIGEST_LENGTH];
    size_t first, count;

    names_with_id(&s->there, key, &first, &count);
    memset(name->id, 0, sizeof name->id);
    name->id_len = key->id_len;
    memcpy(name->id, key->id, key_id_held(key));
    if (key->id_len == 0 || count == 0)
        return;
    SHA256(name->label, name->label_len, sha256);
    memset(name->id, 0, sizeof name->id);
    memcpy(name->id, sha256, NEW_ID);
    name->id_len = NEW_ID;
}

/* The label of the policy's pattern; false: it is too long. */
static bool fill_in(const char *pattern, const struct key_desc *key, struct plan_name *name)
{
    const char *at = strstr(pattern, POLICY_LABEL);
    const size_t before = at ? (size_t)(at - pattern) : 0, held = key_label_held(key);
    const char *rest = at ? at + strlen(POLICY_LABEL) : pattern;

    if (before + held + strlen(rest) > KEY_LABEL_MAX)
        return false;
    memcpy(name->label, pattern, before);
    memcpy(name->label + before, key->label, held);
    memcpy(name->label + before + held, rest, strlen(rest));
    name->label_len = (uint16_t)(before + held + strlen(rest));
    return true;
}

static struct plan_known *add(struct settler *s, uint64_t handle)
{
    struct plan_known *known = &s->known[s->count++];

    *known = (struct plan_known){.handle = handle};
    return known;
}

static void take_said(struct settler *s, const struct key_desc *key, const struct plan_known *said)
{
    struct plan_known *known = add(s, key->handle);

    *known = *said;
    if (known->renamed)
        choose_id(s, key, &known->name);
}

static void rename_by_policy(struct settler *s, const struct key_desc *key)
{
    struct plan_name name = {.label_len = 0};
    struct plan_known *known;

    if (!fill_in(s->c->setup.policy.rename, key, &name))
        return; /* the plan leaves it out */
    known = add(s, key->handle);
    known->renamed = true;
    known->name = name;
    choose_id(s, key, &known->name);
}

static bool stop(const struct key_desc *key, const struct map_row *row,
                 const struct key_desc *found, struct err *err)
{
    char label[KEY_LABEL_TEXT], text[MAP_TEXT_MAX];

    err_set(err, ERR_CONFLICT, "%.100s: %.240s", key_label_text(key, label),
            map_row_text(row, key, found, "", text));
    err_now(err, "Nothing was changed.");
    return err_next(err, "Leave it out, rename one of the two, or write another \"taken-name\" "
                         "into the policy.");
}

/* --- one object ------------------------------------------------------------------------------- */

static bool ask(struct ceremony *c, size_t at, const struct key_desc *key,
                const struct key_desc *found, struct err *err)
{
    struct map *map = &c->verdicts.map;
    const struct couple couple = {{key, found}};
    const struct map_couple of = {key, found, &c->setup.policy};
    enum comparison answer;

    if (!map_may_ask(&map->rows[at], key) || !found)
        return true;
    if (!couple_compare(c, &couple, &answer, err))
        return false;
    map_answer(map, at, &of, answer);
    return true;
}

static bool is_there(const struct map_row *row)
{
    return row->state == MAP_SAME || row->state == MAP_OTHER_NAME ||
           row->state == MAP_OTHER_ATTRIBUTES || row->state == MAP_INCOMPLETE;
}

static void take_copy(struct plan_known *known, const struct map_row *row,
                      const struct key_desc *found)
{
    known->there = map_by_name((enum map_by)row->by);
    known->found = found;
}

/* The certificate that the destination has under this name stays: the new one gets a label of its
 * own there, which it has at every resync, since it is made of its octets. */
static bool note_outdated(struct settler *s, const struct map_row *row, const struct key_desc *key,
                          const struct key_desc *found)
{
    struct plan_known *known;
    char label[KEY_LABEL_MAX + 16], digits[9];
    size_t len;

    if (!s->resync || !row->outdated || !found)
        return false;
    text_hex(row->digest, sizeof row->digest, digits);
    memcpy(label, key->label, key_label_held(key));
    len = key_label_held(key) + (size_t)snprintf(label + key_label_held(key), 16, "%s%s",
                                                 key->label_len ? " " : "", digits);
    if (len > KEY_LABEL_MAX)
        return false;
    known = add(s, key->handle);
    known->renamed = true;
    known->name = plan_name_of(found);
    known->name.label_len = (uint16_t)len;
    memset(known->name.label, 0, sizeof known->name.label);
    memcpy(known->name.label, label, len);
    return true;
}

/* A public object that was not selected, of a selected key that is there: it is migrated if the
 * destination lacks it. */
static void note_company(struct settler *s, const struct map_row *row, const struct key_desc *key,
                         const struct key_desc *found)
{
    const struct map *map = &s->c->verdicts.map;

    if (!s->resync || !row->owner || !s->selected[row->owner - 1] ||
        !is_there(&map->rows[row->owner - 1]))
        return;
    if (row->state == MAP_ONLY_SOURCE || note_outdated(s, row, key, found))
        s->added[s->added_count++] = key->handle;
}

static bool settle_row(struct settler *s, size_t at, struct err *err)
{
    const struct map *map = &s->c->verdicts.map;
    const struct key_list *source = &s->c->side[SIDE_SOURCE].keys;
    const struct key_list *destination = &s->c->side[SIDE_DESTINATION].keys;
    const uint32_t here = map->rows[at].object[SIDE_SOURCE];
    const uint32_t there = map->rows[at].object[SIDE_DESTINATION];
    const struct key_desc *key = here ? &source->keys[here - 1] : NULL;
    const struct key_desc *found = there ? &destination->keys[there - 1] : NULL;
    const struct plan_known *said = key ? said_of(s->selection, key->handle) : NULL;
    const enum taken_rule rule = s->c->setup.policy.taken;
    struct err ignored = {0};

    if (!key || !s->selected[here - 1]) {
        if (key)
            note_company(s, &map->rows[at], key, found);
        return true;
    }
    if (said) {
        take_said(s, key, said);
        return true;
    }
    if (!ask(s->c, at, key, found, err))
        return false;
    const struct map_row *row = &map->rows[at];
    if (is_there(row)) {
        if (s->resync)
            take_copy(add(s, key->handle), row, found);
        return true;
    }
    if (note_outdated(s, row, key, found))
        return true;
    if (!key_is_movable_class(key) || !policy_may_leave(key, &ignored) ||
        (row->state != MAP_NAME_TAKEN && row->state != MAP_NOT_KNOWN))
        return true;
    if (rule == TAKEN_STOP)
        return stop(key, row, found, err);
    if (rule == TAKEN_RENAME && row->state == MAP_NAME_TAKEN)
        rename_by_policy(s, key);
    return true;
}

void settled_free(struct settled *settled)
{
    free(settled->known);
    free(settled->added);
    *settled = (struct settled){NULL, NULL};
}

bool conflicts_settle(struct ceremony *c, struct selection *selection, struct settled *settled,
                      struct err *err)
{
    const size_t count = c->side[SIDE_SOURCE].keys.count;
    struct settler s = {
        .c = c, .selection = selection, .resync = c->setup.resync || selection->resync};
    bool ok;

    *settled = (struct settled){NULL, NULL};
    if (!s.resync && c->setup.policy.taken == TAKEN_SKIP && selection->known_count == 0)
        return true;
    s.selected = calloc(count + 1, sizeof *s.selected);
    s.known = settled->known = calloc(count + 1, sizeof *s.known);
    s.added = settled->added = calloc(count + 1, sizeof *s.added);
    ok = (s.selected && s.known && s.added) ||
         err_set(err, ERR_FAILED, "no memory for %zu keys", count);
    ok = ok && names_make(&c->side[SIDE_DESTINATION].keys, &s.there, err) &&
         align_lists(c, false, err) && mark_selected(&s, err);
    for (size_t i = 0; ok && i < c->verdicts.map.count; i++)
        ok = settle_row(&s, i, err);
    if (s.count > 1)
        qsort(s.known, s.count, sizeof *s.known, compare_known);
    names_free(&s.there);
    free(s.selected);
    selection->known = s.known;
    selection->known_count = s.count;
    selection->added = s.added;
    selection->added_count = s.added_count;
    return ok;
}

bool conflicts_find_copy(struct ceremony *c, uint64_t handle, struct plan_known *known,
                         struct err *err)
{
    const struct map *map = &c->verdicts.map;
    const struct key_list *list[2] = {&c->side[SIDE_SOURCE].keys, &c->side[SIDE_DESTINATION].keys};

    *known = (struct plan_known){.handle = handle};
    for (size_t i = 0; i < map->count; i++) {
        const uint32_t here = map->rows[i].object[SIDE_SOURCE];
        const uint32_t there = map->rows[i].object[SIDE_DESTINATION];
        if (!here || list[SIDE_SOURCE]->keys[here - 1].handle != handle)
            continue;
        if (!there) /* gone, and no other object has its name */
            return true;
        const struct key_desc *key = &list[SIDE_SOURCE]->keys[here - 1];
        const struct key_desc *found = &list[SIDE_DESTINATION]->keys[there - 1];
        if (!ask(c, i, key, found, err))
            return false;
        if (is_there(&map->rows[i])) {
            take_copy(known, &map->rows[i], found);
            return true;
        }
    }
    err_set(err, ERR_CONFLICT,
            "in place of a copy that was to be brought into line, the destination has another key");
    return err_now(err, "Nothing was touched");
}
