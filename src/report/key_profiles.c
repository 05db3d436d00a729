/* SPDX-License-Identifier: Apache-2.0 */
/* Two keys are alike if their events are, once what is their own was taken out of these. */
#include "report/key_profiles.h"

#include <stdlib.h>
#include <string.h>

#include "journal/event_fields.h"

/* The place of each profile's events in `alike`, and a table of the profiles by the hash of these
 * events. */
struct work {
    const struct event_log *log;
    const struct event_index *index;
    struct event_log alike, next;
    size_t *from; /* [profile - 1], and the end of the last one */
    uint32_t *table;
    size_t mask;
};

static const struct {
    const char *name;
    bool is_name;
} own[] = {
    {"label", true},    {"id", true},          {"public key", true}, {"check value", true},
    {"subject", false}, {"start date", false}, {"end date", false},
};

bool key_profiles_is_own(const char *attribute)
{
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (strcmp(own[i].name, attribute) == 0)
            return true;
    return false;
}

bool key_profiles_is_name(const char *attribute)
{
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (strcmp(own[i].name, attribute) == 0)
            return own[i].is_name;
    return false;
}

static void take_out_of_key(struct key_desc *desc)
{
    struct key_constraints *constraints = &desc->constraints;

    desc->handle = 0;
    desc->label_len = desc->id_len = constraints->subject_len = 0;
    desc->kcv_len = 0;
    memset(desc->label, 0, sizeof desc->label);
    memset(desc->id, 0, sizeof desc->id);
    memset(desc->spki_sha256, 0, sizeof desc->spki_sha256);
    memset(desc->kcv, 0, sizeof desc->kcv);
    memset(desc->unread, 0, sizeof desc->unread); /* the reason says it */
    memset(constraints->start, 0, sizeof constraints->start);
    memset(constraints->end, 0, sizeof constraints->end);
    memset(constraints->subject, 0, sizeof constraints->subject);
}

/* What is after the end of a text is no part of it. */
static void clear_after_texts(struct event *event)
{
    size_t count = 0;
    const struct event_field *fields = event_fields_of(event->kind, &count);

    for (size_t i = 0; i < count; i++) {
        char *text = (char *)event + fields[i].at;
        size_t len = fields[i].type == FIELD_TEXT ? strnlen(text, fields[i].size) : fields[i].size;
        memset(text + len, 0, fields[i].size - len);
    }
}

/* Leaves what the profile of a key says of this event. */
static void take_out(struct event *event)
{
    clear_after_texts(event);
    event->seq = 0;
    event->utc_ms = event->mono_ms = 0;
    event->key = 0;
    if (event->kind == EVENT_PLANNED) {
        take_out_of_key(&event->planned.desc);
        if (event->planned.companion_of || event->planned.route == ROUTE_NONE)
            memset(event->planned.reason, 0, sizeof event->planned.reason);
        event->planned.companion_of = event->planned.companion_of > 0;
        event->planned.explicit = false;
        event->planned.plan = 0;
        event->planned.refused = ERR_NONE;
        event->planned.bytes = 0;
        event->planned.renamed = false;
        event->planned.from_label_len = event->planned.from_id_len = 0;
        memset(event->planned.from_label, 0, sizeof event->planned.from_label);
        memset(event->planned.from_id, 0, sizeof event->planned.from_id);
        memset(event->planned.sha256, 0, sizeof event->planned.sha256);
    } else if (event->kind == EVENT_KEY_DONE) {
        take_out_of_key(&event->key_done.desc);
        event->key_done.code = ERR_NONE;
        memset(event->key_done.file, 0, sizeof event->key_done.file);
        memset(event->key_done.file_sha256, 0, sizeof event->key_done.file_sha256);
        if (event->key_done.outcome != KEY_MIGRATED)
            memset(event->key_done.text, 0, sizeof event->key_done.text);
    }
}

static bool add(struct work *w, size_t at, struct err *err)
{
    struct event event;

    if (!at)
        return true;
    event_log_read(w->log, at, &event);
    take_out(&event);
    return event_log_add(&w->next, &event, NULL, err);
}

/* The events of a key, without what is its own, into w->next. */
static bool gather(struct work *w, const struct event_index_key *key, struct err *err)
{
    w->next.len = 0;
    if (!add(w, key->planned, err) || !add(w, key->done, err))
        return false;
    for (unsigned i = 0; i < EVENT_INDEX_PROOFS && key->proven; i++)
        if (!add(w, key->proofs[i], err))
            return false;
    return true;
}

/* FNV-1a */
static size_t hash(const uint8_t *bytes, size_t len)
{
    uint64_t h = UINT64_C(14695981039346656037);

    for (size_t i = 0; i < len; i++)
        h = (h ^ bytes[i]) * UINT64_C(1099511628211);
    return (size_t)h;
}

static bool is_profile(const struct work *w, uint32_t profile)
{
    size_t from = w->from[profile - 1], len = w->from[profile] - from;

    return len == w->next.len && memcmp(w->alike.data + from, w->next.data, len) == 0;
}

/* The profile of w->next, an old one or a new one, of the key at this place. */
static bool find_profile(struct work *w, struct key_profiles *profiles, size_t place,
                         uint32_t *profile, struct err *err)
{
    size_t at = hash(w->next.data, w->next.len) & w->mask;

    while (w->table[at] && !is_profile(w, w->table[at]))
        at = (at + 1) & w->mask;
    if (!w->table[at]) {
        struct event event;
        for (size_t from = 0; event_log_next(&w->next, UINT64_MAX, &from, &event);)
            if (!event_log_add(&w->alike, &event, NULL, err))
                return false;
        profiles->first[profiles->count++] = place;
        w->from[profiles->count] = w->alike.len;
        w->table[at] = (uint32_t)profiles->count;
    }
    *profile = w->table[at];
    return true;
}

static bool make_room(struct work *w, struct key_profiles *profiles, struct err *err)
{
    const size_t keys = w->index->key_count + 1;

    for (w->mask = 15; w->mask < 2 * keys;)
        w->mask = 2 * w->mask + 1;
    w->from = calloc(keys + 1, sizeof *w->from);
    w->table = calloc(w->mask + 1, sizeof *w->table);
    profiles->of = calloc(keys, sizeof *profiles->of);
    profiles->first = calloc(keys, sizeof *profiles->first);
    return (w->from && w->table && profiles->of && profiles->first) ||
           err_set(err, ERR_FAILED, "There is no memory for the report");
}

bool key_profiles_make(const struct event_log *log, const struct event_index *index,
                       struct key_profiles *profiles, struct err *err)
{
    struct work w = {.log = log, .index = index, .alike = {.alone = true}, .next = {.alone = true}};

    *profiles = (struct key_profiles){0};
    bool ok = make_room(&w, profiles, err);
    for (size_t i = 0; ok && i < index->key_count; i++)
        if (index->keys[i].planned)
            ok = gather(&w, &index->keys[i], err) &&
                 find_profile(&w, profiles, i, &profiles->of[i], err);
    event_log_free(&w.alike);
    event_log_free(&w.next);
    free(w.from);
    free(w.table);
    return ok;
}

void key_profiles_free(struct key_profiles *profiles)
{
    free(profiles->of);
    free(profiles->first);
    *profiles = (struct key_profiles){0};
}
