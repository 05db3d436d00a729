/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/field.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "ui/model/keys.h"

void field_set(struct field *f, const char *text)
{
    int len = snprintf(f->text, sizeof f->text, "%s", text);
    f->len = (size_t)len < sizeof f->text ? (size_t)len : sizeof f->text - 1;
    f->offered = false;
}

void field_offer(struct field *f, const char *text)
{
    field_set(f, text);
    f->offered = true;
}

/* UTF-8 of a character, 1 to 4 bytes; 0: press is no character. */
static size_t encode(int press, uint8_t out[4])
{
    unsigned p = (unsigned)press;

    if (press < 0x20 || press == 0x7f || press > 0x10ffff || (press >= 0xd800 && press < 0xe000))
        return 0;
    if (p < 0x80) {
        out[0] = (uint8_t)p;
        return 1;
    }
    if (p < 0x800) {
        out[0] = (uint8_t)(0xc0 | p >> 6);
        out[1] = (uint8_t)(0x80 | (p & 0x3f));
        return 2;
    }
    if (p < 0x10000) {
        out[0] = (uint8_t)(0xe0 | p >> 12);
        out[1] = (uint8_t)(0x80 | (p >> 6 & 0x3f));
        out[2] = (uint8_t)(0x80 | (p & 0x3f));
        return 3;
    }
    out[0] = (uint8_t)(0xf0 | p >> 18);
    out[1] = (uint8_t)(0x80 | (p >> 12 & 0x3f));
    out[2] = (uint8_t)(0x80 | (p >> 6 & 0x3f));
    out[3] = (uint8_t)(0x80 | (p & 0x3f));
    return 4;
}

static void cut(struct field *f, size_t len)
{
    while (len > 0 && ((unsigned char)f->text[len] & 0xc0) == 0x80)
        len--;
    f->len = len;
    f->text[len] = '\0';
}

static size_t word_start(const struct field *f)
{
    size_t at = f->len;

    while (at > 0 && f->text[at - 1] == ' ')
        at--;
    while (at > 0 && f->text[at - 1] != ' ' && f->text[at - 1] != '/')
        at--;
    return at;
}

enum field_result field_press(struct field *f, int press)
{
    uint8_t bytes[4];
    size_t len = encode(press, bytes);

    if (f->offered && len > 0)
        cut(f, 0);
    f->offered = f->offered && len == 0 && press != PRESS_BACKSPACE;
    if (press == PRESS_BACKSPACE && f->len > 0)
        cut(f, f->len - 1);
    else if (press == PRESS_CTRL('u'))
        cut(f, 0);
    else if (press == PRESS_CTRL('w'))
        cut(f, word_start(f));
    else if (len > 0 && f->len + len < sizeof f->text && utf8_width((uint32_t)press) >= 0) {
        memcpy(f->text + f->len, bytes, len);
        f->len += len;
        f->text[f->len] = '\0';
    } else {
        return FIELD_IGNORED;
    }
    return FIELD_CHANGED;
}

enum field_result field_press_secret(struct secret *pin, int press)
{
    uint8_t bytes[4];
    size_t len = encode(press, bytes);
    enum field_result result = FIELD_CHANGED;

    if (press == PRESS_BACKSPACE || press == PRESS_CTRL('u')) {
        explicit_bzero(pin->data, pin->cap);
        pin->len = 0;
    } else if (len > 0 && pin->len + len <= pin->cap) {
        memcpy(pin->data + pin->len, bytes, len);
        pin->len += len;
    } else {
        result = FIELD_IGNORED;
    }
    explicit_bzero(bytes, sizeof bytes);
    return result;
}
