/* SPDX-License-Identifier: Apache-2.0 */
/* The public half of a private key whose own object does not contain it: that of the public object
 * with the same id. If two of them differ, that of neither. */
#ifndef HSMFERRY_HSM_HALVES_H
#define HSMFERRY_HSM_HALVES_H

#include <stdbool.h>

#include "base/err.h"
#include "hsm/key.h"

/* Is it a private key without its public half, and with an id by which that can be found? */
bool halves_lacks(const struct key_desc *key);

/* Can this public object be the other half of that private one, according to the attributes of
 * both? */
bool halves_fit(const struct key_desc *key, const struct key_desc *public);

/* Gives each private key of a complete list its public half, if the list has it. Errors: ERR_FAILED
 * (memory). */
bool halves_match(struct key_list *list, struct err *err);

#endif
