/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A key in two layers: wrapped under one key, and what that gave encrypted under another, for HSMs
 * that cannot make one key of two secrets. The inner wrapped key does not leave the agent, so both
 * layers must be broken to read the key.
 */
#ifndef HSMFERRY_HSM_LAYERS_H
#define HSMFERRY_HSM_LAYERS_H

#include "hsm/hsm.h"

/* wrap_layers() and unwrap_layers() of the contract for every driver, by its wrap(), unwrap(),
 * gcm_encrypt() and gcm_decrypt(). */
bool layers_wrap(struct hsm *hsm, const struct hsm_layers *by, uint64_t key,
                 struct bytes *wrapped_key, struct err *err);
bool layers_unwrap(struct hsm *hsm, const struct hsm_layers *by, const struct bytes *wrapped_key,
                   const struct hsm_template *template, uint64_t *handle, struct err *err);

/* Octets of the whole for an AES key of len octets. */
size_t layers_len(enum hsm_alg inner, size_t len);

/* The outer layer by OpenSSL, for keys whose value is known: test keys. The tag is at the end of
 * the ciphertext. Returns false if that is not one under this key. */
bool layers_gcm(bool encrypt, const struct bytes *key, const uint8_t *iv,
                const struct bytes *context, const struct bytes *in, struct bytes *out);

#endif
