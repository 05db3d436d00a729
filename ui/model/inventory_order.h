/* SPDX-License-Identifier: Apache-2.0 */
/* The orders of an inventory's rows. */
#ifndef HSMFERRY_UI_MODEL_INVENTORY_ORDER_H
#define HSMFERRY_UI_MODEL_INVENTORY_ORDER_H

#include <stddef.h>
#include <stdint.h>

#include "base/compact.h"
#include "hsm/key.h"

typedef int order_fn(const struct key_desc *a, const struct key_desc *b);

order_fn order_by_label, order_by_type, order_by_id;

/* For looking up: exactly the class, then the label, then the id. */
order_fn order_by_name;

/* Sorts indices into rows, of which the first are sorted already; they are merged with the
 * others. */
void order_sort(struct compact *const *rows, uint32_t *indices, size_t sorted, size_t count,
                order_fn *compare);

#endif
