/* SPDX-License-Identifier: Apache-2.0 */
/* base/lock.h: who has it, and who cannot be led astray. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/lock.h"

enum { STRANGER = 65534 };

static char folder[64], path[128], other[128];
static struct err err;
static int replacements; /* how often somebody else replaces the file just before it is locked */

/* In the place of libc's: what happens between opening a file and taking its lock. */
int flock(int fd, int operation)
{
    if (replacements > 0) {
        replacements--;
        unlink(path);
        close(open(path, O_CREAT | O_WRONLY, 0644));
    }
    return (int)syscall(SYS_flock, fd, operation);
}

static int setup(void **state)
{
    (void)state;
    replacements = 0;
    umask(022);
    snprintf(folder, sizeof folder, "/tmp/hsmferry-lock.XXXXXX");
    if (!mkdtemp(folder) || chmod(folder, 01777) != 0)
        return -1;
    snprintf(path, sizeof path, "%s/x", folder);
    snprintf(other, sizeof other, "%s/other", folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    remove(path);
    remove(other);
    return rmdir(folder);
}

static void make_file(const char *name, mode_t mode, const char *content)
{
    int fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, strlen(content)), strlen(content));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static mode_t mode_of(const char *name)
{
    struct stat st;

    assert_int_equal(lstat(name, &st), 0);
    return st.st_mode & 07777;
}

static const struct lock_want lone_lock = {false, 0, "It"}, shared_lock = {true, 0, "It"};

static bool take_as(const struct lock_want *want)
{
    int fd;
    bool ok;

    err_clear(&err);
    ok = lock_for_all(folder, "x", want, &fd, &err);
    if (ok)
        close(fd);
    else
        assert_int_equal(fd, -1);
    return ok;
}

static bool take(bool shared)
{
    return take_as(shared ? &shared_lock : &lone_lock);
}

static bool open_alone(void)
{
    int fd = open(path, O_RDONLY);

    return fd >= 0 && close(fd) == 0;
}

static bool take_shared(void)
{
    return take(true);
}

static bool take_alone(void)
{
    return take(false);
}

/* What another user of this host comes to; only root can try that. *err is what it says. */
static bool as_stranger(bool (*act)(void))
{
    int reported[2], status;
    pid_t pid;

    assert_int_equal(pipe(reported), 0);
    pid = fork();
    if (pid == 0) {
        bool ok = setgroups(0, NULL) == 0 && setresgid(STRANGER, STRANGER, STRANGER) == 0 &&
                  setresuid(STRANGER, STRANGER, STRANGER) == 0;
        ok = ok && act();
        if (write(reported[1], &err, sizeof err) != sizeof err)
            _exit(99);
        _exit(ok ? 0 : 1);
    }
    assert_int_equal(read(reported[0], &err, sizeof err), sizeof err);
    close(reported[0]);
    close(reported[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) <= 1);
    return WEXITSTATUS(status) == 0;
}

/* Another process that holds the lock; *pid to be killed. */
static void hold_as(const struct lock_want *want, pid_t *pid)
{
    int ready[2], fd;
    char byte;

    assert_int_equal(pipe(ready), 0);
    *pid = fork();
    if (*pid == 0) {
        bool ok = lock_for_all(folder, "x", want, &fd, &err);
        if (write(ready[1], ok ? "y" : "n", 1) == 1)
            pause();
        _exit(0);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    close(ready[0]);
    close(ready[1]);
}

static void hold(bool shared, pid_t *pid)
{
    hold_as(shared ? &shared_lock : &lone_lock, pid);
}

static void let_go(pid_t pid)
{
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_holder_is_named(void **state)
{
    char who[64];
    pid_t pid;

    (void)state;
    hold(false, &pid);
    assert_false(take(false));
    assert_int_equal(err.code, ERR_DENIED);
    snprintf(who, sizeof who, "It is in use by process %d (test_lock, user %d)", (int)pid,
             (int)geteuid());
    assert_string_equal(err.what, who);
    assert_false(take(true));
    let_go(pid);
    assert_true(take(false)); /* it ended with its process */
}

/* The lock was given to another process, and who took it has ended. */
static void test_taker_has_ended(void **state)
{
    char one[80], other_one[80];
    int reported[2], status, fd;
    pid_t taker, keeper = 0;

    (void)state;
    assert_int_equal(pipe(reported), 0);
    taker = fork();
    if (taker == 0) {
        bool ok = lock_for_all(folder, "x", &lone_lock, &fd, &err);
        keeper = ok ? fork() : -1;
        if (keeper == 0)
            pause();
        _exit(write(reported[1], &keeper, sizeof keeper) != sizeof keeper);
    }
    assert_int_equal(read(reported[0], &keeper, sizeof keeper), sizeof keeper);
    assert_true(keeper > 0);
    assert_int_equal(waitpid(taker, &status, 0), taker);
    close(reported[0]);
    close(reported[1]);
    assert_false(take(false));
    assert_int_equal(err.code, ERR_DENIED);
    snprintf(one, sizeof one, "It is in use by an agent of process %d, which itself has ended",
             (int)taker);
    snprintf(other_one, sizeof other_one, "It is in use by process %d (test_lock, user %d)",
             (int)keeper, (int)geteuid()); /* within a namespace of processes */
    if (strcmp(err.what, one) != 0)
        assert_string_equal(err.what, other_one);
    kill(keeper, SIGKILL);
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

/* Who may have a lock beside whom: 'x' alone, 's' shared; a group's number follows. */
static void test_groups(void **state)
{
    static const struct lock_want x = {false, 0, "It"}, s = {true, 0, "It"}, x7 = {false, 7, "It"},
                                  x8 = {false, 8, "It"}, s7 = {true, 7, "It"}, s8 = {true, 8, "It"},
                                  first = {false, 1, "It"}, last = {false, LOCK_GROUP_MAX, "It"},
                                  first_s = {true, 1, "It"}, last_s = {true, LOCK_GROUP_MAX, "It"};
    static const struct {
        const struct lock_want *holds, *wants;
        bool together;
    } cases[] = {
        {&x7, &x7, true},         {&x7, &x8, false},         {&x8, &x7, false},
        {&x7, &s8, false},        {&s7, &s8, true},          {&s7, &s7, true},
        {&s7, &x8, false},        {&s8, &x7, false},         {&x, &x7, false},
        {&x, &s7, false},         {&s, &x7, false},          {&s, &s7, true},
        {&x7, &x, false},         {&x7, &s, false},          {&s7, &x, false},
        {&s7, &s, true},          {&first, &last, false},    {&last, &first, false},
        {&first, &first, true},   {&last, &last, true},      {&last_s, &first, false},
        {&first, &last_s, false}, {&last_s, &first_s, true},
    };
    pid_t pid;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        hold_as(cases[i].holds, &pid);
        if (take_as(cases[i].wants) != cases[i].together)
            fail_msg("case %zu: %s", i, cases[i].together ? err.what : "taken");
        if (!cases[i].together)
            assert_non_null(strstr(err.what, "It is in use by process "));
        let_go(pid);
        assert_true(take_as(cases[i].wants)); /* a refused lock leaves none, nor a mark */
    }
}

static void test_folders(void **state)
{
    int fd;

    (void)state;
    assert_int_equal(chmod(folder, 0777), 0); /* anybody could replace the file */
    assert_false(take(false));
    assert_int_equal(err.code, ERR_DENIED);
    assert_int_equal(chmod(folder, 01777), 0);
    assert_true(take(false));
    assert_false(lock_for_all("/nowhere", "x", &lone_lock, &fd, &err));
    assert_int_equal(err.code,
                     ERR_NO_INPUT); /* the only failure after which others look elsewhere */
    assert_false(lock_for_all(path, "x", &lone_lock, &fd, &err));
    assert_int_equal(err.code, ERR_DENIED);
}

static void test_folder_of_root_alone(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(chmod(folder, 0755), 0);
    assert_false(as_stranger(take_alone));
    assert_int_equal(err.code, ERR_DENIED);
    assert_non_null(strstr(err.next, "install -m 644 /dev/null"));
    make_file(path, 0644, ""); /* as the message says */
    assert_true(as_stranger(take_alone));
}

/* The umask decides who may open a file that a program makes; not that of a lock. */
static void test_umask(void **state)
{
    pid_t pid;

    (void)state;
    umask(077);
    hold(true, &pid);
    assert_int_equal(mode_of(path), 0644);
    if (geteuid() == 0) {
        assert_true(as_stranger(take_shared));
        assert_false(as_stranger(take_alone));
        assert_int_equal(err.code, ERR_DENIED);
        assert_non_null(strstr(err.what, "is in use by process"));
    }
    let_go(pid);
    if (geteuid() == 0)
        assert_true(as_stranger(take_alone));
}

/* Control: the same file as the umask leaves it keeps another user from the lock: not silently. */
static void test_control_umask(void **state)
{
    int fd;

    (void)state;
    umask(077);
    fd = open(path, O_CREAT | O_EXCL | O_RDONLY, 0644);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(mode_of(path), 0600);
    if (geteuid() != 0)
        skip();
    assert_false(as_stranger(open_alone));
    assert_false(as_stranger(take_shared));
    assert_int_equal(err.code, ERR_DENIED);
    assert_non_null(strstr(err.next, "chmod 644"));
    assert_true(take(true)); /* its owner comes again, and puts it in order */
    assert_int_equal(mode_of(path), 0644);
    assert_true(as_stranger(take_shared));
}

static void refused(const char *why)
{
    assert_false(take(false));
    assert_int_equal(err.code, ERR_DENIED);
    if (!strstr(err.what, why))
        fail_msg("\"%s\" does not say: %s", err.what, why);
    assert_non_null(strstr(err.next, path));
    assert_int_equal(remove(path), 0);
}

static void test_what_is_planted(void **state)
{
    (void)state;
    make_file(other, 0600, "secret");
    assert_int_equal(symlink("/etc/passwd", path), 0);
    refused("a symbolic link");
    assert_int_equal(symlink("/nowhere/x", path), 0);
    refused("a symbolic link");
    assert_int_equal(mkfifo(path, 0644), 0);
    refused("not a regular file");
    assert_int_equal(mkdir(path, 0755), 0);
    refused("not a regular file");
    assert_int_equal(mknod(path, S_IFSOCK | 0644, 0), 0);
    refused("not a regular file");
    if (mknod(path, S_IFCHR | 0644, makedev(1, 3)) == 0) /* /dev/null; root alone can */
        refused("not a regular file");
    assert_int_equal(link(other, path), 0);
    refused("a hard link");
    assert_int_equal(mode_of(other), 0600);
    make_file(path, 0600, "it has content: not ours to open up");
    refused("not every user may read it");
    assert_true(take(false)); /* control: with nothing in its place */
}

/* A hard link to an empty file, too: root must not open up what is somebody's. */
static void test_links_are_not_opened_up(void **state)
{
    (void)state;
    make_file(other, 0600, "");
    assert_int_equal(link(other, path), 0);
    refused("a hard link");
    assert_int_equal(mode_of(other), 0600);
    make_file(path, 0600, "");
    assert_true(take(false)); /* control: one without a second name is */
    assert_int_equal(mode_of(path), 0644);
}

/* A file that somebody else has made there is as good as our own. */
static void test_file_of_another_user(void **state)
{
    (void)state;
    make_file(path, 0644, "");
    if (chown(path, STRANGER, STRANGER) != 0)
        skip();
    assert_true(take(false));
}

/* Its owner could put another file in the place of a lock. */
static void test_folder_of_another_user(void **state)
{
    (void)state;
    assert_true(take(false)); /* control: one of root or of our own */
    if (chown(folder, STRANGER, STRANGER) != 0)
        skip();
    assert_false(take(false));
    assert_int_equal(err.code, ERR_DENIED);
    assert_non_null(strstr(err.what, "belongs to another user"));
}

/* A look keeps nobody from the lock, and names who has it. */
static void test_look(void **state)
{
    char holder[256];
    int fd;

    (void)state;
    assert_false(lock_look(folder, "x", holder, sizeof holder, &err));
    assert_int_equal(err.code, ERR_NO_INPUT);
    assert_true(lock_for_all(folder, "x", &lone_lock, &fd, &err));
    assert_true(lock_look(folder, "x", holder, sizeof holder, &err));
    assert_non_null(strstr(holder, "process"));
    close(fd);
    assert_true(lock_look(folder, "x", holder, sizeof holder, &err));
    assert_string_equal(holder, "");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    assert_false(lock_look(folder, "x", holder, sizeof holder, &err));
    assert_int_equal(err.code, ERR_DENIED);
}

/* Who holds a file that no longer bears the name holds nothing. */
static void test_replaced_file(void **state)
{
    struct stat held, now;
    int fd;

    (void)state;
    replacements = 3;
    assert_true(lock_for_all(folder, "x", &lone_lock, &fd, &err));
    assert_int_equal(fstat(fd, &held), 0);
    assert_int_equal(stat(path, &now), 0);
    assert_true(held.st_ino == now.st_ino);
    close(fd);
    replacements = 1000000;
    assert_false(take(false));
    assert_int_equal(err.code, ERR_DENIED);
    assert_non_null(strstr(err.what, "constantly replaced"));
    /* Control: lock_take() alone takes the one that is gone. */
    replacements = 1;
    fd = open(path, O_RDONLY);
    assert_true(lock_take(fd, false, "It", &err));
    assert_true(take(false));
    close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(holder_is_named),
        TEST(taker_has_ended),
        TEST(shared),
        TEST(groups),
        TEST(folders),
        TEST(folder_of_root_alone),
        TEST(umask),
        TEST(control_umask),
        TEST(what_is_planted),
        TEST(links_are_not_opened_up),
        TEST(file_of_another_user),
        TEST(folder_of_another_user),
        TEST(look),
        TEST(replaced_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
