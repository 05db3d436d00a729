/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/screen/palette.h"

#include <stdlib.h>
#include <string.h>

enum { BLACK, RED, GREEN, YELLOW, BLUE, MAGENTA, CYAN, WHITE, BRIGHT_BLACK };

/* Of 256 colours those whose contrast to black and to white is 3.8:1 or more (WCAG 2.1, 1.4.3);
 * with eight there are none, and yellow, cyan and green are hard to read on white. */
static const struct {
    short any, dark, light;
} colors_of[STYLES] = {
    [STYLE_NORMAL] = {-1, -1, -1},     [STYLE_DIM] = {-1, -1, -1},
    [STYLE_STRONG] = {-1, -1, -1},     [STYLE_TITLE] = {-1, -1, -1},
    [STYLE_CURRENT] = {-1, -1, -1},    [STYLE_GOOD] = {28, GREEN, -1},
    [STYLE_BAD] = {160, RED, RED},     [STYLE_WARN] = {130, YELLOW, RED},
    [STYLE_SOURCE] = {30, CYAN, BLUE}, [STYLE_DESTINATION] = {133, MAGENTA, MAGENTA},
    [STYLE_FOUND] = {-1, -1, -1},
};

enum palette_ground palette_ground(const char *colorfgbg)
{
    const char *last = colorfgbg ? strrchr(colorfgbg, ';') : NULL;
    char *end;
    long color;

    if (!last)
        return GROUND_UNKNOWN;
    color = strtol(last + 1, &end, 10);
    if (end == last + 1 || *end || color < 0 || color > 15)
        return GROUND_UNKNOWN;
    return color < WHITE || color == BRIGHT_BLACK ? GROUND_DARK : GROUND_LIGHT;
}

short palette_color(enum style style, int colors, enum palette_ground ground)
{
    if (colors >= 256)
        return colors_of[style].any;
    return ground == GROUND_LIGHT ? colors_of[style].light : colors_of[style].dark;
}
