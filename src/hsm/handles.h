/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records which objects belong to the session: the handles of all objects that existed directly
 * after the login, and those of the objects that the session has created since. An object that
 * existed before is never treated as one of the session, whatever the HSM answers.
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

/* {0} has no inventory yet: no handle is new, and none belongs to the session. */
struct handles {
    uint64_t *before; /* ascending; NULL: no inventory yet */
    size_t before_count;
    struct handle_made *made;
    size_t made_count;
};

/* Takes the inventory after the login; earlier records are discarded. Errors: as the driver's
 * handles(). The caller frees h with handles_free(). */
bool handles_begin(struct handles *h, struct hsm *hsm, struct err *err);
void handles_free(struct handles *h);

/* Can a newly created object have this handle? Not if it is 0 or belongs to another object. */
bool handles_is_new(const struct handles *h, uint64_t handle);

/* Records a created object. Errors: ERR_HSM (the handle is not new), ERR_FAILED (memory). */
bool handles_add(struct handles *h, uint64_t handle, struct err *err);

/* Did the session create this object? *live: it has not been destroyed since. */
bool handles_made(const struct handles *h, uint64_t handle, bool *live);

/* For remove(): reads object is->handle and compares it with *is. *gone: the object no longer
 * exists. Errors: ERR_CONFLICT (it has another class, label or id). */
bool handles_check(struct hsm *hsm, const struct key_desc *is, bool *gone, struct err *err);

/* Records that the object was destroyed: its handle may be reused. */
void handles_gone(struct handles *h, uint64_t handle);

/* Did it exist at the login? */
bool handles_was_there(const struct handles *h, uint64_t handle);

#endif
