/* SPDX-License-Identifier: Apache-2.0 */
/* Are two keys the same, judged by what both sides encrypt them to? */
#ifndef HSMFERRY_TRANSFER_REWRAP_H
#define HSMFERRY_TRANSFER_REWRAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "hsm/hsm.h"
#include "protocol/event.h"
#include "transfer/transfer.h"

/* Compares the key with the destination's, which is handle and was read back as found, by
 * encrypting both under one key of their own, where the copy may leave anyway; notes in t that they
 * are the same. What cannot be done is no failure: then *kcv says why. Errors: ERR_DATA (not the
 * same key; a key of ours is not as it was made), ERR_GONE, ERR_UNFINISHED (something is left
 * over).
 */
bool rewrap_check(struct hsm *const hsm[2], struct transfer *t, uint64_t handle,
                  const struct key_desc *found, struct kcv *kcv, struct err *err);

#endif
