/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hsm/remote.h against agents that die, hang, print and talk nonsense: each becomes a clear failure
 * within its time, and the console goes on. tests/contract/ has the good days.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "link/agent_client.h"
#include "link/remote.h"
#include "link/wire.h"

enum {
    LIMIT_MS = 300,
    ENOUGH_MS = 20000, /* where nothing is late; the sanitizers are slow */
    SLOT = 1,          /* of the fake */
};

/* What the agent printed, a line each; and how many objects it listed. */
struct ears {
    char text[64 * 1024];
    unsigned lines;
    size_t rows;
};

static void take_line(void *ctx, const char *line)
{
    struct ears *ears = ctx;
    size_t len = strlen(ears->text);

    ears->lines++;
    text_print(ears->text + len, sizeof ears->text - len, "%s\n", line);
}

static struct ears ears;
static char program[4096];
static const char *argv[] = {program, NULL, NULL};
static const char *const environment[] = {"LC_ALL=C", "ONLY=this", NULL};

static struct remote_setup setup_of(const char *name, const char *how, int limit_ms)
{
    const char *build = getenv("abs_top_builddir");
    struct remote_setup setup = {
        .where = {.api = "fake"},
        .argv = argv,
        .environment = environment,
        .limit_ms = limit_ms,
        .abandon_fd = -1,
        .vendor_output = take_line,
        .ctx = &ears,
    };

    text_print(program, sizeof program, "%s/tests/fake/%s", build ? build : ".", name);
    argv[1] = how;
    ears = (struct ears){0};
    return setup;
}

static int64_t now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void check_gone(bool ok, const struct err *err, const char *words)
{
    assert_false(ok);
    assert_int_equal(err->code, ERR_GONE);
    if (!strstr(err->what, words))
        fail_msg("\"%s\" does not say \"%s\"", err->what, words);
    assert_true(err->now[0] && err->next[0]);
}

static struct hsm *open_hostile(const char *how, int limit_ms)
{
    struct remote_setup setup = setup_of("hostile", how, limit_ms);
    struct hsm *hsm = NULL;
    struct err err = {0};

    if (!remote_open(&setup, &hsm, &err))
        fail_msg("%s: %s", how, err.what);
    return hsm;
}

/* The fake behind a pipe, logged in. */
static struct hsm *open_fake(const char *params, int limit_ms)
{
    struct remote_setup setup = setup_of("hsmferry-agent-fake", NULL, limit_ms);
    struct secret pin = {0};
    struct hsm *hsm = NULL;
    struct err err = {0};

    text_print(setup.where.params, sizeof setup.where.params, "%s", params);
    if (!remote_open(&setup, &hsm, &err))
        fail_msg("%s", err.what);
    assert_true(secret_new(&pin, 8, &err) && secret_set(&pin, "1234", 4, &err));
    if (!hsm->driver->login(hsm, SLOT, &pin, &err))
        fail_msg("%s", err.what);
    secret_free(&pin);
    return hsm;
}

static bool make_kek(struct hsm *hsm, uint64_t *handle, struct err *err)
{
    return hsm->driver->make_kek(hsm, 256, "hsmferry:test", handle, err);
}

/* --- before the handshake is over --- */

static void no_program_is_missing_input(void **state)
{
    (void)state;
    struct remote_setup setup = setup_of("no-such-program", NULL, ENOUGH_MS);
    struct hsm *hsm = NULL;
    struct err err = {0};

    assert_false(remote_open(&setup, &hsm, &err));
    assert_int_equal(err.code, ERR_NO_INPUT);
    assert_non_null(strstr(err.what, "no-such-program"));
    assert_null(hsm);
}

static void bad_beginning_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *how, *words;
        int limit_ms;
    } rows[] = {
        {"noise", "exceeds the maximum length", ENOUGH_MS},
        {"oversize", "exceeds the maximum length", ENOUGH_MS},
        {"deaf", "no answer from the HSM for 0.3 s", LIMIT_MS},
        {"leave", "the agent: exit 3", ENOUGH_MS},
        {"crash", "killed by signal 9, Killed", ENOUGH_MS},
        {"half", "in the middle of an answer", ENOUGH_MS},
        {"other-magic", "no greeting", ENOUGH_MS},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct remote_setup setup = setup_of("hostile", rows[i].how, rows[i].limit_ms);
        struct hsm *hsm = NULL;
        struct err err = {0};
        check_gone(remote_open(&setup, &hsm, &err), &err, rows[i].words);
        assert_non_null(strstr(err.what, "the handshake"));
        assert_null(hsm);
    }
}

static void another_version_is_told(void **state)
{
    (void)state;
    struct remote_setup setup = setup_of("hostile", "other-version", ENOUGH_MS);
    struct hsm *hsm = NULL;
    struct err err = {0};

    assert_false(remote_open(&setup, &hsm, &err));
    assert_int_equal(err.code, ERR_CONFIG);
    assert_non_null(strstr(err.what, "hsm\\x1b[2Jferry 9"));
    assert_non_null(strstr(err.what, PACKAGE_STRING));
}

static void unknown_api_names_the_known_ones(void **state)
{
    (void)state;
    struct remote_setup setup = setup_of("hsmferry-agent-fake", NULL, ENOUGH_MS);
    struct hsm *hsm = NULL;
    struct err err = {0};

    text_print(setup.where.api, sizeof setup.where.api, "kmip");
    assert_false(remote_open(&setup, &hsm, &err));
    assert_int_equal(err.code, ERR_CONFIG);
    assert_non_null(strstr(err.what, "kmip"));
    assert_non_null(strstr(err.next, "fake"));
}

/* --- instead of an answer --- */

static void check_bad_answer(const char *how, const char *words, int limit_ms)
{
    struct hsm *hsm = open_hostile(how, limit_ms);
    struct err err = {0}, again = {0};
    uint64_t handle = 0;

    check_gone(make_kek(hsm, &handle, &err), &err, words);
    assert_non_null(strstr(err.what, "make_aes"));
    assert_int_equal(handle, 0);

    int64_t start = now_ms(); /* and from then on at once */
    check_gone(make_kek(hsm, &handle, &again), &again, words);
    assert_true(now_ms() - start < LIMIT_MS);
    assert_string_equal(again.what, err.what);
    hsm->driver->close(hsm);
}

static void bad_answer_is_told(void **state)
{
    (void)state;
    check_bad_answer("answer-half", "in the middle of an answer", ENOUGH_MS);
    check_bad_answer("answer-half-and-stay", "no answer", LIMIT_MS);
    check_bad_answer("answer-noise", "not a reply", ENOUGH_MS);
    check_bad_answer("answer-oversize", "exceeds the maximum length", ENOUGH_MS);
    check_bad_answer("answer-other-kind", "another call", ENOUGH_MS);
    check_bad_answer("answer-nothing", "another call", ENOUGH_MS);
    check_bad_answer("answer-handle-0", "handle is 0", ENOUGH_MS);
    check_bad_answer("answer-no-failure", "failure 0 is unknown", ENOUGH_MS);
    check_bad_answer("answer-never", "still running", LIMIT_MS);
    check_bad_answer("answer-dripping", "no answer", LIMIT_MS);
}

static bool get_handle(const Pb__Reply *reply, void *out, struct err *err)
{
    (void)err;
    *(uint64_t *)out = reply->handle;
    return true;
}

/* An agent that is open, and the call make_kek() to be sent to it. */
static struct agent_client *start_client(const char *how, Pb__MakeAes *args)
{
    static const struct agent_client_answer done = {PB__REPLY__RESULT_DONE, NULL};
    struct remote_setup setup = setup_of("hostile", how, ENOUGH_MS);
    struct agent_client *client = NULL;
    Pb__Where where;
    struct err err = {0};

    wire_put_where(&setup.where, &where);
    if (!agent_client_start(&setup, &client, &err) ||
        !agent_client_ask(client, 0, PB__REQUEST__CALL_OPEN, &where, &done, NULL, &err))
        fail_msg("%s", err.what);
    pb__make_aes__init(args);
    return client;
}

static const struct agent_client_answer handle_answer = {PB__REPLY__RESULT_HANDLE, get_handle};

/* The reply to the second of two requests comes first: each goes where its id says. */
static void replies_are_matched_by_id(void **state)
{
    (void)state;
    Pb__MakeAes args;
    struct agent_client *client = start_client("answer-reversed", &args);
    uint64_t first = 0, second = 0, handle = 0;
    struct err err = {0};

    assert_true(agent_client_send(client, 0, PB__REQUEST__CALL_MAKE_AES, &args, &first, &err));
    assert_true(agent_client_send(client, 0, PB__REQUEST__CALL_MAKE_AES, &args, &second, &err));
    assert_int_not_equal(first, second);
    assert_true(agent_client_receive(client, first, &handle_answer, &handle, &err));
    assert_int_equal(handle, first);
    assert_true(agent_client_receive(client, second, &handle_answer, &handle, &err));
    assert_int_equal(handle, second);
    assert_false(agent_client_receive(client, second, &handle_answer, &handle, &err));
    assert_int_equal(err.code, ERR_FAILED); /* it was received, and nothing is waited for */
    agent_client_close(client);
}

/* A reply to nothing that was asked, or to what was answered already, is refused. */
static void reply_with_a_wrong_id_is_refused(void **state)
{
    (void)state;
    Pb__MakeAes args;
    struct agent_client *client = start_client("answer-twice", &args);
    uint64_t handle = 0;
    struct err err = {0};

    assert_true(agent_client_ask(client, 0, PB__REQUEST__CALL_MAKE_AES, &args, &handle_answer,
                                 &handle, &err));
    assert_int_equal(handle, 7);
    check_gone(agent_client_ask(client, 0, PB__REQUEST__CALL_MAKE_AES, &args, &handle_answer,
                                &handle, &err),
               &err, "no request of ours");
    assert_int_equal(handle, 7);
    agent_client_close(client);
    check_bad_answer("answer-other-id", "no request of ours", ENOUGH_MS);
}

static void too_many_calls_at_once(void **state)
{
    (void)state;
    Pb__MakeAes args;
    struct agent_client *client = start_client("answer-never", &args);
    uint64_t id = 0, last = 0;
    struct err err = {0};

    for (unsigned i = 0; i < AGENT_CLIENT_ASKED_MAX; i++) {
        assert_true(agent_client_send(client, 0, PB__REQUEST__CALL_MAKE_AES, &args, &id, &err));
        assert_true(id > last);
        last = id;
    }
    assert_false(agent_client_send(client, 0, PB__REQUEST__CALL_MAKE_AES, &args, &id, &err));
    assert_int_equal(err.code, ERR_FAILED);
    agent_client_close(client);
}

static void bad_list_is_told(void **state)
{
    (void)state;
    static const char *const ways[] = {"answer-endless-handles", "answer-unsorted-handles",
                                       "answer-empty-page", "answer-big-page"};
    struct key_list keys = {0};
    struct hsm_slot_list slots = {0};
    uint64_t *handles = NULL;
    size_t count = 0;
    struct err err = {0};

    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        struct hsm *hsm = open_hostile(ways[i], ENOUGH_MS);
        check_gone(hsm->driver->handles(hsm, &handles, &count, &err), &err, "is invalid");
        assert_null(handles);
        hsm->driver->close(hsm);
    }
    struct hsm *hsm = open_hostile("answer-endless-keys", ENOUGH_MS);
    check_gone(hsm->driver->list(hsm, &keys, &err), &err, "more than 200000 objects");
    assert_null(keys.keys);
    hsm->driver->close(hsm);

    hsm = open_hostile("answer-many-slots", ENOUGH_MS);
    check_gone(hsm->driver->slots(hsm, &slots, &err), &err, "257 slots");
    assert_null(slots.slots);
    hsm->driver->close(hsm);
}

/* --- an HSM that fails in the middle --- */

static void crash_names_the_signal(void **state)
{
    (void)state;
    struct hsm *hsm = open_fake("die=make_aes:2:11", ENOUGH_MS);
    struct err err = {0};
    uint64_t handle;

    assert_true(make_kek(hsm, &handle, &err));
    check_gone(make_kek(hsm, &handle, &err), &err, "killed by signal 11, Segmentation fault");
    hsm->driver->close(hsm);
}

static void crash_in_open_is_told(void **state)
{
    (void)state;
    struct remote_setup setup = setup_of("hsmferry-agent-fake", NULL, ENOUGH_MS);
    struct hsm *hsm = NULL;
    struct err err = {0};

    text_print(setup.where.params, sizeof setup.where.params, "print=open:1:oops;die=open:1:6");
    check_gone(remote_open(&setup, &hsm, &err), &err, "killed by signal 6, Aborted");
    assert_string_equal(ears.text, "oops\noops\n");
}

static void hang_has_a_limit(void **state)
{
    (void)state;
    struct hsm *hsm = open_fake("hang=make_aes:1", LIMIT_MS);
    struct err err = {0};
    uint64_t handle;

    int64_t start = now_ms();
    check_gone(make_kek(hsm, &handle, &err), &err,
               "no answer from the HSM for 0.3 s, in make_aes (the agent: still running)");
    assert_in_range(now_ms() - start, LIMIT_MS - 10, 20 * LIMIT_MS);
    hsm->driver->close(hsm);
}

static void slow_is_not_hung(void **state)
{
    (void)state;
    struct hsm *hsm = open_fake("slow=make_aes:1:400", ENOUGH_MS);
    struct err err = {0};
    uint64_t handle;

    assert_true(make_kek(hsm, &handle, &err));
    hsm->driver->close(hsm);
}

static void failure_of_the_hsm_is_no_end(void **state)
{
    (void)state;
    struct hsm *hsm = open_fake("fail=make_aes:1:0x31", ENOUGH_MS);
    struct err err = {0};
    uint64_t handle;

    assert_false(make_kek(hsm, &handle, &err));
    assert_int_equal(err.code, ERR_FAILED);
    assert_int_equal(err.hsm_code, 0x31);
    assert_string_equal(err.hsm_name, "CKR_DEVICE_MEMORY");
    assert_true(make_kek(hsm, &handle, &err));
    hsm->driver->close(hsm);
}

static void *signal_soon(void *arg)
{
    const struct timespec pause = {.tv_nsec = 100000000};
    const uint64_t one = 1;

    nanosleep(&pause, NULL);
    ssize_t n = write(*(int *)arg, &one, sizeof one);
    (void)n;
    return NULL;
}

static void officer_may_abandon(void **state)
{
    (void)state;
    struct remote_setup setup = setup_of("hostile", "answer-never", ENOUGH_MS);
    struct hsm *hsm = NULL;
    struct err err = {0};
    uint64_t handle;
    pthread_t thread;

    setup.abandon_fd = eventfd(0, EFD_CLOEXEC);
    assert_true(remote_open(&setup, &hsm, &err));
    assert_int_equal(pthread_create(&thread, NULL, signal_soon, &setup.abandon_fd), 0);
    int64_t start = now_ms();
    check_gone(make_kek(hsm, &handle, &err), &err, "abandoned");
    assert_true(now_ms() - start < ENOUGH_MS);
    pthread_join(thread, NULL);
    hsm->driver->close(hsm);
    close(setup.abandon_fd);
}

/* --- prints --- */

static void prints_break_nothing(void **state)
{
    (void)state;
    struct hsm *hsm = open_fake("print=make_aes:1:no \x1b[2J disk", ENOUGH_MS);
    struct err err = {0};
    uint64_t handle;

    assert_true(make_kek(hsm, &handle, &err));
    hsm->driver->close(hsm);
    assert_string_equal(ears.text, "no \\x1b[2J disk\nno \\x1b[2J disk\n"); /* 1 and 2 */
}

static void prints_without_end_are_late(void **state)
{
    (void)state;
    check_bad_answer("answer-prints", "no answer", LIMIT_MS);
    assert_in_range(ears.lines, 10, 200);
    assert_non_null(strstr(ears.text, "printing without end\n"));
}

/* --- what an agent inherits, and its end --- */

static void agent_inherits_nothing(void **state)
{
    (void)state;
    int leak = open("/dev/null", O_RDONLY); /* without close-on-exec */
    sigset_t usr1;

    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    sigprocmask(SIG_BLOCK, &usr1, NULL);
    signal(SIGUSR2, SIG_IGN);
    setenv("SECRET", "of the console", 1);

    struct hsm *hsm = open_hostile("confess", ENOUGH_MS);
    struct err err = {0};
    uint64_t handle;
    assert_true(make_kek(hsm, &handle, &err));
    hsm->driver->close(hsm);
    assert_string_equal(ears.text, "fd 0\nfd 1\nfd 2\nenv LC_ALL=C\nenv ONLY=this\n"
                                   "blocked 0\nignored 0\nleader 1\n");
    signal(SIGUSR2, SIG_DFL);
    sigprocmask(SIG_UNBLOCK, &usr1, NULL);
    close(leak);
}

static unsigned count_descriptors(void)
{
    unsigned count = 0;
    DIR *dir = opendir("/proc/self/fd");

    assert_non_null(dir);
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

static void check_nothing_left(unsigned descriptors)
{
    assert_int_equal(count_descriptors(), descriptors);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child, not even a dead one */
    assert_int_equal(errno, ECHILD);
}

static void close_ends_every_agent(void **state)
{
    (void)state;
    static const struct {
        const char *how;
        int at_most_ms;
    } rows[] = {
        {"stubborn", 15000},    /* asked, SIGTERM, SIGKILL */
        {"answer-never", 9000}, /* asked, SIGTERM */
        {"orphan", 9000},
    };
    unsigned descriptors = count_descriptors();

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct hsm *hsm = open_hostile(rows[i].how, 2 * LIMIT_MS);
        uint64_t handle;
        make_kek(hsm, &handle, NULL);
        int64_t start = now_ms();
        hsm->driver->close(hsm);
        assert_true(now_ms() - start < rows[i].at_most_ms);
        check_nothing_left(descriptors);
    }
}

static void good_agent_ends_at_once(void **state)
{
    (void)state;
    unsigned descriptors = count_descriptors();
    struct hsm *hsm = open_fake("print=close:1:logged out", ENOUGH_MS);

    int64_t start = now_ms();
    hsm->driver->close(hsm);
    assert_true(now_ms() - start < 1900); /* before anything would be sent to it */
    assert_string_equal(ears.text, "logged out\nlogged out\n"); /* it closed its HSM */
    check_nothing_left(descriptors);
}

static void failed_open_leaves_nothing(void **state)
{
    (void)state;
    unsigned descriptors = count_descriptors();
    struct remote_setup setup = setup_of("hostile", "noise", ENOUGH_MS);
    struct hsm *hsm = NULL;

    assert_false(remote_open(&setup, &hsm, NULL));
    no_program_is_missing_input(state);
    check_nothing_left(descriptors);
}

/* --- the PIN --- */

enum { PIN_SIZE = 24 };

static bool masked_equal(const uint8_t *at, const uint8_t *masked)
{
    for (size_t i = 0; i < PIN_SIZE; i++)
        if (at[i] != (masked[i] ^ 0x55))
            return false;
    return true;
}

/* How often the text that masked hides stands in this process's own writable memory. */
static unsigned count_in_memory(const uint8_t *masked)
{
    static uint8_t buf[1 << 16];
    char line[512];
    unsigned count = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    int mem = open("/proc/self/mem", O_RDONLY);

    assert_non_null(maps);
    assert_true(mem >= 0);
    while (fgets(line, sizeof line, maps)) {
        unsigned long long from, to;
        char mode[5];
        if (sscanf(line, "%llx-%llx %4s", &from, &to, mode) != 3 || mode[1] != 'w')
            continue;
        if (to - from > UINT64_C(1) << 30) /* a sanitizer's own */
            continue;
        for (; from + PIN_SIZE <= to; from += sizeof buf - (PIN_SIZE - 1)) {
            size_t len = to - from < sizeof buf ? (size_t)(to - from) : sizeof buf;
            ssize_t n = pread(mem, buf, len, (off_t)from);
            for (ssize_t i = 0; i + PIN_SIZE <= n; i++)
                count += masked_equal(buf + i, masked);
            explicit_bzero(buf, sizeof buf);
        }
    }
    close(mem);
    fclose(maps);
    return count;
}

/* It travelled to the agent and was refused there; here it is nowhere any more. */
static void pin_leaves_no_copy(void **state)
{
    (void)state;
    struct remote_setup setup = setup_of("hsmferry-agent-fake", NULL, ENOUGH_MS);
    struct secret pin = {0};
    struct hsm *hsm = NULL;
    struct err err = {0};
    uint8_t masked[PIN_SIZE];

    FILE *random = fopen("/dev/urandom", "r");
    assert_non_null(random);
    assert_int_equal(fread(masked, 1, sizeof masked, random), sizeof masked);
    fclose(random);
    assert_true(remote_open(&setup, &hsm, &err));
    assert_true(secret_new(&pin, PIN_SIZE, &err));
    pin.len = PIN_SIZE;
    for (size_t i = 0; i < PIN_SIZE; i++)
        pin.data[i] = masked[i] ^ 0x55;
    assert_int_equal(count_in_memory(masked), 1); /* the control */
    assert_false(hsm->driver->login(hsm, SLOT, &pin, &err));
    assert_int_equal(err.code, ERR_DENIED);
    assert_int_equal(count_in_memory(masked), 1);
    secret_free(&pin);
    assert_int_equal(count_in_memory(masked), 0);
    hsm->driver->close(hsm);
}

/* --- many objects --- */

static void long_lists_come_whole(void **state)
{
    (void)state;
    struct hsm *hsm = open_fake("bulk=10000", ENOUGH_MS);
    struct key_list list = {0};
    struct err err = {0};
    uint64_t *handles;
    size_t count;

    if (!hsm->driver->list(hsm, &list, &err))
        fail_msg("%s", err.what);
    assert_int_equal(list.count, 10000);
    for (size_t i = 1; i < list.count; i++)
        assert_true(list.keys[i].handle > list.keys[i - 1].handle);
    assert_memory_equal(list.keys[9999].label, "bulk-10000", 10);
    assert_true(hsm->driver->handles(hsm, &handles, &count, &err));
    assert_int_equal(count, 10000);
    free(handles);
    key_list_free(&list);
    hsm->driver->close(hsm);
}

/* A list that was asked for ahead is the one that list() returns, whatever was asked in between,
 * and no second one is made; what was opened ahead reports a failure at its first call. */
static void answers_are_asked_for_ahead(void **state)
{
    (void)state;
    struct hsm *hsm = open_fake("bulk=10000", ENOUGH_MS);
    struct remote_setup missing = setup_of("hsmferry-agent-fake", NULL, ENOUGH_MS);
    struct key_list list = {0};
    struct hsm_info info;
    struct err err = {0};

    hsm->driver->list_ahead(hsm);
    hsm->driver->list_ahead(hsm);
    assert_true(hsm->driver->info(hsm, &info, &err));
    assert_true(hsm->driver->list(hsm, &list, &err));
    assert_int_equal(list.count, 10000);
    key_list_free(&list);
    assert_true(hsm->driver->list(hsm, &list, &err));
    assert_int_equal(list.count, 10000);
    key_list_free(&list);
    hsm->driver->list_ahead(hsm); /* nobody waits for it */
    hsm->driver->close(hsm);

    text_print(missing.where.api, sizeof missing.where.api, "none");
    missing.ahead = true;
    assert_true(remote_open(&missing, &hsm, &err));
    assert_false(hsm->driver->info(hsm, &info, &err));
    assert_non_null(strstr(err.what, "there is no driver for the API \"none\""));
    hsm->driver->close(hsm);
}

static void count_rows(void *ctx, const struct key_desc *keys, size_t count)
{
    assert_ptr_equal(ctx, &ears);
    assert_int_equal(keys[0].handle, 1);
    ears.rows += count;
}

/* What came of a list that is not complete is shown, and is no list: not at once, not later. */
static void a_torn_list_is_none(void **state)
{
    static const struct {
        const char *how, *why;
    } ways[] = {{"answer-torn-keys", "the agent ended"},
                {"answer-big-key-page", "a page of 257 objects"}};

    (void)state;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        struct remote_setup setup = setup_of("hostile", ways[i].how, ENOUGH_MS);
        struct key_list list = {0};
        struct hsm *hsm = NULL;
        struct err err = {0};
        bool more;
        setup.listed = count_rows;
        assert_true(remote_open(&setup, &hsm, &err));
        hsm->driver->list_ahead(hsm);
        assert_true(hsm->driver->list_part(hsm, &more)); /* the control */
        assert_true(more);
        assert_int_equal(ears.rows, WIRE_KEYS_PAGE);
        assert_true(hsm->driver->list_part(hsm, &more) && more);
        assert_false(hsm->driver->list_part(hsm, &more));
        assert_false(more);
        assert_false(hsm->driver->list_part(hsm, &more));
        assert_int_equal(ears.rows, 2 * WIRE_KEYS_PAGE);
        check_gone(hsm->driver->list(hsm, &list, &err), &err, ways[i].why);
        assert_null(list.keys);
        assert_false(hsm->driver->list(hsm, &list, &err));
        assert_null(list.keys);
        hsm->driver->close(hsm);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_asked_for_ahead),
        cmocka_unit_test(no_program_is_missing_input),
        cmocka_unit_test(bad_beginning_is_told),
        cmocka_unit_test(another_version_is_told),
        cmocka_unit_test(unknown_api_names_the_known_ones),
        cmocka_unit_test(bad_answer_is_told),
        cmocka_unit_test(replies_are_matched_by_id),
        cmocka_unit_test(reply_with_a_wrong_id_is_refused),
        cmocka_unit_test(too_many_calls_at_once),
        cmocka_unit_test(bad_list_is_told),
        cmocka_unit_test(crash_names_the_signal),
        cmocka_unit_test(crash_in_open_is_told),
        cmocka_unit_test(hang_has_a_limit),
        cmocka_unit_test(slow_is_not_hung),
        cmocka_unit_test(failure_of_the_hsm_is_no_end),
        cmocka_unit_test(officer_may_abandon),
        cmocka_unit_test(prints_break_nothing),
        cmocka_unit_test(prints_without_end_are_late),
        cmocka_unit_test(agent_inherits_nothing),
        cmocka_unit_test(close_ends_every_agent),
        cmocka_unit_test(good_agent_ends_at_once),
        cmocka_unit_test(failed_open_leaves_nothing),
        cmocka_unit_test(pin_leaves_no_copy),
        cmocka_unit_test(long_lists_come_whole),
        cmocka_unit_test(a_torn_list_is_none),
    };
    return cmocka_run_group_tests_name("remote", tests, NULL, NULL);
}
