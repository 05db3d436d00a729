/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/run_versions.h"

#include <stdlib.h>
#include <string.h>

/* Makes room for one more of count; false: no memory. */
static bool make_room(void **items, size_t size, size_t count, size_t *room)
{
    size_t more = *room ? 2 * *room : 64;
    void *grown;

    if (count < *room)
        return true;
    grown = reallocarray(*items, more, size);
    if (!grown)
        return false;
    *items = grown;
    *room = more;
    return true;
}

/* --- packing: zeros to skip and octets to copy, in turn ------------------------------------------
 */

enum { PACK_HEAD = 2 * sizeof(uint16_t), PACK_MOST = UINT16_MAX, ZEROS_MIN = 8 };

static bool put_bytes(struct run_versions *v, const void *raw, size_t len)
{
    while (v->bytes_room - v->len < len || !v->bytes) {
        size_t room = v->bytes_room ? 2 * v->bytes_room : 65536;
        uint8_t *grown = realloc(v->bytes, room);
        if (!grown)
            return false;
        v->bytes = grown;
        v->bytes_room = room;
    }
    memcpy(v->bytes + v->len, raw, len);
    v->len += len;
    return true;
}

static size_t zeros_at(const uint8_t *raw, size_t len)
{
    size_t n = 0;

    while (n < len && n < PACK_MOST && raw[n] == 0)
        n++;
    return n;
}

/* Octets up to the next long run of zeros. */
static size_t octets_at(const uint8_t *raw, size_t len)
{
    size_t n = 0, zeros = 0;

    while (n < len && n < PACK_MOST && zeros < ZEROS_MIN)
        zeros = raw[n++] ? 0 : zeros + 1;
    return zeros == ZEROS_MIN ? n - ZEROS_MIN : n;
}

static bool pack(struct run_versions *v, const void *from, size_t len)
{
    const uint8_t *raw = from;

    for (size_t at = 0; at < len;) {
        uint16_t head[2] = {(uint16_t)zeros_at(raw + at, len - at), 0};
        at += head[0];
        head[1] = (uint16_t)octets_at(raw + at, len - at);
        if (!put_bytes(v, head, sizeof head) || !put_bytes(v, raw + at, head[1]))
            return false;
        at += head[1];
    }
    return true;
}

/* Returns the octets that were read. */
static size_t unpack(const uint8_t *packed, void *to, size_t len)
{
    uint8_t *raw = to;
    size_t from = 0;

    memset(raw, 0, len);
    for (size_t at = 0; at < len;) {
        uint16_t head[2];
        memcpy(head, packed + from, sizeof head);
        at += head[0];
        memcpy(raw + at, packed + from + sizeof head, head[1]);
        at += head[1];
        from += sizeof head + head[1];
    }
    return from;
}

/* --- keys ------------------------------------------------------------------------------------- */

bool versions_touch(struct run_versions *v, size_t key)
{
    size_t room = v->key_room ? v->key_room : 64;
    uint32_t *latest, *loaded;

    if (key == 0)
        return true;
    while (room < key)
        room *= 2;
    if (room > v->key_room) {
        latest = reallocarray(v->latest, room, sizeof *latest);
        v->latest = latest ? latest : v->latest;
        loaded = reallocarray(v->loaded, room, sizeof *loaded);
        v->loaded = loaded ? loaded : v->loaded;
        if (!latest || !loaded)
            return false;
        memset(latest + v->key_room, 0, (room - v->key_room) * sizeof *latest);
        memset(loaded + v->key_room, 0, (room - v->key_room) * sizeof *loaded);
        v->key_room = room;
    }
    v->loaded[key - 1] = 0;
    return true;
}

static bool keep_key(struct run_versions *v, size_t i, const struct run_key *key)
{
    struct run_key plain = *key;
    struct key_version version = {
        .moment = (uint32_t)v->count, .before = v->latest[i], .at = v->len};

    plain.steps = NULL; /* they come after it */
    if (!make_room((void **)&v->versions, sizeof *v->versions, v->version_count,
                   &v->version_room) ||
        !pack(v, &plain, sizeof plain) ||
        (key->steps && !pack(v, key->steps, RUN_KEY_STEPS * sizeof *key->steps)))
        return false;
    version.len = v->len - version.at;
    v->versions[v->version_count++] = version;
    v->latest[i] = v->loaded[i] = (uint32_t)v->version_count;
    return true;
}

static uint32_t *copy_failures(const struct run *run)
{
    uint32_t *copy = malloc((run->failure_count + 1) * sizeof *copy);

    if (copy && run->failure_count)
        memcpy(copy, run->failures, run->failure_count * sizeof *copy);
    return copy;
}

bool versions_keep(struct run_versions *v, const struct run *run)
{
    if (!make_room((void **)&v->runs, sizeof *v->runs, v->count, &v->room))
        return false;
    for (size_t i = 0; i < run->key_count; i++)
        if (i >= v->key_room || !v->loaded[i])
            if (!versions_touch(v, i + 1) || !keep_key(v, i, &run->keys[i]))
                return false;
    v->runs[v->count] = *run;
    v->runs[v->count].keys = NULL;
    v->runs[v->count].failures = copy_failures(run);
    v->count++;
    return v->runs[v->count - 1].failures != NULL;
}

/* --- going back ------------------------------------------------------------------------------- */

static bool restore_key(struct run_versions *v, size_t i, size_t moment, struct run_key *key)
{
    uint32_t number = v->latest[i];
    const struct key_version *version;
    struct run_step *steps = key->steps;
    size_t read;

    while (number && v->versions[number - 1].moment > moment)
        number = v->versions[number - 1].before;
    if (!number || number == v->loaded[i])
        return true;
    version = &v->versions[number - 1];
    read = unpack(v->bytes + version->at, key, sizeof *key);
    if (read == version->len) {
        free(steps);
        steps = NULL;
    } else if (!steps && !(steps = malloc(RUN_KEY_STEPS * sizeof *steps))) {
        return false;
    }
    key->steps = steps;
    if (steps)
        unpack(v->bytes + version->at + read, steps, RUN_KEY_STEPS * sizeof *steps);
    v->loaded[i] = number;
    v->restored++;
    return true;
}

/* As many keys as the run had then; those that are new are empty. */
static bool resize(struct run_versions *v, struct run *run, size_t count)
{
    struct run_key *keys = run->keys;

    for (size_t i = count; i < run->key_count; i++) {
        free(keys[i].steps);
        keys[i].steps = NULL;
        v->loaded[i] = 0;
    }
    if (count > run->key_room) {
        keys = reallocarray(run->keys, count, sizeof *keys);
        if (!keys)
            return false;
        run->keys = keys;
        run->key_room = count;
    }
    for (size_t i = run->key_count; i < count; i++) {
        keys[i] = (struct run_key){.steps = NULL};
        v->loaded[i] = 0;
    }
    run->key_count = count;
    return true;
}

/* Texts are only ever added: what a step of then points at is still there. */
bool versions_restore(struct run_versions *v, size_t moment, struct run *run)
{
    struct run then = v->runs[moment];
    uint32_t *failures;

    if (!resize(v, run, then.key_count))
        return false;
    for (size_t i = 0; i < run->key_count; i++)
        if (!restore_key(v, i, moment, &run->keys[i]))
            return false;
    failures = copy_failures(&then);
    if (!failures)
        return false;
    free(run->failures);
    then.failures = failures;
    then.failure_room = then.failure_count + 1;
    then.keys = run->keys;
    then.key_room = run->key_room;
    then.texts = run->texts;
    *run = then;
    return true;
}

void versions_free(struct run_versions *v)
{
    for (size_t i = 0; i < v->count; i++)
        free(v->runs[i].failures);
    free(v->runs);
    free(v->versions);
    free(v->bytes);
    free(v->latest);
    free(v->loaded);
    *v = (struct run_versions){0};
}
