/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of the verification view: source and destination of one key, value by value. */
#ifndef HSMFERRY_UI_MODEL_VERIFY_ROWS_H
#define HSMFERRY_UI_MODEL_VERIFY_ROWS_H

#include "hsm/fidelity.h"
#include "ui/model/app.h"

enum { VERIFY_COMPANIONS_MAX = 8 };
enum {
    VERIFY_ROWS_MAX = FIDELITY_ROWS_MAX + 1 + VERIFY_COMPANIONS_MAX,
    VERIFY_VALUE_MAX = FIDELITY_VALUE_MAX + 16
};

struct verify_row {
    const char *name;
    char source[VERIFY_VALUE_MAX];
    char destination[VERIFY_VALUE_MAX];
    bool differs, bad;
    const char *word; /* what the difference means: "tightened", "by nature"; "" if none */
};

/* The rows of hsm/fidelity.h of which anything is known, for two narrow columns; those that differ
 * come next to the name. Returns the rows written. */
size_t verify_rows(const struct fidelity_pair *pair, struct verify_row rows[VERIFY_ROWS_MAX]);

/* Appends the companions of key number at, as far as there is room for them. Returns
 * the rows that are there now. */
size_t verify_companions(const struct run *run, size_t at, struct verify_row *rows, size_t count);

/* All rows of the pair that is looked at. A key that is on the destination alone is its source. */
size_t verify_pair(const struct app *app, struct verify_row rows[VERIFY_ROWS_MAX]);

/* What both HSMs were asked about this pair of the inventory; NULL: nothing. */
const struct compared *verify_asked(const struct app *app, const struct key_desc *source,
                                    const struct key_desc *destination);

#endif
