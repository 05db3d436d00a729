/* SPDX-License-Identifier: Apache-2.0 */
#include "confine/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Not in the headers of the oldest supported system (Linux 6.1). */
enum { ACCESS_FS_TRUNCATE = 1 << 14, ACCESS_FS_IOCTL_DEV = 1 << 15 };
enum { ACCESS_NET_BIND_TCP = 1 << 0, ACCESS_NET_CONNECT_TCP = 1 << 1 };
enum { SCOPE_ABSTRACT_UNIX_SOCKET = 1 << 0, SCOPE_SIGNAL = 1 << 1 };

struct ruleset {
    uint64_t fs, net, scoped;
};

/* The kernel's structure grew with each version; a kernel refuses a longer one with additional
 * members other than zero. */
static const struct {
    size_t size;
    struct ruleset adds;
} versions[LAND_ABI_MAX + 1] = {
    [1] = {8, {.fs = (1U << 13) - 1}},
    [2] = {8, {0}}, /* REFER: never granted, and denied without being named */
    [3] = {8, {.fs = ACCESS_FS_TRUNCATE}},
    [4] = {16, {.net = ACCESS_NET_BIND_TCP | ACCESS_NET_CONNECT_TCP}},
    [5] = {16, {.fs = ACCESS_FS_IOCTL_DEV}},
    [6] = {24, {.scoped = SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL}},
};

enum {
    READ = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
    FILE_RIGHTS = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                  LANDLOCK_ACCESS_FS_READ_FILE | ACCESS_FS_TRUNCATE | ACCESS_FS_IOCTL_DEV,
};

static const uint64_t rights[] = {
    [LAND_LIST] = LANDLOCK_ACCESS_FS_READ_DIR,
    [LAND_READ] = READ,
    [LAND_RUN] = READ | LANDLOCK_ACCESS_FS_EXECUTE,
    [LAND_WRITE] = READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |
                   LANDLOCK_ACCESS_FS_REMOVE_FILE | ACCESS_FS_TRUNCATE,
    [LAND_LOCK] = READ | LANDLOCK_ACCESS_FS_MAKE_REG,
    [LAND_DEVICE] =
        LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | ACCESS_FS_IOCTL_DEV,
};

static bool refused(const char *what, struct err *err)
{
    return err_set_errno(err, ERR_FAILED, errno, "Landlock refuses %s", what);
}

/* A rule that cannot be added only removes a right. */
static bool add_rule(int ruleset, const struct land_rule *rule, uint64_t handled, struct err *err)
{
    struct landlock_path_beneath_attr beneath = {.allowed_access = rights[rule->use] & handled};
    struct stat st;
    bool ok = true;

    beneath.parent_fd = rule->path ? open(rule->path, O_PATH | O_CLOEXEC) : -1;
    if (beneath.parent_fd < 0)
        return true;
    if (fstat(beneath.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode))
        beneath.allowed_access &= FILE_RIGHTS; /* EINVAL with other rights */
    if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) != 0)
        ok = refused("a rule", err);
    close(beneath.parent_fd);
    return ok;
}

static int find_version(int abi_max)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

    if (abi < 0) /* ENOSYS: not built in; EOPNOTSUPP: disabled */
        return 0;
    return abi < abi_max ? (int)abi : abi_max;
}

static struct ruleset make_ruleset(int abi, unsigned also)
{
    struct ruleset all = {0};

    for (int i = 1; i <= abi; i++) {
        all.fs |= versions[i].adds.fs;
        all.net |= also & LAND_NO_TCP ? versions[i].adds.net : 0;
        all.scoped |= also & LAND_NO_STRANGERS ? versions[i].adds.scoped : 0;
    }
    return all;
}

bool landlock_enter(const struct land_rule *rules, size_t count, unsigned also, int abi_max,
                    int *abi, struct err *err)
{
    bool ok = true;

    *abi = find_version(abi_max);
    if (*abi == 0)
        return true;
    struct ruleset all = make_ruleset(*abi, also);
    int fd = (int)syscall(SYS_landlock_create_ruleset, &all, versions[*abi].size, 0);
    if (fd < 0)
        return refused("a set of rules", err);
    for (size_t i = 0; ok && i < count; i++)
        ok = add_rule(fd, &rules[i], all.fs, err);
    if (ok && (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
               syscall(SYS_landlock_restrict_self, fd, 0) != 0))
        ok = refused("to be entered", err);
    close(fd);
    return ok;
}
