/* SPDX-License-Identifier: Apache-2.0 */
/* Both HSMs side by side as text: slots, tokens and their flags, key objects. */
#ifndef HSMFERRY_UI_PLAIN_LIST_H
#define HSMFERRY_UI_PLAIN_LIST_H

#include <stdbool.h>
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
    bool listed; /* at the end: the HSM listed them; otherwise nobody knows how many there are */
};

/* The source at the left and the destination at the right, in this many columns, but at least
 * LIST_COLUMNS_MIN; {.out, .columns} has printed nothing yet. No line ends with a blank. */
struct list_print {
    FILE *out;
    int columns;
    size_t rows; /* that were printed */
};

/* Prints the rows that both sides have by now. Those of a side that come later follow them. */
void list_print_more(struct list_print *p, const struct list_side side[2]);

/* Prints the rest, and how many objects there are; or that a list of which objects were printed is
 * not complete. */
void list_print_rest(struct list_print *p, const struct list_side side[2]);

#endif
