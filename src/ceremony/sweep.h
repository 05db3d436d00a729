/* SPDX-License-Identifier: Apache-2.0 */
/* THE NAMED ACT on one object that this session did not make. */
#ifndef HSMFERRY_CEREMONY_SWEEP_H
#define HSMFERRY_CEREMONY_SWEEP_H

#include <stdbool.h>

#include "base/err.h"
#include "ceremony/narrator.h"
#include "ceremony/party.h"
#include "hsm/key.h"

/* Does it have the temporary name of the ceremony, or migration, with this id? */
bool sweep_has_name(const struct key_desc *key, const char *id);

/* Records handle, class, label and id, and then destroys the object if it still has them.
 * why: "left by the interrupted ceremony". */
bool sweep_object(struct party *party, const struct key_desc *key, const char *why,
                  struct narrator *n, struct err *err);

#endif
