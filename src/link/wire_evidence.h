/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence that travels encrypted (hsm/evidence_form.h), in messages. */
#ifndef HSMFERRY_LINK_WIRE_EVIDENCE_H
#define HSMFERRY_LINK_WIRE_EVIDENCE_H

#include "base/err.h"
#include "hsm/evidence_form.h"
#include "link/hsm.pb-c.h"

/* The cipher of a request to unseal is complete; of one to seal, it is the challenge, or nothing.
 * *cipher is the memory of the message's. */
void wire_put_evidence(const struct evidence_subject *of, const struct evidence_cipher *parts,
                       bool unseal, Pb__Evidence *msg, Pb__Cipher *cipher);
bool wire_get_evidence(const Pb__Evidence *msg, bool unseal, struct evidence_subject *out,
                       struct evidence_cipher *parts, struct err *err);

void wire_put_cipher(const struct evidence_cipher *parts, Pb__Cipher *msg);
bool wire_get_cipher(const Pb__Cipher *msg, struct evidence_cipher *out, struct err *err);

#endif
