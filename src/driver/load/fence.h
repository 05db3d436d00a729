/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Confines an agent to the files that its HSM needs. Raised before the PIN arrives, but after the
 * library was loaded and initialised, so that the files which only loading needs do not have to be
 * known.
 */
#ifndef HSMFERRY_DRIVER_LOAD_FENCE_H
#define HSMFERRY_DRIVER_LOAD_FENCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "confine/box.h"
#include "hsm/hsm.h"

enum { FENCE_PLACES_MAX = 4 };

/* The places to which a library writes, as its dialect says; see hsmferry-dialect(5). */
struct fence_places {
    char place[FENCE_PLACES_MAX][HSM_PATH_MAX];
    unsigned count;
    bool network; /* the HSM is reached over a network */
};

/* Does this text have the form of a place: "/folder", "$VARIABLE", "NAME in $VARIABLE", "NAME in
 * /file", "NAME in parameters"? */
bool fence_is_place(const char *place);

/* From now on this process can read and execute only the system's files and those in the folder of
 * module, and write only below places. If one of the places cannot be found, no fence is raised,
 * and *box says so. params: the library's parameters; may be empty. box NULL: nothing is done.
 * Errors: ERR_FAILED. */
bool fence_raise(const struct fence_places *places, const char *module, const char *params,
                 struct box *box, struct err *err);

#endif
