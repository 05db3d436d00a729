/* SPDX-License-Identifier: Apache-2.0 */
/* The suite: the transport and the wrap options that both sides support. */
#ifndef HSMFERRY_PLAN_SUITE_H
#define HSMFERRY_PLAN_SUITE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "hsm/facts.h"
#include "plan/policy.h"
#include "plan/services.h"
#include "protocol/outcome.h"

struct derived_key;

/* One way to wrap a key. */
struct wrap_option {
    enum key_route route; /* in the AES envelope, or directly under the transport key (by RSA_AES:
                             under a fresh AES key, in the same blob) */
    enum hsm_alg alg;     /* the algorithm that encrypts the key itself */
    bool exact;           /* preserves the length of any secret */
};
enum { WRAP_OPTIONS_MAX = 5 };

/* The result of the canary for one wrap option and one kind of key. */
struct trial {
    struct key_sample sample;
    enum hsm_alg alg;
    enum canary_state state;
    bool unsupported; /* an HSM would refuse every such key: that is no fault of this ceremony */
    char reason[160]; /* why it did not pass */
};
enum { TRIALS_MAX = 64 };

/* The result of the negotiation. */
struct suite {
    enum hsm_alg
        transport;    /* agreed on; an OAEP variant; RSA_AES if one side can do nothing else */
    enum hsm_kdf kdf; /* if it is agreed on */
    /* strongest first: a key takes the first that fits */
    struct wrap_option options[WRAP_OPTIONS_MAX];
    unsigned option_count;     /* at least one */
    enum hsm_alg evidence;     /* that wraps an evidence key, if both sides can seal and unseal;
                                  HSM_ALGS: they cannot */
    uint32_t direct_max;       /* octets of a secret that OAEP encrypts under the transport key */
    uint32_t proofs;           /* those that both sides can perform */
    uint32_t by_destination;   /* those that the destination can perform */
    bool one_per_id;           /* the destination keeps one key of each class and id */
    uint32_t lost_templates;   /* as in struct hsm_capabilities, of the destination */
    uint32_t lost_constraints; /* likewise */
    uint32_t lost_flags;       /* likewise */
    struct hsm_limits limits;  /* likewise */
    uint32_t digest_max;       /* as in struct hsm_limits, of the source */
    struct {
        enum hsm_alg alg;
        char reason[160];
    } rejected[HSM_ALGS]; /* candidates that were rejected, in the order tried */
    unsigned rejected_count;
    char transport_reason[160];
    struct trial trials[TRIALS_MAX];
    unsigned trial_count;
    const struct service *service;     /* the destination is a key service; NULL: an HSM */
    const struct derived_key *derived; /* both sides derive this new key; NULL: keys are carried */
    bool pads;                         /* the source may pad what it wraps, as far as is known */
    bool returned; /* the key comes as a file of a key service: no HSM is its source, and only a
                      public half that came by another way can prove it */
};

/* Chooses the algorithms, strongest first, that the source can wrap and the destination can unwrap
 * with, under the policy. Errors: ERR_UNSUPPORTED: no common transport; the message gives the
 * reason of each side. */
bool negotiate(const struct policy *policy, const struct hsm_capabilities *source,
               const struct hsm_capabilities *destination, struct suite *suite, struct err *err);

/* The result of the canary for keys like this one and alg; NULL: not tried yet. */
const struct trial *suite_trial(const struct suite *suite, const struct key_desc *key,
                                enum hsm_alg alg);

/* Does this envelope lack integrity, so that only the proof detects a key that was altered in
 * transit? */
bool suite_is_weak(enum hsm_alg alg);

#endif
