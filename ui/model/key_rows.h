/* SPDX-License-Identifier: Apache-2.0 */
/* The keys that mean the same in several views. */
#ifndef HSMFERRY_UI_MODEL_KEY_ROWS_H
#define HSMFERRY_UI_MODEL_KEY_ROWS_H

#include "ui/model/app.h"

extern const struct key_row key_help, key_redraw, key_suspend, key_quit; /* of every view */

extern const struct key_row key_up, key_down, key_page_up, key_page_down, key_first, key_last;
extern const struct key_row key_other_side, key_source_side, key_destination_side;
extern const struct key_row key_find, key_find_next, key_save, key_retry;
extern const struct key_row key_compare, key_hsms, key_exception, key_back;

/* Help, exception and quit while the engine asks something; true when the key was for one. */
bool key_rows_press(struct app *app, int press);

#endif
