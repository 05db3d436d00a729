/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <locale.h>
#include <pthread.h>
#include <stdbool.h>
#include <wchar.h>

size_t utf8_decode(const uint8_t *raw, size_t len, uint32_t *point)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t need = raw[0] < 0x80 ? 1 : raw[0] < 0xc0 ? 0 : raw[0] < 0xe0 ? 2 : raw[0] < 0xf0 ? 3 : 4;

    if (need == 0 || need > len || raw[0] > 0xf4)
        return 0;
    *point = need == 1 ? raw[0] : raw[0] & (0x7fU >> need);
    for (size_t i = 1; i < need; i++) {
        if ((raw[i] & 0xc0) != 0x80)
            return 0;
        *point = *point << 6 | (raw[i] & 0x3f);
    }
    if (*point < least[need] || *point > 0x10ffff || (*point >= 0xd800 && *point <= 0xdfff))
        return 0;
    return need;
}

/* Characters that the C library may classify as printable but that must not be shown literally:
 * they control, direct, join or hide other text, look like a blank, or are for private use.
 * Sorted. */
static const struct {
    uint32_t first, last;
} unseen[] = {
    {0x80, 0xa0},        /* C1 controls, no-break space */
    {0xad, 0xad},        /* soft hyphen */
    {0x34f, 0x34f},      /* combining grapheme joiner */
    {0x600, 0x605},      /* Arabic number signs: format characters */
    {0x61c, 0x61c},      /* Arabic letter mark */
    {0x6dd, 0x6dd},      /* Arabic end of ayah */
    {0x70f, 0x70f},      /* Syriac abbreviation mark */
    {0x890, 0x891},      /* Arabic pound and piastre marks */
    {0x8e2, 0x8e2},      /* Arabic disputed end of ayah */
    {0x115f, 0x1160},    /* Hangul fillers */
    {0x1680, 0x1680},    /* Ogham space */
    {0x17b4, 0x17b5},    /* Khmer inherent vowels */
    {0x180b, 0x180f},    /* Mongolian variation selectors and vowel separator */
    {0x2000, 0x200f},    /* spaces, zero-width characters, direction marks */
    {0x2028, 0x202f},    /* line and paragraph separators, direction embedding, narrow space */
    {0x205f, 0x206f},    /* space, invisible operators, direction isolates, deprecated controls */
    {0x2800, 0x2800},    /* blank Braille pattern */
    {0x3000, 0x3000},    /* ideographic space */
    {0x3164, 0x3164},    /* Hangul filler */
    {0xd800, 0xf8ff},    /* surrogates, private use */
    {0xfdd0, 0xfdef},    /* noncharacters */
    {0xfe00, 0xfe0f},    /* variation selectors */
    {0xfeff, 0xfeff},    /* byte order mark */
    {0xffa0, 0xffa0},    /* half-width Hangul filler */
    {0xfff0, 0xffff},    /* interlinear annotation, replacement characters, noncharacters */
    {0x110bd, 0x110bd},  /* Kaithi number sign */
    {0x110cd, 0x110cd},  /* Kaithi number sign above */
    {0x13430, 0x1345f},  /* Egyptian hieroglyph format controls */
    {0x16fe4, 0x16fe4},  /* Khitan filler */
    {0x1bca0, 0x1bca3},  /* shorthand format controls */
    {0x1d159, 0x1d159},  /* musical null notehead */
    {0x1d173, 0x1d17a},  /* musical format controls */
    {0xe0000, 0xe0fff},  /* tags, variation selectors */
    {0xf0000, 0x10ffff}, /* private use */
};

static bool is_unseen(uint32_t point)
{
    if ((point & 0xfffe) == 0xfffe) /* the two noncharacters at the end of each plane */
        return true;
    for (size_t i = 0; i < sizeof unseen / sizeof unseen[0] && unseen[i].first <= point; i++)
        if (point <= unseen[i].last)
            return true;
    return false;
}

/* Created once, never changed. The process's locale does not matter. */
static pthread_once_t utf8_once = PTHREAD_ONCE_INIT;
static locale_t utf8_locale;

static void utf8_locale_make(void)
{
    utf8_locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL);
}

int utf8_width(uint32_t point)
{
    locale_t before;
    int width;

    if (point < 0x80)
        return point >= 0x20 && point < 0x7f ? 1 : -1;
    pthread_once(&utf8_once, utf8_locale_make);
    if (!utf8_locale || is_unseen(point))
        return -1;
    before = uselocale(utf8_locale);
    width = wcwidth((wchar_t)point);
    uselocale(before);
    return width;
}
