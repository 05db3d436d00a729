/* SPDX-License-Identifier: Apache-2.0 */
/* How fast a ceremony goes on: before which steps the walk waits for an officer. */
#ifndef HSMFERRY_PROTOCOL_PACE_H
#define HSMFERRY_PROTOCOL_PACE_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/step.h"

enum pace {
    PACE_NONE,  /* not chosen */
    PACE_RUN,   /* it waits nowhere */
    PACE_KEY,   /* before the transport key, before each key that was chosen, before the closing
                   steps */
    PACE_STEP,  /* before every step, except the proof that follows a commit */
    PACE_FIRST, /* as PACE_STEP for the transport key and the first key, then as PACE_RUN */
    PACES
};

/* Of an EVENT_PACE. */
enum pace_state {
    PACE_CHOSEN,  /* this pace is in force from here on */
    PACE_WAITS,   /* it waits before the step */
    PACE_GOES_ON, /* it no longer does */
    PACE_STATES
};

/* A step that comes next, and what it belongs to. */
struct pace_place {
    enum step_id step;
    uint32_t key; /* of the plan, from 1; 0: none */
    bool begins;  /* it is the first one of the transport key, of a chosen key, or of the closing
                     steps */
    bool first;   /* it belongs to the transport key or to the first key of the plan */
};

/* "run", "key", "step", "first-key"; "chosen", "waits", "goes-on". */
const char *pace_name(enum pace pace);
const char *pace_state_name(enum pace_state state);

/* Does a ceremony at this pace wait before this step? */
bool pace_waits(enum pace pace, const struct pace_place *place);

#endif
