/* SPDX-License-Identifier: Apache-2.0 */
/* The contract's wrap() and unwrap() (hsm/hsm.h), and NSS's names of the algorithms. */
#ifndef HSMFERRY_DRIVER_NSS_NSS_WRAP_H
#define HSMFERRY_DRIVER_NSS_NSS_WRAP_H

#include <pk11pub.h>

#include "hsm/hsm.h"

/* How NSS implements one algorithm; wrap_call NULL: not supported. */
struct nss_alg {
    CK_MECHANISM_TYPE mechanism;
    CK_RSA_PKCS_OAEP_PARAMS oaep; /* the RSA ones */
    const char *wrap_call;
    const char *unwrap_call;
};
extern const struct nss_alg nss_algs[HSM_ALGS];

bool nss_wrap(struct hsm *hsm, enum hsm_alg alg, uint64_t wrapping, uint64_t key,
              struct bytes *wrapped_key, struct err *err);

bool nss_unwrap(struct hsm *hsm, enum hsm_alg alg, uint64_t unwrapping,
                const struct bytes *wrapped_key, const struct hsm_template *template,
                uint64_t *handle, struct err *err);

#endif
