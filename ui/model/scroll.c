/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/scroll.h"

void scroll_move(struct scroll *s, long delta, size_t count, size_t page)
{
    size_t step = (size_t)(delta < 0 ? -delta : delta);

    if (count == 0) {
        *s = (struct scroll){0};
        return;
    }
    if (delta < 0)
        s->at -= step < s->at ? step : s->at;
    else
        s->at += step < count - s->at ? step : count - s->at;
    if (s->at >= count)
        s->at = count - 1;
    page = page ? page : 1;
    if (s->top > s->at)
        s->top = s->at;
    if (s->at - s->top >= page)
        s->top = s->at - page + 1;
    if (s->top + page > count)
        s->top = count > page ? count - page : 0;
}
