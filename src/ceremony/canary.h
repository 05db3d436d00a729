/* SPDX-License-Identifier: Apache-2.0 */
/* The canary: test keys are migrated before a real key is. */
#ifndef HSMFERRY_CEREMONY_CANARY_H
#define HSMFERRY_CEREMONY_CANARY_H

#include <stdbool.h>

#include "base/err.h"

struct ceremony;

/* Does the plan use a wrap option with which a test key must still be migrated? */
bool canary_due(const struct ceremony *c);

/* Tries each of those options and records the results in c->suite; the plan must then be judged
 * again. Errors that end the whole attempt: an HSM is gone, the officers stopped it, no transport
 * works, ERR_UNFINISHED (an object is left over). */
bool canary_run(struct ceremony *c, struct err *err);

/* For a plan that is not judged again, for example after an interruption: tries the options that
 * are due; any that does not pass is a failure. */
bool canary_must_pass(struct ceremony *c, struct err *err);

/* The same for a ceremony that resumes, after everything was examined and swept: before that, its
 * test keys were not made token objects. */
bool canary_must_store(struct ceremony *c, struct err *err);

#endif
