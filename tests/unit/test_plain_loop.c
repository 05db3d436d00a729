/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop of line mode, with a double in the place of the worker that says when a signal comes:
 * just as the review opens, and between its question and the command that carries the ceremony out.
 * With -DUNMENDED, the control: the loop without the branch for that.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "ui/plain/plain_loop.h"

#ifdef UNMENDED
enum { RUNS = 0 };
#else
enum { RUNS = 1 };
#endif

/* --- the double ------------------------------------------------------------------------------- */

/* When SIGINT comes. */
enum moment { NEVER, PLANNED, OPENING, OPENED };

struct worker {
    enum moment signal;
    int fd;
    struct event queue[32];
    size_t first, count;
    unsigned asked[WORKER_COMMANDS]; /* how often each was asked for */
    unsigned stops;
};

/* In the queue: nothing has come yet, but a signal does. */
static const struct event interruption = {.kind = EVENT_KINDS};

static void put(struct worker *w, const struct event *event)
{
    assert_true(w->count < sizeof w->queue / sizeof w->queue[0]);
    w->queue[w->count++] = *event;
    assert_int_equal(eventfd_write(w->fd, 1), 0);
}

static void end(struct worker *w)
{
    const struct event over = {
        .kind = EVENT_END,
        .end = {.outcome = w->stops ? END_ABORTED : END_COMPLETE, .exit_code = w->stops ? 2 : 0}};
    const struct event done = {
        .kind = EVENT_DONE, .side = SIDE_RELAY, .done = {.command = WORKER_RUN, .ok = true}};

    put(w, &over);
    put(w, &done);
}

/* The review opens, and its question waits; WORKER_RUN ends once it was refused. */
static bool take_command(struct worker *w, enum worker_command what, enum side side)
{
    const struct event gate = {
        .kind = EVENT_GATE, .seq = 7, .gate = {.state = GATE_OPEN, .question = "type  ferry 1"}};
    const struct event done = {
        .kind = EVENT_DONE, .side = side, .done = {.command = what, .ok = true}};

    w->asked[what]++;
    if ((what == WORKER_PLAN && w->signal == PLANNED) ||
        (what == WORKER_REVIEW && w->signal == OPENING))
        put(w, &interruption);
    if (what == WORKER_REVIEW && w->signal != NEVER)
        put(w, &gate);
    if (what == WORKER_REVIEW && w->signal == OPENED)
        put(w, &interruption);
    if (what != WORKER_RUN)
        put(w, &done);
    else if (w->stops > 0 || w->signal == NEVER)
        end(w);
    return true;
}

int worker_fd(const struct worker *w)
{
    return w->fd;
}

bool worker_event(struct worker *w, struct event *event)
{
    eventfd_t waiting;

    if (w->first == w->count) {
        eventfd_read(w->fd, &waiting);
        return false;
    }
    *event = w->queue[w->first++];
    if (event->kind != EVENT_KINDS)
        return true;
    raise(SIGINT);
    return false;
}

bool worker_open(struct worker *w, enum side side, struct err *err)
{
    (void)err;
    return take_command(w, WORKER_OPEN, side);
}

bool worker_devices(struct worker *w, const struct uri *const token[2], struct err *err)
{
    (void)token;
    (void)err;
    return take_command(w, WORKER_DEVICES, SIDE_RELAY);
}

bool worker_choose(struct worker *w, enum side side, const struct uri *uri, struct err *err)
{
    (void)uri;
    (void)err;
    return take_command(w, WORKER_CHOOSE, side);
}

bool worker_compare(struct worker *w, const uint64_t handle[2], struct err *err)
{
    (void)handle;
    (void)err;
    return take_command(w, WORKER_COMPARE, SIDE_RELAY);
}

bool worker_map(struct worker *w, bool asks, struct err *err)
{
    (void)asks;
    (void)err;
    return take_command(w, WORKER_MAP, SIDE_RELAY);
}

bool worker_plan(struct worker *w, const struct selection *selection, struct err *err)
{
    (void)selection;
    (void)err;
    return take_command(w, WORKER_PLAN, SIDE_RELAY);
}

bool worker_resume(struct worker *w, struct err *err)
{
    (void)err;
    return take_command(w, WORKER_RESUME, SIDE_RELAY);
}

bool worker_review(struct worker *w, struct err *err)
{
    (void)err;
    return take_command(w, WORKER_REVIEW, SIDE_RELAY);
}

bool worker_run(struct worker *w, struct err *err)
{
    (void)err;
    return take_command(w, WORKER_RUN, SIDE_RELAY);
}

bool worker_sign(struct worker *w, struct err *err)
{
    (void)err;
    return take_command(w, WORKER_SIGN, SIDE_RELAY);
}

bool worker_visit(struct worker *w, struct err *err)
{
    (void)err;
    return take_command(w, WORKER_VISIT, SIDE_RELAY);
}

void worker_answer(struct worker *w, uint64_t serial, const char *text, size_t len)
{
    (void)w;
    (void)serial;
    (void)text;
    (void)len;
    fail_msg("nobody answers");
}

bool worker_exception(struct worker *w, const struct event *exception, struct err *err)
{
    (void)w;
    (void)exception;
    return err_set(err, ERR_USAGE, "nobody writes an exception");
}

void worker_pace(struct worker *w, enum pace pace, uint64_t go_on)
{
    (void)w;
    (void)pace;
    (void)go_on;
}

void worker_stop(struct worker *w)
{
    w->stops++;
}

/* --- the loop --------------------------------------------------------------------------------- */

static struct plain_result run(struct worker *w, enum moment signal)
{
    static const struct uri token;
    static const struct selection selection;
    const struct plain_job job = {
        .worker = w, .token = {&token, &token}, .selection = &selection, .out = stdout};

    *w = (struct worker){.signal = signal, .fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
    assert_true(w->fd >= 0);
    const struct plain_result result = plain_run(&job);
    close(w->fd);
    return result;
}

static void check_stopped(enum moment signal)
{
    struct worker w;
    const struct plain_result result = run(&w, signal);

    assert_true(result.stopped && w.stops > 0);
    assert_int_equal(w.asked[WORKER_REVIEW], 1);
    assert_int_equal(w.asked[WORKER_RUN], RUNS);
    assert_int_equal(result.exit_code, 2);
    assert_true(w.first == w.count); /* all was heard, to the last */
}

static void a_signal_just_as_the_review_opens(void **state)
{
    (void)state;
    check_stopped(OPENING);
}

static void a_signal_between_the_question_and_the_run(void **state)
{
    (void)state;
    check_stopped(OPENED);
}

/* Nothing is open yet that would have to come to its end. */
static void a_signal_before_the_review(void **state)
{
    struct worker w;
    const struct plain_result result = run(&w, PLANNED);
    (void)state;

    assert_true(result.stopped);
    assert_int_equal(w.asked[WORKER_PLAN], 1);
    assert_int_equal(w.asked[WORKER_REVIEW], 0);
    assert_int_equal(w.asked[WORKER_RUN], 0);
    assert_int_equal(result.exit_code, 2);
}

static void no_signal(void **state)
{
    struct worker w;
    const struct plain_result result = run(&w, NEVER);
    (void)state;

    assert_false(result.stopped);
    assert_int_equal(w.stops, 0);
    assert_int_equal(w.asked[WORKER_RUN], 1);
    assert_int_equal(result.exit_code, 0);
}

/* Questions need a terminal. */
static int setup(void **state)
{
    int control = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    int terminal = -1;
    (void)state;

    if (control >= 0 && grantpt(control) == 0 && unlockpt(control) == 0)
        terminal = open(ptsname(control), O_RDWR | O_NOCTTY | O_CLOEXEC);
    return terminal >= 0 && dup2(terminal, STDIN_FILENO) == STDIN_FILENO ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_signal),
        cmocka_unit_test(a_signal_just_as_the_review_opens),
        cmocka_unit_test(a_signal_between_the_question_and_the_run),
        cmocka_unit_test(a_signal_before_the_review),
    };
    return cmocka_run_group_tests_name("plain loop", tests, setup, NULL);
}
