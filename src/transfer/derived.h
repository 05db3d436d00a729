/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of a new key that both HSMs derive, in place of those that carry one. */
#ifndef HSMFERRY_TRANSFER_DERIVED_H
#define HSMFERRY_TRANSFER_DERIVED_H

#include "transfer/transfer.h"

extern const struct transfer_row derived_rows[];
extern const size_t derived_rows_count;

/* If the commit on the source was not answered: is there an object of this name, which was not
 * there before? found->handle 0: none. Errors: those of list(). */
bool derived_find_lost(struct hsm *source, const struct transfer *t, struct key_desc *found,
                       struct err *err);

#endif
