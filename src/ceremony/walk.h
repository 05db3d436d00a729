/* SPDX-License-Identifier: Apache-2.0 */
/* Walking the tables of steps. */
#ifndef HSMFERRY_CEREMONY_WALK_H
#define HSMFERRY_CEREMONY_WALK_H

#include "base/err.h"

struct ceremony;

/* From here on only the closing rows are carried out. */
void walk_end_with(struct ceremony *c, const struct err *failure);

#endif
