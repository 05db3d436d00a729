/* SPDX-License-Identifier: Apache-2.0 */
/* The other side of a transport by ML-KEM, alone or with ECDH, as counterpart.h is for the others.
 */
#ifndef HSMFERRY_DRIVER_DIALECT_COUNTERPART_KEM_H
#define HSMFERRY_DRIVER_DIALECT_COUNTERPART_KEM_H

#include "hsm/counterpart.h"

struct counterpart_kem;

/* A destination: *public is what it sends. NULL: OpenSSL fails. */
struct counterpart_kem *counterpart_kem_new(enum hsm_alg alg, struct bytes *public);
void counterpart_kem_free(struct counterpart_kem *other);

/* The two secrets of an agreement; on_curve is empty without a curve. */
struct counterpart_secrets {
    struct bytes on_curve, kem;
};
void counterpart_secrets_free(struct counterpart_secrets *secrets);

/* What a destination has from the source's answer, and a source from the destination's public
 * half, to which it answers. Return false if that is not what such a side sends. */
bool counterpart_kem_take(const struct counterpart_kem *other, const struct bytes *answer,
                          struct counterpart_secrets *secrets);
bool counterpart_kem_answer(enum hsm_alg alg, const struct bytes *public, struct bytes *answer,
                            struct counterpart_secrets *secrets);

/* The key that wraps; outer: the other key, of HSM_KDF_NESTED, else empty. */
bool counterpart_kem_keys(enum hsm_kdf kdf, const struct counterpart_secrets *secrets,
                          const uint8_t *info, struct bytes *key, struct bytes *outer);

#endif
