/* SPDX-License-Identifier: Apache-2.0 */
/* The two panes of the setup and inventory views, one for each HSM. */
#ifndef HSMFERRY_UI_SCREEN_PANE_H
#define HSMFERRY_UI_SCREEN_PANE_H

#include "ui/model/app.h"
#include "ui/screen/draw.h"

void pane_draw_inventory(const struct app *app, struct canvas *c, enum side side);

/* The frame of a side's pane, one of these; if it is the only one that is shown, the frame says
 * which key leads to the other. */
void pane_draw_frame(struct canvas *c, enum side side, const struct rect pane[2],
                     const char *title);

/* The style of a side; the sign, and the real cursor, of a row in its pane, which stands out in the
 * active one; in place of rows, how far the side has come, and why it failed. */
enum style pane_style(enum side side);
void pane_draw_cursor(const struct app *app, struct canvas *c, enum side side, struct rect row);
void pane_draw_state(const struct app *app, struct canvas *c, enum side side, struct rect r);

/* The object or slot at the cursor in one line, in full words. out is terminated. */
void pane_current(const struct app *app, char *out, size_t size);

/* "SOURCE", "DESTINATION". */
const char *pane_side_title(enum side side);

#endif
