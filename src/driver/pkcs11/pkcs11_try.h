/* SPDX-License-Identifier: Apache-2.0 */
/* Does a token speak each algorithm as its dialect says? Tried with throw-away keys, or believed.
 */
#ifndef HSMFERRY_DRIVER_PKCS11_PKCS11_TRY_H
#define HSMFERRY_DRIVER_PKCS11_PKCS11_TRY_H

#include "driver/pkcs11/pkcs11_probe.h"

/* Tries the dialect's mechanisms in their order: what works goes into b->caps and b->p->mechanism,
 * and why not in words. First the transports: by them the envelope's key is learnt, and with that
 * what each envelope really is. */
void try_transports(struct probe *b);
void try_envelopes(struct probe *b);

/* Without a trial: the first mechanisms of the dialect that the token lists, and what else the
 * dialect says. */
void try_nothing(struct p11 *p, struct hsm_capabilities *caps);

#endif
