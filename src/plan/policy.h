/* SPDX-License-Identifier: Apache-2.0 */
/* The policy of a ceremony: may this key be migrated, and if not, why? */
#ifndef HSMFERRY_PLAN_POLICY_H
#define HSMFERRY_PLAN_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "hsm/facts.h"
#include "hsm/key.h"
#include "plan/transports.h"

/* Must a test key be migrated with each wrap option before a real key is? When possible: not for
 * kinds of keys that the source cannot generate. */
enum confinement_rule { CONFINEMENT_WHEN_POSSIBLE, CONFINEMENT_REQUIRED };
/* What becomes of a key whose label or id another object of the destination has: it is left out;
 * the ceremony does not begin; or it arrives under another name. */
enum taken_rule { TAKEN_SKIP, TAKEN_STOP, TAKEN_RENAME };
/* Of keys that a pattern names as versions of one key: all are taken; or only the newest, which has
 * the highest number, or the latest start date. */
enum versions_rule { VERSIONS_ALL, VERSIONS_BY_NUMBER, VERSIONS_BY_DATE };
/* Must a transport withstand a quantum computer, or is such a one taken before the others? */
enum quantum_rule { QUANTUM_ANY, QUANTUM_PREFERRED, QUANTUM_REQUIRED };
enum canary_rule { CANARY_REQUIRED, CANARY_WHEN_POSSIBLE, CANARY_NONE };

enum { POLICY_RENAME_MAX = 48 };
#define POLICY_LABEL  "{label}"
#define POLICY_NUMBER "{n}"

/* The decisions that the officers made before the ceremony. */
struct policy {
    uint32_t rsa_bits;   /* of the transport pair: 2048, 3072 or 4096 */
    uint32_t transports; /* bit (1 << enum hsm_alg) for each OAEP variant allowed */
    struct {
        uint8_t count; /* 0: all, the strongest first */
        uint8_t at[TRANSPORTS];
    } order; /* enum transport_kind: these alone, in order of preference */
    enum quantum_rule quantum;
    bool kdf_required; /* no key that is agreed on without a key-derivation function */
    bool sensitive;    /* the guards of the keys on the destination */
    bool extractable;
    bool waive_unproven;  /* may keys that nothing proves be migrated, each under a typed waiver? */
    bool cmac;            /* compute check values by CMAC, also of keys that have one by ECB? */
    bool unauthenticated; /* may keys be migrated in an envelope without integrity? */
    enum taken_rule taken;
    char rename[POLICY_RENAME_MAX]; /* TAKEN_RENAME: the label there; POLICY_LABEL in it stands for
                                       that on the source */
    struct {
        enum versions_rule rule;
        char pattern[POLICY_RENAME_MAX]; /* of labels; POLICY_NUMBER in it stands for digits */
    } versions;
    enum canary_rule canary;
    bool writes_before_review;         /* may the canary make token objects before the review? */
    enum confinement_rule confinement; /* of the console and the agents */
    uint32_t gates;        /* bit (1 << enum gate) for each that waits; the others are waived */
    uint32_t two_officers; /* those of them that wait for both officers */
};

/* Is this transport allowed? Fills in those that are, in the order in which they are tried. Returns
 * their number. */
bool policy_allows_transport(const struct policy *policy, enum transport_kind kind);
unsigned policy_transports(const struct policy *policy, enum transport_kind out[TRANSPORTS]);

/* "ecdh-p521, rsa-oaep" as the policy names them, or "the strongest of both sides". */
void policy_transports_text(const struct policy *policy, char *out, size_t size);

/* From now on, the policy allows RSA-OAEP alone. */
void policy_rsa_only(struct policy *policy);

/* The word of the ceremony file: "required". */
const char *quantum_rule_name(enum quantum_rule rule);
const char *canary_rule_name(enum canary_rule rule);
const char *confinement_rule_name(enum confinement_rule rule);
const char *taken_rule_name(enum taken_rule rule);
const char *versions_rule_name(enum versions_rule rule);

/* RSA 3072, OAEP with SHA-256 or SHA-1, sensitive, not extractable, no envelope without
 * integrity, a canary for every kind that also stores, gates review and fingerprint. */
struct policy policy_default(void);

bool policy_equal(const struct policy *a, const struct policy *b);

/* The flags of a key on the destination: uses and guards of the source's key, restricted by the
 * policy. A key never gets more rights than it had. */
uint32_t policy_want_flags(const struct policy *policy, const struct key_desc *key);

/* May this key leave the source at all, according to the attributes that the source reports? If
 * not, *err holds the code (ERR_DENIED: not extractable, needs a trusted wrapping key; ERR_DATA: a
 * type or size that cannot be migrated) and the reason in words for the officer. */
bool policy_may_leave(const struct key_desc *key, struct err *err);

/* The same two questions for a public key or certificate: it is not secret, so the policy does not
 * apply, and it keeps its flags. Errors: ERR_DATA (a type or name that cannot be migrated). */
uint32_t policy_public_flags(const struct key_desc *key);
bool policy_public_may_go(const struct key_desc *key, struct err *err);

/* May an RSA key transport by this algorithm? The policy speaks of the hashes of OAEP. */
bool policy_allows(const struct policy *policy, enum hsm_alg alg);

/* From now on, the policy allows RSA-OAEP alone, and no other hash than that of this algorithm. */
void policy_only(struct policy *policy, enum hsm_alg alg);

/* Is this the public half of a transport key that the policy accepts? Checks the DER to its last
 * byte: RSA of exactly policy->rsa_bits, e = 65537, none of the weaknesses of rsa_check.h, nothing
 * after it. Errors: ERR_DATA, ERR_FAILED (memory). */
bool policy_check_transport(const struct policy *policy, const uint8_t *spki, size_t len,
                            struct err *err);

#endif
