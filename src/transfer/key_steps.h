/* SPDX-License-Identifier: Apache-2.0 */
/* Steps 8 to 11 of the protocol, once for each key. */
#ifndef HSMFERRY_TRANSFER_KEY_STEPS_H
#define HSMFERRY_TRANSFER_KEY_STEPS_H

#include "transfer/transfer.h"

extern const struct transfer_row key_rows[];
extern const size_t key_rows_count;

/* The same for a key service: the key is kept as a file. */
extern const struct transfer_row sealed_key_rows[];
extern const size_t sealed_key_rows_count;

#endif
