/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/visit.h"

#include <string.h>

#include "protocol/name.h"

const char *visit_name(enum visit visit)
{
    static const char *const names[VISITS] = {"none",   "offer",   "load",
                                              "accept", "confirm", "withdraw"};
    return name_of(names, VISITS, visit);
}

enum visit visit_of(const char *word)
{
    for (enum visit visit = VISIT_OFFER; visit < VISITS; visit++)
        if (strcmp(word, visit_name(visit)) == 0)
            return visit;
    return VISIT_NONE;
}

const char *file_state_name(enum file_state state)
{
    static const char *const names[FILE_STATES] = {"taken", "written"};
    return name_of(names, FILE_STATES, state);
}

enum side visit_side(enum visit visit)
{
    return visit == VISIT_NONE                             ? SIDE_RELAY
           : visit == VISIT_LOAD || visit == VISIT_CONFIRM ? SIDE_SOURCE
                                                           : SIDE_DESTINATION;
}
