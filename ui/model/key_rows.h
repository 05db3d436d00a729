/* SPDX-License-Identifier: Apache-2.0 */
/* The keys that mean the same in several views. */
#ifndef HSMFERRY_UI_MODEL_KEY_ROWS_H
#define HSMFERRY_UI_MODEL_KEY_ROWS_H

#include "ui/model/app.h"
#include "ui/model/keys.h"

/* Of every view: help comes first, redraw, suspend and quit last. */
extern const struct key_row keys_help[], keys_leaving[];

extern const struct key_row keys_moving[], keys_sides[], keys_finding[], keys_save[], keys_retry[],
    keys_compare[], keys_hsms[], keys_exception[], keys_back[], keys_back_from_list[];

/* Does this key also act while the plan is being made? */
bool key_rows_always(const struct key_row *row);

/* Does this one of them do something now? For struct view; true of all others. */
bool key_rows_offer(const struct app *app, const struct key_row *row);

/* Help, exception and quit while the engine asks something; true when the key was for one. */
bool key_rows_press(struct app *app, int press);

#endif
