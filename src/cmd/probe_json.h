/* SPDX-License-Identifier: Apache-2.0 */
/* The results of a probe, as a JSON document of the format hsmferry-probe/1. */
#ifndef HSMFERRY_CMD_PROBE_JSON_H
#define HSMFERRY_CMD_PROBE_JSON_H

#include <stdio.h>

#include "base/json_writer.h"
#include "cmd/kept_events.h"
#include "config/config.h"
#include "worker/worker.h"

/* The kinds of events that the document is made from. */
enum {
    PROBE_EVENTS = 1 << EVENT_HSM | 1 << EVENT_CAPABILITY | 1 << EVENT_CHOICE |
                   1 << EVENT_REJECTED | 1 << EVENT_CANARY | 1 << EVENT_WARNING | 1 << EVENT_ERROR
};

/* The HSM that was chosen on a side, as it was last reported (EVENT_HSM). */
void probe_json_side(struct json_writer *j, enum side side, const struct config_side *from,
                     const struct kept_events *kept);

/* exit_code: what the command ends with. */
void probe_json_print(FILE *out, const struct config *config, const struct worker *worker,
                      const struct kept_events *kept, int exit_code);

#endif
