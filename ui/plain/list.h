/* SPDX-License-Identifier: Apache-2.0 */
/* Both HSMs side by side as text: slots, tokens and their flags, key objects. */
#ifndef HSMFERRY_UI_PLAIN_LIST_H
#define HSMFERRY_UI_PLAIN_LIST_H

#include <stdio.h>

#include "hsm/facts.h"
#include "hsm/key.h"
#include "hsm/uri.h"

enum {
    LIST_COLUMNS = 120, /* where the output is no terminal */
    LIST_COLUMNS_MIN = 100,
};

struct list_side {
    const char *api;         /* and its dialect */
    const char *module;      /* safe text */
    const struct uri *token; /* the one that is named: told beside its slot */
    const struct hsm_slot_list *slots;
    const struct key_list *keys; /* of that token */
};

/* Prints the source at the left, the destination at the right, in columns, but at least
 * LIST_COLUMNS_MIN. Lines have
 * no blanks at their ends. */
void list_print(FILE *out, int columns, const struct list_side side[2]);

#endif
