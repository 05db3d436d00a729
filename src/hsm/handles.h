/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose object is it? The handles of all objects that were there right after the login, and those
 * of the objects that the session has made since. What was there is never taken for something of
 * the session's own, whatever the HSM answers.
 */
#ifndef HSMFERRY_HSM_HANDLES_H
#define HSMFERRY_HSM_HANDLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "hsm/hsm.h"

struct handle_made {
    uint64_t handle;
    bool live; /* not destroyed since */
};

/* {0} knows nothing yet: no handle is new, and none is the session's own. */
struct handles {
    uint64_t *before; /* ascending; NULL: not taken */
    size_t before_count;
    struct handle_made *made;
    size_t made_count;
};

/* Takes the inventory of the login: whatever was known before is forgotten. Errors: as the
 * driver's handles(). Freed with handles_free(). */
bool handles_begin(struct handles *h, struct hsm *hsm, struct err *err);
void handles_free(struct handles *h);

/* Can an object that was made just now have this handle? Not 0, and no other one's. */
bool handles_is_new(const struct handles *h, uint64_t handle);

/* An object was made. Errors: ERR_HSM (the handle is not new), ERR_FAILED (memory). */
bool handles_add(struct handles *h, uint64_t handle, struct err *err);

/* Has the session made this object? *live: it was not destroyed since. */
bool handles_made(const struct handles *h, uint64_t handle, bool *live);

/* For remove(): reads object is->handle and compares it with *is. *gone: there is no such object
 * any more. Errors: ERR_CONFLICT (it has another class, label or id). */
bool handles_check(struct hsm *hsm, const struct key_desc *is, bool *gone, struct err *err);

/* The object was destroyed: its handle may be given out again. */
void handles_gone(struct handles *h, uint64_t handle);

/* Was it there at the login? */
bool handles_was_there(const struct handles *h, uint64_t handle);

#endif
