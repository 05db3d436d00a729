/* SPDX-License-Identifier: Apache-2.0 */
/* What an interrupted ceremony, or visit, has left on a token: setup.interrupted, which is set. */
#ifndef HSMFERRY_CEREMONY_CUT_OFF_H
#define HSMFERRY_CEREMONY_CUT_OFF_H

#include <stdbool.h>

#include "base/err.h"
#include "hsm/key.h"
#include "protocol/side.h"

struct ceremony;

/* Is this object one of its temporaries, or half of one that it committed? */
bool cut_off_left(const struct ceremony *c, enum side side, const struct key_desc *key);

/* Destroys these objects, and takes them off the list of the side. */
bool cut_off_sweep(struct ceremony *c, enum side side, struct err *err);

#endif
