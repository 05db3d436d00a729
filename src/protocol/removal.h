/* SPDX-License-Identifier: Apache-2.0 */
/* Removals: ceremonies that carry no key, and destroy those of one side that the report of an
 * earlier ceremony names. */
#ifndef HSMFERRY_PROTOCOL_REMOVAL_H
#define HSMFERRY_PROTOCOL_REMOVAL_H

#include <stdint.h>

#include "protocol/side.h"
#include "protocol/step.h"

enum removal {
    REMOVAL_NONE,   /* a ceremony that carries keys */
    REMOVAL_RETIRE, /* the source's keys, whose copies are on the destination */
    REMOVAL_UNDO,   /* the copies on the destination, whose keys the source still has */
    REMOVALS
};

/* Words for files, gates and messages: "none", "retire", "undo". */
const char *removal_name(enum removal removal);

/* The removal of this word; REMOVAL_NONE: there is none. */
enum removal removal_of(const char *word);

/* The side whose keys are destroyed; SIDE_RELAY: none. And the side that keeps them. */
enum side removal_from(enum removal removal);
enum side removal_keeper(enum removal removal);

/* The steps of a removal, as bits 1 << enum step_id; the one after STEP_DESTROY compares the
 * inventories. */
enum {
    REMOVAL_STEPS = 1 << STEP_DISTINGUISH | 1 << STEP_PROVE_NOW | 1 << STEP_DESTROY_KEY |
                    1 << STEP_PROVE_AFTER | 2 << STEP_DESTROY | 1 << STEP_PROVE_FRESH
};

#endif
