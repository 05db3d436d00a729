/* SPDX-License-Identifier: Apache-2.0 */
/* The results of a probe, as a JSON document of the format hsmferry-probe/1. */
#ifndef HSMFERRY_CMD_PROBE_JSON_H
#define HSMFERRY_CMD_PROBE_JSON_H

#include <stdio.h>

#include "cmd/kept_events.h"
#include "config/config.h"
#include "worker/worker.h"

/* The kinds of events that the document is made from. */
enum {
    PROBE_EVENTS = 1 << EVENT_HSM | 1 << EVENT_CAPABILITY | 1 << EVENT_CHOICE |
                   1 << EVENT_REJECTED | 1 << EVENT_CANARY | 1 << EVENT_WARNING | 1 << EVENT_ERROR
};

/* exit_code: what the command ends with. */
void probe_json_print(FILE *out, const struct config *config, const struct worker *worker,
                      const struct kept_events *kept, int exit_code);

#endif
