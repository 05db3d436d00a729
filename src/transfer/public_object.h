/* SPDX-License-Identifier: Apache-2.0 */
/* Public keys and certificates: they cross unencrypted, and are hostile until they were checked. */
#ifndef HSMFERRY_TRANSFER_PUBLIC_OBJECT_H
#define HSMFERRY_TRANSFER_PUBLIC_OBJECT_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/err.h"
#include "hsm/hsm.h"
#include "plan/plan.h"
#include "transfer/transfer.h"

/* The steps of a public object. */
extern const struct transfer_row public_rows[];
extern const size_t public_rows_count;

/* Reads the public data of an item from the source: the public half of a private key, or a whole
 * public object. A secret has none. */
bool public_object_read(struct hsm *source, const struct plan_item *item, struct bytes *out,
                        struct err *err);

/* Gives every public object of the plan its final verdict, from the DER that the source now
 * returns. Errors: ERR_GONE. */
bool public_objects_judge(struct hsm *source, struct plan *plan, struct err *err);

#endif
