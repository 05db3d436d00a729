/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/readers.h"

#include <pthread.h>
#include <time.h>

/* What one session reads. */
struct part {
    struct hsm *hsm;
    const uint64_t *handles;
    size_t count;
    struct key_list found;
    struct err err;
    bool ok;
    pthread_t thread;
    bool runs;
};

static int64_t now_micros(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* A session that an HSM refuses is none: the list is read by those that it opened. */
static void open_further(struct readers *r, struct hsm *hsm, unsigned most)
{
    struct err refused;

    if (!hsm->driver->another)
        return;
    while (r->count + 1 < most && r->count < READERS_MAX - 1 &&
           hsm->driver->another(hsm, &r->further[r->count], &refused))
        r->count++;
}

static void *read_part(void *of)
{
    struct part *p = of;

    p->ok = p->hsm->driver->list_some(p->hsm, p->handles, p->count, false, &p->found, &p->err);
    return NULL;
}

/* Appends what a session found. */
static bool take_part(struct part *p, struct key_list *list, struct err *err)
{
    if (!p->ok && err)
        *err = p->err;
    for (size_t i = 0; p->ok && i < p->found.count; i++)
        if (!key_list_add(list, &p->found.keys[i]))
            p->ok = err_set(err, ERR_FAILED, "no memory for the list of keys");
    key_list_free(&p->found);
    return p->ok;
}

static bool read_together(const struct readers *r, struct hsm *hsm, const uint64_t *handles,
                          size_t count, struct key_list *list, struct err *err)
{
    struct part parts[READERS_MAX] = {{.hsm = hsm, .handles = handles, .count = READERS_AT_ONCE}};
    const size_t many = (count + READERS_AT_ONCE - 1) / READERS_AT_ONCE;
    bool ok = true;

    for (size_t i = 1; i < many; i++) {
        const size_t from = i * READERS_AT_ONCE;
        parts[i] = (struct part){
            .hsm = r->further[i - 1],
            .handles = handles + from,
            .count = count - from < READERS_AT_ONCE ? count - from : READERS_AT_ONCE,
        };
        parts[i].runs = pthread_create(&parts[i].thread, NULL, read_part, &parts[i]) == 0;
    }
    read_part(&parts[0]);
    for (size_t i = 1; i < many; i++)
        if (parts[i].runs)
            pthread_join(parts[i].thread, NULL);
        else
            read_part(&parts[i]);
    for (size_t i = 0; i < many; i++)
        ok = take_part(&parts[i], list, ok ? err : NULL) && ok;
    return ok;
}

/* The objects that were read after the first ones are not measured. */
static bool read_alone(struct readers *r, struct hsm *hsm, unsigned most, const uint64_t *handles,
                       size_t count, bool last, struct key_list *list, struct err *err)
{
    const int64_t begin = now_micros();

    if (!hsm->driver->list_some(hsm, handles, count, last, list, err))
        return false;
    if (!r->decided && !last && now_micros() - begin > (int64_t)count * READERS_SLOW_MICROS)
        open_further(r, hsm, most);
    r->decided = true;
    return true;
}

bool readers_read(struct readers *r, struct hsm *hsm, unsigned most, const uint64_t *handles,
                  size_t left, size_t *count, struct key_list *list, struct err *err)
{
    const size_t together = ((size_t)r->count + 1) * READERS_AT_ONCE;

    *count = left < together ? left : together;
    if (*count <= READERS_AT_ONCE)
        return read_alone(r, hsm, most, handles, *count, *count == left, list, err);
    return read_together(r, hsm, handles, *count, list, err) &&
           (*count < left || hsm->driver->list_some(hsm, NULL, 0, true, list, err));
}

void readers_end(struct readers *r)
{
    for (unsigned i = 0; i < r->count; i++)
        r->further[i]->driver->close(r->further[i]);
    *r = (struct readers){0};
}
