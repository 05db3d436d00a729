/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/visit.h"

#include <string.h>

#include "protocol/name.h"
#include "protocol/step.h"

#define BIT(step) (UINT32_C(1) << (step))

/* The transport keys are destroyed, and then the inventories compared. */
enum { COMPARED = 2 << STEP_DESTROY, CLOSED = 1 << STEP_DESTROY | COMPARED };

const struct visit_steps visit_steps[VISITS] = {
    [VISIT_OFFER] = {BIT(STEP_MAKE_PAIR) | BIT(STEP_RELAY_PUBLIC), 0, 0, CLOSED},
    [VISIT_LOAD] = {BIT(STEP_RELAY_PUBLIC) | BIT(STEP_LOAD_PUBLIC) | BIT(STEP_MAKE_KEK) |
                        BIT(STEP_WRAP_KEK) | BIT(STEP_RELAY_KEK),
                    BIT(STEP_WRAP_KEY) | BIT(STEP_RELAY_KEY),
                    BIT(STEP_READ_OBJECT) | BIT(STEP_RELAY_OBJECT), CLOSED},
    [VISIT_ACCEPT] = {BIT(STEP_RELAY_KEK) | BIT(STEP_UNWRAP_KEK),
                      BIT(STEP_RELAY_KEY) | BIT(STEP_UNWRAP_KEY) | BIT(STEP_PROVE) |
                          BIT(STEP_COMMIT) | BIT(STEP_PROVE_AGAIN),
                      BIT(STEP_RELAY_OBJECT) | BIT(STEP_COMMIT) | BIT(STEP_PROVE_AGAIN),
                      CLOSED | BIT(STEP_PROVE_FRESH)},
    [VISIT_CONFIRM] = {0, BIT(STEP_PROVE), BIT(STEP_PROVE), COMPARED},
    [VISIT_WITHDRAW] = {0, 0, 0, CLOSED},
};

const char *visit_name(enum visit visit)
{
    static const char *const names[VISITS] = {"none",   "offer",   "load",
                                              "accept", "confirm", "withdraw"};
    return name_of(names, VISITS, visit);
}

static const char *const formats[ARRIVAL_FORMATS] = {"rsa-aes", "rsa-oaep"};

const char *arrival_format_name(enum arrival_format format)
{
    return name_of(formats, ARRIVAL_FORMATS, format);
}

bool arrival_format_of(const char *word, enum arrival_format *out)
{
    for (enum arrival_format format = 0; format < ARRIVAL_FORMATS; format++)
        if (strcmp(word, formats[format]) == 0) {
            *out = format;
            return true;
        }
    return false;
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
    static const char *const names[FILE_STATES] = {"taken", "written", "drafted"};
    return name_of(names, FILE_STATES, state);
}

enum side visit_side(enum visit visit)
{
    return visit == VISIT_NONE                             ? SIDE_RELAY
           : visit == VISIT_LOAD || visit == VISIT_CONFIRM ? SIDE_SOURCE
                                                           : SIDE_DESTINATION;
}
