/* SPDX-License-Identifier: Apache-2.0 */
/* Is it the same key? A fresh challenge, the answer of each HSM, and the judgement. */
#ifndef HSMFERRY_TRANSFER_PROOF_H
#define HSMFERRY_TRANSFER_PROOF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "hsm/hsm.h"
#include "plan/plan.h"

/* What is asked of either side. Freed with proof_challenge_free(), which wipes it. */
struct proof_challenge {
    enum hsm_proof proof;
    struct bytes bytes;    /* what an HSM is to answer; empty: what it has in clear */
    struct bytes expected; /* the answer of the key's holder, or the digest that it signs; stays
                              here */
};

/* Where an HSM has the key. */
struct proof_place {
    uint64_t handle;
    enum key_class class;
    struct proof_half half; /* where the public half is, if not with the key */
};

/* The caller wipes them. */
struct proof_answers {
    struct bytes source, destination;
};

/* Makes a challenge from fresh random numbers. spki: the source's public half (DER); private keys
 * only. Errors: ERR_DATA (it is none, or one under which anybody could answer), ERR_UNSUPPORTED
 * (nothing can be asked by it), ERR_FAILED. */
bool proof_challenge(enum hsm_proof proof, const struct bytes *spki, struct proof_challenge *out,
                     struct err *err);
void proof_challenge_free(struct proof_challenge *challenge);

/* Lets ONE HSM answer, by its own API. Errors: as prove(). */
bool proof_answer(struct hsm *hsm, const struct proof_place *at,
                  const struct proof_challenge *challenge, struct bytes *answer, struct err *err);

/* Do both answers show the same key? spki: as for the challenge; of public objects all that they
 * consist of. Makes ECDSA signatures DER. Errors: ERR_DATA (they do not), ERR_CONFLICT (the public
 * object on the source is another one now). */
bool proof_judge(const struct proof_challenge *challenge, const struct bytes *spki,
                 struct proof_answers *answers, struct err *err);

/* Two places that are said to hold the same key. */
struct proof_pair {
    struct hsm *source;
    uint64_t source_key;
    const struct bytes *source_spki; /* DER; private keys only */
    struct hsm *destination;         /* NULL: only the source is asked, and judged by source_spki */
    uint64_t destination_key;
    enum key_class class;   /* of public objects, where source_spki is all that they consist of */
    struct proof_half half; /* where the source has source_spki, if not with source_key */
};

/* All that a public object consists of, as DER: a certificate, or the public key of handle (which
 * may be its private half). Errors: ERR_UNSUPPORTED (it cannot be had). */
bool proof_value(struct hsm *hsm, enum key_class class, uint64_t handle, struct bytes *der,
                 struct err *err);

/* The public key (DER SubjectPublicKeyInfo) that half is or certifies. Errors: ERR_DATA (it is no
 * certificate), ERR_UNSUPPORTED (it cannot be had). */
bool proof_half(struct hsm *hsm, const struct proof_half *half, struct bytes *spki,
                struct err *err);

/* Proves it by the first of the proofs (bits 1 << enum hsm_proof) that both sides can answer, and
 * tells which one that was. Each side carries out the operation by its own API. Secrets: both
 * answer the same fresh challenge, the answers are compared, and are none that needs no key.
 * Private keys: OpenSSL checks both answers under the public key that the source gave, which must
 * be one under which not everybody can answer (SP 800-89 5.3.3, SP 800-56A 5.6.2.3). Answers are
 * wiped.
 * Errors: ERR_DATA (the proof failed: not the same key), ERR_UNSUPPORTED (none of the proofs could
 * be answered), whatever an HSM answered otherwise. */
bool proof_run(const struct proof_pair *pair, uint32_t proofs, enum hsm_proof *which,
               struct err *err);

/* Is this, as an HSM answered a proof that is a signature (hsm_signing_of()), one over the digest
 * under this public half (DER)? Makes an ECDSA signature DER. Errors: ERR_DATA (it is none). */
bool proof_signature(const struct bytes *spki, enum hsm_proof proof, const struct bytes *digest,
                     struct bytes *signature, struct err *err);

/* Reads the public half that answers are checked under, of the private key that was listed so.
 * half: where it was found. Errors: ERR_DATA (the source reports another one now), whatever the
 * source answered otherwise. */
bool proof_public(struct hsm *source, const struct key_desc *listed, const struct proof_half *half,
                  struct bytes *spki, struct err *err);

/* Of these proofs, those that show whether found, on the destination, has source's value and no
 * other. HMAC fills a key up with zeros to its block of 64 octets, and takes the digest of a longer
 * one in its place (RFC 2104 section 2): two keys that it cannot tell apart have different lengths,
 * so it proves only where the destination tells the length. */
uint32_t proof_exact(uint32_t proofs, const struct key_desc *source, const struct key_desc *found);

/* One sentence that an auditor could quote; key in words is not part of it. */
const char *proof_sentence(enum hsm_proof which);

#endif
