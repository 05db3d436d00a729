/* SPDX-License-Identifier: Apache-2.0 */
/* A key of the source and the same key of the destination: which two are compared, and their
 * relation. */
#ifndef HSMFERRY_UI_MODEL_PAIR_H
#define HSMFERRY_UI_MODEL_PAIR_H

#include "ui/model/app.h"

/* The pair that is looked at: of the plan, or at the inventory's cursor. Either may be NULL. */
void pair_of(const struct app *app, const struct key_desc **source,
             const struct key_desc **destination);

/* How an object relates to those of the other side, also by what both HSMs were asked. */
enum relation pair_relation(const struct app *app, enum side side, const struct key_desc *key);

/* Shows the pair at the inventory's cursor. */
void pair_show(struct app *app);

/* Shows the key of the plan delta places on from the one shown; 0: the one at hand. */
void pair_show_planned(struct app *app, long delta);

/* Asks both HSMs whether theirs is the same: an operation on both keys, so only on request. */
void pair_ask_same(struct app *app);

/* The inventory's cursor, in whichever view: rows of a page of a side; moving it. */
size_t pair_page(const struct app *app, enum side side);
void pair_move(struct app *app, long delta);

#endif
