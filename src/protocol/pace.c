/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/pace.h"

#include "protocol/name.h"

const char *pace_name(enum pace pace)
{
    static const char *const names[PACES] = {"none", "run", "key", "step", "first-key"};
    return name_of(names, PACES, pace);
}

const char *pace_state_name(enum pace_state state)
{
    static const char *const names[PACE_STATES] = {"chosen", "waits", "goes-on"};
    return name_of(names, PACE_STATES, state);
}

bool pace_waits(enum pace pace, const struct pace_place *place)
{
    /* A key that was kept must not stay there unproven. */
    if (place->step == STEP_PROVE_AGAIN)
        return false;
    return pace == PACE_STEP || (pace == PACE_FIRST && place->first) ||
           (pace == PACE_KEY && place->begins);
}
