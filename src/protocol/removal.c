/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/removal.h"

#include <string.h>

#include "protocol/name.h"

const char *removal_name(enum removal removal)
{
    static const char *const names[REMOVALS] = {"none", "retire", "undo"};
    return name_of(names, REMOVALS, removal);
}

enum removal removal_of(const char *word)
{
    for (enum removal removal = REMOVAL_RETIRE; removal < REMOVALS; removal++)
        if (strcmp(word, removal_name(removal)) == 0)
            return removal;
    return REMOVAL_NONE;
}

enum side removal_from(enum removal removal)
{
    return removal == REMOVAL_RETIRE ? SIDE_SOURCE
           : removal == REMOVAL_UNDO ? SIDE_DESTINATION
                                     : SIDE_RELAY;
}

enum side removal_keeper(enum removal removal)
{
    return removal == REMOVAL_RETIRE ? SIDE_DESTINATION
           : removal == REMOVAL_UNDO ? SIDE_SOURCE
                                     : SIDE_RELAY;
}
