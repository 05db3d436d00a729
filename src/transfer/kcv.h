/* SPDX-License-Identifier: Apache-2.0 */
/* The check values of a key, as both HSMs compute them. */
#ifndef HSMFERRY_TRANSFER_KCV_H
#define HSMFERRY_TRANSFER_KCV_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "hsm/hsm.h"
#include "protocol/event.h"

/* Two objects that should hold the same key. */
struct kcv_pair {
    const struct key_desc *key[2]; /* by side, as that side describes it */
    struct hsm *hsm[2];
    uint64_t handle[2];
    const struct kcv_value *ecb; /* by side, if both have computed it already; NULL: not yet */
};

/* The number of check values for a key of this kind, at least one. Each is a value, or the reason
 * why there is none. */
unsigned kcv_count(const struct key_desc *key);

/* Asks both sides for check value number at, from 0. offered: bit (1 << enum hsm_proof) for each
 * proof that both can perform. A value that an HSM cannot or may not compute is no failure: *kcv
 * then gives the reason.
 * Errors: ERR_DATA (the sides differ: not the same key), ERR_GONE. */
bool kcv_compute(const struct kcv_pair *pair, unsigned at, uint32_t offered, struct kcv *kcv,
                 struct err *err);

/* Do both sides hold the same key for its cipher: was a check value computed, and do all of them
 * agree? Those of triple DES do not depend on the parity bits. */
bool kcv_agree(const struct kcv_pair *pair, uint32_t offered);

#endif
