/* SPDX-License-Identifier: Apache-2.0 */
/* What a step will do, said before it is carried out: where, with which key, and what leaves an
 * HSM. */
#ifndef HSMFERRY_PROTOCOL_NEXT_STEP_H
#define HSMFERRY_PROTOCOL_NEXT_STEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hsm/facts.h"
#include "hsm/key.h"
#include "protocol/outcome.h"
#include "protocol/step.h"

struct next_step {
    enum step_id id;
    const struct key_desc *key; /* of a step of one key; else NULL */
    enum key_route route;       /* of that key */
    enum hsm_alg alg;           /* what encrypts here */
    bool blob;                  /* directly, but in one blob with a fresh AES key, by its hash */
    enum hsm_alg transport;     /* what carries the KEK */
    uint32_t transport_bits;    /* of its pair; 0: not known */
    const char *call;           /* the API's own call; NULL or empty: not known */
};

struct next_words {
    char does[320];   /* "The SOURCE encrypts root-ca (RSA 4096) under the KEK that only both HSMs
                         hold. C_WrapKey CKM_AES_KEY_WRAP_PAD." */
    char leaves[160]; /* "What leaves is ciphertext, about 2,400 bytes." */
};

void next_step_words(const struct next_step *next, struct next_words *out);

/* About how many bytes this step sends from an HSM, or over the relay; 0: none, or not known. */
size_t next_step_bytes(const struct next_step *next);

#endif
