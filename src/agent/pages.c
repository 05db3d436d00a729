/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/pages.h"

#include <stdlib.h>
#include <string.h>

void pages_forget(struct pages *p)
{
    key_list_free(&p->keys);
    free(p->handles);
    p->handles = NULL;
    p->handle_count = 0;
}

/* The number of entries, of total, in the page that begins at from. */
static bool page_size(uint32_t from, size_t total, size_t most, size_t *count, struct err *err)
{
    if (from > total)
        return err_set(err, ERR_DATA, "page at %u of a list of %zu", from, total);
    *count = total - from < most ? total - from : most;
    return true;
}

bool pages_keys(struct pages *p, struct hsm *hsm, uint32_t from, Pb__Reply *reply, struct err *err)
{
    size_t count;

    if (from == 0) {
        pages_forget(p);
        if (!hsm->driver->list(hsm, &p->keys, err))
            return false;
    }
    if (!page_size(from, p->keys.count, WIRE_KEYS_PAGE, &count, err))
        return false;
    pb__key_page__init(&p->key_page);
    for (size_t i = 0; i < count; i++) {
        wire_put_key(&p->keys.keys[from + i], &p->parts[i], &p->constraints[i]);
        p->refs[i] = &p->parts[i];
    }
    p->key_page.n_keys = count;
    p->key_page.keys = p->refs;
    p->key_page.more = from + count < p->keys.count;
    reply->result_case = PB__REPLY__RESULT_KEYS;
    reply->keys = &p->key_page;
    return true;
}

static bool put_handles(struct pages *p, uint32_t from, Pb__Reply *reply, struct err *err)
{
    size_t count;

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
    size_t count = known->before_count;

    pages_forget(p);
    p->handles = reallocarray(NULL, count + 1, sizeof *p->handles);
    if (!p->handles)
        return err_set(err, ERR_FAILED, "no memory for the list of handles");
    memcpy(p->handles, known->before, count * sizeof *p->handles);
    p->handle_count = count;
    return put_handles(p, 0, reply, err);
}
