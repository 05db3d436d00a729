/* SPDX-License-Identifier: Apache-2.0 */
#include "base/randomart.h"

#include <stdio.h>
#include <string.h>

enum { COLUMNS = 17, ROWS = 9 };

/* How often a place was reached; the last two are the start and the end. */
static const char marks[] = " .o+=*BOX@%&#/^SE";
enum { MARK_START = sizeof marks - 3, MARK_END, MARK_MOST = MARK_START - 1 };

_Static_assert(COLUMNS + 2 == RANDOMART_WIDTH && ROWS + 2 == RANDOMART_LINES, "and the frame");

static int clamp(int value, int end)
{
    return value < 0 ? 0 : value < end ? value : end - 1;
}

/* Each octet holds four steps, the lowest two bits first; walls are slid along. */
static void walk(const uint8_t *digest, size_t len, uint8_t field[ROWS][COLUMNS])
{
    int x = COLUMNS / 2, y = ROWS / 2;

    for (size_t i = 0; i < 4 * len; i++) {
        unsigned step = (unsigned)digest[i / 4] >> 2 * (i % 4);
        x = clamp(x + (step & 1 ? 1 : -1), COLUMNS);
        y = clamp(y + (step & 2 ? 1 : -1), ROWS);
        if (field[y][x] < MARK_MOST)
            field[y][x]++;
    }
    field[ROWS / 2][COLUMNS / 2] = MARK_START;
    field[y][x] = MARK_END;
}

static void draw_edge(const char *title, char line[RANDOMART_WIDTH + 1])
{
    char brackets[COLUMNS + 1];

    snprintf(brackets, sizeof brackets, "[%.*s]", COLUMNS - 2, title);
    memset(line, '-', RANDOMART_WIDTH);
    line[0] = line[RANDOMART_WIDTH - 1] = '+';
    line[RANDOMART_WIDTH] = '\0';
    memcpy(line + 1 + (COLUMNS - strlen(brackets)) / 2, brackets, strlen(brackets));
}

void randomart_draw(const uint8_t *digest, size_t len, const char *above, const char *below,
                    struct randomart *out)
{
    uint8_t field[ROWS][COLUMNS] = {{0}};

    walk(digest, len, field);
    draw_edge(above, out->line[0]);
    for (int y = 0; y < ROWS; y++) {
        char *to = out->line[1 + y];
        *to++ = '|';
        for (int x = 0; x < COLUMNS; x++)
            *to++ = marks[field[y][x]];
        *to++ = '|';
        *to = '\0';
    }
    draw_edge(below, out->line[RANDOMART_LINES - 1]);
}
