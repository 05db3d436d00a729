/* SPDX-License-Identifier: Apache-2.0 */
/* The constraints of a key, in messages. */
#ifndef HSMFERRY_LINK_WIRE_CONSTRAINTS_H
#define HSMFERRY_LINK_WIRE_CONSTRAINTS_H

#include "base/err.h"
#include "hsm/key.h"
#include "link/hsm.pb-c.h"

/* The memory that the terms of a message point to. */
struct wire_constraints {
    Pb__Terms msg;
    Pb__KeyTemplate template[KEY_TEMPLATES];
    Pb__KeyTemplate *refs[KEY_TEMPLATES];
};

/* Lends terms to a message that is packed while room lives; NULL: nothing is known. */
Pb__Terms *wire_lend_constraints(const struct key_constraints *constraints,
                                 struct wire_constraints *room);

/* Errors: ERR_DATA, with the name of the field. */
bool wire_get_constraints(const Pb__Terms *msg, struct key_constraints *out, struct err *err);

#endif
