/* SPDX-License-Identifier: Apache-2.0 */
/* base/pin.h, and with it base/file.h: who may hold a PIN, and what a PIN may be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/pin.h"

static char folder[] = "/tmp/hsmferry-pin.XXXXXX";
static char path[64];

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/pin", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

static void put(const void *data, size_t len, mode_t mode)
{
    FILE *file;

    unlink(path);
    file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static void assert_pin(const char *expected)
{
    struct secret pin = {0};
    struct err err = {0};

    if (!pin_read_file(path, &pin, &err))
        fail_msg("%s", err.what);
    assert_int_equal(pin.len, strlen(expected));
    assert_memory_equal(pin.data, expected, pin.len);
    secret_free(&pin);
}

static void assert_refused(enum err_code code, const char *part)
{
    struct secret pin = {0};
    struct err err = {0};

    assert_true(secret_new(&pin, SECRET_PIN_MAX, &err) && secret_set(&pin, "old", 3, &err));
    assert_false(pin_read_file(path, &pin, &err));
    if (err.code != code || (!strstr(err.what, part) && !strstr(err.next, part)))
        fail_msg("%s %s: %s", err_code_name(err.code), err.what, err.next);
    assert_null(strstr(err.what, "1234"));
    assert_int_equal(pin.len, 3);
    assert_memory_equal(pin.data, "old", 3);
    secret_free(&pin);
}

static void test_good(void **state)
{
    char longest[SECRET_PIN_MAX + 3];

    (void)state;
    put("1234", 4, 0600);
    assert_pin("1234");
    put("1234\n", 5, 0400);
    assert_pin("1234");
    put("1234\r\n", 6, 0600);
    assert_pin("1234");
    put(" 12 34 \n", 8, 0700);
    assert_pin(" 12 34 ");
    put("\xc3\xa9\r", 3, 0600);
    assert_pin("\xc3\xa9\r");
    memset(longest, 'x', sizeof longest);
    memcpy(longest + SECRET_PIN_MAX, "\r\n", 3);
    put(longest, SECRET_PIN_MAX + 2, 0600);
    longest[SECRET_PIN_MAX] = '\0';
    assert_pin(longest);
}

static void test_room(void **state)
{
    struct secret pin = {0};
    struct err err = {0};
    uint8_t *data;

    (void)state;
    put("1234\n", 5, 0600);
    assert_true(secret_new(&pin, SECRET_PIN_MAX, &err));
    data = pin.data;
    assert_true(pin_read_file(path, &pin, &err));
    assert_ptr_equal(pin.data, data); /* its own room is enough */
    assert_int_equal(pin.len, 4);
    secret_free(&pin);
}

static void test_bad(void **state)
{
    char text[5000];

    (void)state;
    put("", 0, 0600);
    assert_refused(ERR_USAGE, "The PIN is empty");
    put("\n", 1, 0600);
    assert_refused(ERR_USAGE, "The PIN is empty");
    put("12\0"
        "34",
        5, 0600);
    assert_refused(ERR_USAGE, "NUL byte");
    put("1234\n5678\n", 10, 0600);
    assert_refused(ERR_USAGE, "more than one line");
    put("\xef\xbb\xbf"
        "1234\n",
        8, 0600);
    assert_refused(ERR_USAGE, "byte order mark");
    put("1234\n\n", 6, 0600);
    assert_refused(ERR_USAGE, "more than one line");
    memset(text, 'x', sizeof text);
    put(text, SECRET_PIN_MAX + 1, 0600);
    assert_refused(ERR_USAGE, "longer than 255 bytes");
    put(text, SECRET_PIN_MAX + 3, 0600);
    assert_refused(ERR_USAGE, "longer than 255 bytes");
    put(text, sizeof text, 0600);
    assert_refused(ERR_USAGE, "longer than 255 bytes");
}

static void test_trust(void **state)
{
    char link_to[80];

    (void)state;
    put("1234\n", 5, 0640);
    assert_refused(ERR_DENIED, "can be read by other users");
    assert_refused(ERR_DENIED, "chmod 600 ");
    put("1234\n", 5, 0604);
    assert_refused(ERR_DENIED, "can be read by other users");
    put("1234\n", 5, 0602);
    assert_refused(ERR_DENIED, "can be changed by other users");
    put("1234\n", 5, 0610);
    assert_refused(ERR_DENIED, "other users");
    unlink(path);
    assert_refused(ERR_NO_INPUT, "There is no file");

    snprintf(link_to, sizeof link_to, "%s/real", folder);
    put("1234\n", 5, 0600);
    assert_int_equal(rename(path, link_to), 0);
    assert_int_equal(symlink(link_to, path), 0);
    assert_refused(ERR_DENIED, "symbolic link");
    assert_int_equal(unlink(link_to), 0);
    assert_int_equal(unlink(path), 0);

    assert_int_equal(mkfifo(path, 0600), 0);
    assert_refused(ERR_DENIED, "not a regular file");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_refused(ERR_DENIED, "not a regular file");
    assert_int_equal(rmdir(path), 0);
    put("", 0, 0600);
}

static void test_owner(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip(); /* only root can give a file away */
    put("1234\n", 5, 0600);
    assert_int_equal(chown(path, 1, (gid_t)-1), 0);
    assert_refused(ERR_DENIED, "belongs to another user (1)");
    /* The control: a user's own file, read by that user. */
    assert_int_equal(chmod(folder, 0711), 0);
    assert_int_equal(seteuid(1), 0);
    assert_pin("1234");
    assert_int_equal(seteuid(0), 0);
}

static void test_shown(void **state)
{
    char out[FILE_SHOWN], long_path[4000];

    (void)state;
    assert_string_equal(file_shown("/a/\x1b[2J", out), "/a/\\x1b[2J");
    memset(long_path, 'x', sizeof long_path);
    memcpy(long_path, "/begin", 6);
    memcpy(long_path + sizeof long_path - 5, "/end", 5);
    file_shown(long_path, out);
    assert_int_equal(strlen(out), 80);
    assert_memory_equal(out, "/begin", 6);
    assert_string_equal(out + 76, "/end");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_good, remove_file),
        cmocka_unit_test_teardown(test_room, remove_file),
        cmocka_unit_test_teardown(test_bad, remove_file),
        cmocka_unit_test_teardown(test_trust, remove_file),
        cmocka_unit_test_teardown(test_owner, remove_file),
        cmocka_unit_test(test_shown),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
