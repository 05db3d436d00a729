/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/outcome.h"

#include "protocol/name.h"

const char *key_outcome_name(enum key_outcome outcome)
{
    static const char *const names[KEY_OUTCOMES] = {
        "pending", "migrated", "refused",           "failed",    "unknown", "unproven",
        "sealed",  "bundled",  "reported migrated", "destroyed", "aligned", "derived"};
    return name_of(names, KEY_OUTCOMES, outcome);
}

const char *key_route_name(enum key_route route)
{
    static const char *const names[ROUTES] = {"none",    "envelope", "direct", "public",
                                              "removed", "aligned",  "derived"};
    return name_of(names, ROUTES, route);
}

const char *canary_state_name(enum canary_state state)
{
    static const char *const names[CANARY_STATES] = {"passed", "failed", "impossible", "commits",
                                                     "clean"};
    return name_of(names, CANARY_STATES, state);
}

const char *comparison_name(enum comparison result)
{
    static const char *const names[COMPARISONS] = {"same", "differs", "only here", "not known"};
    return name_of(names, COMPARISONS, result);
}

const char *end_outcome_name(enum end_outcome outcome)
{
    static const char *const names[END_OUTCOMES] = {"complete", "partial", "failed", "aborted"};
    return name_of(names, END_OUTCOMES, outcome);
}
