/* SPDX-License-Identifier: Apache-2.0 */
#include "report/visit_rules.h"

#include "protocol/outcome.h"
#include "protocol/step.h"

#define BIT(step) (UINT32_C(1) << (step))

/* The transport keys are destroyed, and then the inventories compared. */
enum { COMPARED = 2 << STEP_DESTROY, CLOSED = 1 << STEP_DESTROY | COMPARED };

const struct visit_rule visit_rules[VISITS] = {
    [VISIT_OFFER] = {BIT(STEP_MAKE_PAIR) | BIT(STEP_RELAY_PUBLIC), 0, 0, CLOSED, 0, "",
                     "hsmferry-offer/1"},
    [VISIT_LOAD] = {BIT(STEP_RELAY_PUBLIC) | BIT(STEP_LOAD_PUBLIC) | BIT(STEP_MAKE_KEK) |
                        BIT(STEP_WRAP_KEK) | BIT(STEP_RELAY_KEK),
                    BIT(STEP_WRAP_KEY) | BIT(STEP_RELAY_KEY),
                    BIT(STEP_READ_OBJECT) | BIT(STEP_RELAY_OBJECT), CLOSED,
                    BIT(KEY_PENDING) | BIT(KEY_REFUSED) | BIT(KEY_FAILED) | BIT(KEY_BUNDLED),
                    "hsmferry-offer/1 hsmferry-ack/1", "hsmferry-bundle/1"},
    [VISIT_ACCEPT] = {BIT(STEP_RELAY_KEK) | BIT(STEP_UNWRAP_KEK),
                      BIT(STEP_RELAY_KEY) | BIT(STEP_UNWRAP_KEY) | BIT(STEP_PROVE) |
                          BIT(STEP_COMMIT) | BIT(STEP_PROVE_AGAIN),
                      BIT(STEP_RELAY_OBJECT) | BIT(STEP_COMMIT) | BIT(STEP_PROVE_AGAIN),
                      CLOSED | BIT(STEP_PROVE_FRESH),
                      BIT(KEY_PENDING) | BIT(KEY_MIGRATED) | BIT(KEY_REFUSED) | BIT(KEY_FAILED) |
                          BIT(KEY_UNKNOWN) | BIT(KEY_UNPROVEN),
                      "hsmferry-bundle/1", "hsmferry-ack/1 hsmferry-receipt/1"},
    [VISIT_CONFIRM] = {0, BIT(STEP_PROVE), BIT(STEP_PROVE), COMPARED,
                       BIT(KEY_PENDING) | BIT(KEY_MIGRATED) | BIT(KEY_REFUSED) | BIT(KEY_FAILED) |
                           BIT(KEY_REPORTED),
                       "hsmferry-receipt/1", ""},
    [VISIT_WITHDRAW] = {0, 0, 0, CLOSED, 0, "", ""},
};

enum visit visits_of(const struct node *report)
{
    enum visit visit = VISIT_NONE;

    while (visit < VISITS && !node_is(report, "ceremony.visit", visit_name(visit)))
        visit++;
    return visit < VISITS && visit != VISIT_NONE ? visit : VISIT_NONE;
}

uint32_t visits_way(enum visit visit, bool public)
{
    return public ? visit_rules[visit].object : visit_rules[visit].key;
}
