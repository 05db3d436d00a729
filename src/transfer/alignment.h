/* SPDX-License-Identifier: Apache-2.0 */
/* A copy that the destination has already is brought into line with its original. */
#ifndef HSMFERRY_TRANSFER_ALIGNMENT_H
#define HSMFERRY_TRANSFER_ALIGNMENT_H

#include "transfer/transfer.h"

/* STEP_ALIGN: proves that the copy is the key of the plan, sets the attributes, and reads it back.
 * t->committing: attributes may be set although the step failed. */
extern const struct transfer_row aligned_rows[];
extern const size_t aligned_rows_count;

#endif
