/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other side. It does not trust the console, which may be compromised by now: it reads requests
 * of a fixed form and lists of words, and interprets nothing else.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/p11_kit.h"
#include "hsm/hsm.h"
#include "hsm/variables.h"
#include "link/starter.h"
#include "link/starter_messages.h"

enum { AGENTS_MAX = 64 };

struct program {
    char *text; /* the memory of all words */
    const char **words;
    size_t command_words;
    const char *module;
    const char **environment; /* NULL at the end */
};

struct agent {
    pid_t pid;
    int fd; /* a pidfd: while it shows a live process, its number cannot belong to another */
};

struct server {
    const char *own_agent;
    struct program programs[STARTER_PROGRAMS];
    bool sealed, chooses;
    struct timespec began;
    char *folders[STARTER_FOLDERS + 1]; /* real paths */
    struct agent agents[AGENTS_MAX];
    size_t agent_count;
};

/* One request as received: words are NUL-terminated, fds are -1 if there are none. */
struct arrived {
    struct starter_request request;
    const char *words;
    size_t len;
    int fds[2];
};

/* --- programs --- */

/* Refuses variables that name code, which would load other code than the module into an agent. */
static bool environment_may_hold(const char *entry)
{
    return strchr(entry, '=') && variable_rank(entry, NULL) < VARIABLE_NEVER;
}

static void program_free(struct program *p)
{
    free(p->text);
    free(p->words);
    *p = (struct program){0};
}

static int read_program(const struct arrived *a, struct program *out)
{
    struct program p = {.command_words = a->request.command_words};
    size_t count = a->request.words;

    if (count > STARTER_WORDS || p.command_words + 1 > count)
        return EINVAL;
    p.text = malloc(a->len);
    p.words = calloc(count + 1, sizeof *p.words);
    if (!p.text || !p.words) {
        program_free(&p);
        return ENOMEM;
    }
    memcpy(p.text, a->words, a->len);
    for (size_t i = 0, at = 0; i < count; i++, at += strlen(p.text + at) + 1)
        p.words[i] = p.text + at;
    p.module = p.words[p.command_words];
    p.environment = p.words + p.command_words + 1;
    for (const char **entry = p.environment; *entry; entry++)
        if (!environment_may_hold(*entry)) {
            program_free(&p);
            return EPERM;
        }
    *out = p;
    return 0;
}

static bool same_command(const struct program *a, const struct program *b)
{
    if (a->command_words != b->command_words)
        return false;
    for (size_t i = 0; i < a->command_words; i++)
        if (strcmp(a->words[i], b->words[i]) != 0)
            return false;
    return true;
}

/* Is this real path in one of the console's folders? */
static bool is_in_folders(const struct server *s, const char *real)
{
    for (char *const *folder = s->folders; *folder; folder++) {
        size_t len = strlen(*folder);
        if (strncmp(real, *folder, len) == 0 && (real[len] == '\0' || real[len] == '/' || len == 1))
            return true;
    }
    return false;
}

static bool is_later(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec >= b->tv_nsec;
}

/* Could the console have written the file that this path names? Yes if the file does not exist yet
 * but its folder is one of the console's. Otherwise the change time decides: it cannot be set, and
 * renaming updates it. */
static bool could_be_its_own(const struct server *s, const char *path)
{
    char real[PATH_MAX], folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    struct stat st;

    if (!slash || (size_t)(slash - path) >= sizeof folder - 1)
        return true;
    if (realpath(path, real))
        return is_in_folders(s, real) &&
               (stat(real, &st) != 0 || (!S_ISDIR(st.st_mode) && is_later(&st.st_ctim, &s->began)));
    memcpy(folder, path, (size_t)(slash - path) + 1);
    folder[slash - path + 1] = '\0';
    return realpath(folder, real) && is_in_folders(s, real);
}

/* The module's path, or its name in p11-kit's configuration if it has none there: its agent then
 * says why. If the configuration changes after that, the agent refuses the other module. */
static void resolve(const char *named, char module[HSM_PATH_MAX])
{
    snprintf(module, HSM_PATH_MAX, "%s", named);
    p11_kit_resolve(module, HSM_PATH_MAX, NULL, NULL);
}

/* Would it run code that the console could have written? (A database of keys, sql:, is not code,
 * and is opened in such a way that it loads none.) */
static bool runs_its_own(const struct server *s, const struct program *p, const char *module)
{
    bool valid;

    if (p->command_words)
        return could_be_its_own(s, p->words[0]);
    return module[0] && strncmp(module, "sql:", 4) != 0 && !p11_kit_is_name(module, &valid) &&
           could_be_its_own(s, module);
}

static bool holds(const struct program *p, const char *variable)
{
    for (const char **entry = p->environment; *entry; entry++)
        if (strcmp(*entry, variable) == 0)
            return true;
    return false;
}

/* A library may read its configuration, and with it code, from a file that a new variable names. */
static bool names_its_own(const struct server *s, const struct program *was,
                          const struct program *p)
{
    char module[HSM_PATH_MAX];

    for (const char **entry = p->environment; *entry; entry++) {
        const char *value = strchr(*entry, '=') + 1;
        if (value[0] == '/' && !holds(was, *entry) && could_be_its_own(s, value))
            return true;
    }
    resolve(p->module, module);
    return runs_its_own(s, p, module);
}

static int take_program(struct server *s, const struct arrived *a)
{
    struct program p;

    if (a->request.program >= STARTER_PROGRAMS)
        return EINVAL;
    struct program *to = &s->programs[a->request.program];
    int no = read_program(a, &p);
    if (no != 0)
        return no;
    if (a->request.kind == STARTER_NAME)
        no = s->sealed ? EPERM : 0;
    else if (!s->sealed || !s->chooses || !to->text || !same_command(to, &p))
        no = EPERM;
    else if (names_its_own(s, to, &p))
        no = EACCES;
    if (no != 0) {
        program_free(&p);
        return no;
    }
    program_free(to);
    *to = p;
    return 0;
}

static int seal(struct server *s, const struct arrived *a)
{
    const char *word = a->words;

    if (s->sealed)
        return EPERM;
    if (a->request.words > STARTER_FOLDERS)
        return EINVAL;
    for (size_t i = 0, to = 0; i < a->request.words; i++, word += strlen(word) + 1) {
        s->folders[to] = realpath(word, NULL);
        if (s->folders[to])
            to++;
    }
    s->sealed = true;
    s->chooses = a->request.chooses != 0;
    return 0;
}

/* --- agents --- */

static void default_signals(void)
{
    sigset_t none;

    for (int i = 1; i < NSIG; i++)
        signal(i, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Runs in the child. failed: the descriptor that receives errno if there is no such program. */
static _Noreturn void become(const struct server *s, const struct program *p, const char *module,
                             const int fds[2], int failed)
{
    const char *own[] = {s->own_agent, "--module", module, NULL};
    const char **argv = own;

    if (p->command_words) { /* the list ends before the module */
        argv = p->words;
        argv[p->command_words] = NULL;
    }
    setsid();
    default_signals();
    if (dup2(fds[0], STDIN_FILENO) >= 0 && dup2(fds[0], STDOUT_FILENO) >= 0 &&
        dup2(fds[1], STDERR_FILENO) >= 0 && (failed == 3 || dup3(failed, 3, O_CLOEXEC) == 3) &&
        close_range(4, UINT_MAX, 0) == 0)
        execve(argv[0], (char *const *)argv, (char *const *)p->environment);
    int no = errno;
    (void)!write(3, &no, sizeof no);
    _exit(127);
}

static void forget_ended(struct server *s)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->agent_count; i++)
        if (syscall(SYS_pidfd_send_signal, s->agents[i].fd, 0, NULL, 0) == 0)
            s->agents[kept++] = s->agents[i];
        else
            close(s->agents[i].fd);
    s->agent_count = kept;
}

static int start(struct server *s, const struct arrived *a, pid_t *pid)
{
    int failed[2], pidfd = -1, no = 0;
    char module[HSM_PATH_MAX];
    const struct program *p;

    if (!s->sealed || a->request.program >= STARTER_PROGRAMS ||
        !s->programs[a->request.program].text || a->fds[0] < 0 || a->fds[1] < 0)
        return EPERM;
    p = &s->programs[a->request.program];
    resolve(p->module, module);
    if (runs_its_own(s, p, module))
        return EACCES;
    forget_ended(s);
    if (s->agent_count == AGENTS_MAX)
        return EAGAIN;
    if (pipe2(failed, O_CLOEXEC) != 0)
        return errno;
    /* With CLONE_PARENT it is the console's child, which waits for it. (The exit signal is then
     * that of this process: SIGCHLD.) */
    *pid = (pid_t)syscall(SYS_clone, CLONE_PARENT | CLONE_PIDFD, 0, &pidfd, 0, 0);
    if (*pid == 0)
        become(s, p, module, a->fds, failed[1]);
    if (*pid < 0) {
        no = errno;
        *pid = 0;
    } else
        s->agents[s->agent_count++] = (struct agent){*pid, pidfd};
    close(failed[1]);
    if (no == 0 && read(failed[0], &no, sizeof no) != sizeof no)
        no = 0;
    close(failed[0]);
    return no;
}

static int send_signal(struct server *s, const struct starter_request *r)
{
    if (r->signal != SIGTERM && r->signal != SIGKILL)
        return EPERM;
    forget_ended(s);
    for (size_t i = 0; i < s->agent_count; i++)
        if (s->agents[i].pid == r->pid)
            return kill(-r->pid, r->signal) == 0 ? 0 : errno;
    return ESRCH;
}

/* --- requests --- */

/* Accepts the received descriptors: two for a start, otherwise none. Others are closed. */
static void take_fds(struct msghdr *msg, int fds[2])
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
            if (i < 2 && fds[i] < 0)
                fds[i] = fd;
            else
                close(fd);
        }
    }
}

static bool are_words(const struct arrived *a)
{
    size_t count = 0;

    for (size_t i = 0; i < a->len; i++)
        count += a->words[i] == '\0';
    return count == a->request.words && (a->len == 0 || a->words[a->len - 1] == '\0');
}

/* Returns false at the end of the channel. */
static bool receive(int fd, char *buffer, struct arrived *a, int *no)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(2 * sizeof(int))];
    struct iovec part = {buffer, STARTER_MESSAGE};
    struct msghdr msg = {.msg_iov = &part,
                         .msg_iovlen = 1,
                         .msg_control = control,
                         .msg_controllen = sizeof control};
    ssize_t n;

    *a = (struct arrived){.fds = {-1, -1}};
    while ((n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR)
        ;
    if (n <= 0)
        return false;
    take_fds(&msg, a->fds);
    *no = EINVAL;
    if ((size_t)n < sizeof a->request || (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
        return true;
    memcpy(&a->request, buffer, sizeof a->request);
    a->words = buffer + sizeof a->request;
    a->len = (size_t)n - sizeof a->request;
    if (are_words(a))
        *no = 0;
    return true;
}

static int answer(struct server *s, const struct arrived *a, pid_t *pid)
{
    switch (a->request.kind) {
    case STARTER_NAME:
    case STARTER_CHOOSE:
        return take_program(s, a);
    case STARTER_SEAL:
        return seal(s, a);
    case STARTER_START:
        return start(s, a, pid);
    case STARTER_SIGNAL:
        return send_signal(s, &a->request);
    default:
        return EINVAL;
    }
}

/* Detaches from the terminal, and closes every descriptor except its channel. */
static int withdraw(int fd)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    setsid();
    prctl(PR_SET_NAME, "hsmferry-start", 0, 0, 0);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
        dup2(null, STDERR_FILENO) < 0)
        return -1;
    if (fd != 3 && dup3(fd, 3, O_CLOEXEC) < 0)
        return -1;
    return close_range(4, UINT_MAX, 0) == 0 ? 3 : -1;
}

_Noreturn void starter_serve(int fd, const char *own_agent)
{
    static char buffer[STARTER_MESSAGE]; /* static, because one request is handled at a time */
    struct server s = {.own_agent = own_agent};
    struct arrived a;
    int no = 0;

    clock_gettime(CLOCK_REALTIME_COARSE, &s.began); /* the clock that file systems use */
    fd = withdraw(fd);
    while (fd >= 0 && receive(fd, buffer, &a, &no)) {
        pid_t pid = 0;
        if (no == 0)
            no = answer(&s, &a, &pid);
        for (int i = 0; i < 2; i++)
            if (a.fds[i] >= 0)
                close(a.fds[i]);
        const struct starter_answer out = {no, pid};
        if (send(fd, &out, sizeof out, MSG_NOSIGNAL) != sizeof out)
            break;
    }
    _exit(0);
}
