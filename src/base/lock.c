/* SPDX-License-Identifier: Apache-2.0 */
#include "base/lock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"

enum { LOCK_MODE = 0644, LOCK_READABLE = 0444, TRIES = 50, READS = 5 };

/* The process that holds a lock on this file, according to the kernel; 0: not known. A line: "12:
 * FLOCK ADVISORY WRITE 4711 08:01:131 0 EOF" (proc_locks(5)). */
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

/* Another process of this user (for root: of any user) that has the file open. */
static int find_opener(int fd)
{
    struct stat is, st;
    struct dirent *process, *entry;
    int found = 0;
    DIR *all = fstat(fd, &is) == 0 ? opendir("/proc") : NULL;

    while (all && !found && (process = readdir(all))) {
        char path[300];
        int pid = (int)strtol(process->d_name, NULL, 10);
        snprintf(path, sizeof path, "/proc/%s/fd", process->d_name);
        DIR *files = pid > 0 && pid != getpid() ? opendir(path) : NULL;
        while (files && !found && (entry = readdir(files)))
            if (fstatat(dirfd(files), entry->d_name, &st, 0) == 0 && st.st_dev == is.st_dev &&
                st.st_ino == is.st_ino)
                found = pid;
        if (files)
            closedir(files);
    }
    if (all)
        closedir(all);
    return found;
}

/* The process that took the lock has ended, but a process that inherited the file has not. */
static bool held_on(int fd, const char *what, int pid, struct err *err)
{
    char link[32], path[PATH_MAX] = "";

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (readlink(link, path, sizeof path - 1) < 0)
        path[0] = '\0';
    err_set(err, ERR_DENIED, "%s is in use by an agent of process %d, which itself has ended", what,
            pid);
    err_now(err, "Nothing was changed; whether that agent is still changing the HSM is not known");
    return err_next(
        err, "Wait until its call ends, then start again; fuser %.200s shows its number", path);
}

/* A process for messages: "process 4711 (hsmferry, user 0)", as far as the kernel reports it. */
static void show_process(int pid, char *out, size_t size)
{
    char path[32], name[32] = "", safe[TEXT_SAFE_SIZE(sizeof name)];
    struct stat st;
    FILE *comm;

    if (pid > 0)
        text_print(out, size, "process %d", pid);
    else
        text_print(out, size, "another process");
    snprintf(path, sizeof path, "/proc/%d", pid);
    if (pid <= 0 || stat(path, &st) != 0)
        return;
    snprintf(path, sizeof path, "/proc/%d/comm", pid);
    comm = fopen(path, "re");
    if (!comm)
        return;
    if (fgets(name, sizeof name, comm)) {
        name[strcspn(name, "\n")] = '\0';
        text_safe((const uint8_t *)name, strlen(name), safe, sizeof safe);
        text_print(out, size, "process %d (%s, user %u)", pid, safe, (unsigned)st.st_uid);
    }
    fclose(comm);
}

static bool in_use(int fd, const char *what, struct err *err)
{
    char who[256];
    int pid = find_holder(fd);

    /* While other locks come and go, one reading of the kernel's list can miss one that stays. */
    for (int i = 1; i < READS && pid == 0; i++)
        pid = find_holder(fd);
    if (pid > 0 && kill(pid, 0) != 0 && errno == ESRCH)
        return held_on(fd, what, pid, err);
    /* In a PID namespace the kernel does not list a lock whose taker has ended. */
    if (pid == 0)
        pid = find_opener(fd);
    show_process(pid, who, sizeof who);
    err_set(err, ERR_DENIED, "%s is in use by %s", what, who);
    err_now(err, "Nothing was changed");
    return err_next(err,
                    "Wait until it ends, or go to that console; if it is not a ceremony, let root "
                    "determine why it holds the lock");
}

bool lock_take(int fd, bool shared, const char *what, struct err *err)
{
    if (flock(fd, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0 || errno != EWOULDBLOCK)
        return true;
    return in_use(fd, what, err);
}

/* --- a lock that all users of this host share --- */

static bool refuse(struct err *err, const char *folder, const char *name, const char *why,
                   const char *remedy)
{
    err_set(err, ERR_DENIED, "%s/%s cannot be used as a lock: %s", folder, name, why);
    err_now(err, "Nothing was changed");
    return err_next(err, "%s %s/%s", remedy, folder, name);
}

/* An empty file with a single name, whose mode this process may set: it is no trap. */
static bool is_ours_to_open(const struct stat *st)
{
    return S_ISREG(st->st_mode) && st->st_nlink == 1 && st->st_size == 0 &&
           (geteuid() == 0 || st->st_uid == geteuid());
}

/* Every user must find the same file, and be able to open it; a link to or from it could be a trap.
 * Nothing is ever read from it or written to it. */
static bool check_file(const struct stat *st, const char *folder, const char *name, struct err *err)
{
    const char *const remove = "Determine who put it there, then let root remove";

    if (S_ISLNK(st->st_mode))
        return refuse(err, folder, name, "it is a symbolic link", remove);
    if (!S_ISREG(st->st_mode))
        return refuse(err, folder, name, "it is not a regular file", remove);
    if (st->st_nlink > 1)
        return refuse(err, folder, name, "it is a hard link to another file", remove);
    if ((st->st_mode & LOCK_READABLE) != LOCK_READABLE)
        return refuse(err, folder, name, "not every user may read it",
                      "Let its owner or root run: chmod 644");
    return true;
}

/* Opens the file, or creates it. It is made readable for everyone regardless of the umask; flock(2)
 * requires no more. So is an empty file that was left by a program which did not set its mode; but
 * not one with content or a second link, which root would make readable to all. *seen: the file's
 * status. */
static int open_file(int dir, const char *name, struct stat *seen)
{
    const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    /* Not with O_CREAT: the kernel denies that for files of others (fs.protected_regular). */
    int fd = openat(dir, name, flags);

    if (fd < 0 && errno == ENOENT)
        fd = openat(dir, name, flags | O_CREAT | O_EXCL, LOCK_MODE);
    if (fd < 0)
        return fd;
    if (fstat(fd, seen) == 0 && S_ISREG(seen->st_mode) && seen->st_nlink == 1 &&
        seen->st_size == 0 && (seen->st_mode & LOCK_READABLE) != LOCK_READABLE)
        (void)fchmod(fd, LOCK_MODE); /* if it fails, the file is refused for its mode */
    (void)fstat(fd, seen);
    return fd;
}

/* --- locks of groups: marks in the file's two halves, one for those that share the lock and one
 * for the others; the number of a group is where its marks are. They are locks that belong to the
 * open file (F_OFD_SETLK in fcntl(2)), and do not collide with those of flock(2). --- */

static off_t half_of(bool shared)
{
    return shared ? 0 : (off_t)LOCK_GROUP_MAX + 1;
}

/* Returns EWOULDBLOCK if there is a mark from start on, so many octets (0: to the end); 0 if there
 * is none; errno. */
static int find_mark(int fd, off_t start, off_t len)
{
    struct flock mark = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = start, .l_len = len};

    if (fcntl(fd, F_OFD_GETLK, &mark) != 0)
        return errno;
    return mark.l_type == F_UNLCK ? 0 : EWOULDBLOCK;
}

static int find_other_group(int fd, const struct lock_want *want)
{
    const off_t others = want->shared ? half_of(false) : 0;
    const off_t own = half_of(want->shared) + (off_t)want->group;

    if (want->group == 0 || want->shared)
        return find_mark(fd, others, 0);
    int no = find_mark(fd, others, own);
    return no ? no : find_mark(fd, own + 1, 0);
}

/* A process without a group looks for marks after it has its lock, and one with a group leaves its
 * mark before it looks for such a lock: so one of two sees the other. Returns 0, or errno;
 * EWOULDBLOCK if another one has the lock. */
static int lock_file(int fd, const struct lock_want *want)
{
    struct flock mark = {.l_type = F_RDLCK,
                         .l_whence = SEEK_SET,
                         .l_start = half_of(want->shared) + (off_t)want->group,
                         .l_len = 1};

    if (want->group && fcntl(fd, F_OFD_SETLK, &mark) != 0)
        return errno;
    if (flock(fd, (want->shared ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0)
        return errno;
    if (want->group && flock(fd, LOCK_UN) != 0)
        return errno;
    int no = find_other_group(fd, want);
    if (no != 0)
        flock(fd, LOCK_UN); /* so that it is not taken for the lock of the other one */
    return no;
}

enum found { FOUND_TAKEN, FOUND_REFUSED, FOUND_CHANGING };

/* Locks *fd, unless the name now refers to another file. */
static enum found take_file(int dir, const char *folder, const char *name,
                            const struct lock_want *want, int fd, struct err *err)
{
    struct stat held, now;
    int no = lock_file(fd, want);

    if (no != 0) {
        if (no == EWOULDBLOCK)
            in_use(fd, want->what, err);
        else
            refuse(err, folder, name, strerror(no), "Let root look at the file system of");
        return FOUND_REFUSED;
    }
    if (fstat(fd, &held) == 0 && fstatat(dir, name, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
        now.st_dev == held.st_dev && now.st_ino == held.st_ino)
        return FOUND_TAKEN;
    refuse(err, folder, name, "it is constantly replaced", "Let root determine who replaces");
    return FOUND_CHANGING;
}

static enum found try_file(int dir, const char *folder, const char *name,
                           const struct lock_want *want, int *fd, struct err *err)
{
    struct stat is = {0};
    int no;

    *fd = open_file(dir, name, &is);
    no = errno;
    if (*fd >= 0)
        return check_file(&is, folder, name, err) ? take_file(dir, folder, name, want, *fd, err)
                                                  : FOUND_REFUSED;
    if (fstatat(dir, name, &is, AT_SYMLINK_NOFOLLOW) != 0 || check_file(&is, folder, name, err))
        refuse(err, folder, name, strerror(no), "Let root run: install -m 644 /dev/null");
    /* Another console may have created the file and not yet set its mode. */
    return no == EEXIST || no == ENOENT || (no == EACCES && S_ISREG(is.st_mode)) ? FOUND_CHANGING
                                                                                 : FOUND_REFUSED;
}

static bool open_folder(const char *folder, int *dir, struct err *err)
{
    struct stat st = {.st_mode = S_IWOTH}; /* if it cannot be read */

    *dir = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (*dir < 0)
        err_set_errno(err, errno == ENOENT ? ERR_NO_INPUT : ERR_DENIED, errno,
                      "%s cannot be used for locks", folder);
    else if (fstat(*dir, &st) == 0 && st.st_uid != 0 && st.st_uid != geteuid())
        err_set(err, ERR_DENIED, "%s cannot be used for locks: it belongs to another user", folder);
    else if ((st.st_mode & S_ISVTX) || !(st.st_mode & (S_IWGRP | S_IWOTH)))
        return true;
    else
        err_set(err, ERR_DENIED, "%s cannot be used for locks: others may replace the files in it",
                folder);
    if (*dir >= 0)
        close(*dir);
    err_now(err, "Nothing was changed");
    return err_next(err, "Let root make it a folder with mode 1777, as Debian does");
}

bool lock_for_all(const char *folder, const char *name, const struct lock_want *want, int *fd,
                  struct err *err)
{
    const struct timespec pause = {.tv_nsec = 2000000};
    enum found found = FOUND_CHANGING;
    int dir;

    *fd = -1;
    if (!open_folder(folder, &dir, err))
        return false;
    for (int i = 0; i < TRIES && found == FOUND_CHANGING; i++) {
        if (i > 0)
            nanosleep(&pause, NULL);
        found = try_file(dir, folder, name, want, fd, err);
        if (found != FOUND_TAKEN && *fd >= 0)
            close(*fd);
    }
    close(dir);
    if (found == FOUND_TAKEN)
        return true;
    *fd = -1;
    return false;
}

bool lock_folder_check(const char *folder, struct err *err)
{
    int dir;

    if (!open_folder(folder, &dir, err))
        return false;
    close(dir);
    return true;
}

bool lock_look(const char *folder, const char *name, char *holder, size_t size, struct err *err)
{
    struct stat is = {0};
    int dir, fd, pid;
    bool ok;

    holder[0] = '\0';
    if (!open_folder(folder, &dir, err))
        return false;
    ok = fstatat(dir, name, &is, AT_SYMLINK_NOFOLLOW) == 0 ||
         err_set_errno(err, ERR_NO_INPUT, errno, "%s/%s", folder, name);
    ok = ok && (is_ours_to_open(&is) || check_file(&is, folder, name, err));
    fd = ok ? openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : -1;
    close(dir);
    if (fd < 0)
        return ok && refuse(err, folder, name, strerror(errno), "Let root look at");
    pid = find_holder(fd);
    if (pid != 0 || find_mark(fd, 0, 0) == EWOULDBLOCK)
        show_process(pid, holder, size);
    close(fd);
    return true;
}
