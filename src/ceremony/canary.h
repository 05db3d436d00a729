/* SPDX-License-Identifier: Apache-2.0 */
/* Throw-away keys are migrated before a real one is. */
#ifndef HSMFERRY_CEREMONY_CANARY_H
#define HSMFERRY_CEREMONY_CANARY_H

#include <stdbool.h>

#include "base/err.h"

struct ceremony;

/* Does the plan use a way that no throw-away key has gone yet, where one must? */
bool canary_due(const struct ceremony *c);

/* Tries each of those ways, and notes in c->suite what was found; the plan is then to be judged
 * again. Errors: what ends the attempt as a whole: an HSM is gone, the officers stopped it, no
 * transport works, ERR_UNFINISHED (something is left over). */
bool canary_run(struct ceremony *c, struct err *err);

/* For a plan that is not judged again, as after an interruption: tries what is due, and whatever
 * does not pass is a failure. */
bool canary_must_pass(struct ceremony *c, struct err *err);

/* The same again for one that resumes, once everything was looked at and swept: before that its
 * throw-away keys did not become token objects. */
bool canary_must_store(struct ceremony *c, struct err *err);

#endif
