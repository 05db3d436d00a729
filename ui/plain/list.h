/* SPDX-License-Identifier: Apache-2.0 */
/* Both HSMs side by side as text: slots, tokens and their flags, key objects. */
#ifndef HSMFERRY_UI_PLAIN_LIST_H
#define HSMFERRY_UI_PLAIN_LIST_H

#include <stdio.h>

#include "hsm/facts.h"
#include "hsm/key.h"
#include "hsm/uri.h"

enum {
    LIST_COLUMNS = 120, /* unless the output is a terminal */
    LIST_COLUMNS_MIN = 100,
};

struct list_side {
    const char *api;         /* and its dialect */
    const char *module;      /* safe text */
    const struct uri *token; /* the one that is named: marked at its slot */
    const struct hsm_slot_list *slots;
    const struct key_list *keys; /* of that token */
};

/* Prints the source at the left and the destination at the right, in this many columns, but at
 * least LIST_COLUMNS_MIN. No line ends with a blank. */
void list_print(FILE *out, int columns, const struct list_side side[2]);

#endif
