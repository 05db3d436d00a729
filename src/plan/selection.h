/* SPDX-License-Identifier: Apache-2.0 */
/* The officers' selection, and the plan that is made of it. */
#ifndef HSMFERRY_PLAN_SELECTION_H
#define HSMFERRY_PLAN_SELECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "hsm/key.h"
#include "hsm/uri.h"
#include "plan/plan.h"
#include "plan/policy.h"
#include "plan/suite.h"

/* What is known of an object of the source, by its handle. */
struct plan_known {
    uint64_t handle;
    const char *there; /* the destination has the same object: what shows it; NULL: not known */
    const struct key_desc *found; /* there: that object, in the destination's list; NULL: not
                                     needed */
    bool renamed;                 /* it arrives under another name ... */
    struct plan_name name;        /* ... which is this one */
};

/* The officers' selection: by URIs (the ceremony file) or by handles (marked on the screen). */
struct selection {
    const struct uri *uris;
    size_t uri_count;
    const uint64_t *handles;
    size_t handle_count;
    const struct plan_known *known; /* sorted by handle */
    size_t known_count;
    const uint64_t *added; /* handles: objects that accompany keys which are there already */
    size_t added_count;
    bool resync; /* selected keys that are there already are brought into line */
};

/* Makes the plan of a selection, in the order of labels; companion_add() appends the companions of
 * its private keys. Errors: ERR_NO_INPUT (a named key is not on the source), ERR_CONFLICT (two keys
 * match a URI that names one). Freed with plan_free(). The list of the source must outlive the
 * plan, in its place. */
bool plan_make(const struct policy *policy, const struct suite *suite,
               const struct key_list *source, const struct key_list *destination,
               const struct selection *selection, struct plan *plan, struct err *err);

/* Does this line of the ceremony file name this object? A pattern without a type means keys: public
 * keys and certificates are no secrets to carry, and those of a private key accompany it. */
bool plan_selects(const struct uri *uri, const struct key_desc *key);

#endif
