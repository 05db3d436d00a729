/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/renames.h"

#include <stdlib.h>
#include <string.h>

#include "base/search.h"

static int compare(const void *handle, const void *known)
{
    return key_compare_handles(handle, &((const struct plan_known *)known)->handle);
}

static size_t place_of(const struct renames *r, uint64_t handle)
{
    return search_first(&handle, r->at, r->count, sizeof *r->at, compare);
}

static bool has(const struct renames *r, size_t place, uint64_t handle)
{
    return place < r->count && r->at[place].handle == handle;
}

bool renames_set(struct renames *r, uint64_t handle, const char *label, struct err *err)
{
    const size_t place = place_of(r, handle), after = r->count - place;
    const size_t len = label ? strlen(label) : 0;
    struct plan_known *at;

    if (label && (len == 0 || len > KEY_LABEL_MAX))
        return err_set(err, ERR_USAGE, "A label has 1 to %d bytes", KEY_LABEL_MAX);
    if (!label && !has(r, place, handle))
        return true;
    if (!label) {
        memmove(&r->at[place], &r->at[place + 1], (after - 1) * sizeof *r->at);
        r->count--;
        return true;
    }
    if (!has(r, place, handle)) {
        at = reallocarray(r->at, r->count + 1, sizeof *at);
        if (!at)
            return err_set(err, ERR_FAILED, "There is no memory for another label");
        r->at = at;
        memmove(&at[place + 1], &at[place], after * sizeof *at);
        r->count++;
    }
    r->at[place] = (struct plan_known){
        .handle = handle, .renamed = true, .name = {.label_len = (uint16_t)len}};
    memcpy(r->at[place].name.label, label, len);
    return true;
}

const struct plan_name *renames_find(const struct renames *r, uint64_t handle)
{
    const size_t place = place_of(r, handle);

    return has(r, place, handle) ? &r->at[place].name : NULL;
}

void renames_free(struct renames *r)
{
    free(r->at);
    *r = (struct renames){0};
}
