/* SPDX-License-Identifier: Apache-2.0 */
/* What hsmferry compare --json writes (hsmferry-compare-1.schema.json). */
#ifndef HSMFERRY_CMD_COMPARE_JSON_H
#define HSMFERRY_CMD_COMPARE_JSON_H

#include "cmd/kept_events.h"
#include "config/config.h"
#include "plan/map.h"

/* The map, and both lists. map and verdicts are NULL if there is no map. */
struct compared_lists {
    const struct map *map;
    const struct key_list *keys[2];
    const struct plan_verdicts *verdicts;
    const struct policy *policy;
};

/* The object of a row on one side, or NULL; why it cannot be migrated, if it cannot. */
const struct key_desc *compared_object(const struct compared_lists *lists, size_t row,
                                       enum side side);
struct err compared_reason(const struct compared_lists *lists, size_t row);

/* kept: EVENT_HSM and EVENT_ERROR. */
void compare_json(const struct config *config, const struct kept_events *kept,
                  const struct compared_lists *lists, int exit_code);

#endif
