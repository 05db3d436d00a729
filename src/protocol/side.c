/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/side.h"

#include "protocol/name.h"

const char *side_name(enum side side)
{
    static const char *const names[SIDES] = {"source", "destination", "relay"};
    return name_of(names, SIDES, side);
}

const char *side_state_name(enum side_state state)
{
    static const char *const names[SIDE_STATES] = {"closed",    "opening", "open",
                                                   "logged in", "listed",  "failed"};
    return name_of(names, SIDE_STATES, state);
}
