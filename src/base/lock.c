/* SPDX-License-Identifier: Apache-2.0 */
#include "base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* The process that holds a lock on this file, as far as the kernel tells; 0: it does not.
 * A line: "12: FLOCK  ADVISORY  WRITE 4711 08:01:131 0 EOF" (proc_locks(5)). */
static int find_holder(int fd)
{
    unsigned major, minor, dev_major, dev_minor;
    unsigned long long inode;
    struct stat st;
    char line[256];
    int pid, found = 0;
    FILE *locks;

    if (fstat(fd, &st) != 0 || !(locks = fopen("/proc/locks", "re")))
        return 0;
    dev_major = major(st.st_dev);
    dev_minor = minor(st.st_dev);
    while (!found && fgets(line, sizeof line, locks))
        if (sscanf(line, "%*d: FLOCK %*s %*s %d %x:%x:%llu", &pid, &major, &minor, &inode) == 4 &&
            major == dev_major && minor == dev_minor && inode == st.st_ino)
            found = pid;
    fclose(locks);
    return found;
}

/* Whoever took the lock is gone, but a process that it gave the file to is not. */
static bool held_on(int fd, const char *what, int pid, struct err *err)
{
    char link[32], path[PATH_MAX] = "";

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (readlink(link, path, sizeof path - 1) < 0)
        path[0] = '\0';
    err_set(err, ERR_DENIED, "%s is in use by an agent of process %d, which itself has ended", what,
            pid);
    err_now(err, "Nothing was changed; what that agent still does in the HSM is not known");
    return err_next(
        err, "Wait until its call ends, then start again; fuser %.200s tells its number", path);
}

bool lock_take(int fd, bool shared, const char *what, struct err *err)
{
    char who[48] = "another process";
    int pid;

    if (flock(fd, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0 || errno != EWOULDBLOCK)
        return true;
    pid = find_holder(fd);
    if (pid > 0 && kill(pid, 0) != 0 && errno == ESRCH)
        return held_on(fd, what, pid, err);
    if (pid > 0)
        snprintf(who, sizeof who, "process %d", pid);
    err_set(err, ERR_DENIED, "%s is in use by %s", what, who);
    err_now(err, "Nothing was changed");
    return err_next(err, "Wait for its end, or go to that console");
}

bool lock_open(const char *folder, const char *name, int *fd, struct err *err)
{
    const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    int dir = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;

    *fd = -1;
    if (dir < 0)
        return err_set_errno(err, ERR_IO, errno, "%s cannot be used for locks", folder);
    if (fstat(dir, &st) == 0 && ((st.st_mode & S_ISVTX) || !(st.st_mode & (S_IWGRP | S_IWOTH)))) {
        /* Not O_CREAT at once: the kernel keeps that from files of others (fs.protected_regular).
         */
        *fd = openat(dir, name, flags);
        if (*fd < 0 && errno == ENOENT)
            *fd = openat(dir, name, flags | O_CREAT | O_EXCL, 0644);
        if (*fd < 0 && errno == EEXIST)
            *fd = openat(dir, name, flags);
    } else
        errno = EPERM;
    if (*fd < 0)
        err_set_errno(err, ERR_IO, errno, "%s/%s cannot be used as a lock", folder, name);
    close(dir);
    return *fd >= 0;
}
