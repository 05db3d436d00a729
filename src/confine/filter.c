/* SPDX-License-Identifier: Apache-2.0 */
#include "confine/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

/* Names, not numbers: a call that this machine's kernel does not have is skipped. */
static const char *const console_calls[] = {
    /* open descriptors */
    "read", "readv", "pread64", "write", "writev", "pwrite64", "lseek", "close", "close_range",
    "dup", "dup2", "dup3", "fsync", "fdatasync", "flock", "fstat", "fstatfs", "fchmod", "poll",
    "ppoll", "select", "pselect6", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait",
    "eventfd2", "pipe2", "signalfd4", "memfd_create", "sendto", "sendmsg", "recvfrom", "recvmsg",
    "shutdown", "getdents64", "fadvise64",
    /* files */
    "stat", "lstat", "newfstatat", "statx", "statfs", "access", "faccessat", "faccessat2",
    "readlink", "readlinkat", "getcwd", "mkdir", "mkdirat", "rename", "renameat", "renameat2",
    "unlink", "unlinkat", "umask",
    /* memory; the two that could make it executable are below */
    "brk", "munmap", "mremap", "madvise", "mlock", "mlock2", "munlock",
    /* threads and time */
    "clone", "clone3", "set_robust_list", "rseq", "set_tid_address", "futex", "sched_yield",
    "sched_getaffinity", "gettid", "exit", "exit_group", "wait4", "waitid", "nanosleep",
    "clock_nanosleep", "clock_gettime", "clock_getres", "gettimeofday", "time", "times",
    "restart_syscall", "getrandom",
    /* signals */
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigpending", "rt_sigsuspend",
    "rt_sigtimedwait", "sigaltstack", "pause", "alarm", "setitimer",
    /* identity */
    "getpid", "getppid", "getpgrp", "getpgid", "getsid", "getuid", "geteuid", "getgid", "getegid",
    "getgroups", "uname", "sysinfo", "getrlimit", "getrusage"};

/* Never called by mistake, so the process is killed. */
static const char *const console_kills[] = {"execve",
                                            "execveat",
                                            "ptrace",
                                            "process_vm_readv",
                                            "process_vm_writev",
                                            "process_madvise",
                                            "pidfd_getfd",
                                            "bpf",
                                            "mount",
                                            "umount2",
                                            "move_mount",
                                            "open_tree",
                                            "fsopen",
                                            "pivot_root",
                                            "chroot",
                                            "setns",
                                            "unshare",
                                            "keyctl",
                                            "add_key",
                                            "request_key",
                                            "io_uring_setup",
                                            "io_uring_enter",
                                            "io_uring_register",
                                            "userfaultfd",
                                            "perf_event_open",
                                            "open_by_handle_at",
                                            "init_module",
                                            "finit_module",
                                            "delete_module",
                                            "kexec_load",
                                            "kexec_file_load",
                                            "reboot",
                                            "swapon",
                                            "swapoff",
                                            "personality",
                                            "setuid",
                                            "setgid",
                                            "setresuid",
                                            "setresgid",
                                            "setgroups",
                                            "capset"};

/* Landlock before Linux 6.2 does not control truncate(2). A library may try to open a socket. */
static const char *const console_refuses[] = {"truncate",
                                              "socket",
                                              "connect",
                                              "bind",
                                              "listen",
                                              "accept",
                                              "accept4",
                                              "link",
                                              "linkat",
                                              "symlink",
                                              "symlinkat",
                                              "mknod",
                                              "mknodat",
                                              "chmod",
                                              "fchmodat",
                                              "chown",
                                              "lchown",
                                              "fchownat",
                                              "tkill",
                                              "rt_sigqueueinfo",
                                              "rt_tgsigqueueinfo",
                                              "pidfd_send_signal"};

static const char *const agent_refuses[] = {"ptrace",
                                            "process_vm_readv",
                                            "process_vm_writev",
                                            "process_madvise",
                                            "pidfd_getfd",
                                            "kcmp",
                                            "bpf",
                                            "mount",
                                            "umount2",
                                            "move_mount",
                                            "open_tree",
                                            "fsopen",
                                            "fsconfig",
                                            "fsmount",
                                            "fspick",
                                            "mount_setattr",
                                            "pivot_root",
                                            "chroot",
                                            "setns",
                                            "unshare",
                                            "keyctl",
                                            "add_key",
                                            "request_key",
                                            "io_uring_setup",
                                            "io_uring_enter",
                                            "io_uring_register",
                                            "userfaultfd",
                                            "perf_event_open",
                                            "open_by_handle_at",
                                            "init_module",
                                            "finit_module",
                                            "delete_module",
                                            "kexec_load",
                                            "kexec_file_load",
                                            "reboot",
                                            "swapon",
                                            "swapoff"};

/* One value of one argument. int arguments are compared as the kernel reads them. */
struct value {
    const char *call;
    unsigned argument;
    uint64_t mask, value;
};

static const struct value console_values[] = {
    {"open", 1, O_TRUNC, 0}, /* truncates a file, even one that is opened for reading only */
    {"openat", 2, O_TRUNC, 0},
    {"mmap", 2, PROT_EXEC, 0},
    {"mprotect", 2, PROT_EXEC, 0},
    {"socketpair", 0, UINT32_MAX, AF_UNIX},
    {"prctl", 0, UINT32_MAX, PR_SET_NAME},
    {"kill", 1, UINT32_MAX, 0}, /* tests whether the process exists */
    {"kill", 0, UINT32_MAX, 0}, /* its own process group, for job control */
    {"prlimit64", 0, UINT32_MAX, 0},
    {"ioctl", 1, UINT32_MAX, TCGETS},
    {"ioctl", 1, UINT32_MAX, TCSETS},
    {"ioctl", 1, UINT32_MAX, TCSETSW},
    {"ioctl", 1, UINT32_MAX, TCSETSF},
    {"ioctl", 1, UINT32_MAX, TCFLSH},
    {"ioctl", 1, UINT32_MAX, TCXONC},
    {"ioctl", 1, UINT32_MAX, TIOCGWINSZ},
    {"ioctl", 1, UINT32_MAX, TIOCGPGRP},
    {"ioctl", 1, UINT32_MAX, TIOCSPGRP},
    {"ioctl", 1, UINT32_MAX, FIONREAD},
    {"fcntl", 1, UINT32_MAX, F_DUPFD},
    {"fcntl", 1, UINT32_MAX, F_DUPFD_CLOEXEC},
    {"fcntl", 1, UINT32_MAX, F_GETFD},
    {"fcntl", 1, UINT32_MAX, F_SETFD},
    {"fcntl", 1, UINT32_MAX, F_GETFL},
    {"fcntl", 1, UINT32_MAX, F_SETFL},
    {"fcntl", 1, UINT32_MAX, F_GETLK},
    {"fcntl", 1, UINT32_MAX, F_OFD_GETLK},
    {"fcntl", 1, UINT32_MAX, F_SETLK},
    {"fcntl", 1, UINT32_MAX, F_SETLKW},
    {"fcntl", 1, UINT32_MAX, F_SETPIPE_SZ},
    {"fcntl", 1, UINT32_MAX, F_ADD_SEALS},
    {"fcntl", 1, UINT32_MAX, F_GET_SEALS},
};

/* The other values of these calls, which fail with an errno that their callers know. */
static const struct value console_refused_values[] = {
    {"open", 1, O_TRUNC, O_TRUNC},     {"openat", 2, O_TRUNC, O_TRUNC},
    {"mmap", 2, PROT_EXEC, PROT_EXEC}, {"mprotect", 2, PROT_EXEC, PROT_EXEC},
    {"ioctl", 1, UINT32_MAX, TIOCSTI}, {"ioctl", 1, UINT32_MAX, TIOCLINUX},
};

static const struct value agent_refused_values[] = {
    {"ioctl", 1, UINT32_MAX, TIOCSTI},
    {"ioctl", 1, UINT32_MAX, TIOCLINUX},
};

static bool add(scmp_filter_ctx ctx, uint32_t action, const char *name, unsigned count,
                const struct scmp_arg_cmp *arguments)
{
    int number = seccomp_syscall_resolve_name(name);

    return number < 0 || seccomp_rule_add_array(ctx, action, number, count, arguments) == 0;
}

static bool add_calls(scmp_filter_ctx ctx, uint32_t action, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!add(ctx, action, names[i], 0, NULL))
            return false;
    return true;
}

static bool add_value(scmp_filter_ctx ctx, uint32_t action, const struct value *v)
{
    const struct scmp_arg_cmp is = {v->argument, SCMP_CMP_MASKED_EQ, v->mask, v->value};

    return add(ctx, action, v->call, 1, &is);
}

static bool add_values(scmp_filter_ctx ctx, uint32_t action, const struct value *values,
                       size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!add_value(ctx, action, &values[i]))
            return false;
    return true;
}

/* Allows signals to threads of this process, and to this process by its number. */
static bool add_own_signals(scmp_filter_ctx ctx)
{
    uint64_t self = (uint64_t)getpid();

    return add_value(ctx, SCMP_ACT_ALLOW, &(struct value){"tgkill", 0, UINT32_MAX, self}) &&
           add_value(ctx, SCMP_ACT_ALLOW, &(struct value){"kill", 0, UINT32_MAX, self});
}

static scmp_filter_ctx begin(uint32_t otherwise, uint32_t other_machine)
{
    scmp_filter_ctx ctx = seccomp_init(otherwise);

    /* 32-bit calls have other numbers: a filter that allowed them would be ineffective. */
    if (ctx && (seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, other_machine) != 0 ||
                seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1) != 0)) {
        seccomp_release(ctx);
        return NULL;
    }
    if (ctx)
        (void)seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a tree: for speed only */
    return ctx;
}

/* Loads the filter; whole: all rules were added. */
static bool end(scmp_filter_ctx ctx, bool whole, enum filter_result *result, struct err *err)
{
    int no = whole ? seccomp_load(ctx) : -ENOMEM;

    seccomp_release(ctx);
    *result = no == 0 ? FILTER_ON : FILTER_NONE;
    if (no == 0 || no == -EINVAL || no == -ENOSYS || no == -EOPNOTSUPP)
        return true;
    return err_set_errno(err, ERR_FAILED, -no,
                         "The system calls of this process cannot be limited");
}

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

bool filter_console(enum filter_result *result, struct err *err)
{
    /* ENOSYS makes a newer C library use an older call instead. */
    scmp_filter_ctx ctx = begin(SCMP_ACT_ERRNO(ENOSYS), SCMP_ACT_KILL_PROCESS);
    bool whole = ctx && add_calls(ctx, SCMP_ACT_ALLOW, console_calls, COUNT(console_calls)) &&
                 add_calls(ctx, SCMP_ACT_KILL_PROCESS, console_kills, COUNT(console_kills)) &&
                 add_calls(ctx, SCMP_ACT_ERRNO(EPERM), console_refuses, COUNT(console_refuses)) &&
                 add_values(ctx, SCMP_ACT_ALLOW, console_values, COUNT(console_values)) &&
                 add_values(ctx, SCMP_ACT_ERRNO(EPERM), console_refused_values,
                            COUNT(console_refused_values)) &&
                 add_own_signals(ctx);

    return end(ctx, whole, result, err);
}

bool filter_agent(enum filter_result *result, struct err *err)
{
    scmp_filter_ctx ctx = begin(SCMP_ACT_ALLOW, SCMP_ACT_ERRNO(EPERM));
    bool whole =
        ctx && add_calls(ctx, SCMP_ACT_ERRNO(EPERM), agent_refuses, COUNT(agent_refuses)) &&
        add_values(ctx, SCMP_ACT_ERRNO(EPERM), agent_refused_values, COUNT(agent_refused_values));

    return end(ctx, whole, result, err);
}

bool filter_network(enum filter_result *result, struct err *err)
{
    const struct scmp_arg_cmp other = {0, SCMP_CMP_NE, AF_UNIX, 0};
    scmp_filter_ctx ctx = begin(SCMP_ACT_ALLOW, SCMP_ACT_ERRNO(EPERM));
    bool whole = ctx && add(ctx, SCMP_ACT_ERRNO(EACCES), "socket", 1, &other);

    return end(ctx, whole, result, err);
}
