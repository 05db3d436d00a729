/* SPDX-License-Identifier: Apache-2.0 */
/* Finding keys by their names in a list of many thousands. */
#ifndef HSMFERRY_PLAN_NAME_INDEX_H
#define HSMFERRY_PLAN_NAME_INDEX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "hsm/key.h"

/* Two orders of the same keys, which still belong to the list. {0} is empty. */
struct names {
    const struct key_desc **by_name; /* class, label, id */
    const struct key_desc **by_id;   /* class, id */
    size_t count;
};

/* Errors: ERR_FAILED (memory). Freed with names_free(). The list must outlive it unchanged. */
bool names_make(const struct key_list *list, struct names *names, struct err *err);
void names_free(struct names *names);

/* A key whose name collides with this one's (key_name_collides()), or NULL. */
const struct key_desc *names_taken(const struct names *names, const struct key_desc *key);

/* The keys of this class and id: count of them in by_id, from first on. */
void names_with_id(const struct names *names, const struct key_desc *key, size_t *first,
                   size_t *count);

/* The same by label, in by_name. */
void names_with_label(const struct names *names, const struct key_desc *key, size_t *first,
                      size_t *count);

/* How many keys have exactly this name (key_same_name()); counts up to 2. */
unsigned names_same(const struct names *names, const struct key_desc *key);

/* The only key with exactly this name; NULL: there is none, or more than one. */
const struct key_desc *names_only(const struct names *names, const struct key_desc *key);

#endif
