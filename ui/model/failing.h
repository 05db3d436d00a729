/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of a plan that did not arrive as they should, in the order of their numbers. */
#ifndef HSMFERRY_UI_MODEL_FAILING_H
#define HSMFERRY_UI_MODEL_FAILING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hsm/facts.h"

struct failing {
    uint64_t bits[HSM_OBJECTS_MAX / 64]; /* bit (number - 1) for each of them */
    size_t count;
};

/* Notes whether the key with this number, from 1, is one of them. */
void failing_note(struct failing *failing, uint32_t number, bool fails);

/* The number of the one at i, from 0; 0: there are fewer. */
uint32_t failing_at(const struct failing *failing, size_t i);

/* How many of them have a number below this one. */
size_t failing_before(const struct failing *failing, uint32_t number);

#endif
