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

/* What a selection refers to once conflicts_settle() has completed it. {0} is empty. */
struct settled {
    struct plan_known *known;
    uint64_t *added;
};
void settled_free(struct settled *settled);

/* Completes what is known of the selected objects: by the policy (taken-name), by what the
 * destination has already if setup.resync or selection->resync is set, and the ids of keys to which
 * officers have given another label. In a resync, the public objects that the destination lacks of
 * a selected key which it has are added. Both HSMs are asked about selected keys of which their
 * lists do not show whether they are the same. The caller frees *settled, also after a failure.
 * Errors: ERR_CONFLICT (the policy says that a taken name stops the ceremony), as align_lists(). */
bool conflicts_settle(struct ceremony *c, struct selection *selection, struct settled *settled,
                      struct err *err);

/* For a resume: what the destination has of this key of the source, whose copy was to be brought
 * into line. known->there is NULL: it is gone, as from an HSM that lost power while it set an
 * attribute. align_lists() was called. Errors: ERR_CONFLICT (another key has its name), those of a
 * challenge. */
bool conflicts_find_copy(struct ceremony *c, uint64_t handle, struct plan_known *known,
                         struct err *err);

#endif
