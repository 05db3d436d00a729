/* SPDX-License-Identifier: Apache-2.0 */
/* base/lock.h: who has it, and who cannot be led astray. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/lock.h"

static char folder[64];
static struct err err;

static int setup(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/hsmferry-lock.XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state)
{
    char path[128];

    (void)state;
    snprintf(path, sizeof path, "%s/x", folder);
    remove(path);
    return rmdir(folder);
}

/* Another process that holds the lock; *pid to be killed. */
static void hold(bool shared, pid_t *pid)
{
    int ready[2], fd;
    char byte;

    assert_int_equal(pipe(ready), 0);
    *pid = fork();
    if (*pid == 0) {
        bool ok = lock_open(folder, "x", &fd, &err) && lock_take(fd, shared, "It", &err);
        if (write(ready[1], ok ? "y" : "n", 1) == 1)
            pause();
        _exit(0);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    close(ready[0]);
    close(ready[1]);
}

static void let_go(pid_t pid)
{
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static bool take(bool shared)
{
    int fd;
    bool ok;

    err_clear(&err);
    assert_true(lock_open(folder, "x", &fd, &err));
    ok = lock_take(fd, shared, "It", &err);
    close(fd);
    return ok;
}

static void test_holder_is_named(void **state)
{
    char who[64];
    pid_t pid;

    (void)state;
    hold(false, &pid);
    assert_false(take(false));
    assert_int_equal(err.code, ERR_DENIED);
    snprintf(who, sizeof who, "It is in use by process %d", (int)pid);
    assert_string_equal(err.what, who);
    assert_false(take(true));
    let_go(pid);
    assert_true(take(false)); /* it ended with its process */
}

static void test_shared(void **state)
{
    pid_t pid;

    (void)state;
    hold(true, &pid);
    assert_true(take(true));
    assert_false(take(false));
    let_go(pid);
}

static void test_folders(void **state)
{
    int fd;

    (void)state;
    assert_int_equal(chmod(folder, 0777), 0); /* anybody could replace the file */
    assert_false(lock_open(folder, "x", &fd, &err));
    assert_int_equal(err.code, ERR_IO);
    assert_int_equal(chmod(folder, 01777), 0);
    assert_true(lock_open(folder, "x", &fd, &err));
    close(fd);
    assert_false(lock_open("/nowhere", "x", &fd, &err));
}

static void test_links_are_not_followed(void **state)
{
    char path[128];
    int fd;

    (void)state;
    snprintf(path, sizeof path, "%s/x", folder);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    assert_false(lock_open(folder, "x", &fd, &err));
    assert_int_equal(err.code, ERR_IO);
}

/* A file that somebody else has made there is as good as our own. */
static void test_file_of_another_user(void **state)
{
    char path[128];
    int fd;

    (void)state;
    snprintf(path, sizeof path, "%s/x", folder);
    close(open(path, O_CREAT | O_WRONLY, 0644));
    if (chown(path, 65534, 65534) != 0)
        skip();
    assert_int_equal(chmod(folder, 01777), 0);
    assert_true(lock_open(folder, "x", &fd, &err));
    assert_true(lock_take(fd, false, "It", &err));
    close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(holder_is_named),      TEST(shared), TEST(folders), TEST(links_are_not_followed),
        TEST(file_of_another_user),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
