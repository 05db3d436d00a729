/* SPDX-License-Identifier: Apache-2.0 */
/* The test keys of a bundle. */
#ifndef HSMFERRY_CEREMONY_SAMPLES_H
#define HSMFERRY_CEREMONY_SAMPLES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "ceremony/visit_parts.h"

/* A test key for each kind of key and wrap option: the accepting room tries it before it touches
 * another blob. */
struct samples {
    struct plan plan;
    struct transfers transfers;
    struct key_sample *kinds;
    uint64_t *publics; /* their public key objects; 0: none */
};

/* Lets the source make them: one for each kind of key and wrap option of the plan, unless the
 * policy wants none. plan.movable: how many it made. Errors: those of make_key(), ERR_FAILED. The
 * caller ends *s with samples_end(), also after a failure. */
bool samples_make(struct visit_walk *v, struct samples *s, struct err *err);

/* Destroys them; the inventory counts what is left. */
void samples_end(struct visit_walk *v, struct samples *s);

#endif
