/* SPDX-License-Identifier: Apache-2.0 */
/* PIN files (base/pin.h): the PIN is the one line, without its end, or there is none. */
#include <string.h>

#include "base/pin.h"
#include "tests/fuzz/fuzz.h"

static bool is_line_end(const uint8_t *data, size_t len)
{
    return len == 0 || (len == 1 && data[0] == '\n') || (len == 2 && memcmp(data, "\r\n", 2) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct secret pin = {0};
    struct err err = {0};

    if (pin_read_file(fuzz_file(data, len), &pin, &err)) {
        fuzz_must(pin.len > 0 && pin.len <= SECRET_PIN_MAX && pin.len <= len &&
                      memcmp(pin.data, data, pin.len) == 0 &&
                      is_line_end(data + pin.len, len - pin.len),
                  "a PIN is the file's one line");
        fuzz_must(!memchr(pin.data, '\0', pin.len) && !memchr(pin.data, '\n', pin.len),
                  "a PIN holds no NUL and no end of line");
    } else {
        fuzz_must_report(&err);
        fuzz_must(pin.len == 0, "a PIN that cannot be used is none");
    }
    secret_free(&pin);
    return 0;
}
