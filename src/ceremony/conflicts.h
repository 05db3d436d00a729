/* SPDX-License-Identifier: Apache-2.0 */
/* Before a plan: which selected objects the destination has already, and what becomes of those
 * whose label or id another object has there. */
#ifndef HSMFERRY_CEREMONY_CONFLICTS_H
#define HSMFERRY_CEREMONY_CONFLICTS_H

#include <stdbool.h>

#include "base/err.h"
#include "plan/plan.h"
#include "plan/selection.h"

struct ceremony;

/* Completes what is known of the selected objects: by the policy (taken-name), by what the
 * destination has already if setup.resync is set, and the ids of keys to which officers have given
 * another label. Both HSMs are asked about selected keys of which their lists do not show whether
 * they are the same. The caller frees *known, which selection refers to. Errors: ERR_CONFLICT (the
 * policy says that a taken name stops the ceremony), as align_lists(). */
bool conflicts_settle(struct ceremony *c, struct selection *selection, struct plan_known **known,
                      struct err *err);

#endif
