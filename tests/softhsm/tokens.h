/* SPDX-License-Identifier: Apache-2.0 */
/* Two fresh SoftHSM tokens in a private temporary folder, and objects of known value on them. */
#ifndef HSMFERRY_TESTS_SOFTHSM_TOKENS_H
#define HSMFERRY_TESTS_SOFTHSM_TOKENS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <p11-kit/pkcs11.h>

#define TOKENS_PIN    "4711-user"
#define TOKENS_SO_PIN "0815-officer"

enum tokens_side { TOKENS_OLD, TOKENS_NEW, TOKENS };

struct tokens {
    char dir[64];
    char module[256];
    CK_SLOT_ID slot[TOKENS]; /* labelled "old" and "new" */
};

/* What to put on a token. Everything not said is as one would wish a key to move: private,
 * sensitive, extractable, with all uses. */
struct tokens_object {
    CK_OBJECT_CLASS class;
    CK_KEY_TYPE type;
    const void *value; /* secret keys, data */
    size_t value_len;
    const void *label;
    size_t label_len;
    uint8_t id;
    bool unextractable, trusted_only, unmodifiable, uncopyable, unused;
};

/* Where SoftHSM is installed, or NULL. */
const char *tokens_module(void);

/* SoftHSM's dialect in the source tree: for a driver in the test's own process, beside which there
 * are none. */
const char *tokens_dialect(void);

/* Makes the folder, points SOFTHSM2_CONF into it and initialises both tokens. */
bool tokens_make(struct tokens *tokens);

/* Removes the folder. */
void tokens_remove(struct tokens *tokens);

/* A session of the user on one token, straight through the module (no driver of ours). */
struct tokens_session {
    CK_FUNCTION_LIST *fn;
    CK_SESSION_HANDLE session;
};
bool tokens_enter(const struct tokens *tokens, enum tokens_side side, struct tokens_session *s);
void tokens_leave(struct tokens_session *s);

/* Creates the object; 0 when the token refused. */
CK_OBJECT_HANDLE tokens_put(struct tokens_session *s, const struct tokens_object *object);

/* Generates a pair on the token: RSA of so many bits, or EC on the curve with this DER OID, with
 * this id on both halves. Returns the private half. */
CK_OBJECT_HANDLE tokens_put_rsa(struct tokens_session *s, CK_ULONG bits, const char *label,
                                uint8_t id);
CK_OBJECT_HANDLE tokens_put_ec(struct tokens_session *s, CK_MECHANISM_TYPE mechanism,
                               const uint8_t *oid, size_t oid_len, const char *label, uint8_t id);

#endif
