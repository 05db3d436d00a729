/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hsm/starter.h: agents are started as they were named, and a console that was taken over, which
 * can send whatever it likes, has nothing else started.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "link/process.h"
#include "link/starter.h"
#include "link/starter_messages.h"

static char folder[64];
static struct err err;

static int set_up(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/test_starter.XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return rmdir(folder);
}

/* --- as the console uses it --- */

/* A shell with this script in an agent's place. */
static struct starter *new_shell(const char *script, const char *const *environment)
{
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};
    const struct starter_program program = {argv, environment, ""};
    const char *const folders[] = {folder, NULL};
    struct starter *s;

    assert_true(starter_new("/nowhere/hsmferry-agent", &s, &err));
    assert_true(starter_name(s, 0, &program, &err));
    assert_true(starter_seal(s, false, folders, &err));
    return s;
}

static void start(struct starter *s, struct process *p)
{
    static const char *const none[] = {"the agent", NULL};
    const struct process_program program = {none, none + 1, s, 0};

    assert_true(process_start(&program, p, &err));
}

/* What it writes to its standard output until its end. */
static void read_all(struct process *p, char *out, size_t size)
{
    size_t len = 0;
    ssize_t n;

    while ((n = read(p->channel, out + len, size - 1 - len)) != 0)
        if (n > 0)
            len += (size_t)n;
        else if (errno != EAGAIN)
            break;
    out[len] = '\0';
}

static void wait_end(struct process *p)
{
    while (!process_ended(p))
        usleep(1000);
}

static void as_it_was_named(void **state)
{
    static const char script[] =
        "echo \"$A $(ls /proc/self/fd | wc -l) $(cut -d' ' -f4,6,7 /proc/$$/stat)\"; env | wc -l";
    static const char *const environment[] = {"A=b c", NULL};
    struct starter *s = new_shell(script, environment);
    char out[256], expected[256];
    struct process p;

    (void)state;
    start(s, &p);
    pid_t pid = p.pid;
    read_all(&p, out, sizeof out);
    wait_end(&p);
    /* Four descriptors: 0, 1, 2 and the folder that ls reads. Our child, in a session of its own,
     * without a terminal. The shell itself sets PWD, and some shells two more. */
    snprintf(expected, sizeof expected, "b c 4 %d %d 0\n", (int)getpid(), (int)pid);
    assert_memory_equal(out, expected, strlen(expected));
    assert_in_range(strtol(out + strlen(expected), NULL, 10), 1, 4);
    assert_int_equal(p.status, 0);
    process_close(&p);
    starter_free(s);
}

static void what_cannot_be_started(void **state)
{
    static const char *const argv[] = {"/nowhere/program", NULL}, *const none[] = {NULL};
    const struct starter_program program = {argv, none, ""};
    const struct process_program named = {argv, none, NULL, 0};
    struct process_program asked = {argv, none, NULL, 0};
    struct process p;

    (void)state;
    assert_true(starter_new("/nowhere/hsmferry-agent", &asked.starter, &err));
    assert_true(starter_name(asked.starter, 0, &program, &err));
    assert_true(starter_seal(asked.starter, false, none, &err));
    assert_false(process_start(&asked, &p, &err));
    assert_int_equal(err.code, ERR_NO_INPUT);
    assert_non_null(strstr(err.what, strerror(ENOENT)));
    assert_non_null(strstr(err.next, "Install hsmferry completely"));
    assert_int_equal(waitpid(-1, NULL, WNOHANG), 0); /* the starter alone is left */
    assert_false(process_start(&named, &p, &err));   /* as without one */
    assert_non_null(strstr(err.what, strerror(ENOENT)));
    starter_free(asked.starter);
}

static void signals_reach_agents_alone(void **state)
{
    static const char *const none[] = {NULL};
    struct starter *s = new_shell("trap '' TERM; echo; sleep 100 & wait; wait", none);
    struct process p;
    char byte;
    pid_t stranger = fork();

    (void)state;
    if (stranger == 0) {
        pause();
        _exit(0);
    }
    start(s, &p);
    while (read(p.channel, &byte, 1) != 1)
        usleep(1000);
    starter_signal(s, stranger, SIGKILL);
    starter_signal(s, p.pid, SIGSTOP);
    starter_signal(s, p.pid, SIGTERM);
    assert_false(process_ended(&p));
    process_signal(&p, SIGKILL);
    wait_end(&p);
    assert_int_equal(WTERMSIG(p.status), SIGKILL);
    assert_int_equal(waitpid(stranger, NULL, WNOHANG), 0);
    kill(stranger, SIGKILL);
    assert_int_equal(waitpid(stranger, NULL, 0), stranger);
    process_close(&p);
    starter_free(s);
}

static void its_end_is_an_error(void **state)
{
    static const char *const none[] = {NULL}, *const argv[] = {"the agent", NULL};
    struct process_program program = {argv, none, NULL, 0};
    struct process p;

    (void)state;
    program.starter = new_shell("exit 0", none);
    char children[64], pid[32] = "";
    snprintf(children, sizeof children, "/proc/self/task/%d/children", (int)getpid());
    FILE *file = fopen(children, "re");
    assert_non_null(file);
    assert_non_null(fgets(pid, sizeof pid, file));
    fclose(file);
    assert_int_equal(kill((pid_t)strtol(pid, NULL, 10), SIGKILL), 0);
    assert_false(process_start(&program, &p, &err));
    assert_int_equal(err.code, ERR_CONFIG);
    starter_free(program.starter);
}

static void put_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT, 0600);

    assert_true(fd >= 0 && write(fd, "x", 1) == 1);
    close(fd);
}

static void devices_are_chosen(void **state)
{
    static const char *const none[] = {NULL}, *const shell[] = {"/bin/sh", NULL},
                             *const loader[] = {"LD_PRELOAD=/a.so", NULL},
                             *const own[] = {"SOFTHSM2_CONF=/a", NULL};
    const char *const folders[] = {folder, NULL};
    char inside[128], deeper[128], older[128], variable[256];
    const char *const conf[] = {variable, NULL};
    pid_t pid;
    struct starter *s;

    (void)state;
    snprintf(inside, sizeof inside, "%s/evil.so", folder);
    snprintf(older, sizeof older, "%s/older.so", folder);
    snprintf(variable, sizeof variable, "CONF=%s", older);
    put_file(older);
    usleep(20000); /* the kernel's clock for files is coarse */
    snprintf(deeper, sizeof deeper, "/tmp/../%s/./evil.so", folder);
    assert_true(starter_new("/bin/true", &s, &err));
    assert_true(starter_name(s, 0, &(struct starter_program){NULL, none, ""}, &err));
    assert_true(starter_seal(s, true, folders, &err));

    assert_true(starter_choose(s, 0, &(struct starter_program){NULL, own, "/usr/lib/a.so"}, &err));
    assert_false(starter_choose(s, 0, &(struct starter_program){NULL, own, inside}, &err));
    assert_int_equal(err.code, ERR_DENIED);
    assert_false(starter_choose(s, 0, &(struct starter_program){NULL, own, deeper}, &err));

    /* What was there before may stay where it is, until somebody writes to it. */
    assert_true(starter_choose(s, 0, &(struct starter_program){NULL, conf, older}, &err));
    assert_int_equal(starter_start(s, 0, STDIN_FILENO, STDERR_FILENO, &pid), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    put_file(older);
    assert_int_equal(starter_start(s, 0, STDIN_FILENO, STDERR_FILENO, &pid), EACCES);
    assert_false(starter_choose(s, 0, &(struct starter_program){NULL, own, older}, &err));
    assert_int_equal(err.code, ERR_DENIED);
    assert_true(starter_choose(s, 0, &(struct starter_program){NULL, own, ""}, &err));
    assert_false(starter_choose(s, 0, &(struct starter_program){NULL, conf, ""}, &err));
    assert_int_equal(err.code, ERR_DENIED);
    assert_int_equal(unlink(older), 0);

    assert_false(starter_choose(s, 0, &(struct starter_program){shell, own, ""}, &err));
    assert_int_equal(err.code, ERR_DENIED);
    assert_false(starter_choose(s, 0, &(struct starter_program){NULL, loader, ""}, &err));
    assert_false(starter_choose(s, 2, &(struct starter_program){NULL, own, ""}, &err));
    starter_free(s);
}

/* --- as somebody else would: packets of any form --- */

struct attack {
    int fd;
    pid_t pid;
    char marker[128];
};

static void begin(struct attack *a)
{
    int fds[2];

    snprintf(a->marker, sizeof a->marker, "%s/it-ran", folder);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
    a->pid = fork();
    if (a->pid == 0) {
        close(fds[0]);
        starter_serve(fds[1], "/bin/true");
    }
    close(fds[1]);
    a->fd = fds[0];
}

static bool it_ran(const struct attack *a)
{
    return unlink(a->marker) == 0;
}

static void end(struct attack *a)
{
    close(a->fd);
    assert_int_equal(waitpid(a->pid, NULL, 0), a->pid);
}

/* Sends one packet, with two descriptors where fds are not NULL; reaps what was started. Returns
 * the answer's error. */
static int send_packet(struct attack *a, const void *packet, size_t len, const int *fds)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(2 * sizeof(int))] = {0};
    struct iovec part = {(void *)packet, len};
    struct msghdr msg = {.msg_iov = &part, .msg_iovlen = 1};
    struct starter_answer answer;

    if (fds) {
        msg.msg_control = control;
        msg.msg_controllen = sizeof control;
        *CMSG_FIRSTHDR(&msg) = (struct cmsghdr){CMSG_LEN(2 * sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
        memcpy(CMSG_DATA(CMSG_FIRSTHDR(&msg)), fds, 2 * sizeof(int));
    }
    assert_int_equal(sendmsg(a->fd, &msg, 0), (ssize_t)len);
    assert_int_equal(recv(a->fd, &answer, sizeof answer, 0), (ssize_t)sizeof answer);
    if (answer.pid > 0)
        waitpid(answer.pid, NULL, 0);
    return answer.error;
}

/* A request with these words. */
static int send_request(struct attack *a, struct starter_request request, const char *words,
                        size_t len)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    const int fds[2] = {null, null};
    char packet[1024];

    memcpy(packet, &request, sizeof request);
    memcpy(packet + sizeof request, words, len);
    int no =
        send_packet(a, packet, sizeof request + len, request.kind == STARTER_START ? fds : NULL);
    close(null);
    return no;
}

/* "/bin/sh" "-c" "touch MARKER" "" */
static int name_shell(struct attack *a, enum starter_kind kind, unsigned program)
{
    char words[256];
    int len = snprintf(words, sizeof words, "/bin/sh%c-c%c: >%s%c", 0, 0, a->marker, 0);
    const struct starter_request request = {
        .kind = kind, .program = program, .command_words = 3, .words = 4};

    words[len] = '\0'; /* the module */
    return send_request(a, request, words, (size_t)len + 1);
}

static int ask_start(struct attack *a, unsigned program)
{
    return send_request(a, (struct starter_request){.kind = STARTER_START, .program = program}, "",
                        0);
}

static void own_agent_named(struct attack *a, unsigned program, uint32_t chooses)
{
    struct starter_request named = {.kind = STARTER_NAME, .program = program, .words = 1};
    struct starter_request sealed = {.kind = STARTER_SEAL, .chooses = chooses};

    assert_int_equal(send_request(a, named, "", 1), 0);
    assert_int_equal(send_request(a, sealed, "", 0), 0);
}

/* The control: before it is sealed, that is what naming is. */
static void shell_can_be_named_before(void **state)
{
    struct starter_request sealed = {.kind = STARTER_SEAL};
    struct attack a;

    (void)state;
    begin(&a);
    assert_int_equal(name_shell(&a, STARTER_NAME, 0), 0);
    assert_int_equal(ask_start(&a, 0), EPERM); /* not yet */
    assert_int_equal(send_request(&a, sealed, "", 0), 0);
    assert_int_equal(ask_start(&a, 0), 0);
    assert_true(it_ran(&a));
    end(&a);
}

static void no_shell_after_that(void **state)
{
    (void)state;
    for (uint32_t chooses = 0; chooses <= 1; chooses++) {
        struct attack a;
        begin(&a);
        own_agent_named(&a, 0, chooses);
        for (unsigned program = 0; program < 5; program++) {
            assert_int_not_equal(name_shell(&a, STARTER_NAME, program), 0);
            assert_int_not_equal(name_shell(&a, STARTER_CHOOSE, program), 0);
            assert_int_not_equal(name_shell(&a, STARTER_START, program), program ? 0 : -1);
            assert_int_equal(ask_start(&a, program), program ? EPERM : 0); /* /bin/true */
        }
        assert_int_equal(
            send_request(&a, (struct starter_request){.kind = STARTER_SEAL, .chooses = 1}, "", 0),
            EPERM);
        assert_int_not_equal(name_shell(&a, STARTER_CHOOSE, 0), 0);
        assert_int_equal(ask_start(&a, UINT32_MAX), EPERM);
        assert_false(it_ran(&a));
        end(&a);
    }
}

/* Words that are fewer than is said, that do not end, that are no program. */
static void wrong_words(void **state)
{
    static const struct {
        uint32_t command_words, words;
        const char *text;
        size_t len;
    } packets[] = {
        {0, 0, "", 0},           {0, 1, "a", 1},        {0, 2, "a", 2},
        {1, 1, "a", 2},          {2, 2, "a\0b", 4},     {UINT32_MAX, 1, "a", 2},
        {0, UINT32_MAX, "a", 2}, {0, 2, "\0LD_A=b", 8}, {0, 2, "\0none", 6},
    };
    struct attack a;

    (void)state;
    begin(&a);
    for (size_t i = 0; i < sizeof packets / sizeof packets[0]; i++) {
        const struct starter_request request = {.kind = STARTER_NAME,
                                                .command_words = packets[i].command_words,
                                                .words = packets[i].words};
        assert_int_not_equal(send_request(&a, request, packets[i].text, packets[i].len), 0);
    }
    assert_int_equal(send_packet(&a, "short", 5, NULL), EINVAL);
    end(&a);
}

/* Packets at random, half of them requests of a known kind with words in them. */
static void random_packets(void **state)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    const int fds[2] = {null, null};
    struct attack a;
    unsigned seed = 12;

    (void)state;
    begin(&a);
    own_agent_named(&a, 0, 1);
    for (int i = 0; i < 20000; i++) {
        unsigned char packet[256];
        size_t len = 1 + (size_t)rand_r(&seed) % sizeof packet;
        for (size_t at = 0; at < len; at++)
            packet[at] = (unsigned char)rand_r(&seed);
        struct starter_request request = {.kind = (uint32_t)i % STARTER_KINDS,
                                          .program = (uint32_t)i % 4,
                                          .command_words = (uint32_t)rand_r(&seed) % 3,
                                          .pid = rand_r(&seed) % 2 ? -1 : getpid(),
                                          .signal = rand_r(&seed) % 64};
        if (i % 2 && len > sizeof request) {
            for (size_t at = sizeof request; at < len; at++)
                if ((packet[at] %= 3) == 0)
                    request.words++;
            memcpy(packet, &request, sizeof request);
        }
        send_packet(&a, packet, len, i % 3 ? NULL : fds);
    }
    assert_int_equal(ask_start(&a, 0), 0); /* it is still there, and as it was */
    end(&a);
    close(null);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_it_was_named),
        cmocka_unit_test(what_cannot_be_started),
        cmocka_unit_test(signals_reach_agents_alone),
        cmocka_unit_test(its_end_is_an_error),
        cmocka_unit_test(devices_are_chosen),
        cmocka_unit_test(shell_can_be_named_before),
        cmocka_unit_test(no_shell_after_that),
        cmocka_unit_test(wrong_words),
        cmocka_unit_test(random_packets),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
