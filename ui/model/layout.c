/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/layout.h"

enum { LANE_GAP = 4 };

static int at_least(int value, int least)
{
    return value > least ? value : least;
}

static int at_most(int value, int most)
{
    return value < most ? value : most;
}

static enum layout_form form_of(int columns, int lines)
{
    if (columns < LAYOUT_MIN_COLUMNS || lines < LAYOUT_MIN_LINES)
        return LAYOUT_SENTENCE;
    if (columns >= LAYOUT_COLUMNS)
        return LAYOUT_BESIDE;
    return lines >= LAYOUT_LINES ? LAYOUT_STACKED : LAYOUT_ONE;
}

void layout_panes(enum layout_form form, struct rect body, unsigned active, struct rect pane[2])
{
    pane[0] = pane[1] = (struct rect){body.x, body.y, 0, 0};
    switch (form) {
    case LAYOUT_BESIDE:
        pane[0] = (struct rect){body.x, body.y, body.w / 2, body.h};
        pane[1] = (struct rect){body.x + body.w / 2, body.y, body.w - body.w / 2, body.h};
        break;
    case LAYOUT_STACKED:
        pane[0] = (struct rect){body.x, body.y, body.w, body.h / 2};
        pane[1] = (struct rect){body.x, body.y + body.h / 2, body.w, body.h - body.h / 2};
        break;
    case LAYOUT_ONE:
        pane[active] = body;
        break;
    case LAYOUT_SENTENCE:
        break;
    }
}

void layout_make(int columns, int lines, int active, struct layout *out)
{
    *out = (struct layout){.form = form_of(columns, lines),
                           .screen = {0, 0, at_least(columns, 0), at_least(lines, 0)}};
    if (out->form == LAYOUT_SENTENCE)
        return;
    out->title = (struct rect){0, 0, columns, 1};
    out->hint = (struct rect){0, lines - 1, columns, 1};
    out->detail = (struct rect){0, lines - 2, columns, 1};
    out->body = (struct rect){0, 1, columns, lines - 3};
    layout_panes(out->form, out->body, active != 0, out->pane);
}

struct rect layout_inside(struct rect r)
{
    if (r.w <= 2 || r.h <= 2)
        return (struct rect){r.x, r.y, 0, 0};
    return (struct rect){r.x + 1, r.y + 1, r.w - 2, r.h - 2};
}

struct rect layout_dialog(const struct layout *layout, int w, int h)
{
    struct rect s = layout->screen;

    w = at_most(w, s.w);
    h = at_most(h, s.h - 1); /* the hint line stays */
    return (struct rect){(s.w - w) / 2, (s.h - 1 - h) / 2, at_least(w, 0), at_least(h, 0)};
}

int layout_dialog_columns(const struct layout *layout)
{
    return at_least(layout_dialog(layout, LAYOUT_DIALOG_COLUMNS, layout->screen.h).w - 4, 1);
}

struct lane_columns layout_lanes(struct rect body)
{
    int width = at_least((body.w - 2 - 2 * LANE_GAP) / 3, 0);
    int step = width + LANE_GAP;

    return (struct lane_columns){{body.x + 1, body.x + 1 + step, body.x + 1 + 2 * step}, width};
}

bool layout_contains(struct rect b, struct rect a)
{
    return a.x >= b.x && a.y >= b.y && a.w >= 0 && a.h >= 0 && a.x + a.w <= b.x + b.w &&
           a.y + a.h <= b.y + b.h;
}
