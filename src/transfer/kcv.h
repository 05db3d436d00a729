/* SPDX-License-Identifier: Apache-2.0 */
/* The check values of a key, as both HSMs compute them. */
#ifndef HSMFERRY_TRANSFER_KCV_H
#define HSMFERRY_TRANSFER_KCV_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "hsm/hsm.h"
#include "protocol/event.h"

/* Two places that are said to hold the same key. */
struct kcv_pair {
    const struct key_desc *key[2]; /* by side, as it describes it */
    struct hsm *hsm[2];
    uint64_t handle[2];
};

/* How many there are to tell for a key of this kind, each a value or the reason why there is none:
 * at least one. */
unsigned kcv_count(const struct key_desc *key);

/* Asks both sides for value number at, from 0; offered: bit (1 << enum hsm_proof) for each that
 * both can answer. What an HSM cannot or may not compute is no failure: then *kcv says why.
 * Errors: ERR_DATA (the sides differ: not the same key), ERR_GONE. */
bool kcv_compute(const struct kcv_pair *pair, unsigned at, uint32_t offered, struct kcv *kcv,
                 struct err *err);

/* Do both sides hold the same key as far as its cipher goes: was a check value computed, and is
 * every one the same? Those of triple DES leave the parity bits out. */
bool kcv_agree(const struct kcv_pair *pair, uint32_t offered);

#endif
