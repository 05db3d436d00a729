/* SPDX-License-Identifier: Apache-2.0 */
/* Throw-away keys for trying a token out: making them, telling them apart. */
#ifndef HSMFERRY_DRIVER_PKCS11_PKCS11_PROBE_H
#define HSMFERRY_DRIVER_PKCS11_PKCS11_PROBE_H

#include "driver/pkcs11/pkcs11_session.h"

/* One trial. */
struct probe {
    struct p11 *p;
    struct hsm_capabilities *caps; /* what was found so far */
    CK_OBJECT_HANDLE envelope;     /* AES-256: wraps and unwraps */
    CK_OBJECT_HANDLE subject;      /* AES-128: what is wrapped */
    struct bytes challenge;        /* for telling keys apart */
    struct bytes plain_wrap;       /* the subject by RFC 3394 */
    struct bytes envelope_value;   /* empty: not learnt */
};

extern const char probe_label[];

/* A temporary secret key with these uses, sensitive and extractable. */
CK_RV probe_make(struct probe *b, enum key_kind kind, uint32_t length, uint32_t uses,
                 CK_OBJECT_HANDLE *handle);
void probe_unmake(struct probe *b, CK_OBJECT_HANDLE handle);

/* The same for one that comes out of a blob. */
struct hsm_template probe_template(enum key_kind kind, uint32_t length, uint32_t uses);

/* Was this proof found to work? */
bool probe_can(const struct probe *b, enum hsm_proof proof);

bool probe_answers(struct probe *b, enum hsm_proof proof, CK_OBJECT_HANDLE key);

/* Do both keys answer, and the same? */
bool probe_same_answer(struct probe *b, enum hsm_proof proof, CK_OBJECT_HANDLE x,
                       CK_OBJECT_HANDLE y);

/* By the strongest way to tell that this token has; true where it has none. */
bool probe_same_key(struct probe *b, CK_OBJECT_HANDLE x, CK_OBJECT_HANDLE y);

/* Is this key of the HSM the AES key with this value? */
bool probe_is_value(struct probe *b, CK_OBJECT_HANDLE key, const struct bytes *value);

#endif
