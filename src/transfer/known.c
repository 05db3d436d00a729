/* SPDX-License-Identifier: Apache-2.0 */
#include "transfer/known.h"

#include <stdlib.h>
#include <string.h>

#include "hsm/key.h"

bool known_copy(const struct known *from, struct known *to, struct err *err)
{
    to->before = calloc(from->before_count + 1, sizeof *to->before);
    if (!to->before)
        return err_set(err, ERR_FAILED, "no memory for an inventory");
    to->before_count = from->before_count;
    if (from->before)
        memcpy(to->before, from->before, from->before_count * sizeof *to->before);
    return true;
}

bool known_before(const struct known *known, uint64_t handle)
{
    return known->before && bsearch(&handle, known->before, known->before_count,
                                    sizeof *known->before, key_compare_handles);
}

bool known_is_anothers(const struct known *known, const struct transfer *self, uint64_t handle)
{
    for (size_t i = 0; known->arrived && i < known->arrived->count; i++)
        if (&known->arrived->at[i] != self && known->arrived->at[i].final == handle)
            return true;
    return known_before(known, handle);
}

void known_forget(struct known *known, uint64_t handle)
{
    size_t kept = 0;

    for (size_t i = 0; i < known->before_count; i++)
        if (known->before[i] != handle)
            known->before[kept++] = known->before[i];
    known->before_count = kept;
}

bool known_made(const struct known *known, const struct transfer *self, uint64_t *handle,
                struct err *err)
{
    if (*handle == 0 || !known_is_anothers(known, self, *handle))
        return true;
    err_set(err, ERR_HSM, "the %s answered with the handle of an object that existed: %llu",
            side_name(known->side), (unsigned long long)*handle);
    err_now(err, "That object was not destroyed, and nothing is done with it");
    *handle = 0;
    return err_next(err, "Do not use this HSM: it confuses objects, and one may be a key of yours");
}

/* Tries twice: the first call may have destroyed the object and failed afterwards; then the second
 * one is not an error. */
bool known_destroy(const struct known *known, struct hsm *hsm, const struct transfer *self,
                   uint64_t *handle, struct err *err)
{
    if (*handle == 0)
        return true;
    if (!known_made(known, self, handle, err))
        return false;
    if (!hsm->driver->destroy(hsm, *handle, err) &&
        (err->code == ERR_GONE || !hsm->driver->destroy(hsm, *handle, err)))
        return false;
    *handle = 0;
    return true;
}
