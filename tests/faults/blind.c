/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's guards against handles that are known (hsm/handles.h), one by one switched off: the
 * linker lets every call to them from elsewhere come here. SHIM_GUARDS_OFF in the agent's
 * environment has "driver", "service", or both with a comma.
 */
#include <stdlib.h>
#include <string.h>

#include "hsm/handles.h"

bool __real_handles_begin(struct handles *h, struct hsm *hsm, struct err *err);
bool __wrap_handles_begin(struct handles *h, struct hsm *hsm, struct err *err);
bool __real_handles_is_new(const struct handles *h, uint64_t handle);
bool __wrap_handles_is_new(const struct handles *h, uint64_t handle);
bool __real_handles_add(struct handles *h, uint64_t handle, struct err *err);
bool __wrap_handles_add(struct handles *h, uint64_t handle, struct err *err);
bool __real_handles_made(const struct handles *h, uint64_t handle, bool *live);
bool __wrap_handles_made(const struct handles *h, uint64_t handle, bool *live);

static const char *const guards[] = {"driver", "service"};
static const struct handles *begun[2]; /* at a login, in this order */

/* Is the guard off, and the object one that it would protect? */
static bool is_exposed(const struct handles *h, uint64_t handle)
{
    const char *off = getenv("SHIM_GUARDS_OFF");

    for (size_t i = 0; off && i < 2; i++)
        if (begun[i] == h)
            return strstr(off, guards[i]) != NULL && handles_was_there(h, handle);
    return false;
}

bool __wrap_handles_begin(struct handles *h, struct hsm *hsm, struct err *err)
{
    if (!begun[0] || begun[0] == h)
        begun[0] = h;
    else
        begun[1] = h;
    return __real_handles_begin(h, hsm, err);
}

bool __wrap_handles_is_new(const struct handles *h, uint64_t handle)
{
    return is_exposed(h, handle) || __real_handles_is_new(h, handle);
}

bool __wrap_handles_add(struct handles *h, uint64_t handle, struct err *err)
{
    return is_exposed(h, handle) || __real_handles_add(h, handle, err);
}

bool __wrap_handles_made(const struct handles *h, uint64_t handle, bool *live)
{
    *live = true;
    return is_exposed(h, handle) || __real_handles_made(h, handle, live);
}
