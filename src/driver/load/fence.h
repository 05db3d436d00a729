/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an agent reaches once it is known what its HSM needs: before the PIN is there, but after the
 * library was loaded and started, so that what that needed does not have to be known.
 */
#ifndef HSMFERRY_DRIVER_LOAD_FENCE_H
#define HSMFERRY_DRIVER_LOAD_FENCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "confine/box.h"
#include "hsm/hsm.h"

enum { FENCE_PLACES_MAX = 4 };

/* Where a library writes, in words; see hsmferry-dialect(5). */
struct fence_places {
    char place[FENCE_PLACES_MAX][HSM_PATH_MAX];
    unsigned count;
    bool network; /* its HSM is on one */
};

/* Is this the form of a place: "/folder", "$VARIABLE", "NAME in $VARIABLE", "NAME in /file",
 * "NAME in parameters"? */
bool fence_is_place(const char *place);

/* From now on this process reads and runs the system's files and those beside module, and writes
 * below places only. Where one of these cannot be found, there is no fence, and *box says so.
 * params: the library's; may be empty. box NULL: nothing is done. Errors: ERR_FAILED. */
bool fence_raise(const struct fence_places *places, const char *module, const char *params,
                 struct box *box, struct err *err);

#endif
