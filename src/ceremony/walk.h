/* SPDX-License-Identifier: Apache-2.0 */
/* Walking the tables of steps. */
#ifndef HSMFERRY_CEREMONY_WALK_H
#define HSMFERRY_CEREMONY_WALK_H

#include "base/err.h"

struct ceremony;

/* From now on only the closing rows are run. */
void walk_end_with(struct ceremony *c, const struct err *failure);

#endif
