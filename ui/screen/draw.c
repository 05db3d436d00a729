/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/screen/draw.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/utf8.h"

enum { LINE_MAX_BYTES = 2048 };

bool canvas_resize(struct canvas *c, int w, int h, struct err *err)
{
    struct cell *cells = calloc((size_t)w * (size_t)h + 1, sizeof *cells);

    if (!cells)
        return err_set(err, ERR_FAILED, "There is no memory for the screen");
    free(c->cells);
    c->cells = cells;
    c->w = w;
    c->h = h;
    canvas_clear(c);
    return true;
}

void canvas_clear(struct canvas *c)
{
    struct cell blank = {.text = " "};

    for (size_t i = 0; i < (size_t)c->w * (size_t)c->h; i++)
        c->cells[i] = blank;
    c->cursor_x = c->cursor_y = 0;
}

void canvas_free(struct canvas *c)
{
    free(c->cells);
    *c = (struct canvas){0};
}

struct cell *canvas_at(const struct canvas *c, int x, int y)
{
    if (x < 0 || y < 0 || x >= c->w || y >= c->h)
        return NULL;
    return &c->cells[(size_t)y * (size_t)c->w + (size_t)x];
}

void canvas_line(const struct canvas *c, int y, char *out, size_t size)
{
    size_t len = 0;

    out[0] = '\0';
    for (int x = 0; x < c->w; x++) {
        const struct cell *cell = canvas_at(c, x, y);
        if (cell && len + sizeof cell->text < size)
            len += (size_t)snprintf(out + len, size - len, "%s", cell->text);
    }
    while (len > 0 && out[len - 1] == ' ')
        out[--len] = '\0';
}

const char *draw_sign(const struct canvas *c, enum sign sign)
{
    static const struct {
        const char *unicode, *ascii;
    } signs[SIGNS] = {
        [SIGN_CURRENT] = {"▸", ">"},      [SIGN_RIGHT] = {"▶", ">"},
        [SIGN_LEFT] = {"◀", "<"},         [SIGN_LINE] = {"─", "-"},
        [SIGN_COLUMN] = {"│", "|"},       [SIGN_TOP_LEFT] = {"┌", "+"},
        [SIGN_TOP_RIGHT] = {"┐", "+"},    [SIGN_BOTTOM_LEFT] = {"└", "+"},
        [SIGN_BOTTOM_RIGHT] = {"┘", "+"}, [SIGN_FULL] = {"█", "#"},
        [SIGN_EMPTY] = {"░", "."},        [SIGN_DIFFERS] = {"≠", "!"},
        [SIGN_MASK] = {"•", "*"},         [SIGN_SORTED] = {"▾", "v"},
    };
    return c->ascii ? signs[sign].ascii : signs[sign].unicode;
}

/* Puts one character of text at x, y; returns its bytes, its columns in *columns. */
static size_t put_one(struct canvas *c, int x, int y, enum style style, const char *text,
                      int *columns)
{
    uint32_t point;
    size_t len = utf8_decode((const uint8_t *)text, strlen(text), &point);
    int width = len ? utf8_width(point) : -1;
    struct cell *cell = canvas_at(c, x, y), *second = canvas_at(c, x + 1, y);

    *columns = width < 0 ? 1 : width;
    if (width == 0) { /* a mark sits on the character before it */
        cell = canvas_at(c, x - 1, y);
        if (cell && !cell->text[0])
            cell = canvas_at(c, x - 2, y);
        if (cell && strlen(cell->text) + len < sizeof cell->text)
            strncat(cell->text, text, len);
        return len;
    }
    if (!cell || (width == 2 && !second))
        return len ? len : 1;
    snprintf(cell->text, sizeof cell->text, "%.*s", width < 0 ? 1 : (int)len,
             width < 0 ? "?" : text);
    cell->style = (uint8_t)style;
    if (width == 2)
        *second = (struct cell){.style = (uint8_t)style};
    return len ? len : 1;
}

/* What this canvas can show of text: on an ASCII one every other byte becomes "\xHH". */
static const char *showable(const struct canvas *c, const char *text, char out[LINE_MAX_BYTES])
{
    size_t len = 0;

    if (!c->ascii)
        return text;
    for (; *text && len + 4 < LINE_MAX_BYTES; text++)
        len +=
            (size_t)snprintf(out + len, LINE_MAX_BYTES - len,
                             (unsigned char)*text < 0x80 ? "%c" : "\\x%02x", (unsigned char)*text);
    out[len] = '\0';
    return out;
}

static int put(struct canvas *c, int x, int y, int width, enum style style, bool middle,
               const char *text)
{
    char ascii[LINE_MAX_BYTES], fitted[LINE_MAX_BYTES];
    int at = 0;

    text_fit(showable(c, text, ascii), width, middle, fitted, sizeof fitted);
    for (const char *p = fitted; *p;) {
        int columns;
        p += put_one(c, x + at, y, style, p, &columns);
        at += columns;
    }
    return at;
}

int draw_text(struct canvas *c, int x, int y, int width, enum style style, const char *text)
{
    return put(c, x, y, width, style, false, text);
}

int draw_path(struct canvas *c, int x, int y, int width, enum style style, const char *text)
{
    return put(c, x, y, width, style, true, text);
}

int draw_format(struct canvas *c, int x, int y, int width, enum style style, const char *fmt, ...)
{
    char text[LINE_MAX_BYTES];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return put(c, x, y, width, style, false, text);
}

int draw_right(struct canvas *c, int x, int y, int width, enum style style, const char *text)
{
    char ascii[LINE_MAX_BYTES];
    int wanted = text_width(showable(c, text, ascii));

    if (wanted >= width)
        return put(c, x, y, width, style, false, text);
    return put(c, x + width - wanted, y, wanted, style, false, text);
}

/* Bytes of text for one line of width columns: up to a blank if there is one. */
static size_t line_bytes(const char *text, int width)
{
    size_t fits = 0, blank = 0;
    int columns = 0;

    while (text[fits] && text[fits] != '\n') {
        char one[8];
        uint32_t point;
        size_t len = utf8_decode((const uint8_t *)text + fits, strlen(text + fits), &point);
        len = len ? len : 1;
        snprintf(one, sizeof one, "%.*s", (int)len, text + fits);
        columns += text_width(one);
        if (columns > width)
            return blank ? blank : fits;
        if (text[fits] == ' ')
            blank = fits;
        fits += len;
    }
    return fits;
}

/* Steps over one line of text; returns its bytes. */
static size_t next_line(const char **text, int width)
{
    size_t len = line_bytes(*text, width);

    if (len == 0 && **text && **text != '\n')
        len = strlen(*text); /* not even one character fits: this line is the last */
    *text += len;
    while (**text == ' ')
        (*text)++;
    if (**text == '\n')
        (*text)++;
    return len;
}

int draw_wrapped(struct canvas *c, struct rect r, enum style style, const char *text)
{
    char ascii[LINE_MAX_BYTES];
    int y = 0;

    for (text = showable(c, text, ascii); *text && y < r.h; y++) {
        const char *line = text;
        size_t len = next_line(&text, r.w);
        if (y + 1 == r.h && *text)
            draw_text(c, r.x, r.y + y, r.w, style, line);
        else
            draw_format(c, r.x, r.y + y, r.w, style, "%.*s", (int)len, line);
    }
    return y;
}

void draw_run(struct canvas *c, int x, int y, int width, enum style style, enum sign sign)
{
    for (int i = 0; i < width; i++)
        draw_text(c, x + i, y, 1, style, draw_sign(c, sign));
}

void draw_blank(struct canvas *c, struct rect r, enum style style)
{
    for (int y = r.y; y < r.y + r.h; y++)
        for (int x = r.x; x < r.x + r.w; x++) {
            struct cell *cell = canvas_at(c, x, y);
            if (cell)
                *cell = (struct cell){.text = " ", .style = (uint8_t)style};
        }
}

void draw_restyle(struct canvas *c, struct rect r, enum style style)
{
    for (int y = r.y; y < r.y + r.h; y++)
        for (int x = r.x; x < r.x + r.w; x++) {
            struct cell *cell = canvas_at(c, x, y);
            if (cell)
                cell->style = (uint8_t)style;
        }
}

void draw_frame(struct canvas *c, struct rect r, enum style style, const char *title)
{
    int right = r.x + r.w - 1, bottom = r.y + r.h - 1;

    if (r.w < 2 || r.h < 2)
        return;
    draw_run(c, r.x + 1, r.y, r.w - 2, style, SIGN_LINE);
    draw_run(c, r.x + 1, bottom, r.w - 2, style, SIGN_LINE);
    for (int y = r.y + 1; y < bottom; y++) {
        draw_text(c, r.x, y, 1, style, draw_sign(c, SIGN_COLUMN));
        draw_text(c, right, y, 1, style, draw_sign(c, SIGN_COLUMN));
    }
    draw_text(c, r.x, r.y, 1, style, draw_sign(c, SIGN_TOP_LEFT));
    draw_text(c, right, r.y, 1, style, draw_sign(c, SIGN_TOP_RIGHT));
    draw_text(c, r.x, bottom, 1, style, draw_sign(c, SIGN_BOTTOM_LEFT));
    draw_text(c, right, bottom, 1, style, draw_sign(c, SIGN_BOTTOM_RIGHT));
    draw_format(c, r.x + 1, r.y, r.w - 2, STYLE_STRONG, " %s ", title);
}

void draw_place(struct canvas *c, struct rect frame, size_t at, size_t count)
{
    char text[64];

    snprintf(text, sizeof text, " %zu/%zu ", at, count);
    if (count > 0 && frame.h >= 2 && frame.w > (int)strlen(text) + 2)
        draw_right(c, frame.x + 1, frame.y + frame.h - 1, frame.w - 2, STYLE_DIM, text);
}

void draw_lines_place(struct canvas *c, int x, int y, int width, size_t first, size_t shown,
                      size_t lines)
{
    bool more = first + shown < lines;
    char text[96];

    if (first == 0 && !more)
        return;
    snprintf(text, sizeof text, " %slines %zu-%zu of %zu%s ", more ? "more: " : "", first + 1,
             more ? first + shown : lines, lines, more ? ", PgDn" : "");
    draw_right(c, x, y, width, STYLE_STRONG, text);
}

void draw_found(struct canvas *c, int x, int y, int width, const char *text, const char *needle)
{
    char shown[LINE_MAX_BYTES], before[LINE_MAX_BYTES];
    const char *found, *drawn = showable(c, text, shown);
    int first, length;

    if (!needle[0] || !(found = strcasestr(drawn, needle)))
        return;
    snprintf(before, sizeof before, "%.*s", (int)(found - drawn), drawn);
    first = text_width(before);
    snprintf(before, sizeof before, "%.*s", (int)strlen(needle), found);
    length = text_width(before);
    length = first + length <= width ? length : width - first;
    if (length > 0)
        draw_restyle(c, (struct rect){x + first, y, length, 1}, STYLE_FOUND);
}

void draw_cursor(struct canvas *c, int x, int y)
{
    c->cursor_x = x;
    c->cursor_y = y;
}
