/* SPDX-License-Identifier: Apache-2.0 */
/* ui/plain/ask.h on a terminal of its own: echo, typed-ahead input, end of file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ui/plain/ask.h"

struct fixture {
    int keyboard; /* the other end of the terminal */
    struct ask ask;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct termios settings = {.c_iflag = ICRNL,
                               .c_oflag = OPOST,
                               .c_cflag = CREAD | CS8,
                               .c_lflag = ICANON | ECHO | ISIG};

    assert_non_null(f);
    settings.c_cc[VEOF] = 4;
    settings.c_cc[VINTR] = 3;
    settings.c_cc[VSUSP] = 26;
    f->ask.fd = -1;
    assert_int_equal(openpty(&f->keyboard, &f->ask.fd, NULL, &settings, NULL), 0);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    ask_close(&f->ask);
    close(f->keyboard);
    free(f);
    return 0;
}

static void type(struct fixture *f, const char *keys)
{
    assert_int_equal(write(f->keyboard, keys, strlen(keys)), (ssize_t)strlen(keys));
}

static bool is_readable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    return poll(&p, 1, 100) == 1;
}

/* What the terminal shows. */
static const char *shown(struct fixture *f, char *text, size_t size)
{
    ssize_t n = 0, more = 0;

    while (is_readable(f->keyboard) && (size_t)n < size - 1 &&
           (more = read(f->keyboard, text + n, size - 1 - (size_t)n)) > 0)
        n += more;
    text[n] = '\0';
    return text;
}

static void test_answer(void **state)
{
    struct fixture *f = *state;
    char text[128];

    type(f, "ferry 3\n"); /* before anybody asked */
    assert_true(is_readable(f->ask.fd));
    assert_true(ask_begin(&f->ask, "type", false, NULL));
    assert_false(is_readable(f->ask.fd));
    type(f, "ferry 4\nmore\n");
    assert_true(is_readable(f->ask.fd));
    assert_int_equal(ask_read(&f->ask), ASK_LINE);
    assert_int_equal(f->ask.line.len, 7);
    assert_memory_equal(f->ask.line.data, "ferry 4", 7);
    assert_non_null(strstr(shown(f, text, sizeof text), "type: ferry 4"));
    ask_end(&f->ask);
    assert_null(f->ask.line.data);
}

static void test_hidden(void **state)
{
    struct fixture *f = *state;
    struct termios settings;
    char text[128];

    assert_true(ask_begin(&f->ask, "PIN", true, NULL));
    assert_int_equal(tcgetattr(f->ask.fd, &settings), 0);
    assert_int_equal(settings.c_lflag & ECHO, 0);
    assert_int_equal(settings.c_cc[VSUSP], _POSIX_VDISABLE);
    type(f, "123456\n");
    assert_int_equal(ask_read(&f->ask), ASK_LINE);
    assert_memory_equal(f->ask.line.data, "123456", 6);
    ask_end(&f->ask);
    assert_int_equal(tcgetattr(f->ask.fd, &settings), 0);
    assert_int_equal(settings.c_lflag & ECHO, ECHO);
    assert_int_equal(settings.c_cc[VSUSP], 26);
    assert_null(strstr(shown(f, text, sizeof text), "123456"));
    type(f, "seen\n"); /* control: with echo it would have been */
    assert_non_null(strstr(shown(f, text, sizeof text), "seen"));
}

static void test_nothing(void **state)
{
    struct fixture *f = *state;

    assert_true(ask_begin(&f->ask, "type", false, NULL));
    type(f, "\4");
    assert_true(is_readable(f->ask.fd));
    assert_int_equal(ask_read(&f->ask), ASK_NONE);
}

/* A line that has no end within reason is no answer. */
static void test_long(void **state)
{
    struct fixture *f = *state;
    char line[ASK_LINE_MAX + 2];

    memset(line, 'x', sizeof line);
    line[sizeof line - 2] = '\n';
    line[sizeof line - 1] = '\0';
    assert_true(ask_begin(&f->ask, "type", true, NULL));
    type(f, line);
    assert_int_equal(ask_read(&f->ask), ASK_MORE);
    assert_int_equal(ask_read(&f->ask), ASK_NONE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(answer), TEST(hidden), TEST(nothing), TEST(long)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
