/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests on real tokens share: two tokens filled with keys of every kind, and the transport
 * between them through the driver alone. */
#ifndef HSMFERRY_TESTS_SOFTHSM_FERRY_H
#define HSMFERRY_TESTS_SOFTHSM_FERRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>

#include "hsm/hsm.h"
#include "tests/softhsm/tokens.h"

extern struct tokens tokens;
extern struct err err;          /* of the last call into a driver */
extern uint8_t value[64];       /* every secret's value is a beginning of this */
extern const char temp_label[]; /* of temporary objects */

#define HOSTILE "\x1b[2J\n\0\xff\xe2\x80\xae' \\\""

enum { SECRETS = 8, PAIRS = 6 };

/* On the old token: secrets of known value, ids 0x10 and up ... */
struct secret_row {
    const char *label;
    CK_KEY_TYPE type;
    uint32_t len;
};
extern const struct secret_row secrets[SECRETS];

/* ... pairs, ids 0x20 and up, and "ed25519" ... */
struct pair_row {
    const char *label;
    CK_ULONG rsa_bits;
    const uint8_t *oid;
    size_t oid_len;
    const char *curve;
    uint32_t bits;
};
extern const struct pair_row pairs[PAIRS];

/* ... and AES-256 keys "stays" (not extractable), "trusted" (wrap with trusted), "unmodifiable",
 * "uncopyable", "unused" (no uses), HOSTILE, 255 octets of 0xc3, no label; a data object "data". */
int ferry_make_tokens(void **state);
int ferry_remove_tokens(void **state);

/* Fails the test with what err says. */
void must(bool ok);

struct hsm *hsm_open(void);
bool hsm_log_in(struct hsm *hsm, uint64_t slot, const char *pin);
struct hsm *hsm_enter(enum tokens_side side);

bool hsm_find(struct hsm *hsm, enum key_class class, const void *label, size_t len,
              struct key_desc *key);
struct key_desc hsm_key(struct hsm *hsm, enum key_class class, const char *label);

/* How many objects there are, checking that their handles ascend. */
size_t hsm_count(struct hsm *hsm);

/* Is SHA-256(nonce || the first len octets of value) what this HSM says of this key? */
bool hsm_digest_is(struct hsm *hsm, uint64_t handle, size_t len);

/* The public half as OpenSSL's key. */
EVP_PKEY *hsm_public(struct hsm *hsm, uint64_t handle);

/* Both sides with the transport keys of steps 1 to 7 (*state of a test). */
struct ferry {
    struct hsm *old, *new;
    struct hsm_pair pair;
    uint64_t public;  /* on the old side */
    uint64_t wrapper; /* the AES key, on the old side ... */
    uint64_t arrived; /* ... and on the new one */
    struct bytes wrapped_key;
};
int ferry_up(void **state);
int ferry_down(void **state);

/* A template for the key as it is on the old side: sensitive, not extractable, to be kept. */
struct hsm_template ferry_template(const struct key_desc *key, const struct bytes *spki);

/* Moves one key; returns the handle of the temporary one on the new side. */
uint64_t ferry_move(struct ferry *f, const struct key_desc *key, bool direct);

/* Commits it under the key's own name and destroys the temporary one. */
uint64_t ferry_keep(struct ferry *f, uint64_t temporary, const struct key_desc *key);

#endif
