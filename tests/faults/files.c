/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For LD_PRELOAD, in tests: lets a call on our own files fail, and the clock go back. From the
 * environment:
 *
 *   FILES_UNDER  only files whose path begins so
 *   FILES_COUNT  a file that gets a line for each such call: the function's name
 *   FILES_FAULT  FUNCTION:N:ERRNO: the N-th such call of this function fails, with nothing done.
 *                N+: every one from there on, and a write() of ENOSPC has written half.
 *                ERRNO 0: the process is killed.
 *   CLOCK_BACK   N:SECONDS: from the N-th look at it on, the clock is that much behind, or ahead if
 *                SECONDS is negative.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static unsigned calls[6];
static bool half; /* a write that fails has written half */
static const char *const names[] = {"openat", "write", "fsync", "renameat2", "open", "unlink"};
enum { OPENAT, WRITE, FSYNC, RENAMEAT2, OPEN, UNLINK };

static bool is_path_under(const char *path)
{
    const char *under = getenv("FILES_UNDER");

    return under && strncmp(path, under, strlen(under)) == 0;
}

static bool is_under(int fd)
{
    char link[64], path[PATH_MAX] = "";

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    return readlink(link, path, sizeof path - 1) > 0 && is_path_under(path);
}

static FILE *noted;

/* Once the program is confined, it opens no such file any more. The descriptor is not one of the
 * first, which a child may give to something else. */
static void __attribute__((constructor)) open_notes(void)
{
    const char *file = getenv("FILES_COUNT");
    int fd = file ? open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;

    noted = fd >= 0 ? fdopen(fcntl(fd, F_DUPFD_CLOEXEC, 100), "a") : NULL;
    if (fd >= 0)
        close(fd);
}

static void note(const char *name)
{
    if (noted) {
        fprintf(noted, "%s\n", name);
        fflush(noted);
    }
}

/* Counts a call; the errno with which it is to fail, 0: none. */
static int due_now(int which)
{
    const char *fault = getenv("FILES_FAULT");
    char function[16], onwards = '\0';
    unsigned at;
    int no;

    note(names[which]);
    calls[which]++;
    if (!fault || (sscanf(fault, "%15[^:]:%u:%d", function, &at, &no) != 3 &&
                   sscanf(fault, "%15[^:]:%u%c:%d", function, &at, &onwards, &no) != 4))
        return 0;
    if (strcmp(function, names[which]) != 0)
        return 0;
    half = onwards && no == ENOSPC;
    if (no == 0 && calls[which] == at)
        kill(getpid(), SIGKILL);
    return calls[which] == at || (onwards && calls[which] > at) ? no : 0;
}

/* The same of a call on this descriptor, and of one on a path. */
static int due(int which, int fd)
{
    return is_under(fd) ? due_now(which) : 0;
}

static int due_path(int which, const char *path)
{
    return is_path_under(path) ? due_now(which) : 0;
}

static int fails(int no)
{
    errno = no;
    return -1;
}

int openat(int dir, const char *path, int flags, ...)
{
    int no = due(OPENAT, dir);
    va_list args;

    va_start(args, flags);
    mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
    va_end(args);
    return no ? fails(no) : (int)syscall(SYS_openat, dir, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
    int no = due_path(OPEN, path);
    va_list args;

    va_start(args, flags);
    mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
    va_end(args);
    return no ? fails(no) : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int unlink(const char *path)
{
    int no = due_path(UNLINK, path);

    return no ? fails(no) : (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

ssize_t write(int fd, const void *data, size_t len)
{
    int no = due(WRITE, fd);

    if (no && half && len > 1)
        return syscall(SYS_write, fd, data, len / 2);
    return no ? fails(no) : syscall(SYS_write, fd, data, len);
}

int fsync(int fd)
{
    int no = due(FSYNC, fd);

    return no ? fails(no) : (int)syscall(SYS_fsync, fd);
}

int renameat2(int from, const char *old, int to, const char *new, unsigned flags)
{
    int no = *old == '/' ? due_path(RENAMEAT2, old) : due(RENAMEAT2, from);

    return no ? fails(no) : (int)syscall(SYS_renameat2, from, old, to, new, flags);
}

int clock_gettime(clockid_t clock, struct timespec *t)
{
    const char *back = getenv("CLOCK_BACK");
    static unsigned looks;
    unsigned at;
    int seconds;
    int failed = (int)syscall(SYS_clock_gettime, clock, t);

    if (!failed && clock == CLOCK_REALTIME && back && sscanf(back, "%u:%d", &at, &seconds) == 2 &&
        ++looks >= at)
        t->tv_sec -= seconds;
    return failed;
}
