/* SPDX-License-Identifier: Apache-2.0 */
/* Long lists are requested in pages; each page is appended to the previous ones. */
#include "link/remote_list.h"

#include <stdlib.h>

#include "hsm/halves.h"
#include "link/wire.h"

bool remote_await_open(struct remote *r, struct err *err)
{
    static const struct agent_client_answer done = {PB__REPLY__RESULT_DONE, NULL};
    uint64_t id;

    pthread_mutex_lock(&r->pool.lock);
    id = r->open_asked;
    r->open_asked = 0;
    pthread_mutex_unlock(&r->pool.lock);
    return !id || agent_client_receive(r->client, id, &done, NULL, err);
}

struct handle_pages {
    uint64_t *handles;
    size_t count;
    bool more;
};

static bool get_keys(const Pb__Reply *reply, void *out, struct err *err)
{
    const Pb__KeyPage *page = reply->keys;
    struct listing *pages = out;
    struct key_desc key;

    if (!wire_check_page(page->n_keys, WIRE_KEYS_PAGE, page->more, pages->list.count, err))
        return false;
    for (size_t i = 0; i < page->n_keys; i++) {
        if (!wire_get_key(page->keys[i], &key, err))
            return false;
        if (!key_list_add(&pages->list, &key))
            return err_set(err, ERR_FAILED, "no memory for the list of keys");
    }
    pages->more = page->more;
    return true;
}

static bool get_handles(const Pb__Reply *reply, void *out, struct err *err)
{
    const Pb__HandlePage *page = reply->handles;
    struct handle_pages *pages = out;

    if (!wire_check_page(page->n_handles, WIRE_HANDLES_PAGE, page->more, pages->count, err))
        return false;
    uint64_t *all = reallocarray(pages->handles, pages->count + page->n_handles + 1, sizeof *all);
    if (!all)
        return err_set(err, ERR_FAILED, "no memory for the list of handles");
    pages->handles = all;
    for (size_t i = 0; i < page->n_handles; i++) {
        if (page->handles[i] <= (pages->count ? all[pages->count - 1] : 0))
            return err_set(err, ERR_DATA, "the handles are not in ascending order");
        all[pages->count++] = page->handles[i];
    }
    pages->more = page->more;
    return true;
}

/* Session 0 reads the list until its last page. */
static bool ask_page(struct remote *r, struct err *err)
{
    Pb__Page page = PB__PAGE__INIT;

    page.from = (uint32_t)r->listing.list.count;
    page.sessions = r->list_sessions;
    return agent_client_send(r->client, 0, PB__REQUEST__CALL_LIST, &page, &r->listing.asked, err);
}

/* The next page is asked for before this one is shown to anybody. */
static bool take_page(struct remote *r, uint64_t id, struct err *err)
{
    static const struct agent_client_answer answer = {PB__REPLY__RESULT_KEYS, get_keys};
    struct listing *l = &r->listing;
    const size_t before = l->list.count;

    if (!remote_await_open(r, err) || !agent_client_receive(r->client, id, &answer, l, err) ||
        (l->more && !ask_page(r, err)))
        return false;
    if (r->listed && l->list.count > before)
        r->listed(r->ctx, &l->list.keys[before], l->list.count - before);
    return true;
}

void remote_list_ahead(struct hsm *hsm)
{
    struct remote *r = (struct remote *)hsm;
    struct listing *l = &r->listing;

    if (l->begun)
        return;
    *l = (struct listing){.begun = true};
    ask_page(r, &l->err);
}

bool remote_list_part(struct hsm *hsm, bool *more)
{
    struct remote *r = (struct remote *)hsm;
    struct listing *l = &r->listing;
    const uint64_t id = l->asked;

    l->asked = 0;
    if (id && !take_page(r, id, &l->err))
        l->asked = 0;
    *more = l->asked != 0;
    return l->err.code == ERR_NONE;
}

/* Pages that came before a failure are no list. */
bool remote_list(struct hsm *hsm, struct key_list *list, struct err *err)
{
    struct remote *r = (struct remote *)hsm;
    const unsigned session = session_pool_take_of(&r->pool, 1);
    struct listing it;
    bool more;

    remote_list_ahead(hsm);
    while (remote_list_part(hsm, &more) && more)
        ;
    it = r->listing;
    r->listing = (struct listing){0};
    session_pool_give(&r->pool, session);
    if (it.err.code == ERR_NONE && halves_match(&it.list, &it.err)) {
        *list = it.list;
        return true;
    }
    key_list_free(&it.list);
    if (err)
        *err = it.err;
    return false;
}

bool remote_handles(struct hsm *hsm, uint64_t **handles, size_t *count, struct err *err)
{
    static const struct agent_client_answer answer = {PB__REPLY__RESULT_HANDLES, get_handles};
    struct remote *r = (struct remote *)hsm;
    struct handle_pages pages = {.more = true};
    const unsigned session = session_pool_take(&r->pool);
    bool ok = true;

    while (ok && pages.more) {
        Pb__Page page = PB__PAGE__INIT;
        page.from = (uint32_t)pages.count;
        ok = agent_client_ask(r->client, session, PB__REQUEST__CALL_HANDLES, &page, &answer, &pages,
                              err);
    }
    session_pool_give(&r->pool, session);
    if (ok) {
        *handles = pages.handles;
        *count = pages.count;
    } else
        free(pages.handles);
    return ok;
}
