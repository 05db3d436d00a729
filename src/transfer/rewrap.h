/* SPDX-License-Identifier: Apache-2.0 */
/* Compares two keys by their ciphertexts under the same key. */
#ifndef HSMFERRY_TRANSFER_REWRAP_H
#define HSMFERRY_TRANSFER_REWRAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "hsm/hsm.h"
#include "protocol/event.h"
#include "transfer/transfer.h"

/* Compares the key with that of the destination, which is handle and was read back as found: both
 * sides wrap it under a separate AES key, if the copy may leave in any case. Records in t that both
 * are the same. A comparison that is not possible is no failure: *kcv then gives the reason.
 * Errors: ERR_DATA (not the same key; an AES key was not made as requested), ERR_GONE,
 * ERR_UNFINISHED (an object is left over).
 */
bool rewrap_check(struct hsm *const hsm[2], struct transfer *t, uint64_t handle,
                  const struct key_desc *found, struct kcv *kcv, struct err *err);

#endif
