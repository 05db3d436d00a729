/* SPDX-License-Identifier: Apache-2.0 */
#include "report/visit_rules.h"

#include "protocol/outcome.h"

#define BIT(outcome) (UINT32_C(1) << (outcome))

const struct visit_rule visit_rules[VISITS] = {
    [VISIT_OFFER] = {0, "", "hsmferry-offer/1"},
    [VISIT_LOAD] = {BIT(KEY_PENDING) | BIT(KEY_REFUSED) | BIT(KEY_FAILED) | BIT(KEY_BUNDLED),
                    "hsmferry-offer/1 hsmferry-ack/1", "hsmferry-bundle/1"},
    [VISIT_ACCEPT] = {BIT(KEY_PENDING) | BIT(KEY_MIGRATED) | BIT(KEY_REFUSED) | BIT(KEY_FAILED) |
                          BIT(KEY_UNKNOWN) | BIT(KEY_UNPROVEN),
                      "hsmferry-bundle/1", "hsmferry-ack/1 hsmferry-receipt/1"},
    [VISIT_CONFIRM] = {BIT(KEY_PENDING) | BIT(KEY_MIGRATED) | BIT(KEY_REFUSED) | BIT(KEY_FAILED) |
                           BIT(KEY_REPORTED),
                       "hsmferry-receipt/1", ""},
    [VISIT_WITHDRAW] = {0, "", ""},
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
    return public ? visit_steps[visit].object : visit_steps[visit].key;
}
