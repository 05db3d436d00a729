/* SPDX-License-Identifier: Apache-2.0 */
#include "report/visit_rules.h"

#include "protocol/outcome.h"

#define BIT(outcome) (UINT32_C(1) << (outcome))

static const struct visit_rule rules[VISITS] = {
    [VISIT_OFFER] = {0, "", "hsmferry-offer/1 " ARRIVAL_PEM},
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

/* accept, of the file of a key service, which waits for no answer. */
static const struct visit_rule of_service = {BIT(KEY_PENDING) | BIT(KEY_MIGRATED) |
                                                 BIT(KEY_REFUSED) | BIT(KEY_FAILED) |
                                                 BIT(KEY_UNKNOWN) | BIT(KEY_UNPROVEN),
                                             "rsa-aes rsa-oaep", ""};

bool visits_is_returned(const struct node *file)
{
    enum arrival_format ignored;

    return node_is(file, "state", file_state_name(FILE_TAKEN)) &&
           arrival_format_of(node_text(file, "format"), &ignored);
}

const struct visit_rule *visits_rule(const struct node *report)
{
    const enum visit visit = visits_of(report);
    const struct node *files = node_at(report, "files");

    if (visit == VISIT_ACCEPT && files && files->first && visits_is_returned(files->first))
        return &of_service;
    return &rules[visit];
}

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
