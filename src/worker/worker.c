/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include "ceremony/removal_run.h"
#include "ceremony/visit_run.h"
#include "worker/worker_state.h"

enum { ANSWER_MAX = 1024, PIPE_SIZE = 1 << 20 };

/* --- commands --- */

static void command_free(struct command *command)
{
    if (!command)
        return;
    free(command->uris);
    free(command->handles);
    free(command->known);
    free(command);
}

static bool sign(struct worker *w, struct err *err)
{
    const struct worker_signer *signer = w->setup.signer;
    const struct ceremony_host host = worker_host(w);
    struct signature made = {0};
    uint8_t sha256[32];
    bool ok;

    if (!signer)
        return err_set(err, ERR_USAGE, "no key is named that signs the report");
    ok = signer->digest(signer->ctx, sha256, err) &&
         sign_sha256(&host, &signer->token, &signer->key, sha256, &made, err) &&
         signer->keep(signer->ctx, &made, err);
    signature_free(&made);
    if (!ok)
        signer->failed(signer->ctx, err);
    return ok;
}

/* Waits for the answer at the open gate, and passes it to the ceremony. */
static void pass_answer(struct worker *w)
{
    char typed[ANSWER_MAX + 1] = "";

    if (worker_wait(w)) {
        memcpy(typed, w->answer.data, w->answer.len);
        ceremony_answer(w->ceremony, typed);
    } else
        ceremony_stop(w->ceremony);
    secret_free(&w->answer);
}

/* The question stays open until the exception is recorded: that is its answer. */
static bool wait_for_exception(struct worker *w)
{
    bool told = worker_wait(w);

    secret_free(&w->answer);
    return told;
}

static bool review(struct worker *w, struct err *err)
{
    enum ceremony_next next;

    while ((next = ceremony_review(w->ceremony, err)) == NEXT_EXCEPTION)
        if (!wait_for_exception(w)) {
            err_set(err, ERR_STOPPED, "no exception says why the plan is not as the script says");
            err_now(err, "Nothing was changed.");
            return err_next(err, "Choose the keys of the script, or write down why not.");
        }
    return next != NEXT_DONE;
}

static void run_ceremony(struct worker *w)
{
    for (;;) {
        worker_emit_exceptions(w);
        worker_take_pace(w, false);
        switch (ceremony_step(w->ceremony)) {
        case NEXT_STEP:
            break;
        case NEXT_GATE:
            pass_answer(w);
            break;
        case NEXT_EXCEPTION:
            if (!wait_for_exception(w))
                ceremony_stop(w->ceremony);
            break;
        case NEXT_WAIT:
            worker_take_pace(w, true);
            break;
        case NEXT_DONE:
            return;
        }
    }
}

static bool answer_visit(void *ctx, char *typed, size_t size)
{
    struct worker *w = ctx;
    const bool given = worker_wait(w) && w->answer.len < size;

    if (given)
        memcpy(typed, w->answer.data, w->answer.len);
    secret_free(&w->answer);
    return given;
}

static bool run_removal(struct worker *w, struct err *err)
{
    struct removal_job job = *w->setup.removal;

    job.answer = answer_visit;
    job.ctx = w;
    return removal_run(w->ceremony, &job, err);
}

static bool visit(struct worker *w, struct err *err)
{
    struct visit_job job;

    if (w->setup.removal)
        return run_removal(w, err);

    if (!w->setup.visit)
        return err_set(err, ERR_USAGE, "no visit was asked for");
    job = *w->setup.visit;
    job.answer = answer_visit;
    job.ctx = w;
    return visit_run(w->ceremony, &job, err);
}

static bool confirm_devices(struct worker *w, const struct uri token[2], struct err *err)
{
    bool open = true, ok = true;

    while (ok && open) {
        ok = ceremony_devices(w->ceremony, token, &open, err);
        if (ok && open)
            pass_answer(w);
    }
    return ok;
}

static bool run_command(struct worker *w, const struct command *command, struct err *err)
{
    switch (command->what) {
    case WORKER_OPEN:
        return ceremony_open(w->ceremony, command->side, err);
    case WORKER_DEVICES:
        return confirm_devices(w, command->uris, err);
    case WORKER_CHOOSE:
        return ceremony_choose(w->ceremony, command->side, &command->uri, err);
    case WORKER_REFRESH:
        return ceremony_refresh(w->ceremony, command->side, err);
    case WORKER_VERDICTS:
        return ceremony_verdicts(w->ceremony, err);
    case WORKER_COMPARE:
        return ceremony_compare(w->ceremony, command->handles, err);
    case WORKER_MAP:
        return ceremony_map(w->ceremony, command->asks, err);
    case WORKER_PLAN:
        return ceremony_plan(w->ceremony, &command->selection, err);
    case WORKER_REVIEW:
        return review(w, err);
    case WORKER_RESUME:
        return ceremony_resume(w->ceremony, err);
    case WORKER_SIGN:
        return sign(w, err);
    case WORKER_VISIT:
        return visit(w, err);
    default:
        run_ceremony(w);
        return true;
    }
}

static void report_done(struct worker *w, const struct command *command, bool ok,
                        const struct err *err)
{
    struct event done = {.kind = EVENT_DONE, .side = command->side};
    struct event error = {.kind = EVENT_ERROR, .side = command->side, .error = *err};
    struct err ignored;

    done.done.command = command->what;
    done.done.ok = ok;
    if (!ok)
        ceremony_emit(w->ceremony, &error, &ignored);
    ceremony_emit(w->ceremony, &done, &ignored);
}

static void carry_out(struct worker *w, struct command *command)
{
    struct err err = {0};
    bool ok = run_command(w, command, &err);

    report_done(w, command, ok, &err);
}

/* Opening an HSM, and choosing a token, in two halves: while the first HSM works, the second one is
 * asked. */
static bool begin(struct worker *w, struct command *command, struct err *err)
{
    return command->what == WORKER_OPEN
               ? ceremony_start(w->ceremony, command->side, err)
               : ceremony_enter(w->ceremony, command->side, &command->uri, err);
}

static void finish(struct worker *w, struct command *command, bool begun, struct err *err)
{
    bool ok =
        begun && (command->what == WORKER_OPEN ? ceremony_opened(w->ceremony, command->side, err)
                                               : ceremony_list(w->ceremony, command->side, err));

    report_done(w, command, ok, err);
}

/* Two commands, one for each side, that were begun. */
struct pair {
    struct command *command[2];
    bool begun[2], finished[2];
    struct err err[2];
};

static void finish_one(struct worker *w, struct pair *pair, unsigned i)
{
    if (!pair->finished[i])
        finish(w, pair->command[i], pair->begun[i], &pair->err[i]);
    pair->finished[i] = true;
}

/* Part after part, so that both HSMs read on. A list that fails is reported at once; otherwise the
 * first one is the first to be reported. */
static void list_both(struct worker *w, struct pair *pair)
{
    bool more[2] = {pair->begun[0], pair->begun[1]};

    while (more[0] || more[1])
        for (unsigned i = 0; i < 2; i++) {
            if (more[i] && !ceremony_list_part(w->ceremony, pair->command[i]->side, &more[i]))
                finish_one(w, pair, i);
            if (i == 0 && !more[0])
                finish_one(w, pair, 0);
        }
}

static void carry_out_both(struct worker *w, struct command *first, struct command *second)
{
    struct pair pair = {.command = {first, second}};

    pair.begun[0] = begin(w, first, &pair.err[0]);
    if (!pair.begun[0]) { /* its failure is reported before the other side is touched */
        report_done(w, first, false, &pair.err[0]);
        carry_out(w, second);
        return;
    }
    pair.begun[1] = begin(w, second, &pair.err[1]);
    if (first->what == WORKER_CHOOSE)
        list_both(w, &pair);
    finish_one(w, &pair, 0);
    finish_one(w, &pair, 1);
}

/* The same command for the other side, if it follows, so that both can be carried out at once. A
 * person who types a PIN must not let the answer of the first HSM wait. */
static struct command *take_other(struct worker *w, const struct command *first)
{
    struct command *next;
    bool both;

    if (first->what != WORKER_OPEN && first->what != WORKER_CHOOSE)
        return NULL;
    pthread_mutex_lock(&w->lock);
    next = STAILQ_FIRST(&w->commands);
    both = next && next->what == first->what && next->side != first->side &&
           (next->what == WORKER_OPEN || w->setup.side[next->side].pin_file[0]);
    if (both)
        STAILQ_REMOVE_HEAD(&w->commands, next);
    pthread_mutex_unlock(&w->lock);
    return both ? next : NULL;
}

static void *work(void *ctx)
{
    struct worker *w = ctx;
    struct command *command, *other;

    while ((command = worker_take(w)) != NULL) {
        worker_expect_rows(w, w->shows_rows && command->what == WORKER_CHOOSE);
        other = take_other(w, command);
        if (other)
            carry_out_both(w, command, other);
        else
            carry_out(w, command);
        command_free(command);
        command_free(other);
    }
    return NULL;
}

static bool queue(struct worker *w, struct command *command, struct err *err)
{
    if (!command)
        return err_set(err, ERR_FAILED, "no memory for a command");
    pthread_mutex_lock(&w->lock);
    STAILQ_INSERT_TAIL(&w->commands, command, next);
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
    return true;
}

static struct command *command_new(enum worker_command what, enum side side)
{
    struct command *command = calloc(1, sizeof *command);

    if (command) {
        command->what = what;
        command->side = side;
    }
    return command;
}

bool worker_open(struct worker *w, enum side side, struct err *err)
{
    return queue(w, command_new(WORKER_OPEN, side), err);
}

bool worker_devices(struct worker *w, const struct uri *const token[2], struct err *err)
{
    struct command *command = command_new(WORKER_DEVICES, SIDE_RELAY);

    if (command && (command->uris = calloc(2, sizeof *command->uris)) != NULL) {
        command->uris[SIDE_SOURCE] = *token[SIDE_SOURCE];
        command->uris[SIDE_DESTINATION] = *token[SIDE_DESTINATION];
    } else if (command) {
        command_free(command);
        command = NULL;
    }
    return queue(w, command, err);
}

bool worker_choose(struct worker *w, enum side side, const struct uri *uri, struct err *err)
{
    struct command *command = command_new(WORKER_CHOOSE, side);

    if (command)
        command->uri = *uri;
    return queue(w, command, err);
}

bool worker_refresh(struct worker *w, enum side side, struct err *err)
{
    return queue(w, command_new(WORKER_REFRESH, side), err);
}

bool worker_verdicts(struct worker *w, struct err *err)
{
    return queue(w, command_new(WORKER_VERDICTS, SIDE_RELAY), err);
}

bool worker_review(struct worker *w, struct err *err)
{
    return queue(w, command_new(WORKER_REVIEW, SIDE_RELAY), err);
}

bool worker_resume(struct worker *w, struct err *err)
{
    return queue(w, command_new(WORKER_RESUME, SIDE_RELAY), err);
}

bool worker_run(struct worker *w, struct err *err)
{
    return queue(w, command_new(WORKER_RUN, SIDE_RELAY), err);
}

bool worker_sign(struct worker *w, struct err *err)
{
    return queue(w, command_new(WORKER_SIGN, SIDE_RELAY), err);
}

bool worker_visit(struct worker *w, struct err *err)
{
    return queue(w, command_new(WORKER_VISIT, SIDE_RELAY), err);
}

static void *copy_of(const void *from, size_t count, size_t size)
{
    void *to = calloc(count + 1, size);

    if (to && count)
        memcpy(to, from, count * size);
    return to;
}

bool worker_compare(struct worker *w, const uint64_t handle[2], struct err *err)
{
    struct command *command = command_new(WORKER_COMPARE, SIDE_RELAY);

    if (command && handle && !(command->handles = copy_of(handle, 2, sizeof *handle))) {
        command_free(command);
        command = NULL;
    }
    return queue(w, command, err);
}

bool worker_map(struct worker *w, bool asks, struct err *err)
{
    struct command *command = command_new(WORKER_MAP, SIDE_RELAY);

    if (command)
        command->asks = asks;
    return queue(w, command, err);
}

bool worker_plan(struct worker *w, const struct selection *selection, struct err *err)
{
    struct command *command = command_new(WORKER_PLAN, SIDE_RELAY);

    if (!command)
        return queue(w, NULL, err);
    command->uris = copy_of(selection->uris, selection->uri_count, sizeof *command->uris);
    command->handles =
        copy_of(selection->handles, selection->handle_count, sizeof *command->handles);
    command->known = copy_of(selection->known, selection->known_count, sizeof *command->known);
    if (!command->uris || !command->handles || !command->known) {
        command_free(command);
        return queue(w, NULL, err);
    }
    command->selection = (struct selection){
        command->uris,  selection->uri_count,   command->handles,           selection->handle_count,
        command->known, selection->known_count, .resync = selection->resync};
    return queue(w, command, err);
}

/* --- answers --- */

void worker_answer(struct worker *w, uint64_t serial, const char *text, size_t len)
{
    struct secret answer = {0};
    struct err ignored;

    if (!secret_new(&answer, ANSWER_MAX, &ignored) || !secret_set(&answer, text, len, &ignored)) {
        secret_free(&answer);
        return;
    }
    pthread_mutex_lock(&w->lock);
    if (serial != 0 && serial == w->asked && !w->wanted && !w->answered && !w->refused) {
        w->answer = answer;
        answer = (struct secret){0}; /* ownership was passed on */
        w->answered = true;
        pthread_cond_broadcast(&w->changed);
    }
    pthread_mutex_unlock(&w->lock);
    secret_free(&answer);
}

bool worker_exception(struct worker *w, const struct event *exception, struct err *err)
{
    struct waiting *waiting = calloc(1, sizeof *waiting);

    if (!waiting)
        return err_set(err, ERR_FAILED, "no memory for an exception");
    waiting->event = *exception;
    pthread_mutex_lock(&w->lock);
    STAILQ_INSERT_TAIL(&w->exceptions, waiting, next);
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
    return true;
}

void worker_pace(struct worker *w, enum pace pace, uint64_t go_on)
{
    pthread_mutex_lock(&w->lock);
    if (pace != PACE_NONE)
        w->pace = pace;
    w->released |= go_on != 0 && go_on == w->waits;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

void worker_stop(struct worker *w)
{
    pthread_mutex_lock(&w->lock);
    if (w->asked)
        w->refused = true;
    else {
        ceremony_stop(w->ceremony);
        w->stopping = true;
    }
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

void worker_abandon(struct worker *w, enum side side)
{
    eventfd_write(w->side[side].abandon_fd, 1);
}

/* --- start and end --- */

/* Signals are handled by the main thread. */
static int start_thread(struct worker *w)
{
    sigset_t all, before;
    int no;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    no = pthread_create(&w->thread, NULL, work, w);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return no;
}

static void release(struct worker *w)
{
    struct command *command;
    struct waiting *waiting;

    ceremony_free(w->ceremony);
    while ((waiting = STAILQ_FIRST(&w->exceptions)) != NULL) {
        STAILQ_REMOVE_HEAD(&w->exceptions, next);
        free(waiting);
    }
    while ((command = STAILQ_FIRST(&w->commands)) != NULL) {
        STAILQ_REMOVE_HEAD(&w->commands, next);
        command_free(command);
    }
    for (enum side side = SIDE_SOURCE; side < SIDES; side++) {
        if (w->side[side].abandon_fd >= 0)
            close(w->side[side].abandon_fd);
        if (w->side[side].lock_fd >= 0)
            close(w->side[side].lock_fd);
        worker_drop_rows(w, side);
    }
    for (unsigned i = 0; i < 2; i++)
        if (w->events[i] >= 0)
            close(w->events[i]);
    secret_free(&w->answer);
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

bool worker_new(const struct worker_setup *setup, struct worker **out, struct err *err)
{
    struct worker *w = calloc(1, sizeof *w);
    struct ceremony_host host;
    int no = 0;

    if (!w)
        return err_set(err, ERR_FAILED, "no memory for a ceremony");
    w->setup = *setup;
    pthread_mutex_init(&w->emitting, NULL);
    w->sink.emit = worker_emit;
    w->sink.together = worker_emit_together;
    w->events[0] = w->events[1] = -1;
    STAILQ_INIT(&w->commands);
    STAILQ_INIT(&w->exceptions);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->changed, NULL);
    for (enum side side = SIDE_SOURCE; side < SIDES; side++)
        w->side[side] =
            (struct side_of_worker){.worker = w,
                                    .side = side,
                                    .abandon_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
                                    .lock_fd = -1};
    no = getrandom(&w->ceremony_number, sizeof w->ceremony_number, 0) < 0 ? errno : 0;
    if (no != 0) {
        err_set_errno(err, ERR_FAILED, no, "no random number for a ceremony");
        goto failed;
    }
    if (w->side[0].abandon_fd < 0 || w->side[1].abandon_fd < 0 || w->side[2].abandon_fd < 0 ||
        pipe2(w->events, O_CLOEXEC) < 0) {
        err_set_errno(err, ERR_IO, errno, "no pipes for a ceremony");
        goto failed;
    }
    fcntl(w->events[0], F_SETFL, O_NONBLOCK);
    fcntl(w->events[1], F_SETPIPE_SZ, PIPE_SIZE); /* a larger pipe is useful, but not required */
    host = worker_host(w);
    if (!ceremony_new(&setup->ceremony, &host, &w->ceremony, err))
        goto failed;
    no = start_thread(w);
    if (no != 0) {
        err_set_errno(err, ERR_FAILED, no, "no thread for a ceremony");
        goto failed;
    }
    *out = w;
    return true;
failed:
    release(w);
    return false;
}

void worker_free(struct worker *w)
{
    if (!w)
        return;
    ceremony_stop(w->ceremony);
    pthread_mutex_lock(&w->lock);
    w->quit = true;
    close(w->events[0]); /* nobody reads any more: a full pipe must not block the thread */
    w->events[0] = -1;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    release(w);
}

int worker_fd(const struct worker *w)
{
    return w->events[0];
}

bool worker_event(struct worker *w, struct event *event)
{
    return read(w->events[0], event, sizeof *event) == (ssize_t)sizeof *event;
}
