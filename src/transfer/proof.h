/* SPDX-License-Identifier: Apache-2.0 */
/* Key confirmation in three parts: a fresh challenge, the answer of each HSM, and the judgement. */
#ifndef HSMFERRY_TRANSFER_PROOF_H
#define HSMFERRY_TRANSFER_PROOF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "hsm/hsm.h"
#include "plan/plan.h"

/* The challenge to both sides. Freed with proof_challenge_free(), which wipes it. */
struct proof_challenge {
    enum hsm_proof proof;
    struct bytes bytes;    /* sent to the HSM; empty: it is asked for the public object itself */
    struct bytes expected; /* the right answer, or the digest that is signed; never sent */
    uint8_t passed[32];    /* SHA-256 of a public half that passed the check; zeros: of none */
    bool source_shown;     /* the source gives no answer to this one: its private key has answered
                              another before, its public object was read before */
};

/* The object that holds the key in one HSM. */
struct proof_place {
    uint64_t handle;
    enum key_class class;
    struct proof_half half; /* the object that holds the public half, if it is not the key itself */
};

/* The caller wipes them. */
struct proof_answers {
    struct bytes source, destination;
};

/* Makes a challenge from fresh random numbers. spki: the source's public half (DER); private keys
 * only. passed: the SHA-256 of the one that an earlier challenge was made from, which is not
 * checked again; NULL: there is none. Errors: ERR_DATA (it is no public key, or one under which
 * anyone could answer), ERR_UNSUPPORTED (this proof cannot challenge such a key), ERR_FAILED. */
bool proof_challenge(enum hsm_proof proof, const struct bytes *spki, const uint8_t *passed,
                     struct proof_challenge *out, struct err *err);
void proof_challenge_free(struct proof_challenge *challenge);

/* The same challenge again, from its bytes. Only of a signed one do they show the right
 * answer. Errors: ERR_DATA (they cannot be one), ERR_FAILED (memory). */
bool proof_again(enum hsm_proof proof, const struct bytes *bytes, struct proof_challenge *out,
                 struct err *err);

/* Lets ONE HSM answer through its own API. Errors: as prove(). */
bool proof_answer(struct hsm *hsm, const struct proof_place *at,
                  const struct proof_challenge *challenge, struct bytes *answer, struct err *err);

/* Do both answers show the same key? spki: as for the challenge; for public objects, the whole
 * object in DER. Converts ECDSA signatures to DER. Errors: ERR_DATA (they do not), ERR_CONFLICT
 * (the public object on the source has changed). */
bool proof_judge(const struct proof_challenge *challenge, const struct bytes *spki,
                 struct proof_answers *answers, struct err *err);

/* Two objects that should hold the same key. */
struct proof_pair {
    struct hsm *source;
    uint64_t source_key;
    const struct bytes *source_spki; /* DER; private keys only */
    struct hsm *destination;         /* NULL: only the source is asked, and judged by source_spki */
    uint64_t destination_key;
    enum key_class class;   /* for public objects, source_spki is the whole object in DER */
    struct proof_half half; /* the object that holds source_spki, if it is not source_key */
    bool source_shown;      /* source_key has answered under source_spki before */
};

/* A whole public object as DER: a certificate, or the public key of handle (which may be the
 * private half). Errors: ERR_UNSUPPORTED (it cannot be read). */
bool proof_value(struct hsm *hsm, enum key_class class, uint64_t handle, struct bytes *der,
                 struct err *err);

/* The public key (DER SubjectPublicKeyInfo) that half is or certifies. Errors: ERR_DATA (it is no
 * certificate), ERR_UNSUPPORTED (it cannot be read). */
bool proof_half(struct hsm *hsm, const struct proof_half *half, struct bytes *spki,
                struct err *err);

/* Proves it by the first of the proofs (bits 1 << enum hsm_proof) that both sides can perform, and
 * returns which one that was. Each side performs the operation through its own API. Secrets: both
 * answer the same fresh challenge; the answers must be equal, and must depend on a key. Private
 * keys: OpenSSL checks both answers under the public key that the source reports, which must be one
 * under which not everyone can answer (SP 800-89 5.3.3, SP 800-56A 5.6.2.3). Answers are wiped.
 * Errors: ERR_DATA (the proof failed: not the same key), ERR_UNSUPPORTED (none of the proofs could
 * be performed), other errors of an HSM. */
bool proof_run(const struct proof_pair *pair, uint32_t proofs, enum hsm_proof *which,
               struct err *err);

/* Is the answer to a proof by signature (hsm_signing_of()) a valid signature over the digest under
 * this public half (DER)? Converts an ECDSA signature to DER. Errors: ERR_DATA (it is not). */
bool proof_signature(const struct bytes *spki, enum hsm_proof proof, const struct bytes *digest,
                     struct bytes *signature, struct err *err);

/* Reads the public half of a listed private key, under which answers are checked. half: the
 * object that holds it. Errors: ERR_DATA (the source now reports another one), other errors of the
 * source. */
bool proof_public(struct hsm *source, const struct key_desc *listed, const struct proof_half *half,
                  struct bytes *spki, struct err *err);

/* Those of these proofs that show that found, on the destination, has exactly the value of source.
 * HMAC pads a key with zeros to its block of 64 octets, and uses the digest of a longer key (RFC
 * 2104 section 2). Keys that it cannot distinguish have different lengths, so it is a proof only if
 * the destination reports the length. */
uint32_t proof_exact(uint32_t proofs, const struct key_desc *source, const struct key_desc *found);

/* One sentence that an auditor can quote; it does not name the key. */
const char *proof_sentence(enum hsm_proof which);

#endif
