/* SPDX-License-Identifier: Apache-2.0 */
/* Key agreement (hsm/key_agreement.h), in messages. */
#ifndef HSMFERRY_LINK_WIRE_AGREEMENT_H
#define HSMFERRY_LINK_WIRE_AGREEMENT_H

#include "base/err.h"
#include "hsm/hsm.h"
#include "link/hsm.pb-c.h"
#include "link/wire_constraints.h"

void wire_put_meeting(const struct hsm_meeting *with, Pb__Meeting *msg);

/* *peer is the memory of out->peer, and *sent that of out->sent; they borrow from the message. */
bool wire_get_meeting(const Pb__Meeting *msg, struct hsm_meeting *out, struct bytes *peer,
                      struct bytes *sent, struct err *err);

void wire_put_encapsulation(const struct hsm_encapsulation *with, Pb__Encapsulation *msg);
bool wire_get_encapsulation(const Pb__Encapsulation *msg, struct hsm_encapsulation *out,
                            struct bytes *peer, struct err *err);

/* *key and *constraints are the memory of on->key. */
void wire_put_agreement(const struct hsm_agreement *on, Pb__Agreement *msg, Pb__Template *key,
                        struct wire_constraints *constraints);

/* The memory of what out points to, which borrows from the message; without a key in that, out->key
 * is NULL. */
struct wire_agreed {
    struct bytes peer;
    struct hsm_template key;
    struct key_constraints constraints;
};
bool wire_get_agreement(const Pb__Agreement *msg, struct hsm_agreement *out,
                        struct wire_agreed *room, struct err *err);

/* By what a key is wrapped or unwrapped, from the fields of such a request; without an outer key it
 * is one layer. by->info borrows from info. */
bool wire_get_layers(uint32_t alg, uint64_t inner, uint64_t outer, const ProtobufCBinaryData *info,
                     struct hsm_layers *by, struct err *err);

#endif
