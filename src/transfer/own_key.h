/* SPDX-License-Identifier: Apache-2.0 */
/* The transport keys: does each one have the guards that were requested? */
#ifndef HSMFERRY_TRANSFER_OWN_KEY_H
#define HSMFERRY_TRANSFER_OWN_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "hsm/hsm.h"

/* The attributes that a key must have that this program asked an HSM to generate or unwrap. */
struct own_key {
    const char *what; /* "transport private key" */
    enum key_class class;
    uint32_t uses;  /* enum key_flag: no other uses may be set */
    uint32_t set;   /* these must be set ... */
    uint32_t unset; /* ... and these not */
};

extern const struct own_key own_transport_private, own_transport_public, own_offered_private,
    own_source_kek, own_destination_kek, own_second_source_kek, own_second_destination_kek,
    own_source_evidence, own_destination_evidence, own_agreed_private, own_agreed_wrapping,
    own_agreed_unwrapping, own_agreed_encrypting, own_agreed_decrypting, own_kem_private,
    own_kem_secret;

/* A key that has more rights, can be read, or was not generated inside the HSM may have been
 * planted, or may disclose the keys that it wraps. An attribute that the HSM does not report counts
 * as wrong, except for those in unreadable (struct hsm_capabilities), which are returned in
 * *unread. Errors: ERR_DATA. */
bool own_key_judge(const struct own_key *want, const struct key_desc *is, uint32_t unreadable,
                   uint32_t *unread, struct err *err);

/* Reads the key with this handle, and judges it. */
bool own_key_check(struct hsm *hsm, uint64_t handle, const struct own_key *want,
                   uint32_t unreadable, uint32_t *unread, struct err *err);

#endif
