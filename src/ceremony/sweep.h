/* SPDX-License-Identifier: Apache-2.0 */
/* THE NAMED ACT on one object that this session did not make. */
#ifndef HSMFERRY_CEREMONY_SWEEP_H
#define HSMFERRY_CEREMONY_SWEEP_H

#include <stdbool.h>

#include "base/err.h"
#include "ceremony/narrator.h"
#include "ceremony/party.h"
#include "hsm/key.h"

/* Announces handle, class, label and id in the record, and then destroys it if it still bears them.
 * why: "left by the interrupted ceremony". */
bool sweep_object(struct party *party, const struct key_desc *key, const char *why,
                  struct narrator *n, struct err *err);

#endif
