/* SPDX-License-Identifier: Apache-2.0 */
/* Does a token implement each algorithm as its dialect states? Tried with test keys, or taken from
 * the dialect. */
#ifndef HSMFERRY_DRIVER_PKCS11_PKCS11_TRY_H
#define HSMFERRY_DRIVER_PKCS11_PKCS11_TRY_H

#include "driver/pkcs11/pkcs11_probe.h"

/* Tries the dialect's mechanisms in their order. Results are stored in b->caps and b->p->mechanism,
 * with the reasons as text. The transports come first: they reveal the envelope key, with which
 * each envelope's real algorithm is determined. */
void try_transports(struct probe *b);
void try_envelopes(struct probe *b);

/* Without a trial: takes the first mechanisms of the dialect that the token lists, and the
 * dialect's other statements. */
void try_nothing(struct p11 *p, struct hsm_capabilities *caps);

#endif
