/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/pages.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

void pages_forget(struct pages *p)
{
    readers_end(&p->readers);
    key_list_free(&p->keys);
    free(p->handles);
    p->handles = NULL;
    p->handle_count = p->read_count = 0;
}

/* The number of entries, of total, in the page that begins at from. */
static bool page_size(uint32_t from, size_t total, size_t most, size_t *count, struct err *err)
{
    if (from > total)
        return err_set(err, ERR_DATA, "page at %u of a list of %zu", from, total);
    *count = total - from < most ? total - from : most;
    return true;
}

/* Copies the inventory that was taken already. */
static bool take_known(struct pages *p, const struct handles *known, struct err *err)
{
    p->handles = reallocarray(NULL, known->before_count + 1, sizeof *p->handles);
    if (!p->handles)
        return err_set(err, ERR_FAILED, "no memory for the list of handles");
    if (known->before_count)
        memcpy(p->handles, known->before, known->before_count * sizeof *p->handles);
    p->handle_count = known->before_count;
    return true;
}

static bool begin_keys(struct pages *p, struct hsm *hsm, const struct handles *known,
                       struct err *err)
{
    pages_forget(p);
    if (!hsm->driver->list_some)
        return hsm->driver->list(hsm, &p->keys, err);
    if (known ? !take_known(p, known, err)
              : !hsm->driver->handles(hsm, &p->handles, &p->handle_count, err))
        return false;
    return p->handle_count || hsm->driver->list_some(hsm, NULL, 0, true, &p->keys, err);
}

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Reads on until there are so many keys, or the time is up and there is one for the page. */
static bool read_until(struct pages *p, struct hsm *hsm, const Pb__Page *page, struct err *err)
{
    const int64_t until = now_ms() + PAGES_WAIT_MS;
    const size_t wanted = (size_t)page->from + WIRE_KEYS_PAGE;

    while (p->read_count < p->handle_count && p->keys.count < wanted &&
           (p->keys.count <= page->from || now_ms() < until)) {
        size_t count;
        if (!readers_read(&p->readers, hsm, page->sessions, p->handles + p->read_count,
                          p->handle_count - p->read_count, &count, &p->keys, err))
            return false;
        p->read_count += count;
    }
    if (p->read_count == p->handle_count)
        readers_end(&p->readers);
    return true;
}

bool pages_keys(struct pages *p, struct hsm *hsm, const Pb__Page *page, const struct handles *known,
                Pb__Reply *reply, struct err *err)
{
    const uint32_t from = page->from;
    size_t count = 0;

    if ((from == 0 && !begin_keys(p, hsm, known, err)) || !read_until(p, hsm, page, err) ||
        !page_size(from, p->keys.count, WIRE_KEYS_PAGE, &count, err)) {
        pages_forget(p); /* no further page continues a list that failed */
        return false;
    }
    pb__key_page__init(&p->key_page);
    for (size_t i = 0; i < count; i++) {
        wire_put_key(&p->keys.keys[from + i], &p->parts[i], &p->constraints[i]);
        p->refs[i] = &p->parts[i];
    }
    p->key_page.n_keys = count;
    p->key_page.keys = p->refs;
    p->key_page.more = from + count < p->keys.count || p->read_count < p->handle_count;
    reply->result_case = PB__REPLY__RESULT_KEYS;
    reply->keys = &p->key_page;
    return true;
}

static bool put_handles(struct pages *p, uint32_t from, Pb__Reply *reply, struct err *err)
{
    size_t count = 0;

    if (!page_size(from, p->handle_count, WIRE_HANDLES_PAGE, &count, err))
        return false;
    pb__handle_page__init(&p->handle_page);
    p->handle_page.n_handles = count;
    p->handle_page.handles = count ? p->handles + from : NULL;
    p->handle_page.more = from + count < p->handle_count;
    reply->result_case = PB__REPLY__RESULT_HANDLES;
    reply->handles = &p->handle_page;
    return true;
}

bool pages_handles(struct pages *p, struct hsm *hsm, uint32_t from, Pb__Reply *reply,
                   struct err *err)
{
    if (from == 0) {
        pages_forget(p);
        if (!hsm->driver->handles(hsm, &p->handles, &p->handle_count, err))
            return false;
    }
    return put_handles(p, from, reply, err);
}

bool pages_known_handles(struct pages *p, const struct handles *known, Pb__Reply *reply,
                         struct err *err)
{
    pages_forget(p);
    return take_known(p, known, err) && put_handles(p, 0, reply, err);
}
