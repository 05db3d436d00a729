/* SPDX-License-Identifier: Apache-2.0 */
/* The colours of the styles, to be read on light and on dark terminals. Knows no curses. */
#ifndef HSMFERRY_UI_SCREEN_PALETTE_H
#define HSMFERRY_UI_SCREEN_PALETTE_H

#include "ui/screen/draw.h"

enum palette_ground { GROUND_UNKNOWN, GROUND_DARK, GROUND_LIGHT };

/* What a terminal's COLORFGBG says of its background ("15;0", "0;default;15"); NULL: it is not set.
 */
enum palette_ground palette_ground(const char *colorfgbg);

/* The number of a style's colour on a terminal with so many colours; -1: the terminal's own. From
 * 256 colours on it is one that is as far from white as from black. */
short palette_color(enum style style, int colors, enum palette_ground ground);

#endif
