/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/screen/view_rows.h"

#include <stdio.h>
#include <string.h>

static void draw_row(struct canvas *c, struct rect r, const struct view_row *row)
{
    draw_format(c, r.x, r.y, row->dim, STYLE_DIM, "%.*s", row->dim, row->text);
    draw_text(c, r.x + row->dim, r.y, r.w - row->dim, row->bad ? STYLE_BAD : STYLE_NORMAL,
              row->text + row->dim);
}

void rows_draw(const struct app *app, const struct view *view, struct canvas *c, struct rect r,
               bool cursor)
{
    size_t at = view->at ? view->at(app) : app->at.scroll.at, count = view->count(app);
    size_t first = at + 1 > (size_t)r.h ? at + 1 - (size_t)r.h : 0;

    for (int i = 0; i < r.h && first + (size_t)i < count; i++) {
        struct rect line = {r.x, r.y + i, r.w, 1};
        struct view_row row = {.dim = 0};
        view->row(app, first + (size_t)i, &row);
        draw_row(c, line, &row);
        if (cursor && first + (size_t)i == at) {
            draw_restyle(c, line, STYLE_CURRENT);
            draw_cursor(c, line.x, line.y);
        }
        if (view->find)
            draw_found(c, line.x, line.y, line.w, row.text, app->at.find);
    }
}

void rows_draw_view(const struct app *app, struct canvas *c)
{
    const struct view *view = app->views[app->at.view];
    struct rect body = app->at.layout.body, in;
    char title[96];

    snprintf(title, sizeof title, "%s", view->name);
    if (view->title)
        view->title(app, title, sizeof title);
    draw_frame(c, body, STYLE_STRONG, title);
    if (!view->count || !view->row)
        return;
    in = layout_inside(body);
    if (view->head && in.h > 1) {
        struct view_row head = {.dim = 0};
        view->head(app, &head);
        draw_text(c, in.x, in.y, in.w, STYLE_STRONG, head.text);
        in = (struct rect){in.x, in.y + 1, in.w, in.h - 1};
    }
    rows_draw(app, view, c, in, true);
    draw_place(c, body, (view->at ? view->at(app) : app->at.scroll.at) + 1, view->count(app));
}
