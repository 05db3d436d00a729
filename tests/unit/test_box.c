/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The box of the console and of an agent: each thing that it forbids is done in a child with the
 * box, and in another one without, where it must work.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"
#include "confine/box.h"
#include "driver/load/fence.h"

/* A folder with "in", which the box lets a process write to, and "out", which it does not; each
 * holds "file". "read" may be read. stranger: a process that is not in the box. */
struct place {
    char folder[64];
    pid_t stranger;
    int terminal; /* of the child; -1: none */
};

static struct place place;

static const char *at(const char *name)
{
    static char path[8][128];
    static unsigned next;
    char *out = path[next++ % 8];

    snprintf(out, sizeof path[0], "%s/%s", place.folder, name);
    return out;
}

static void put(const char *name)
{
    int fd = open(at(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, "text", 4), 4);
    close(fd);
}

static void set_up(void)
{
    strcpy(place.folder, "/tmp/test_box.XXXXXX");
    assert_non_null(mkdtemp(place.folder));
    assert_int_equal(mkdir(at("in"), 0700), 0);
    assert_int_equal(mkdir(at("out"), 0700), 0);
    put("in/file");
    put("out/file");
    put("read");
    place.stranger = fork();
    if (place.stranger == 0) {
        pause();
        _exit(0);
    }
}

static void tear_down(void)
{
    static const char *const names[] = {"in/file",  "out/file",  "in/new",   "out/new",
                                        "in/other", "out/other", "out/link", "read"};

    kill(place.stranger, SIGKILL);
    waitpid(place.stranger, NULL, 0);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unlink(at(names[i]));
    rmdir(at("in/folder"));
    rmdir(at("in"));
    rmdir(at("out"));
    rmdir(place.folder);
}

/* --- what is tried: each returns 0, or errno --- */

static int result(long value)
{
    return value < 0 ? errno : 0;
}

static int open_as(const char *name, int flags)
{
    int fd = open(at(name), flags | O_CLOEXEC, 0600);

    if (fd >= 0)
        close(fd);
    return result(fd);
}

static int write_inside(void)
{
    return open_as("in/file", O_WRONLY | O_APPEND);
}

static int make_inside(void)
{
    return open_as("in/new", O_WRONLY | O_CREAT | O_EXCL);
}

static int rename_inside(void)
{
    return result(rename(at("in/file"), at("in/other")));
}

static int unlink_inside(void)
{
    return result(unlink(at("in/file")));
}

static int read_named(void)
{
    return open_as("read", O_RDONLY);
}

static int write_named(void)
{
    return open_as("read", O_WRONLY);
}

static int cut_on_opening(void)
{
    return open_as("read", O_RDONLY | O_TRUNC);
}

static int cut(void)
{
    return result(truncate(at("read"), 0));
}

static int read_outside(void)
{
    return open_as("out/file", O_RDONLY);
}

static int list_outside(void)
{
    return open_as("out", O_RDONLY | O_DIRECTORY);
}

static int write_outside(void)
{
    return open_as("out/file", O_WRONLY);
}

static int make_outside(void)
{
    return open_as("out/new", O_WRONLY | O_CREAT);
}

static int rename_outside(void)
{
    return result(rename(at("in/file"), at("out/other")));
}

static int unlink_outside(void)
{
    return result(unlink(at("out/file")));
}

static int make_folder(void)
{
    return result(mkdir(at("in/folder"), 0700));
}

static int make_link(void)
{
    return result(symlink("/bin/sh", at("out/link")));
}

static int make_name(void)
{
    return result(link(at("in/file"), at("in/other")));
}

static int make_it_runnable(void)
{
    return result(chmod(at("in/file"), 0755));
}

static int run_program(void)
{
    char name[] = "true", *const argv[] = {name, NULL};

    execv("/bin/true", argv);
    return errno;
}

static int run_memory(void)
{
    void *map = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return map == MAP_FAILED ? errno : 0;
}

static int make_memory_runnable(void)
{
    void *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return result(mprotect(map, 4096, PROT_READ | PROT_EXEC));
}

static int make_socket(int domain)
{
    return result(socket(domain, SOCK_STREAM, 0));
}

static int reach_network(void)
{
    return make_socket(AF_INET);
}

static int reach_daemon(void)
{
    return make_socket(AF_UNIX);
}

static int make_pair(void)
{
    int fds[2];

    return result(socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
}

static int trace(void)
{
    int no = result(ptrace(PTRACE_ATTACH, place.stranger, NULL, NULL));

    if (no == 0) {
        waitpid(place.stranger, NULL, 0);
        ptrace(PTRACE_DETACH, place.stranger, NULL, NULL);
    }
    return no;
}

static int read_memory(void)
{
    char byte;
    unsigned char there;
    struct {
        void *at;
        size_t len;
    } to = {&byte, 1}, from = {&there, 1};

    return result(syscall(SYS_process_vm_readv, getppid(), &to, 1, &from, 1, 0));
}

static int kill_stranger(void)
{
    return result(kill(place.stranger, SIGWINCH));
}

static int signal_own_group(void)
{
    return result(kill(0, SIGWINCH)) ? errno : result(kill(getpid(), SIGWINCH));
}

static int point_at_stranger(void)
{
    return result(fcntl(STDIN_FILENO, F_SETOWN, place.stranger));
}

static int limit_stranger(void)
{
    struct rlimit limit;

    return result(prlimit(place.stranger, RLIMIT_CORE, NULL, &limit));
}

static int be_dumpable(void)
{
    return result(prctl(PR_SET_DUMPABLE, 1));
}

static int leave_name_spaces(void)
{
    return result(unshare(CLONE_NEWUTS));
}

static int use_ring(void)
{
    char params[128] = {0};

    return result(syscall(SYS_io_uring_setup, 1, params));
}

static int type_ahead(void)
{
    return result(ioctl(place.terminal, TIOCSTI, "x"));
}

static int type_ahead_wide(void) /* the kernel looks at 32 bits of the request */
{
    return result(syscall(SYS_ioctl, place.terminal, (uint64_t)TIOCSTI | 1ULL << 32, "x"));
}

static int look_at_size(void)
{
    struct winsize size;

    return result(ioctl(place.terminal, TIOCGWINSZ, &size));
}

static void *do_nothing(void *arg)
{
    return arg;
}

static int make_thread(void)
{
    pthread_t thread;

    return pthread_create(&thread, NULL, do_nothing, NULL) ? EAGAIN : pthread_join(thread, NULL);
}

/* --- who tries it --- */

static bool enter_nothing(int abi, struct err *err)
{
    (void)abi, (void)err;
    return true;
}

static bool enter_console(int abi, struct err *err)
{
    const struct land_rule rules[] = {
        {at("in"), LAND_WRITE}, {at("read"), LAND_READ}, {"/nowhere", LAND_WRITE}};
    struct box box;

    return box_console(rules, 3, abi, &box, err);
}

/* One on whose screen paths are completed. */
static bool enter_listing(int abi, struct err *err)
{
    const struct land_rule rules[] = {{at("in"), LAND_WRITE}, {"/", LAND_LIST}};
    struct box box;

    return box_console(rules, 2, abi, &box, err);
}

static bool enter_agent(int abi, struct err *err)
{
    struct box box;

    (void)abi;
    return box_agent(&box, err);
}

static bool enter_fence(int abi, struct err *err)
{
    struct fence_places places = {.count = 1};
    struct box box;

    (void)abi;
    strcpy(places.place[0], at("in"));
    return box_agent(&box, err) && fence_raise(&places, "", "", &box, err);
}

enum { KILLED = 250, NO_BOX = 251 };

/* What becomes of act in a child of its own: 0, errno, KILLED by seccomp. */
static int outcome(bool (*enter)(int, struct err *), int abi, int (*act)(void))
{
    struct err err = {0};
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        signal(SIGWINCH, SIG_IGN);
        setsid();
        place.terminal = posix_openpt(O_RDWR | O_NOCTTY);
        if (grantpt(place.terminal) == 0 && unlockpt(place.terminal) == 0)
            place.terminal = open(ptsname(place.terminal), O_RDWR); /* ours to control */
        _exit(enter(abi, &err) ? act() : NO_BOX);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
        return KILLED;
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

struct row {
    const char *what;
    int (*act)(void);
    int held;   /* what becomes of it in the box */
    bool loose; /* without it a kernel or user may be refused too, but not so */
};

/* Each in a place of its own, as it may change it. */
static int outcome_of(bool (*enter)(int, struct err *), int abi, const struct row *row)
{
    set_up();
    int was = outcome(enter, abi, row->act);
    tear_down();
    return was;
}

static void hold_all(bool (*enter)(int, struct err *), int abi, const struct row *rows,
                     size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int open = outcome_of(enter_nothing, abi, &rows[i]);
        int held = outcome_of(enter, abi, &rows[i]);
        if (held != rows[i].held || (rows[i].loose ? open == held && held != 0 : open != 0))
            fail_msg("%s (Landlock %d): %d without a box, %d in it, not %d", rows[i].what, abi,
                     open, held, rows[i].held);
    }
}

#define HOLD_ALL(enter, abi, rows) hold_all(enter, abi, rows, sizeof(rows) / sizeof(rows)[0])

static const struct row console[] = {
    {"write in its folder", write_inside, 0, false},
    {"make a file there", make_inside, 0, false},
    {"rename it there", rename_inside, 0, false},
    {"remove it there", unlink_inside, 0, false},
    {"read a named file", read_named, 0, false},
    {"write to that", write_named, EACCES, false},
    {"cut it when it is opened", cut_on_opening, EPERM, false},
    {"cut it by its name", cut, EPERM, false},
    {"read another file", read_outside, EACCES, false},
    {"list another folder", list_outside, EACCES, false},
    {"write to another file", write_outside, EACCES, false},
    {"make one elsewhere", make_outside, EACCES, false},
    {"move one out", rename_outside, EACCES, false},
    {"remove one elsewhere", unlink_outside, EACCES, false},
    {"make a folder", make_folder, EACCES, false},
    {"make a symbolic link", make_link, EPERM, false},
    {"give a file another name", make_name, EPERM, false},
    {"let a file be run", make_it_runnable, EPERM, false},
    {"run a program", run_program, KILLED, false},
    {"run memory", run_memory, EPERM, false},
    {"run memory that was written", make_memory_runnable, EPERM, false},
    {"reach the network", reach_network, EPERM, false},
    {"reach a daemon", reach_daemon, EPERM, false},
    {"make a pair of sockets", make_pair, 0, false},
    {"trace another process", trace, KILLED, true},
    {"read its memory", read_memory, KILLED, true},
    {"send it a signal", kill_stranger, ENOSYS, false},
    {"let the kernel send it one", point_at_stranger, ENOSYS, false},
    {"send itself one", signal_own_group, 0, false},
    {"look at another's limits", limit_stranger, ENOSYS, true},
    {"be dumped again", be_dumpable, ENOSYS, false},
    {"make name spaces", leave_name_spaces, KILLED, true},
    {"hand calls to a ring", use_ring, KILLED, true},
    {"type into its terminal", type_ahead, EPERM, true},
    {"type there, in 64 bits", type_ahead_wide, EPERM, true},
    {"ask for its size", look_at_size, 0, false},
    {"make a thread", make_thread, 0, false},
};

static void console_is_held(void **state)
{
    (void)state;
    HOLD_ALL(enter_console, LAND_ABI_MAX, console);
}

/* Linux 6.1 has the second version, without a right to cut files; so has the filter. */
static void older_kernels_hold_it_too(void **state)
{
    (void)state;
    for (int abi = 1; abi < LAND_ABI_MAX; abi++)
        for (size_t i = 0; i < sizeof console / sizeof console[0]; i++) {
            int held = outcome_of(enter_console, abi, &console[i]);
            bool same =
                held == console[i].held || (console[i].act == rename_outside && held == EXDEV);
            if (!same)
                fail_msg("%s (Landlock %d): %d, not %d", console[i].what, abi, held,
                         console[i].held);
        }
}

static const struct row listing[] = {
    {"list another folder", list_outside, 0, false},
    {"read another file", read_outside, EACCES, false},
    {"write to another file", write_outside, EACCES, false},
    {"make one elsewhere", make_outside, EACCES, false},
};

static void folders_are_listed_alone(void **state)
{
    (void)state;
    HOLD_ALL(enter_listing, LAND_ABI_MAX, listing);
}

static const struct row agent[] = {
    {"run a program", run_program, 0, false},
    {"run memory", run_memory, 0, false},
    {"reach the network", reach_network, 0, false},
    {"write to any file", write_outside, 0, false},
    {"send a signal", kill_stranger, 0, false},
    {"trace another process", trace, EPERM, true},
    {"read its memory", read_memory, EPERM, true},
    {"make name spaces", leave_name_spaces, EPERM, true},
    {"hand calls to a ring", use_ring, EPERM, true},
    {"type into a terminal", type_ahead, EPERM, true},
    {"type there, in 64 bits", type_ahead_wide, EPERM, true},
};

static void agent_is_held(void **state)
{
    (void)state;
    HOLD_ALL(enter_agent, LAND_ABI_MAX, agent);
}

static const struct row fenced[] = {
    {"write where its HSM does", write_inside, 0, false},
    {"make a file there", make_inside, 0, false},
    {"rename it there", rename_inside, 0, false},
    {"remove it there", unlink_inside, 0, false},
    {"read another file", read_outside, EACCES, false},
    {"write to another file", write_outside, EACCES, false},
    {"make one elsewhere", make_outside, EACCES, false},
    {"reach the network", reach_network, EACCES, false},
    {"reach a daemon", reach_daemon, 0, false},
    {"run a program of the system", run_program, 0, false},
    {"trace another process", trace, EPERM, true},
    {"send it a signal", kill_stranger, EPERM, false},
};

static void fenced_agent_is_held(void **state)
{
    (void)state;
    HOLD_ALL(enter_fence, LAND_ABI_MAX, fenced);
}

/* --- what is said of it --- */

/* In a child, which a box would else hold: does it say these words? */
static bool says(bool (*enter)(struct box *, struct err *), const char *words, bool whole)
{
    struct box box = {0};
    struct err err;
    int status;
    pid_t pid = fork();

    if (pid == 0)
        _exit(enter(&box, &err) && strncmp(box.text, words, strlen(words)) == 0 &&
                      box.whole == whole
                  ? 0
                  : 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool console_of_today(struct box *box, struct err *err)
{
    return box_console(NULL, 0, LAND_ABI_MAX, box, err);
}

static bool console_without_landlock(struct box *box, struct err *err)
{
    return box_console(NULL, 0, 0, box, err);
}

static bool console_of_2(struct box *box, struct err *err)
{
    return box_console(NULL, 0, 2, box, err);
}

static bool agent_alone(struct box *box, struct err *err)
{
    return box_agent(box, err);
}

static bool agent_fenced(struct box *box, struct err *err)
{
    const struct fence_places none = {0};

    return box_agent(box, err) && fence_raise(&none, "", "", box, err);
}

static bool agent_unfenced(struct box *box, struct err *err)
{
    struct fence_places lost = {.place = {"tokens in $NOWHERE"}, .count = 1};

    return box_agent(box, err) && fence_raise(&lost, "", "", box, err);
}

static void what_is_missing_is_said(void **state)
{
    (void)state;
    assert_true(says(console_of_today, "seccomp, Landlock ", true));
    assert_true(says(console_of_2, "seccomp, Landlock 2", true));
    assert_true(says(console_without_landlock,
                     "not wholly confined: seccomp; the kernel has no Landlock", false));
    assert_true(says(agent_alone, "seccomp; files and network as its user", true));
    assert_true(says(agent_fenced, "seccomp, Landlock ", true));
    assert_true(says(agent_unfenced, "not wholly confined: seccomp; no folder: tokens in", false));
}

static void umask_and_privileges(void **state)
{
    struct box box;
    struct err err;
    int status;
    pid_t pid = fork();

    (void)state;
    if (pid == 0) {
        bool ok = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0 && umask(022) != 077 &&
                  box_console(NULL, 0, LAND_ABI_MAX, &box, &err);
        _exit(ok && umask(0) == 077 ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* --- where a library writes --- */

static void places_are_found(void **state)
{
    static const char *const good[] = {"/folder",      "/a in b",      "$STORE",
                                       "key in $FILE", "key in /file", "key in parameters"};
    static const char *const bad[] = {"", "folder", "$", "/", "key in", "key in file", " in $FILE"};

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(fence_is_place(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(fence_is_place(bad[i]));
}

/* The folder "in", said in each way; the parameters as NSS takes them. */
static const char *said, *given = "";

static bool enter_said(int abi, struct err *err)
{
    struct fence_places places = {.count = 1};
    struct box box;
    char line[256];
    int fd = open(at("read"), O_WRONLY | O_TRUNC);

    (void)abi;
    int len =
        snprintf(line, sizeof line, "# tokens = /nowhere\nother = 1\n tokens = %s \n", at("in"));
    if (fd < 0 || write(fd, line, (size_t)len) != len)
        return false;
    close(fd);
    setenv("FILE", at("read"), 1);
    setenv("STORE", at("in"), 1);
    strcpy(places.place[0], said);
    return box_agent(&box, err) && fence_raise(&places, "", given, &box, err) &&
           strncmp(box.text, "seccomp, Landlock", 17) == 0;
}

static void said_places_hold(void **state)
{
    const struct row inside = {"", write_inside, 0, false}, out = {"", write_outside, 0, false};
    char parameters[256];

    (void)state;
    for (int i = 0; i < 3; i++) {
        said = (const char *const[]){"$STORE", "tokens in $FILE", "configdir in parameters"}[i];
        if (i == 2) { /* its folder is known before it is made */
            set_up();
            snprintf(parameters, sizeof parameters, "x='y' configdir='sql:%s' z=''", at("in"));
            given = parameters;
            assert_int_equal(outcome(enter_said, 0, write_inside), 0);
            assert_int_equal(outcome(enter_said, 0, write_outside), EACCES);
            tear_down();
            continue;
        }
        assert_int_equal(outcome_of(enter_said, 0, &inside), 0);
        assert_int_equal(outcome_of(enter_said, 0, &out), EACCES);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(console_is_held),
        cmocka_unit_test(older_kernels_hold_it_too),
        cmocka_unit_test(agent_is_held),
        cmocka_unit_test(fenced_agent_is_held),
        cmocka_unit_test(what_is_missing_is_said),
        cmocka_unit_test(umask_and_privileges),
        cmocka_unit_test(places_are_found),
        cmocka_unit_test(said_places_hold),
        cmocka_unit_test(folders_are_listed_alone),
    };
    struct box box;
    struct err err;
    pid_t pid = fork();
    int status;

    if (pid == 0) /* sanitizers, and kernels without all of it */
        _exit(box_console(NULL, 0, LAND_ABI_MAX, &box, &err) && box.whole ? 0 : 77);
    if (waitpid(pid, &status, 0) != pid || status != 0) {
        puts("SKIP: this build, or this kernel, confines no process");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
