/* SPDX-License-Identifier: Apache-2.0 */
/* The key at hand (walk.item), before or in its row walk.at. */
#ifndef HSMFERRY_CEREMONY_AT_HAND_H
#define HSMFERRY_CEREMONY_AT_HAND_H

#include <stdbool.h>

#include "base/err.h"
#include "transfer/transfer.h"

struct ceremony;

struct transfer *at_hand_key(struct ceremony *c);
const struct step_head *at_hand_step(struct ceremony *c);

/* Is nothing more to be done with this key? A companion is migrated only after its key was
 * committed and proven; otherwise it would refer to a key that does not exist. */
bool at_hand_is_over(struct ceremony *c, struct transfer *t);

/* It is over, well or not. */
void at_hand_leave(struct ceremony *c);

/* Its row failed: undoes its rows and says what became of it. *err is what the ceremony says of the
 * failure. Returns whether the other keys are worth trying. */
bool at_hand_fail(struct ceremony *c, struct err *err);

#endif
