/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of which the same is said, so that it is said once: "1 to 4, 7". */
#ifndef HSMFERRY_REPORT_KEY_GROUPS_H
#define HSMFERRY_REPORT_KEY_GROUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct key_statement {
    int64_t key; /* 0: of no key */
    size_t order;
    char *text;
};

/* {0} is empty. Adding and reporting takes n log n steps for n statements. */
struct key_groups {
    struct key_statement *statements;
    size_t count, room;
};

/* Adds a statement about a key. Keys of one text are added in ascending order. Errors: ERR_FAILED
 * (memory). */
bool key_groups_add(struct key_groups *g, int64_t key, struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Calls put once for each text, in the order in which the texts were first added. keys: "1 to 4,
 * 7", empty if it is said of no key; count: how many keys, or how often it was said of none. Sorts
 * g. Errors: ERR_FAILED (memory). */
typedef void key_groups_put(void *ctx, const char *text, const char *keys, size_t count);
bool key_groups_report(struct key_groups *g, key_groups_put *put, void *ctx, struct err *err);

/* Frees what is in g, which is then empty. */
void key_groups_clear(struct key_groups *g);

#endif
