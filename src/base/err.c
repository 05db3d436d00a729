/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* One row for each code: its name in logs and reports, and its exit code. */
static const struct {
    const char *name;
    int exit;
} codes[ERR_CODES] = {
    [ERR_NONE] = {"none", 0},
    [ERR_FAILED] = {"failed", 2},
    [ERR_UNFINISHED] = {"unfinished", 3},
    [ERR_CONFLICT] = {"conflict", 4},
    [ERR_USAGE] = {"usage", 64},
    [ERR_DATA] = {"data", 65},
    [ERR_NO_INPUT] = {"no-input", 66},
    [ERR_HSM] = {"hsm", 69},
    [ERR_UNSUPPORTED] = {"unsupported", 69},
    [ERR_GONE] = {"gone", 69},
    [ERR_IO] = {"io", 74},
    [ERR_DENIED] = {"denied", 77},
    [ERR_CONFIG] = {"config", 78},
    [ERR_STOPPED] = {"stopped", 2},
};

/* Every setter fills a new value first, because the arguments may point into *err. */
static struct err __attribute__((format(printf, 2, 0)))
fresh(enum err_code code, const char *fmt, va_list args)
{
    struct err made = {.code = code};

    text_vprint(made.what, sizeof made.what, fmt, args);
    return made;
}

bool err_set(struct err *err, enum err_code code, const char *fmt, ...)
{
    va_list args;

    if (!err)
        return false;
    va_start(args, fmt);
    *err = fresh(code, fmt, args);
    va_end(args);
    return false;
}

bool err_set_hsm(struct err *err, enum err_code code, uint64_t hsm_code, const char *name,
                 const char *fmt, ...)
{
    struct err made;
    va_list args;

    if (!err)
        return false;
    va_start(args, fmt);
    made = fresh(code, fmt, args);
    va_end(args);
    made.hsm_code = hsm_code;
    text_print(made.hsm_name, sizeof made.hsm_name, "%s", name ? name : "");
    *err = made;
    return false;
}

bool err_set_errno(struct err *err, enum err_code code, int no, const char *fmt, ...)
{
    const char *words = strerrordesc_np(no); /* the same words in every locale and thread */
    struct err made;
    va_list args;

    if (!err)
        return false;
    va_start(args, fmt);
    made = fresh(code, fmt, args);
    va_end(args);
    size_t at = strlen(made.what);
    if (words)
        text_print(made.what + at, sizeof made.what - at, ": %s", words);
    else
        text_print(made.what + at, sizeof made.what - at, ": error number %d", no);
    *err = made;
    return false;
}

_Static_assert((int)ERR_NOW_MAX <= (int)ERR_NEXT_MAX, "fill() has room for both");

/* Sets one of the shorter sentences. The arguments may point into it. */
static void __attribute__((format(printf, 3, 0)))
fill(char *to, size_t size, const char *fmt, va_list args)
{
    char text[ERR_NEXT_MAX] = ""; /* every byte is set: a failure is sent as a whole */

    text_vprint(text, size, fmt, args);
    memcpy(to, text, size);
}

bool err_now(struct err *err, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    if (err)
        fill(err->now, sizeof err->now, fmt, args);
    va_end(args);
    return false;
}

bool err_next(struct err *err, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    if (err)
        fill(err->next, sizeof err->next, fmt, args);
    va_end(args);
    return false;
}

void err_clear(struct err *err)
{
    if (err)
        *err = (struct err){0};
}

const char *err_code_name(enum err_code code)
{
    return (unsigned)code < ERR_CODES ? codes[code].name : "?";
}

int err_exit(enum err_code code)
{
    return (unsigned)code < ERR_CODES ? codes[code].exit : codes[ERR_UNFINISHED].exit;
}

/* Writes before, text and after, with exactly one full stop at the end. */
static size_t sentence(char *out, size_t size, const char *before, const char *text,
                       const char *after)
{
    size_t len = strlen(text);

    if (len && text[len - 1] == '.')
        len--;
    return text_print(out, size, "%s%.*s%s.", before, (int)len, text, after);
}

char *err_number(uint64_t hsm_code, char *out)
{
    if (hsm_code > INT64_MAX)
        snprintf(out, ERR_NUMBER_SIZE, "-%" PRIu64, ~hsm_code + 1);
    else
        snprintf(out, ERR_NUMBER_SIZE, "0x%" PRIx64, hsm_code);
    return out;
}

static void hsm_words(const struct err *err, char *out, size_t size)
{
    char number[ERR_NUMBER_SIZE];

    err_number(err->hsm_code, number);
    if (err->hsm_code && err->hsm_name[0])
        text_print(out, size, " (%s %s)", number, err->hsm_name);
    else if (err->hsm_code)
        text_print(out, size, " (%s)", number);
    else if (err->hsm_name[0])
        text_print(out, size, " (%s)", err->hsm_name);
}

const char *err_line(const struct err *err, char *out, unsigned size)
{
    char words[ERR_NAME_MAX + 32] = "";
    size_t at;

    hsm_words(err, words, sizeof words);
    at = sentence(out, size, "", err->what, words);
    if (err->now[0])
        at += sentence(out + at, size - at, " ", err->now, "");
    if (err->next[0])
        sentence(out + at, size - at, " ", err->next, "");
    return out;
}
