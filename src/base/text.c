/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/utf8.h"
#include "base/words.h"

/* --- text_safe() and its inverse ----------------------------------------------------- */

/* The number of combining marks on one character: the maximum in a cell of ncurses. */
enum { MARKS_MAX = 4, UNIT_MAX = 4 };

/* Converts raw bytes to safe text one unit at a time: a literal character, or an escape. */
struct encoder {
    const uint8_t *raw;
    size_t len;
    size_t at;
    size_t first, last; /* spaces before first and from last on are escaped */
    int marks;          /* combining marks that may still follow; 0 after an escape or a space */
};

static struct encoder encoder_start(const void *raw, size_t len)
{
    struct encoder e = {.raw = raw, .len = len, .last = len};

    while (e.first < len && e.raw[e.first] == ' ')
        e.first++;
    while (e.last > e.first && e.raw[e.last - 1] == ' ')
        e.last--;
    return e;
}

/* The length of the character at e->at if it may be shown literally, else 0. */
static size_t encoder_shown(struct encoder *e)
{
    int marks = e->marks;
    uint32_t point;
    size_t used = utf8_decode(e->raw + e->at, e->len - e->at, &point);
    int width;

    e->marks = 0;
    if (used == 0 || point == '\\')
        return 0;
    if (point == ' ')
        return e->at >= e->first && e->at < e->last ? 1 : 0;
    width = utf8_width(point);
    if (width < 0 || (width == 0 && marks == 0))
        return 0;
    e->marks = width == 0 ? marks - 1 : MARKS_MAX;
    return used;
}

/* Writes the next unit. Returns its length, or 0 at the end. */
static size_t encoder_next(struct encoder *e, char unit[UNIT_MAX + 1])
{
    const uint8_t *from = e->raw + e->at;
    size_t shown;

    if (e->at == e->len)
        return 0;
    shown = encoder_shown(e);
    e->at += shown ? shown : 1;
    if (shown) {
        memcpy(unit, from, shown);
        return shown;
    }
    memcpy(unit, *from == '\\' ? "\\\\" : "\\x", 2);
    if (*from == '\\')
        return 2;
    text_hex(from, 1, unit + 2);
    return 4;
}

size_t text_safe(const void *raw, size_t len, char *out, size_t size)
{
    struct encoder e = encoder_start(raw, len);
    char unit[UNIT_MAX + 1];
    size_t at = 0, n;

    if (size == 0)
        return 0;
    while ((n = encoder_next(&e, unit)) > 0 && at + n < size) {
        memcpy(out + at, unit, n);
        at += n;
    }
    while (n > 0 && at > 0 && out[at - 1] == ' ') /* truncated after a blank inside of raw */
        out[--at] = '\0';
    out[at] = '\0';
    return at;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The value of two hex digits, or -1. */
static int hex_byte(const char *hex)
{
    int high = hex_value(hex[0]);
    int low = high < 0 ? -1 : hex_value(hex[1]);

    return low < 0 ? -1 : high << 4 | low;
}

/* Is text exactly the result of text_safe() for raw? */
static bool is_canonical(const char *text, const void *raw, size_t len)
{
    struct encoder e = encoder_start(raw, len);
    char unit[UNIT_MAX + 1];
    size_t n;

    while ((n = encoder_next(&e, unit)) > 0) {
        if (strncmp(text, unit, n) != 0)
            return false;
        text += n;
    }
    return *text == '\0';
}

bool text_unsafe(const char *text, void *raw, size_t *len)
{
    uint8_t *bytes = raw;
    size_t n = 0;

    for (const char *p = text; *p; n++) {
        int byte = (uint8_t)*p;
        size_t used = 1;
        if (p[0] == '\\' && p[1] == 'x') {
            byte = hex_byte(p + 2);
            used = 4;
        } else if (p[0] == '\\') {
            used = 2;
        }
        /* A single backslash is detected here: the next character is not a backslash. */
        if (byte < 0 || (used == 2 && p[1] != '\\') || n == *len)
            return false;
        bytes[n] = (uint8_t)byte;
        p += used;
    }
    if (!is_canonical(text, raw, n))
        return false;
    *len = n;
    return true;
}

/* --- fitting text into columns and buffers ------------------------------------------- */

/* The length of the unit at text, as text_safe() writes it: an escape or a character. Any other
 * byte counts as one; 0: the unit does not end within len bytes. */
static size_t unit_len(const char *text, size_t len)
{
    const uint8_t *raw = (const uint8_t *)text;
    size_t need = raw[0] < 0xc0 ? 1 : raw[0] < 0xe0 ? 2 : raw[0] < 0xf0 ? 3 : 4;
    uint32_t point;

    if (text[0] == '\\') {
        need = len > 1 && text[1] == '\\' ? 2 : 4;
        if (need == 4 && len > 1 && (text[1] != 'x' || (len >= need && hex_byte(text + 2) < 0)))
            return 1;
        return need > len ? 0 : need;
    }
    if (need > len)
        return 0;
    return utf8_decode(raw, len, &point) ? need : 1;
}

/* The length of the safe text in text, which was truncated after len bytes: its last unit must be
 * complete and not a blank. */
static size_t whole_len(const char *text, size_t len)
{
    size_t at = 0, end = 0, unit;

    for (; at < len && (unit = unit_len(text + at, len - at)) > 0; at += unit)
        if (text[at] != ' ')
            end = at + unit;
    return end;
}

size_t text_vprint(char *out, size_t size, const char *fmt, va_list args)
{
    int wanted = vsnprintf(out, size, fmt, args);
    size_t len, whole;

    if (size == 0)
        return 0;
    if (wanted < 0)
        out[0] = '\0';
    len = strlen(out);
    if ((size_t)wanted <= len)
        return len;
    whole = whole_len(out, len);
    memset(out + whole, 0, len - whole);
    return whole;
}

size_t text_print(char *out, size_t size, const char *fmt, ...)
{
    va_list args;
    size_t len;

    va_start(args, fmt);
    len = text_vprint(out, size, fmt, args);
    va_end(args);
    return len;
}

/* The width in columns of the character or escape at text, and its length. Any other byte has one
 * column. */
static int next_width(const char *text, size_t *used)
{
    uint32_t point;
    int width;

    *used = unit_len(text, strnlen(text, 4));
    if (*text == '\\' && *used > 1)
        return (int)*used;
    *used = utf8_decode((const uint8_t *)text, strnlen(text, 4), &point);
    if (*used == 0) {
        *used = 1;
        return 1;
    }
    width = utf8_width(point);
    return width < 0 ? 1 : width;
}

int text_width(const char *text)
{
    int columns = 0;
    size_t used;

    for (; *text; text += used)
        columns += next_width(text, &used);
    return columns;
}

/* The length of the longest prefix of text that fits in columns. */
static size_t head_len(const char *text, int columns)
{
    size_t at = 0, used;

    while (text[at] && (columns -= next_width(text + at, &used)) >= 0)
        at += used;
    return at;
}

/* The start of the longest suffix of text that fits in columns. */
static const char *tail_start(const char *text, int columns)
{
    int left = text_width(text);
    size_t used;

    while (left > columns) {
        left -= next_width(text, &used);
        text += used;
    }
    while (*text && next_width(text, &used) == 0) /* marks of a character that was omitted */
        text += used;
    return text;
}

void text_fit(const char *text, int columns, bool middle, char *out, size_t size)
{
    int tail = middle && columns > 0 ? columns / 2 : 0;

    if (columns <= 0)
        text_print(out, size, "%s", "");
    else if (text_width(text) <= columns)
        text_print(out, size, "%s", text);
    else
        text_print(out, size, "%.*s~%s", (int)head_len(text, columns - 1 - tail), text,
                   tail_start(text, tail));
}

size_t text_line_len(const char *text, int columns)
{
    size_t len = head_len(text, columns), end = len;

    if (text[len] == '\0' || text[len] == ' ')
        return len;
    while (end > 0 && text[end - 1] != ' ')
        end--;
    while (end > 0 && text[end - 1] == ' ')
        end--;
    return end > 0 ? end : len;
}

/* --- hex, fingerprints --------------------------------------------------------------- */

char *text_hex(const void *raw, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *bytes = raw;

    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 0xf];
    }
    out[2 * len] = '\0';
    return out;
}

bool text_unhex(const char *hex, uint8_t *raw, size_t *len)
{
    size_t n = 0;

    for (; *hex; hex += 2, n++) {
        int byte = hex_byte(hex);
        if (byte < 0 || n == *len)
            return false;
        raw[n] = (uint8_t)byte;
    }
    *len = n;
    return true;
}

char *text_groups(const uint8_t sha256[SHA256_SIZE], unsigned count, char *out)
{
    char *end = out;

    *out = '\0';
    for (unsigned i = 0; i < count && i < SHA256_SIZE / 2; i++) {
        if (i > 0)
            *end++ = ' ';
        text_hex(sha256 + 2 * (size_t)i, 2, end);
        end += 4;
    }
    return out;
}

const char *text_word(uint8_t byte, unsigned position)
{
    return position % 2 == 0 ? words_even[byte] : words_odd[byte];
}

char *text_words(const uint8_t sha256[SHA256_SIZE], unsigned first, unsigned count, char *out)
{
    size_t at = 0;

    *out = '\0';
    for (unsigned i = first; i < SHA256_SIZE && i - first < count; i++)
        at += text_print(out + at, TEXT_WORDS_SIZE - at, "%s%s", at ? " " : "",
                         text_word(sha256[i], i));
    return out;
}

/* --- input of people, time, patterns ------------------------------------------------- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static char folded(char c, bool fold)
{
    return fold && c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* The next character for the comparison: a run of blanks counts as one, trailing blanks as none. */
static char next_typed(const char **text, bool fold)
{
    const char *p = *text;
    char c = *p ? *p++ : '\0';

    if (is_blank(c)) {
        while (is_blank(*p))
            p++;
        c = *p ? ' ' : '\0';
    }
    *text = p;
    return folded(c, fold);
}

static const char *skip_blanks(const char *text)
{
    while (is_blank(*text))
        text++;
    return text;
}

bool text_typed_equal(const char *typed, const char *expected, bool fold)
{
    char a, b;

    typed = skip_blanks(typed);
    expected = skip_blanks(expected);
    do {
        a = next_typed(&typed, fold);
        b = next_typed(&expected, fold);
    } while (a == b && a != '\0');
    return a == b;
}

char *text_time(int64_t utc_ms, bool with_ms, char *out)
{
    enum { SIZE = 32 };
    bool before = utc_ms % 1000 < 0; /* before 1970: round down, not towards 1970 */
    int ms = (int)(utc_ms % 1000) + (before ? 1000 : 0);
    time_t seconds = utc_ms / 1000 - (before ? 1 : 0);
    struct tm utc;
    size_t at = 0;

    if (gmtime_r(&seconds, &utc))
        at = strftime(out, SIZE, "%Y-%m-%dT%H:%M:%S", &utc);
    if (with_ms)
        snprintf(out + at, SIZE - at, ".%03dZ", ms);
    else
        snprintf(out + at, SIZE - at, "Z");
    return out;
}

bool text_glob(const char *pattern, size_t pattern_len, const void *name, size_t name_len)
{
    const char *bytes = name;
    size_t p = 0, n = 0;
    size_t star = SIZE_MAX, from = 0; /* the last star, and the first byte after its match */

    while (n < name_len) {
        if (p < pattern_len && pattern[p] == '*') {
            star = p++;
            from = n;
        } else if (p < pattern_len && pattern[p] == bytes[n]) {
            p++;
            n++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            n = ++from;
        } else {
            return false;
        }
    }
    while (p < pattern_len && pattern[p] == '*')
        p++;
    return p == pattern_len;
}

void text_cut(char *to, size_t size, const char *from)
{
    size_t len = strnlen(from, size);

    if (len == size)
        for (len--; len > 0 && ((unsigned char)from[len] & 0xc0) == 0x80;)
            len--;
    memcpy(to, from, len);
    to[len] = '\0';
}

char *text_count(size_t count, char out[TEXT_COUNT_SIZE])
{
    char digits[TEXT_COUNT_SIZE];
    const int len = snprintf(digits, sizeof digits, "%zu", count);
    char *to = out;

    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            *to++ = ',';
        *to++ = digits[i];
    }
    *to = '\0';
    return out;
}
