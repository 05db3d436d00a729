/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of the picture of a ceremony: what happens in each lane, and which way the bytes go. */
#ifndef HSMFERRY_UI_SCREEN_LANE_ROWS_H
#define HSMFERRY_UI_SCREEN_LANE_ROWS_H

#include <stdbool.h>

#include "protocol/removal.h"
#include "protocol/step.h"
#include "protocol/visit.h"
#include "ui/model/app.h"

enum { LANE_ROWS = 12 };

#define LANE_EMPTY STEPS /* no step in this lane */

struct lane_row {
    enum step_id step[3]; /* in the source's, the relay's, the destination's lane */
    enum { LANE_STILL, LANE_LEFTWARDS, LANE_RIGHTWARDS } direction;
};

/* The row with this index, below LANE_ROWS, of what is shown. A visit has its own steps alone,
 * which are those of one side. */
struct lane_row lanes_row(const struct app *app, unsigned i);

/* Do both sides agree on the transport's key? Then each makes a pair. */
bool lanes_agreed(const struct app *app);

/* The visit of a ceremony in two rooms that is shown; VISIT_NONE: of one in one room. */
enum visit lanes_visit(const struct app *app);

/* The removal that is shown. */
enum removal lanes_removal(const struct app *app);

#endif
