/* SPDX-License-Identifier: Apache-2.0 */
/* Text from elsewhere (base/text.h), and what a vendor's library prints (hsm/spoken.h). */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/utf8.h"
#include "link/vendor_output.h"
#include "tests/fuzz/fuzz.h"

enum { RAW_MAX = 600, GLOB_MAX = 48 };

/* Safe text says exactly what it was made of. */
static void check_round_trip(const uint8_t *raw, size_t len)
{
    char safe[TEXT_SAFE_SIZE(RAW_MAX)];
    uint8_t back[RAW_MAX];
    size_t back_len = sizeof back;

    size_t written = text_safe(raw, len, safe, sizeof safe);
    fuzz_must(written == strlen(safe), "text_safe() returns what it wrote");
    fuzz_must(fuzz_is_harmless(safe), "safe text is harmless");
    fuzz_must(text_unsafe(safe, back, &back_len) && back_len == len && memcmp(back, raw, len) == 0,
              "text_unsafe() undoes text_safe()");
}

/* Cut, it says what a beginning of that was made of. */
static void check_cuts(const uint8_t *raw, size_t len, size_t size)
{
    char safe[TEXT_SAFE_SIZE(RAW_MAX)], cut[TEXT_SAFE_SIZE(RAW_MAX)];
    uint8_t back[RAW_MAX];
    size_t back_len = sizeof back;

    text_safe(raw, len, cut, size);
    fuzz_must(strlen(cut) < size, "text_safe() keeps to its room");
    fuzz_must(text_unsafe(cut, back, &back_len) && back_len <= len &&
                  memcmp(back, raw, back_len) == 0,
              "text that text_safe() cut is safe text of a beginning");
    text_safe(raw, len, safe, sizeof safe);
    size_t written = text_print(cut, size, "%s", safe);
    fuzz_must(written == strlen(cut) && strncmp(cut, safe, written) == 0 && fuzz_is_safe(cut),
              "safe text that text_print() cut is safe text, and a beginning");
}

static void check_fit(const uint8_t *raw, size_t len, int columns, bool middle)
{
    char safe[TEXT_SAFE_SIZE(RAW_MAX)], fitted[TEXT_SAFE_SIZE(RAW_MAX) + 1];

    text_safe(raw, len, safe, sizeof safe);
    text_fit(safe, columns, middle, fitted, sizeof fitted);
    fuzz_must(text_width(fitted) <= columns, "text_fit() fits");
    fuzz_must(fuzz_is_harmless(fitted), "safe text that text_fit() cut is harmless");
    fuzz_must(text_width(safe) > columns || strcmp(safe, fitted) == 0,
              "text_fit() leaves alone what fits");
}

/* What text_unsafe() takes, text_safe() has written; and the like of hexadecimal digits. */
static void check_readers(const char *text)
{
    uint8_t raw[RAW_MAX];
    char again[TEXT_SAFE_SIZE(RAW_MAX)];
    size_t len = sizeof raw;

    if (text_unsafe(text, raw, &len)) {
        text_safe(raw, len, again, sizeof again);
        fuzz_must(strcmp(again, text) == 0, "text_unsafe() takes only what text_safe() writes");
    }
    len = sizeof raw;
    if (text_unhex(text, raw, &len))
        fuzz_must(strcasecmp(text_hex(raw, len, again), text) == 0,
                  "text_hex() undoes text_unhex()");
    fuzz_must(text_typed_equal(text, text, false) && text_typed_equal(text, text, true),
              "what was typed equals itself");
}

/* text_glob() by its definition: can[n], do the first p characters match the first n bytes? */
static bool glob(const uint8_t *pattern, size_t pattern_len, const uint8_t *name, size_t name_len)
{
    bool can[GLOB_MAX + 1] = {true};

    for (size_t p = 0; p < pattern_len; p++) {
        if (pattern[p] == '*') {
            for (size_t n = 1; n <= name_len; n++)
                can[n] |= can[n - 1];
            continue;
        }
        for (size_t n = name_len; n > 0; n--)
            can[n] = can[n - 1] && name[n - 1] == pattern[p];
        can[0] = false;
    }
    return can[name_len];
}

static void check_glob(const uint8_t *data, size_t len)
{
    size_t half = len / 2, rest = len - half;

    if (rest <= GLOB_MAX)
        fuzz_must(text_glob((const char *)data, half, data + half, rest) ==
                      glob(data, half, data + half, rest),
                  "text_glob() matches what its definition matches");
}

static void take_line(void *ctx, const char *line)
{
    (void)ctx;
    fuzz_must(fuzz_is_safe(line) || line[0] == '(', "what a library prints is passed on safe");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct fuzz_input in = {data, len};
    uint8_t choice = fuzz_take_octet(&in);
    size_t size = 1 + (size_t)choice * 2;
    struct vendor_output output = {.take = take_line};

    if (in.len > RAW_MAX)
        in.len = RAW_MAX;
    check_round_trip(in.data, in.len);
    check_cuts(in.data, in.len, size);
    check_fit(in.data, in.len, choice / 2, choice % 2);
    check_glob(in.data, in.len);
    char *text = fuzz_string(in.data, in.len);
    check_readers(text);
    free(text);
    vendor_output_feed(&output, (const char *)in.data, in.len);
    vendor_output_flush(&output);
    return 0;
}
