/* SPDX-License-Identifier: Apache-2.0 */
/* What limits a key, in messages. */
#ifndef HSMFERRY_LINK_WIRE_TERMS_H
#define HSMFERRY_LINK_WIRE_TERMS_H

#include "link/wire.h"

/* Lent to a message that is packed while room lives; NULL: nothing is known. */
Pb__Terms *wire_lend_terms(const struct key_terms *terms, struct wire_terms *room);

/* Errors: ERR_DATA, naming the field. */
bool wire_get_terms(const Pb__Terms *msg, struct key_terms *out, struct err *err);

#endif
