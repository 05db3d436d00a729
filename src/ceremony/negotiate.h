/* SPDX-License-Identifier: Apache-2.0 */
/* The transport and the envelope that both sides really speak. */
#ifndef HSMFERRY_CEREMONY_NEGOTIATE_H
#define HSMFERRY_CEREMONY_NEGOTIATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "ceremony/policy.h"
#include "hsm/facts.h"

/* What both sides agreed on. */
struct negotiation {
    enum hsm_alg transport; /* an OAEP variant */
    bool has_envelope;      /* without one, keys can only go directly under OAEP */
    enum hsm_alg envelope;  /* HSM_AES_KWP */
    uint32_t direct_max;    /* octets of a secret that fit directly under the transport */
    bool exact;             /* a secret of any length arrives exact through the envelope */
    uint32_t proofs;        /* those that both sides can answer */
    struct {
        enum hsm_alg alg;
        char reason[160];
    } rejected[HSM_ALGS]; /* candidates that were not taken, in the order tried */
    unsigned rejected_count;
    char transport_reason[160];
    char envelope_reason[160];
};

/* Chooses, strongest first, what the source can wrap and the destination unwrap under the policy.
 * Errors: ERR_UNSUPPORTED: no common transport; the message says what each side offers. */
bool negotiate(const struct policy *policy, const struct hsm_offers *source,
               const struct hsm_offers *destination, struct negotiation *deal, struct err *err);

#endif
