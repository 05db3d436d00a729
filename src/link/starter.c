/* SPDX-License-Identifier: Apache-2.0 */
/* The console's side: each function is one request and its answer. */
#include "link/starter.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "link/starter_messages.h"

struct starter {
    int fd;
    pid_t pid;
    bool sealed;
    pthread_mutex_t lock; /* one request at a time */
};

bool starter_new(const char *own_agent, struct starter **out, struct err *err)
{
    struct starter *s = calloc(1, sizeof *s);
    int fds[2];

    if (!s)
        return err_set(err, ERR_FAILED, "There is no memory for starting agents");
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0 || (s->pid = fork()) < 0) {
        free(s);
        return err_set_errno(err, ERR_FAILED, errno,
                             "The process that starts agents cannot be created");
    }
    if (s->pid == 0) {
        close(fds[0]);
        starter_serve(fds[1], own_agent);
    }
    close(fds[1]);
    s->fd = fds[0];
    pthread_mutex_init(&s->lock, NULL);
    *out = s;
    return true;
}

void starter_free(struct starter *s)
{
    if (!s)
        return;
    close(s->fd);
    while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    pthread_mutex_destroy(&s->lock);
    free(s);
}

bool starter_is_sealed(const struct starter *s)
{
    return s->sealed;
}

/* --- messages --- */

struct packet {
    struct starter_request request;
    size_t len; /* of words */
    bool full;
    char words[STARTER_MESSAGE - sizeof(struct starter_request)];
};

static void put(struct packet *p, const char *word)
{
    size_t size = strlen(word) + 1;

    p->full = p->full || size > sizeof p->words - p->len;
    if (p->full)
        return;
    memcpy(p->words + p->len, word, size);
    p->len += size;
    p->request.words++;
}

static void put_all(struct packet *p, const char *const *words)
{
    for (; words && *words; words++)
        put(p, *words);
}

static void put_fds(struct msghdr *msg, const int fds[2])
{
    struct cmsghdr *c = CMSG_FIRSTHDR(msg);

    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(2 * sizeof(int));
    memcpy(CMSG_DATA(c), fds, 2 * sizeof(int));
}

/* fds may be NULL. Returns 0, or the errno of sending the request or in its answer. */
static int ask(struct starter *s, struct packet *p, const int *fds, pid_t *pid)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(2 * sizeof(int))] = {0};
    struct iovec parts[] = {{&p->request, sizeof p->request}, {p->words, p->len}};
    struct msghdr msg = {.msg_iov = parts, .msg_iovlen = 2};
    struct starter_answer answer;
    ssize_t n;
    int no = 0;

    if (p->full || p->request.words > STARTER_WORDS)
        return E2BIG;
    if (fds) {
        msg.msg_control = control;
        msg.msg_controllen = sizeof control;
        put_fds(&msg, fds);
    }
    pthread_mutex_lock(&s->lock);
    while ((n = sendmsg(s->fd, &msg, MSG_NOSIGNAL)) < 0 && errno == EINTR)
        ;
    if (n >= 0)
        while ((n = recv(s->fd, &answer, sizeof answer, 0)) < 0 && errno == EINTR)
            ;
    if (n < 0)
        no = errno;
    pthread_mutex_unlock(&s->lock);
    if (n >= 0 && n != sizeof answer)
        no = EPIPE;
    if (no == 0 && pid)
        *pid = answer.pid;
    return no ? no : answer.error;
}

static int ask_about(struct starter *s, enum starter_kind kind, unsigned index,
                     const struct starter_program *program)
{
    struct packet *p = calloc(1, sizeof *p);

    if (!p)
        return ENOMEM;
    p->request = (struct starter_request){.kind = kind, .program = index};
    put_all(p, program->argv);
    p->request.command_words = p->request.words;
    put(p, program->module);
    put_all(p, program->environment);
    int no = ask(s, p, NULL, NULL);
    free(p);
    return no;
}

bool starter_name(struct starter *s, unsigned index, const struct starter_program *program,
                  struct err *err)
{
    int no = ask_about(s, STARTER_NAME, index, program);

    return no == 0 || err_set_errno(err, ERR_FAILED, no, "The agent's program cannot be named");
}

bool starter_seal(struct starter *s, bool chooses, const char *const *folders, struct err *err)
{
    struct packet *p = calloc(1, sizeof *p);
    int no = ENOMEM;

    if (p) {
        p->request = (struct starter_request){.kind = STARTER_SEAL, .chooses = chooses};
        put_all(p, folders);
        no = ask(s, p, NULL, NULL);
        free(p);
    }
    s->sealed = no == 0;
    return no == 0 || err_set_errno(err, ERR_FAILED, no, "The agents' programs cannot be sealed");
}

bool starter_choose(struct starter *s, unsigned index, const struct starter_program *program,
                    struct err *err)
{
    int no = ask_about(s, STARTER_CHOOSE, index, program);

    if (no == 0)
        return true;
    if (no == EACCES) {
        err_set(err, ERR_DENIED,
                "The module, or a file that its environment names, was written after this console "
                "started, in a folder to which the console may write");
        err_now(err, "It was not loaded");
        return err_next(err, "Start hsmferry again, or choose one outside the folders of reports "
                             "and ceremony files");
    }
    err_set_errno(err, no == EPERM ? ERR_DENIED : ERR_FAILED, no,
                  "This device can no longer be chosen");
    return err_next(err, "Start hsmferry again, with a ceremony file that names it");
}

int starter_start(struct starter *s, unsigned index, int channel, int log, pid_t *pid)
{
    struct packet *p = calloc(1, sizeof *p);
    const int fds[2] = {channel, log};

    *pid = 0;
    if (!p)
        return ENOMEM;
    p->request = (struct starter_request){.kind = STARTER_START, .program = index};
    int no = ask(s, p, fds, pid);
    free(p);
    return no;
}

void starter_signal(struct starter *s, pid_t pid, int signal)
{
    struct packet *p = calloc(1, sizeof *p);

    if (!p)
        return;
    p->request = (struct starter_request){.kind = STARTER_SIGNAL, .pid = pid, .signal = signal};
    (void)ask(s, p, NULL, NULL); /* an agent that has already ended needs no signal */
    free(p);
}
