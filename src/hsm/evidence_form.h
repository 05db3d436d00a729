/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EVIDENCE THAT TRAVELS ENCRYPTED. In a ceremony in two rooms, the source's answers to challenges
 * are in a file. Anyone who has the file could guess a stored secret, an HMAC key or a DES key, and
 * see from an answer that the guess is right. So the HSM encrypts these answers under an evidence
 * key: AES-256, generated on the source for encryption only, wrapped under the KEK, and unwrapped
 * on the destination for decryption only.
 *
 *     closed   the challenge is public, the answer encrypted. The destination answers it, too,
 *              decrypts the source's answer, and compares.
 *     open     the challenge is encrypted, the SHA-256 of the answer public. The destination
 *              decrypts the challenge, and answers. The answer shows nothing to anyone who does not
 *              know the challenge, so it may be in a file; the source knows it by its SHA-256.
 *
 * Only the two HSMs and their agents know these answers, and the encrypted challenges.
 */
#ifndef HSMFERRY_HSM_EVIDENCE_FORM_H
#define HSMFERRY_HSM_EVIDENCE_FORM_H

#include <stdbool.h>
#include <stdint.h>

#include "hsm/facts.h"

enum {
    EVIDENCE_BITS = 256,
    EVIDENCE_TEXT = 32, /* octets of a challenge, and of an answer */
    EVIDENCE_IV = 12,
    EVIDENCE_TAG = 16,
    EVIDENCE_CIPHERTEXT = EVIDENCE_TEXT + EVIDENCE_TAG,
    EVIDENCE_MIGRATION = 32, /* hexadecimal digits of a migration id */
    EVIDENCE_CONTEXT = 104,
};

/* The key that answers, and what the ciphertext is bound to. */
struct evidence_subject {
    enum hsm_proof proof;                   /* HSM_PROOF_DIGEST or HSM_PROOF_HMAC */
    uint64_t key, evidence_key;             /* handles */
    char migration[EVIDENCE_MIGRATION + 1]; /* of the ceremony */
    uint32_t number;                        /* of the key in the file */
    bool open;
};

struct evidence_cipher {
    uint8_t challenge[EVIDENCE_TEXT]; /* open: SHA-256 of the answer */
    uint8_t iv[EVIDENCE_IV];
    uint8_t ciphertext[EVIDENCE_CIPHERTEXT]; /* AES-256-GCM (SP 800-38D), with its tag at the end */
};

/* Is the answer to this proof one that may be sealed: 32 octets, by which a weak value could be
 * guessed? */
bool evidence_seals(enum hsm_proof proof);

/* The additional authenticated data of a ciphertext: the format, whether it is open, and all of
 * *of but the handles, and cipher->challenge. Fixed places and lengths, numbers in network order.
 */
void evidence_context(const struct evidence_subject *of, const uint8_t challenge[EVIDENCE_TEXT],
                      uint8_t out[EVIDENCE_CONTEXT]);

#endif
