/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the plan, with all data that are read from the source before the canary. */
#ifndef HSMFERRY_CEREMONY_DEMANDS_H
#define HSMFERRY_CEREMONY_DEMANDS_H

#include <stdbool.h>

#include "base/err.h"
#include "hsm/key.h"
#include "plan/plan.h"
#include "plan/selection.h"

struct ceremony;

/* Makes c->plan of the selection: finds public halves, adds companions, reads the templates of
 * keys. destination: the keys whose names are taken there. Errors: as plan_make(), ERR_GONE, or a
 * record that refuses. */
bool plan_review(struct ceremony *c, const struct key_list *destination,
                 const struct selection *selection, struct err *err);

#endif
