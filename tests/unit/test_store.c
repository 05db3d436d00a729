/* SPDX-License-Identifier: Apache-2.0 */
/* base/store.h: one database is one, however it is named, and two are two. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/store.h"

static char folder[64], name[96];

static const char *in_folder(const char *file)
{
    static char path[4][128];
    static unsigned next;
    char *out = path[next++ % 4];

    snprintf(out, sizeof path[0], "%s/%s", folder, file);
    return out;
}

static int setup(void **state)
{
    static const char *const files[] = {"one/key4.db", "two/key4.db", "two/key4.db-journal"};

    (void)state;
    snprintf(folder, sizeof folder, "/tmp/hsmferry-store.XXXXXX");
    if (!mkdtemp(folder) || mkdir(in_folder("one"), 0700) || mkdir(in_folder("two"), 0700) ||
        mkdir(in_folder("three"), 0700))
        return -1;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (close(open(in_folder(files[i]), O_CREAT | O_WRONLY, 0600)) != 0)
            return -1;
    return link(in_folder("one/key4.db"), in_folder("three/prefix-key4.db")) ||
           symlink(in_folder("one"), in_folder("link"));
}

static int teardown(void **state)
{
    static const char *const all[] = {
        "one/key4.db", "two/key4.db", "two/key4.db-journal", "three/prefix-key4.db", "link", "one",
        "two",         "three"};

    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        remove(in_folder(all[i]));
    return rmdir(folder);
}

/* The name of what this process has open, with this file. */
static const char *with(const char *file)
{
    int fd = open(in_folder(file), O_RDONLY);

    assert_true(fd >= 0);
    store_name(name, sizeof name);
    close(fd);
    return name;
}

static void test_one_file_by_many_names(void **state)
{
    char one[sizeof name];

    (void)state;
    strcpy(one, with("one/key4.db"));
    assert_true(strlen(one) > 36);
    assert_string_equal(with("one/../one//key4.db"), one);
    assert_string_equal(with("link/key4.db"), one);
    assert_string_equal(with("three/prefix-key4.db"), one);
    assert_string_not_equal(with("two/key4.db"), one);
    assert_string_not_equal(name, "");
}

static void test_none_and_several(void **state)
{
    int fd;

    (void)state;
    store_name(name, sizeof name);
    assert_string_equal(name, "");
    assert_string_equal(with("two/key4.db-journal"), "");
    fd = open(in_folder("one/key4.db"), O_RDONLY);
    assert_string_not_equal(with("link/key4.db"), ""); /* twice the same one */
    assert_string_equal(with("two/key4.db"), "");
    close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(one_file_by_many_names), TEST(none_and_several)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
