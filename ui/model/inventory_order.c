/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/inventory_order.h"

#include <stdlib.h>
#include <string.h>

static int compare_bytes(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
    int order = memcmp(a, b, a_len < b_len ? a_len : b_len);
    return order ? order : (a_len > b_len) - (a_len < b_len);
}

static size_t kept(size_t len, size_t room)
{
    return len < room ? len : room;
}

static int compare_labels(const struct key_desc *a, const struct key_desc *b)
{
    return compare_bytes(a->label, kept(a->label_len, KEY_LABEL_MAX), b->label,
                         kept(b->label_len, KEY_LABEL_MAX));
}

static int compare_ids(const struct key_desc *a, const struct key_desc *b)
{
    return compare_bytes(a->id, kept(a->id_len, KEY_ID_MAX), b->id, kept(b->id_len, KEY_ID_MAX));
}

static int first_of(int a, int b, int c)
{
    return a ? a : b ? b : c;
}

/* Keys that can move come first, then public keys, certificates and the rest. */
static int compare_classes(const struct key_desc *a, const struct key_desc *b)
{
    static const int rank[KEY_CLASSES] = {
        [KEY_CLASS_PRIVATE] = 1,     [KEY_CLASS_SECRET] = 1, [KEY_CLASS_PUBLIC] = 2,
        [KEY_CLASS_CERTIFICATE] = 3, [KEY_CLASS_DATA] = 4,   [KEY_CLASS_OTHER] = 5,
    };
    return rank[a->class] - rank[b->class];
}

static int compare_types(const struct key_desc *a, const struct key_desc *b)
{
    return first_of((int)a->kind - (int)b->kind, (a->bits > b->bits) - (a->bits < b->bits),
                    strcmp(a->curve, b->curve));
}

int order_by_label(const struct key_desc *a, const struct key_desc *b)
{
    return first_of(compare_classes(a, b), compare_labels(a, b), compare_ids(a, b));
}

int order_by_type(const struct key_desc *a, const struct key_desc *b)
{
    return first_of(compare_classes(a, b), compare_types(a, b), compare_labels(a, b));
}

int order_by_id(const struct key_desc *a, const struct key_desc *b)
{
    return first_of(compare_classes(a, b), compare_ids(a, b), compare_labels(a, b));
}

int order_by_name(const struct key_desc *a, const struct key_desc *b)
{
    return first_of((int)a->class - (int)b->class, compare_labels(a, b), compare_ids(a, b));
}

struct order {
    struct compact *const *rows;
    order_fn *compare;
};

static int compare_indices(const void *a, const void *b, void *ctx)
{
    const struct order *order = ctx;
    uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
    struct key_desc a_key, b_key;
    int result;

    compact_get(order->rows[i], &a_key, sizeof a_key);
    compact_get(order->rows[j], &b_key, sizeof b_key);
    result = order->compare(&a_key, &b_key);
    return result ? result : (i > j) - (i < j);
}

/* From the end, so that each index is moved once; fresh is a copy of the indices that follow. */
static void merge(uint32_t *indices, size_t sorted, const uint32_t *fresh, size_t count,
                  struct order *order)
{
    while (count > 0)
        if (sorted > 0 && compare_indices(&indices[sorted - 1], &fresh[count - 1], order) > 0) {
            indices[sorted + count - 1] = indices[sorted - 1];
            sorted--;
        } else {
            indices[sorted + count - 1] = fresh[count - 1];
            count--;
        }
}

void order_sort(struct compact *const *rows, uint32_t *indices, size_t sorted, size_t count,
                order_fn *compare)
{
    struct order order = {rows, compare};
    const size_t more = count - sorted;
    uint32_t *fresh = sorted > 0 && more > 0 ? calloc(more, sizeof *fresh) : NULL;

    if (!fresh && count > 1) {
        qsort_r(indices, count, sizeof *indices, compare_indices, &order);
    } else if (fresh) {
        qsort_r(indices + sorted, more, sizeof *indices, compare_indices, &order);
        memcpy(fresh, indices + sorted, more * sizeof *fresh);
        merge(indices, sorted, fresh, more, &order);
    }
    free(fresh);
}
