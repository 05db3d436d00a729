/* SPDX-License-Identifier: Apache-2.0 */
#include "hsm/handles.h"

#include <stdlib.h>
#include <string.h>

#include "hsm/key.h"

bool handles_begin(struct handles *h, struct hsm *hsm, struct err *err)
{
    struct handles taken = {0};

    if (!hsm->driver->handles(hsm, &taken.before, &taken.before_count, err))
        return false;
    if (!taken.before && !(taken.before = calloc(1, sizeof *taken.before)))
        return err_set(err, ERR_FAILED, "no memory for an inventory");
    handles_free(h);
    *h = taken;
    return true;
}

void handles_free(struct handles *h)
{
    free(h->before);
    free(h->made);
    *h = (struct handles){0};
}

static struct handle_made *find(const struct handles *h, uint64_t handle)
{
    for (size_t i = 0; i < h->made_count; i++)
        if (h->made[i].handle == handle)
            return &h->made[i];
    return NULL;
}

bool handles_was_there(const struct handles *h, uint64_t handle)
{
    return h->before && bsearch(&handle, h->before, h->before_count, sizeof *h->before,
                                key_compare_handles) != NULL;
}

bool handles_made(const struct handles *h, uint64_t handle, bool *live)
{
    const struct handle_made *made = find(h, handle);

    *live = made && made->live;
    return made != NULL;
}

bool handles_is_new(const struct handles *h, uint64_t handle)
{
    bool live;

    handles_made(h, handle, &live);
    return h->before && handle != 0 && !live && !handles_was_there(h, handle);
}

bool handles_add(struct handles *h, uint64_t handle, struct err *err)
{
    struct handle_made *made = find(h, handle), *grown;

    if (!handles_is_new(h, handle))
        return err_set(err, ERR_HSM, "the HSM answered with the handle of an object that existed");
    if (!made) {
        grown = reallocarray(h->made, h->made_count + 1, sizeof *grown);
        if (!grown)
            return err_set(err, ERR_FAILED, "no memory for one more handle");
        h->made = grown;
        made = &grown[h->made_count++];
    }
    *made = (struct handle_made){.handle = handle, .live = true};
    return true;
}

void handles_gone(struct handles *h, uint64_t handle)
{
    struct handle_made *made = find(h, handle);

    if (made)
        made->live = false;
    for (size_t i = 0; i < h->before_count; i++)
        if (h->before[i] == handle) {
            memmove(&h->before[i], &h->before[i + 1],
                    (--h->before_count - i) * sizeof h->before[0]);
            break;
        }
}

bool handles_check(struct hsm *hsm, const struct key_desc *is, bool *gone, struct err *err)
{
    struct err why = {0};
    struct key_desc now;

    *gone = false;
    if (!hsm->driver->describe(hsm, is->handle, &now, &why)) {
        *gone = why.code == ERR_NO_INPUT;
        if (*gone)
            return true;
        now = (struct key_desc){.handle = is->handle}; /* listed like this if it cannot be read */
        if (why.code == ERR_GONE || !key_same_name(&now, is)) {
            if (err)
                *err = why;
            return false;
        }
    }
    if (key_same_name(&now, is))
        return true;
    err_set(err, ERR_CONFLICT,
            "object %llu is not the object that was to be destroyed: it has another "
            "class, label or id",
            (unsigned long long)is->handle);
    return err_now(err, "It was not destroyed");
}
