/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/screen/reader.h"

#include <limits.h>
#include <string.h>

#include "ui/model/keys.h"

enum {
    BEL = 0x07,
    CAN = 0x18,
    SUB = 0x1a,
    ESC = 0x1b,
    DEL = 0x7f,
    SEQUENCE_MAX = 64, /* longer than any key's; what follows is no part of it */
    MOUSE_LEN = 3,
    PASTE_BEGINS = 200,
    ESC_MS = 100,
};

static const char paste_end[] = "\033[201~";

/* How many times as long as after an Esc the rest is waited for. A line of 300 baud sends a
 * character in 33 ms; a person's next key must not be taken for the rest of a sequence. */
static const int64_t patience[READER_STATES] = {
    [READER_ESC] = 1,    [READER_ESC_ESC] = 1, [READER_CSI] = 10,        [READER_SS3] = 10,
    [READER_MOUSE] = 10, [READER_STRING] = 20, [READER_STRING_ESC] = 20, [READER_PASTE] = 20,
};

static int go_to(struct reader *r, enum reader_state state)
{
    r->state = state;
    r->len = 0;
    r->number = 0;
    r->end = 0;
    return PRESS_NONE;
}

static int take_ground(struct reader *r, uint32_t c)
{
    if (c == ESC)
        return go_to(r, READER_ESC);
    if (c >= 0x80 && c < 0xa0) /* C1 controls */
        return PRESS_NONE;
    return c == '\n' ? PRESS_ENTER : c == DEL || c == '\b' ? PRESS_BACKSPACE : (int)c;
}

/* Esc and a digit are a function key; with any other character it is Alt, which means nothing
 * here. */
static int take_esc(struct reader *r, uint32_t c)
{
    if (c == '[')
        return go_to(r, READER_CSI);
    if (c == 'O')
        return go_to(r, READER_SS3);
    if (c < 0x80 && c && strchr("]PX^_", (int)c))
        return go_to(r, READER_STRING);
    if (c == ESC)
        return go_to(r, READER_ESC_ESC);
    go_to(r, READER_GROUND);
    if (c >= '1' && c <= '9')
        return PRESS_F1 + (int)(c - '1');
    return c == '0' ? PRESS_F10 : PRESS_NONE;
}

/* Alt and a key that is a sequence itself; or Esc pressed twice. */
static int take_esc_esc(struct reader *r, uint32_t c)
{
    if (c == '[' || c == 'O')
        return go_to(r, c == '[' ? READER_CSI : READER_SS3);
    if (c == ESC) /* a third one */
        return PRESS_ESC;
    go_to(r, READER_ESC); /* the first one was a key; the second is Alt */
    take_esc(r, c);
    return PRESS_ESC;
}

/* ECMA-48 section 5.4: parameters and intermediates 0x20 to 0x3f, then one final character. */
static int take_csi(struct reader *r, uint32_t c)
{
    if (c == ESC)
        return go_to(r, READER_ESC);
    if (r->len == 0 && c == '[') /* the Linux console's F1 to F5: ESC [ [ A */
        return go_to(r, READER_SS3);
    if (r->len == 0 && c == 'M')
        return go_to(r, READER_MOUSE);
    if (c >= 0x40 && c < DEL)
        return go_to(r, c == '~' && r->number == PASTE_BEGINS ? READER_PASTE : READER_GROUND);
    if (c >= '0' && c <= '9' && r->number <= PASTE_BEGINS)
        r->number = 10 * r->number + (c - '0');
    return ++r->len < SEQUENCE_MAX ? PRESS_NONE : go_to(r, READER_GROUND);
}

static int take_ss3(struct reader *r, uint32_t c)
{
    return go_to(r, c == ESC ? READER_ESC : READER_GROUND);
}

static int take_mouse(struct reader *r, uint32_t c)
{
    (void)c;
    return ++r->len < MOUSE_LEN ? PRESS_NONE : go_to(r, READER_GROUND);
}

static int take_string(struct reader *r, uint32_t c)
{
    return c == BEL ? go_to(r, READER_GROUND) : c == ESC ? go_to(r, READER_STRING_ESC) : PRESS_NONE;
}

static int take_string_esc(struct reader *r, uint32_t c)
{
    return c == ESC ? PRESS_NONE : go_to(r, c == '\\' ? READER_GROUND : READER_STRING);
}

/* Characters that begin like the end of a paste, and are not it, belong to a control sequence: they
 * are dropped. */
static int take_paste(struct reader *r, uint32_t c)
{
    if (c != (unsigned char)paste_end[r->end])
        r->end = c == ESC ? 1 : 0;
    else if (++r->end == sizeof paste_end - 1)
        return go_to(r, READER_GROUND);
    if (r->end > 0 || c < 0x20 || (c >= DEL && c < 0xa0))
        return PRESS_NONE;
    return PRESS_PASTED + (int)c;
}

int reader_take(struct reader *r, bool known, uint32_t code, int64_t now_ms)
{
    static int (*const takes[READER_STATES])(struct reader *, uint32_t) = {
        [READER_GROUND] = take_ground,   [READER_ESC] = take_esc,
        [READER_CSI] = take_csi,         [READER_SS3] = take_ss3,
        [READER_MOUSE] = take_mouse,     [READER_STRING] = take_string,
        [READER_PASTE] = take_paste,     [READER_STRING_ESC] = take_string_esc,
        [READER_ESC_ESC] = take_esc_esc,
    };

    r->since_ms = now_ms;
    if (known && r->state == READER_PASTE)
        return PRESS_NONE;
    if (known) {
        go_to(r, READER_GROUND);
        return (int)code;
    }
    if ((code == CAN || code == SUB) && r->state != READER_PASTE && r->state != READER_GROUND)
        return go_to(r, READER_GROUND);
    return takes[r->state](r, code);
}

int reader_idle(struct reader *r, int64_t now_ms)
{
    bool was_esc = r->state == READER_ESC || r->state == READER_ESC_ESC;

    if (reader_wait(r, now_ms) != 0)
        return PRESS_NONE;
    go_to(r, READER_GROUND);
    return was_esc ? PRESS_ESC : PRESS_NONE;
}

int reader_wait(const struct reader *r, int64_t now_ms)
{
    int64_t esc_ms = r->esc_ms > ESC_MS ? r->esc_ms : ESC_MS;
    int64_t left = r->since_ms + patience[r->state] * esc_ms - now_ms;

    if (r->state == READER_GROUND)
        return -1;
    return left <= 0 ? 0 : left < INT_MAX ? (int)left : INT_MAX;
}
