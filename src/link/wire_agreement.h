/* SPDX-License-Identifier: Apache-2.0 */
/* Key agreement (hsm/key_agreement.h), in messages. */
#ifndef HSMFERRY_LINK_WIRE_AGREEMENT_H
#define HSMFERRY_LINK_WIRE_AGREEMENT_H

#include "base/err.h"
#include "hsm/hsm.h"
#include "link/hsm.pb-c.h"

void wire_put_meeting(const struct hsm_meeting *with, Pb__Meeting *msg);

/* *peer is the memory of out->peer; both borrow from the message. */
bool wire_get_meeting(const Pb__Meeting *msg, struct hsm_meeting *out, struct bytes *peer,
                      struct err *err);

void wire_put_agreement(const struct hsm_agreement *on, Pb__Agreement *msg);
bool wire_get_agreement(const Pb__Agreement *msg, struct hsm_agreement *out, struct bytes *peer,
                        struct err *err);

#endif
