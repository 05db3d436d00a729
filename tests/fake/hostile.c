/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program in an agent's place that does what no agent should: hostile HOW. Before the handshake,
 * in it, or as its answer to the first call after open().
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/bytes.h"
#include "link/frame.h"
#include "link/wire.h"

static struct frame_io in = {.fd = STDIN_FILENO, .abandon_fd = -1, .aside_fd = -1};
static struct frame_io out = {.fd = STDOUT_FILENO, .abandon_fd = -1, .aside_fd = -1};

static void say(const void *data, size_t len)
{
    ssize_t n = write(STDOUT_FILENO, data, len);
    (void)n;
}

/* Does nothing more; ends when the channel does. */
static void idle(void)
{
    char buf[4096];
    while (read(STDIN_FILENO, buf, sizeof buf) > 0)
        ;
    exit(0);
}

/* Does nothing more, and never ends by itself. */
static void hang(void)
{
    for (;;)
        pause();
}

static void send_message(const ProtobufCMessage *msg)
{
    struct bytes frame = {0};

    wire_pack(msg, &frame, NULL);
    frame_write(&out, -1, frame.data, frame.len);
    bytes_free(&frame);
}

static void greet(uint32_t magic, uint32_t protocol, const char *program)
{
    Pb__Hello hello = PB__HELLO__INIT;

    hello.magic = magic;
    hello.protocol = protocol;
    hello.program = (char *)program;
    send_message(&hello.base);
}

/* Waits for a request and returns its id. */
static uint64_t next_request(void)
{
    struct bytes frame = {0};

    if (frame_read(&in, -1, &frame) != FRAME_OK)
        exit(0);
    Pb__Request *request = pb__request__unpack(NULL, frame.len, frame.data);
    uint64_t id = request ? request->id : 0;
    if (request)
        pb__request__free_unpacked(request, NULL);
    bytes_free(&frame);
    return id;
}

static void reply_done(uint64_t id)
{
    Pb__Nothing nothing = PB__NOTHING__INIT;
    Pb__Reply reply = PB__REPLY__INIT;

    reply.id = id;
    reply.result_case = PB__REPLY__RESULT_DONE;
    reply.done = &nothing;
    send_message(&reply.base);
}

static void reply_handle(uint64_t id, uint64_t handle)
{
    Pb__Reply reply = PB__REPLY__INIT;

    reply.id = id;
    reply.result_case = PB__REPLY__RESULT_HANDLE;
    reply.handle = handle;
    send_message(&reply.base);
}

/* --- before the handshake --- */

static void noise(void)
{
    static const char text[] = "bash: hsmferry-agent: command not found\n";
    say(text, sizeof text);
    idle();
}

static void oversize(void)
{
    say("\x7f\xff\xff\xff", 4);
    idle();
}

static void deaf(void)
{
    hang();
}

static void leave(void)
{
    exit(3);
}

static void crash(void)
{
    raise(SIGKILL);
}

static void other_version(void)
{
    greet(WIRE_MAGIC, WIRE_PROTOCOL + 1, "hsm\x1b[2Jferry 9");
    idle();
}

static void other_magic(void)
{
    greet(0, WIRE_PROTOCOL, "another program");
    idle();
}

static void half(void)
{
    say("\0\0\1\0half", 8);
    exit(0);
}

/* It listens first: who ends before it was spoken to just ended. */
static void greet_half(void)
{
    struct bytes greeting = {0};

    if (frame_read(&in, -1, &greeting) == FRAME_OK)
        half();
}

/* --- as an answer --- */

static void answer_half(uint64_t id)
{
    (void)id;
    half();
}

static void answer_half_and_stay(uint64_t id)
{
    (void)id;
    say("\0\0\1\0half", 8);
    idle();
}

static void answer_noise(uint64_t id)
{
    (void)id;
    say("\0\0\0\5\xff\xff\xff\xff\xff", 9);
    idle();
}

static void answer_oversize(uint64_t id)
{
    (void)id;
    oversize();
}

static void answer_other_id(uint64_t id)
{
    reply_handle(id + 1, 7);
    idle();
}

/* Two requests, the second of which is answered first; each handle is the request's id. */
static void answer_reversed(uint64_t id)
{
    uint64_t second = next_request();

    reply_handle(second, second);
    reply_handle(id, id);
    idle();
}

static void answer_twice(uint64_t id)
{
    reply_handle(id, 7);
    reply_handle(id, 8);
    idle();
}

static void answer_other_kind(uint64_t id)
{
    reply_done(id);
    idle();
}

static void answer_handle_0(uint64_t id)
{
    reply_handle(id, 0);
    idle();
}

static void answer_nothing(uint64_t id)
{
    Pb__Reply reply = PB__REPLY__INIT;
    reply.id = id;
    send_message(&reply.base);
    idle();
}

static void answer_no_failure(uint64_t id)
{
    Pb__Error error = PB__ERROR__INIT;
    Pb__Reply reply = PB__REPLY__INIT;

    reply.id = id;
    reply.result_case = PB__REPLY__RESULT_ERROR;
    reply.error = &error;
    send_message(&reply.base);
    idle();
}

static void answer_never(uint64_t id)
{
    (void)id;
    hang();
}

static void answer_dripping(uint64_t id)
{
    (void)id;
    say("\0\1\0\0", 4);
    for (;;) {
        say("x", 1);
        usleep(10000);
    }
}

static void answer_prints(uint64_t id)
{
    (void)id;
    for (;;)
        fputs("printing without end\n", stderr);
}

/* --- lists without end, and out of order --- */

static void answer_endless_handles(uint64_t id)
{
    static uint64_t handles[WIRE_HANDLES_PAGE];
    Pb__HandlePage page = PB__HANDLE_PAGE__INIT;
    Pb__Reply reply = PB__REPLY__INIT;

    for (uint64_t next = 1;; id = next_request()) {
        for (size_t i = 0; i < WIRE_HANDLES_PAGE; i++)
            handles[i] = next++;
        page.n_handles = WIRE_HANDLES_PAGE;
        page.handles = handles;
        page.more = true;
        reply.id = id;
        reply.result_case = PB__REPLY__RESULT_HANDLES;
        reply.handles = &page;
        send_message(&reply.base);
    }
}

static void answer_handles(uint64_t id, uint64_t *handles, size_t count, bool more)
{
    Pb__HandlePage page = PB__HANDLE_PAGE__INIT;
    Pb__Reply reply = PB__REPLY__INIT;

    page.n_handles = count;
    page.handles = handles;
    page.more = more;
    reply.id = id;
    reply.result_case = PB__REPLY__RESULT_HANDLES;
    reply.handles = &page;
    send_message(&reply.base);
    idle();
}

static void answer_unsorted_handles(uint64_t id)
{
    uint64_t handles[] = {1, 3, 3};
    answer_handles(id, handles, 3, false);
}

static void answer_empty_page(uint64_t id)
{
    answer_handles(id, NULL, 0, true);
}

static void answer_big_page(uint64_t id)
{
    static uint64_t handles[WIRE_HANDLES_PAGE + 1];
    for (size_t i = 0; i <= WIRE_HANDLES_PAGE; i++)
        handles[i] = i + 1;
    answer_handles(id, handles, WIRE_HANDLES_PAGE + 1, false);
}

static void answer_endless_keys(uint64_t id)
{
    static Pb__Key *keys[WIRE_KEYS_PAGE];
    Pb__Key key = PB__KEY__INIT;
    Pb__KeyPage page = PB__KEY_PAGE__INIT;
    Pb__Reply reply = PB__REPLY__INIT;

    key.handle = 1;
    for (size_t i = 0; i < WIRE_KEYS_PAGE; i++)
        keys[i] = &key;
    page.n_keys = WIRE_KEYS_PAGE;
    page.keys = keys;
    page.more = true;
    reply.result_case = PB__REPLY__RESULT_KEYS;
    reply.keys = &page;
    for (;; id = next_request()) {
        reply.id = id;
        send_message(&reply.base);
    }
}

/* Page after page, and then its process ends, or the next page is too long. */
static void answer_pages(uint64_t id, unsigned pages, bool ends)
{
    static Pb__Key *keys[WIRE_KEYS_PAGE + 1];
    Pb__Key key = PB__KEY__INIT;
    Pb__KeyPage page = PB__KEY_PAGE__INIT;
    Pb__Reply reply = PB__REPLY__INIT;

    key.handle = 1;
    for (size_t i = 0; i <= WIRE_KEYS_PAGE; i++)
        keys[i] = &key;
    page.keys = keys;
    page.more = true;
    page.n_keys = WIRE_KEYS_PAGE;
    reply.result_case = PB__REPLY__RESULT_KEYS;
    reply.keys = &page;
    for (; pages > 0; pages--, id = next_request()) {
        reply.id = id;
        send_message(&reply.base);
    }
    if (ends)
        exit(0);
    reply.id = id;
    page.n_keys = WIRE_KEYS_PAGE + 1;
    send_message(&reply.base);
    idle();
}

static void answer_torn_keys(uint64_t id)
{
    answer_pages(id, 2, true);
}

static void answer_big_key_page(uint64_t id)
{
    answer_pages(id, 2, false);
}

static void answer_many_slots(uint64_t id)
{
    static Pb__Slot *slots[HSM_SLOTS_MAX + 1];
    Pb__Slot slot = PB__SLOT__INIT;
    Pb__Slots list = PB__SLOTS__INIT;
    Pb__Reply reply = PB__REPLY__INIT;

    for (size_t i = 0; i <= HSM_SLOTS_MAX; i++)
        slots[i] = &slot;
    list.n_slots = HSM_SLOTS_MAX + 1;
    list.slots = slots;
    reply.id = id;
    reply.result_case = PB__REPLY__RESULT_SLOTS;
    reply.slots = &list;
    send_message(&reply.base);
    idle();
}

/* --- at the end --- */

/* Does not end when it should, nor when it is told to. */
static void stubborn(uint64_t id)
{
    signal(SIGTERM, SIG_IGN);
    reply_handle(id, 7);
    hang();
}

/* Ends, but leaves a child behind that holds the channel and the log pipe. */
static void orphan(uint64_t id)
{
    if (fork() == 0) {
        sleep(5);
        _exit(0);
    }
    reply_handle(id, 7);
    next_request();
}

/* Says what it was given: descriptors, environment, signals. */
static void confess(uint64_t id)
{
    extern char **environ;
    struct rlimit limit;
    sigset_t blocked;

    getrlimit(RLIMIT_NOFILE, &limit);
    for (int fd = 0; fd < (int)limit.rlim_cur && fd < 4096; fd++)
        if (lseek(fd, 0, SEEK_CUR) >= 0 || errno != EBADF)
            fprintf(stderr, "fd %d\n", fd);
    for (char **e = environ; *e; e++)
        fprintf(stderr, "env %s\n", *e);
    sigprocmask(SIG_BLOCK, NULL, &blocked);
    fprintf(stderr, "blocked %d\n", sigismember(&blocked, SIGUSR1));
    fprintf(stderr, "ignored %d\n", signal(SIGUSR2, SIG_DFL) == SIG_IGN);
    fprintf(stderr, "leader %d\n", getpid() == getpgrp() && getpid() == getsid(0));
    reply_handle(id, 7);
    next_request();
}

static const struct {
    const char *name;
    void (*at_once)(void);
    void (*answer)(uint64_t id);
} ways[] = {
    {"noise", noise, NULL},
    {"oversize", oversize, NULL},
    {"deaf", deaf, NULL},
    {"leave", leave, NULL},
    {"crash", crash, NULL},
    {"half", greet_half, NULL},
    {"other-version", other_version, NULL},
    {"other-magic", other_magic, NULL},
    {"answer-half", NULL, answer_half},
    {"answer-half-and-stay", NULL, answer_half_and_stay},
    {"answer-noise", NULL, answer_noise},
    {"answer-oversize", NULL, answer_oversize},
    {"answer-other-id", NULL, answer_other_id},
    {"answer-reversed", NULL, answer_reversed},
    {"answer-twice", NULL, answer_twice},
    {"answer-other-kind", NULL, answer_other_kind},
    {"answer-handle-0", NULL, answer_handle_0},
    {"answer-nothing", NULL, answer_nothing},
    {"answer-no-failure", NULL, answer_no_failure},
    {"answer-never", NULL, answer_never},
    {"answer-dripping", NULL, answer_dripping},
    {"answer-prints", NULL, answer_prints},
    {"answer-endless-handles", NULL, answer_endless_handles},
    {"answer-unsorted-handles", NULL, answer_unsorted_handles},
    {"answer-empty-page", NULL, answer_empty_page},
    {"answer-big-page", NULL, answer_big_page},
    {"answer-endless-keys", NULL, answer_endless_keys},
    {"answer-torn-keys", NULL, answer_torn_keys},
    {"answer-big-key-page", NULL, answer_big_key_page},
    {"answer-many-slots", NULL, answer_many_slots},
    {"stubborn", NULL, stubborn},
    {"orphan", NULL, orphan},
    {"confess", NULL, confess},
};

static void answer_rightly_then(void (*answer)(uint64_t id))
{
    struct bytes hello = {0};

    if (frame_read(&in, -1, &hello) != FRAME_OK)
        exit(1);
    bytes_free(&hello);
    greet(WIRE_MAGIC, WIRE_PROTOCOL, "hostile");
    reply_done(next_request()); /* open */
    answer(next_request());
}

int main(int argc, char **argv)
{
    for (size_t i = 0; argc == 2 && i < sizeof ways / sizeof ways[0]; i++) {
        if (strcmp(argv[1], ways[i].name) != 0)
            continue;
        if (ways[i].at_once)
            ways[i].at_once();
        else
            answer_rightly_then(ways[i].answer);
        return 0;
    }
    fputs("hostile: which way?\n", stderr);
    return 64;
}
