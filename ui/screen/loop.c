/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/screen/loop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "ui/model/dispatch.h"
#include "ui/model/marks.h"
#include "ui/model/pair.h"
#include "ui/model/replay_app.h"
#include "ui/screen/draw.h"
#include "ui/screen/results.h"
#include "ui/screen/screen.h"

enum {
    FRAME_MS = 33,       /* at most so often is the screen drawn while events pour in */
    TICK_MS = 250,       /* a running call's seconds */
    EVENTS_AT_ONCE = 64, /* between two looks at the keyboard */
};

struct console {
    const struct console_host *host;
    struct app *app;           /* what is shown: the live one, or that of the replay */
    struct app *live;          /* NULL: there is none but a replay */
    struct replay_app *replay; /* NULL: nothing is replayed */
    const struct recording *const *recordings; /* that are replayed after each other */
    struct worker *worker;                     /* NULL: none yet */
    struct canvas canvas;
    int signals; /* signalfd */
    bool quit;
    bool gone;  /* the terminal is: nothing is read or shown any more */
    bool dirty; /* something changed since the last frame */
    int64_t drawn_ms;
};

static int64_t clock_ms(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The visit after this one, or before it, in its place; it plays on. */
static void turn_replay(struct console *c)
{
    struct replay *from = &c->replay->replay;
    const size_t part = from->turn > 0 ? from->part + 1 : from->part - 1;
    struct replay_app *to = NULL;
    struct err err;

    if (!replay_app_new(c->recordings[part], &to, &err) ||
        (from->turn < 0 && !replay_seek(&to->replay, to->replay.recording->count, &err))) {
        replay_app_free(to);
        from->turn = 0;
        app_show_error(c->app, &err);
        return;
    }
    to->replay.part = part;
    to->replay.parts = from->parts;
    to->replay.speed = from->turn > 0 ? from->speed : REPLAY_PAUSED;
    to->replay.clock_ms = replay_ms(&to->replay.last);
    to->replay.played_ms = clock_ms(CLOCK_MONOTONIC);
    to->app->at.keys_missing = c->app->at.keys_missing;
    replay_app_free(c->replay);
    c->replay = to;
    c->app = to->app;
    app_size(c->app, c->canvas.w, c->canvas.h);
}

static void set_time(struct console *c)
{
    if (c->replay && c->replay->replay.turn) {
        turn_replay(c);
        c->dirty = true;
    }
    if (c->replay)
        c->dirty |= replay_app_time(c->app, clock_ms(CLOCK_MONOTONIC));
    else
        app_time(c->app, clock_ms(CLOCK_MONOTONIC), clock_ms(CLOCK_REALTIME));
}

/* --- what the model wants done ---------------------------------------------------------------- */

static void end_worker(struct console *c)
{
    if (!c->worker)
        return;
    /* Nobody waits for an HSM that does not answer. */
    worker_abandon(c->worker, SIDE_SOURCE);
    worker_abandon(c->worker, SIDE_DESTINATION);
    worker_abandon(c->worker, SIDE_RELAY);
    worker_free(c->worker);
    c->worker = NULL;
}

static bool do_start(struct console *c, const struct request *r, struct err *err)
{
    (void)r;
    end_worker(c);
    if (!c->host->start(c->host->ctx, c->app->config, &c->worker, err))
        return false;
    worker_show_rows(c->worker);
    if (c->host->interrupted)
        memcpy(c->app->settle.own, c->host->interrupted->own, sizeof c->app->settle.own);
    return true;
}

static bool do_open(struct console *c, const struct request *r, struct err *err)
{
    return worker_open(c->worker, r->side, err);
}

static bool do_choose(struct console *c, const struct request *r, struct err *err)
{
    return worker_choose(c->worker, r->side, &c->app->config->side[r->side].token, err);
}

static bool do_devices(struct console *c, const struct request *r, struct err *err)
{
    const struct config_side *side = c->app->config->side;

    (void)r;
    return worker_devices(
        c->worker, (const struct uri *[]){&side[SIDE_SOURCE].token, &side[SIDE_DESTINATION].token},
        err);
}

static bool do_refresh(struct console *c, const struct request *r, struct err *err)
{
    return worker_refresh(c->worker, r->side, err);
}

static bool do_compared(struct console *c, const struct request *r, struct err *err)
{
    const struct key_desc *source, *destination;

    (void)r;
    pair_of(c->app, &source, &destination);
    if (!source || !destination)
        return err_set(err, ERR_NO_INPUT, "The other side holds no key of this name");
    return worker_compare(c->worker, (const uint64_t[2]){source->handle, destination->handle}, err);
}

static bool do_verdicts(struct console *c, const struct request *r, struct err *err)
{
    (void)r;
    return worker_verdicts(c->worker, err);
}

static bool do_map(struct console *c, const struct request *r, struct err *err)
{
    (void)r;
    return worker_map(c->worker, false, err);
}

static bool do_plan(struct console *c, const struct request *r, struct err *err)
{
    struct selection selection;
    uint64_t *handles;
    bool ok;

    (void)r;
    /* Before the canary writes: a resume needs the choices made here to find its objects. */
    if (!c->host->keep(c->host->ctx, err) || !marks_selection(c->app, &selection, &handles, err))
        return false;
    ok = worker_plan(c->worker, &selection, err);
    free(handles);
    return ok;
}

static bool do_review(struct console *c, const struct request *r, struct err *err)
{
    (void)r;
    return worker_review(c->worker, err);
}

static bool do_run(struct console *c, const struct request *r, struct err *err)
{
    (void)r;
    return c->host->keep(c->host->ctx, err) && worker_run(c->worker, err);
}

static bool do_visit(struct console *c, const struct request *r, struct err *err)
{
    (void)r;
    return worker_visit(c->worker, err);
}

static bool do_interrupted(struct console *c, const struct request *r, struct err *err)
{
    (void)r;
    return c->host->keep(c->host->ctx, err) && worker_resume(c->worker, err);
}

static bool do_sign(struct console *c, const struct request *r, struct err *err)
{
    (void)r;
    return worker_sign(c->worker, err);
}

static bool do_answer(struct console *c, const struct request *r, struct err *err)
{
    struct secret *answer = &c->app->asked.answer;

    (void)err;
    worker_answer(c->worker, r->serial, (const char *)answer->data, answer->len);
    explicit_bzero(answer->data, answer->cap);
    answer->len = 0;
    return true;
}

static bool do_pace(struct console *c, const struct request *r, struct err *err)
{
    (void)err;
    worker_pace(c->worker, r->pace, r->serial);
    return true;
}

static bool do_stop(struct console *c, const struct request *r, struct err *err)
{
    (void)r;
    (void)err;
    worker_stop(c->worker);
    return true;
}

static bool do_abandon(struct console *c, const struct request *r, struct err *err)
{
    (void)err;
    worker_abandon(c->worker, r->side);
    return true;
}

static bool do_save(struct console *c, const struct request *r, struct err *err)
{
    (void)r;
    if (!c->host->save(c->host->ctx, c->app->queue.save_path, err))
        return false;
    app_saved(c->app);
    return true;
}

static bool do_report(struct console *c, const struct request *r, struct err *err)
{
    struct app_report report = {0};

    (void)r;
    (void)err;
    if (!c->host->report(c->host->ctx, &report, &report.err))
        report.path[0] = '\0';
    app_take_report(c->app, &report);
    return true;
}

/* A convenience: the ceremony continues without it. */
static bool do_remember(struct console *c, const struct request *r, struct err *err)
{
    (void)r;
    (void)err;
    c->host->remember(c->host->ctx);
    return true;
}

static bool do_flush(struct console *c, const struct request *r, struct err *err)
{
    (void)c;
    (void)r;
    (void)err;
    term_flush();
    return true;
}

static bool do_redraw(struct console *c, const struct request *r, struct err *err)
{
    (void)c;
    (void)r;
    (void)err;
    term_redraw();
    return true;
}

static bool do_suspend(struct console *c, const struct request *r, struct err *err)
{
    (void)c;
    (void)r;
    (void)err;
    term_suspend();
    return true;
}

static bool do_settle(struct console *c, const struct request *r, struct err *err)
{
    (void)err;
    c->host->settle(c->host->ctx, r->kind == REQUEST_CLEAN);
    c->quit = true;
    return true;
}

/* From a replay back to the live console, as large as the window is now. */
static void end_replay(struct console *c)
{
    replay_app_free(c->replay);
    c->replay = NULL;
    c->app = c->live;
    if (c->live)
        app_size(c->live, c->canvas.w, c->canvas.h);
}

static bool do_replay(struct console *c, const struct request *r, struct err *err)
{
    const struct recording *recording;

    (void)r;
    if (!c->host->recording(c->host->ctx, &recording, err) ||
        !replay_app_new(recording, &c->replay, err))
        return false;
    c->app = c->replay->app;
    app_size(c->app, c->canvas.w, c->canvas.h);
    return true;
}

static bool do_quit(struct console *c, const struct request *r, struct err *err)
{
    (void)r;
    (void)err;
    if (c->replay && c->live)
        end_replay(c);
    else
        c->quit = true;
    return true;
}

static bool do_exception(struct console *c, const struct request *r, struct err *err)
{
    (void)r;
    return worker_exception(c->worker, &c->app->asked.exception, err);
}

static const struct {
    bool (*carry_out)(struct console *c, const struct request *r, struct err *err);
    bool needs_worker;
} doings[REQUESTS] = {
    [REQUEST_START] = {do_start, false},
    [REQUEST_OPEN] = {do_open, true},
    [REQUEST_CHOOSE] = {do_choose, true},
    [REQUEST_REFRESH] = {do_refresh, true},
    [REQUEST_COMPARED] = {do_compared, true},
    [REQUEST_DEVICES] = {do_devices, true},
    [REQUEST_VERDICTS] = {do_verdicts, true},
    [REQUEST_MAP] = {do_map, true},
    [REQUEST_PLAN] = {do_plan, true},
    [REQUEST_REVIEW] = {do_review, true},
    [REQUEST_SIGN] = {do_sign, true},
    [REQUEST_VISIT] = {do_visit, true},
    [REQUEST_RUN] = {do_run, true},
    [REQUEST_ANSWER] = {do_answer, true},
    [REQUEST_STOP] = {do_stop, true},
    [REQUEST_ABANDON] = {do_abandon, true},
    [REQUEST_SAVE] = {do_save, false},
    [REQUEST_REPORT] = {do_report, false},
    [REQUEST_FLUSH] = {do_flush, false},
    [REQUEST_REDRAW] = {do_redraw, false},
    [REQUEST_EXCEPTION] = {do_exception, true},
    [REQUEST_RESUME] = {do_settle, false},
    [REQUEST_CLEAN] = {do_settle, false},
    [REQUEST_SUSPEND] = {do_suspend, false},
    [REQUEST_QUIT] = {do_quit, false},
    [REQUEST_REPLAY] = {do_replay, false},
    [REQUEST_PACE] = {do_pace, true},
    [REQUEST_INTERRUPTED] = {do_interrupted, true},
    [REQUEST_REMEMBER] = {do_remember, false},
};

static void carry_out(struct console *c)
{
    struct request request;

    while (app_request(c->app, &request)) {
        struct err err = {0};
        if (doings[request.kind].needs_worker && !c->worker)
            continue; /* it could not be started, and that was told */
        if (!doings[request.kind].carry_out(c, &request, &err))
            app_failed(c->app, request.kind, &err);
    }
}

/* --- what comes in ---------------------------------------------------------------------------- */

static void take_events(struct console *c)
{
    struct event e;

    for (int i = 0; i < EVENTS_AT_ONCE && c->worker && worker_event(c->worker, &e); i++) {
        results_take(c->app, c->worker, &e);
        app_event(c->app, &e);
        if (e.kind == EVENT_DONE)
            app_done(c->app, results_request(e.done.command), e.side, e.done.ok);
        carry_out(c);
        c->dirty = true;
    }
}

static void take_keys(struct console *c)
{
    int press;

    while (!c->quit && term_key(&press)) {
        app_press(c->app, press);
        carry_out(c);
        c->dirty = true;
    }
}

static void take_size(struct console *c)
{
    struct err err;
    int columns, lines;

    term_size(&columns, &lines);
    if (columns == c->canvas.w && lines == c->canvas.h)
        return;
    if (canvas_resize(&c->canvas, columns, lines, &err)) {
        app_size(c->app, columns, lines);
        term_redraw();
        c->dirty = true;
    }
}

/* A lost terminal is reported in two ways, which must not count as two requests. */
static void terminate(struct console *c, bool gone)
{
    c->gone |= gone;
    if (c->replay && c->live)
        end_replay(c);
    app_terminate(c->app);
    carry_out(c);
}

static void take_signals(struct console *c)
{
    struct signalfd_siginfo info;

    while (read(c->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGWINCH)
            take_size(c);
        else if (info.ssi_signo != SIGHUP || !c->gone)
            terminate(c, info.ssi_signo == SIGHUP);
    }
}

static void draw(struct console *c)
{
    int64_t now = clock_ms(CLOCK_MONOTONIC);

    if (c->gone)
        return;
    if (!c->dirty && now - c->drawn_ms < TICK_MS)
        return;
    if (now - c->drawn_ms < FRAME_MS)
        return;
    screen_draw(c->app, &c->canvas);
    term_show(&c->canvas);
    c->drawn_ms = now;
    c->dirty = false;
}

static void wait_and_take(struct console *c)
{
    struct pollfd fds[] = {
        {.fd = c->gone ? -1 : term_fd(), .events = POLLIN},
        {.fd = c->signals, .events = POLLIN},
        {.fd = c->worker && !c->replay ? worker_fd(c->worker) : -1, .events = POLLIN},
    };
    const bool busy = c->dirty || (c->replay && c->replay->replay.speed != REPLAY_PAUSED);
    const int tick = busy ? FRAME_MS : TICK_MS, key_wait = c->gone ? -1 : term_wait();

    poll(fds, 3, key_wait >= 0 && key_wait < tick ? key_wait : tick);
    set_time(c);
    if (fds[1].revents)
        take_signals(c);
    if (!c->gone && (fds[0].revents & (POLLHUP | POLLERR)))
        terminate(c, true);
    if (!c->gone)
        take_keys(c);
    if (fds[2].revents)
        take_events(c);
    draw(c);
}

/* --- from beginning to end -------------------------------------------------------------------- */

/* Signals come as something to be read, like all else; the worker's thread and the agents have
 * their own rules. */
static bool open_signals(struct console *c, sigset_t *were, struct err *err)
{
    static const int wanted[] = {SIGWINCH, SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        sigaddset(&set, wanted[i]);
    sigprocmask(SIG_BLOCK, &set, were);
    c->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return c->signals >= 0 || err_set_errno(err, ERR_IO, errno, "Signals cannot be waited for");
}

static void run(struct console *c)
{
    if (c->live && c->host->interrupted)
        c->app->settle = *c->host->interrupted;
    c->app->setup.stores = c->host->stores;
    c->app->setup.recent = c->host->recent;
    c->canvas.ascii = term_is_ascii();
    c->app->at.keys_missing = term_missing_keys();
    set_time(c);
    if (c->live)
        app_start(c->app);
    take_size(c);
    screen_draw(c->app, &c->canvas); /* something is seen before anything is opened */
    term_show(&c->canvas);
    carry_out(c);
    c->dirty = true;
    while (!c->quit)
        wait_and_take(c);
}

/* On the terminal, until somebody leaves. */
static void run_on_terminal(struct console *c, const struct term_options *options, struct err *err)
{
    sigset_t were;

    if (open_signals(c, &were, err) && term_start(options, err)) {
        run(c);
        end_worker(c);
        term_stop();
    }
    if (c->signals >= 0) {
        close(c->signals);
        sigprocmask(SIG_SETMASK, &were, NULL);
    }
    canvas_free(&c->canvas);
}

int console_run(struct config *config, const struct console_host *host,
                const struct term_options *options, struct err *err)
{
    struct console c = {.host = host, .signals = -1};
    int exit_code;

    err_clear(err);
    if (app_new(config, &c.live, err)) {
        c.app = c.live;
        c.live->at.visit = host->visit;
        c.live->at.removal = host->removal;
        run_on_terminal(&c, options, err);
    }
    exit_code = err->code == ERR_NONE ? app_exit_code(c.live) : err_exit(err->code);
    replay_app_free(c.replay);
    app_free(c.live);
    return exit_code;
}

int console_replay(const struct recording *const *recordings, size_t count,
                   const struct term_options *options, struct err *err)
{
    static const struct console_host nobody;
    struct console c = {.host = &nobody, .signals = -1, .recordings = recordings};

    err_clear(err);
    if (replay_app_new(recordings[0], &c.replay, err)) {
        c.replay->replay.parts = count;
        c.app = c.replay->app;
        run_on_terminal(&c, options, err);
    }
    replay_app_free(c.replay);
    return err_exit(err->code);
}
