/* SPDX-License-Identifier: Apache-2.0 */
#include "link/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"

/* Moves *fd above 2: a program that was started without 0, 1 and 2 gets these numbers for new
 * descriptors. */
static bool move_up(int *fd)
{
    if (*fd > 2)
        return true;
    int up = fcntl(*fd, F_DUPFD_CLOEXEC, 3);
    if (up < 0)
        return false;
    close(*fd);
    *fd = up;
    return true;
}

static bool make_pipes(int channel[2], int log[2])
{
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) == 0 &&
           pipe2(log, O_CLOEXEC) == 0 && move_up(&channel[0]) && move_up(&channel[1]) &&
           move_up(&log[0]) && move_up(&log[1]) && fcntl(channel[0], F_SETFL, O_NONBLOCK) == 0 &&
           fcntl(log[0], F_SETFL, O_NONBLOCK) == 0;
}

static int set_attributes(posix_spawnattr_t *attr)
{
    sigset_t all, none;

    sigfillset(&all);
    sigemptyset(&none);
    int no = posix_spawnattr_setsigdefault(attr, &all);
    if (no == 0)
        no = posix_spawnattr_setsigmask(attr, &none);
    if (no == 0)
        no = posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF |
                                                POSIX_SPAWN_SETSIGMASK);
    return no;
}

static int set_files(posix_spawn_file_actions_t *files, int channel, int log)
{
    int no = posix_spawn_file_actions_adddup2(files, channel, STDIN_FILENO);
    if (no == 0)
        no = posix_spawn_file_actions_adddup2(files, channel, STDOUT_FILENO);
    if (no == 0)
        no = posix_spawn_file_actions_adddup2(files, log, STDERR_FILENO);
    if (no == 0)
        no = posix_spawn_file_actions_addclosefrom_np(files, 3);
    return no;
}

static int spawn(const struct process_program *program, int channel, int log, pid_t *pid)
{
    posix_spawnattr_t attr;
    posix_spawn_file_actions_t files;

    int no = posix_spawnattr_init(&attr);
    if (no != 0)
        return no;
    no = posix_spawn_file_actions_init(&files);
    if (no == 0) {
        no = set_attributes(&attr);
        if (no == 0)
            no = set_files(&files, channel, log);
        if (no == 0) /* it takes char *const [], but does not change the strings */
            no = posix_spawn(pid, program->argv[0], &files, &attr, (char *const *)program->argv,
                             (char *const *)program->environment);
        posix_spawn_file_actions_destroy(&files);
    }
    posix_spawnattr_destroy(&attr);
    return no;
}

static int start(const struct process_program *program, int channel, int log, pid_t *pid)
{
    if (!program->starter)
        return spawn(program, channel, log, pid);
    int no = starter_start(program->starter, program->index, channel, log, pid);
    if (no != 0 && *pid > 0) /* a child that could not execute its program */
        waitpid(*pid, NULL, 0);
    return no;
}

static void close_pair(int fds[2])
{
    for (int i = 0; i < 2; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

bool process_start(const struct process_program *program, struct process *out, struct err *err)
{
    struct process p = {.status = -1, .channel = -1, .log = -1, .starter = program->starter};
    int channel[2] = {-1, -1}, log[2] = {-1, -1};
    bool ok = false;

    if (!make_pipes(channel, log)) {
        err_set_errno(err, ERR_IO, errno, "no pipe to %s can be created", program->argv[0]);
        goto out;
    }
    int no = start(program, channel[1], log[1], &p.pid);
    if (no != 0) {
        err_set_errno(err, no == ENOENT ? ERR_NO_INPUT : ERR_CONFIG, no, "%s cannot be started",
                      program->argv[0]);
        err_now(err, "No HSM was reached through it");
        err_next(err, "Install hsmferry completely, with its agent; or correct \"agent\" in the "
                      "ceremony file");
        goto out;
    }
    p.channel = channel[0];
    p.log = log[0];
    channel[0] = log[0] = -1; /* ownership was passed on */
    *out = p;
    ok = true;
out:
    close_pair(channel);
    close_pair(log);
    return ok;
}

bool process_ended(struct process *p)
{
    int status;

    if (p->pid == 0)
        return true;
    pid_t pid = waitpid(p->pid, &status, WNOHANG);
    if (pid == 0 || (pid < 0 && errno == EINTR))
        return false;
    p->status = pid > 0 ? status : -1;
    p->pid = 0;
    return true;
}

void process_signal(struct process *p, int signal)
{
    if (process_ended(p))
        return;
    if (p->starter)
        starter_signal(p->starter, p->pid, signal);
    else
        kill(-p->pid, signal); /* the leader of its session, and thus of its process group */
}

const char *process_how(struct process *p, char *out)
{
    if (!process_ended(p))
        return strcpy(out, "still running");
    if (p->status == -1)
        return strcpy(out, "how it ended is not known");
    if (WIFEXITED(p->status)) {
        text_print(out, PROCESS_HOW_SIZE, "exit %d", WEXITSTATUS(p->status));
        return out;
    }
    const char *words = sigdescr_np(WTERMSIG(p->status));
    text_print(out, PROCESS_HOW_SIZE, "killed by signal %d, %s", WTERMSIG(p->status),
               words ? words : "unknown");
    return out;
}

void process_close(struct process *p)
{
    if (p->channel >= 0)
        close(p->channel);
    if (p->log >= 0)
        close(p->log);
    p->channel = p->log = -1;
}
