/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/plain/plain_loop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "ui/model/gate_words.h"
#include "ui/model/next.h"
#include "ui/plain/ask.h"
#include "ui/plain/plain.h"

enum { PLAIN_TICK_MS = 1000, EXPLAIN_COLUMNS = 78 };

/* The commands of a ceremony, in their order. To list is to end before the plan. */
static const struct {
    enum worker_command what;
    enum side side;
} commands[] = {
    {WORKER_OPEN, SIDE_SOURCE},   {WORKER_OPEN, SIDE_DESTINATION},   {WORKER_DEVICES, SIDE_RELAY},
    {WORKER_CHOOSE, SIDE_SOURCE}, {WORKER_CHOOSE, SIDE_DESTINATION}, {WORKER_COMPARE, SIDE_RELAY},
    {WORKER_MAP, SIDE_RELAY},     {WORKER_PLAN, SIDE_RELAY},         {WORKER_REVIEW, SIDE_RELAY},
    {WORKER_RUN, SIDE_RELAY},     {WORKER_SIGN, SIDE_RELAY},         {WORKER_VISIT, SIDE_RELAY},
};
enum {
    VISIT = sizeof commands / sizeof commands[0] - 1,
    SIGN = VISIT - 1,
    REVIEW = SIGN - 2,
    PLAN = REVIEW - 1
};

struct loop {
    const struct plain_job *job;
    struct plain_result result;
    size_t command; /* the current one */
    size_t sent;    /* all before this one were sent */
    bool side_failed[2];
    bool over;    /* no command is in progress, and none will follow */
    bool has_end; /* EVENT_END came: it has the exit code */
    struct ask ask;
    uint64_t asked;       /* seq of what is asked */
    bool last_try;        /* the question is whether to risk the last try for a PIN */
    struct event pin;     /* the PIN that is asked for */
    struct event gate;    /* the gate that is open */
    struct event pace;    /* the step that it waits before */
    struct run run;       /* the plan, to say what such a step will do; empty if nothing waits */
    enum event_kind open; /* which of the three; EVENT_SCRIPT: an exception is its only answer */
    bool rehearsal;
    enum removal removal;
    struct event exception; /* the one being typed; it also holds the current step and key */
    unsigned part;          /* of the exception, asked for now, from 1; 0: none is written */
    bool handed_on;         /* one was, and the question is asked again once it is on record */
    bool hinted;            /* the way to write one was explained */
};

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void note_failure(struct loop *l, const struct err *err)
{
    l->result.err = *err;
    if (!l->has_end && l->result.exit_code == 0)
        l->result.exit_code = err_exit(err->code);
}

/* A failure of our own. */
static void complain(struct loop *l, const struct err *err)
{
    note_failure(l, err);
    plain_error(stderr, err);
}

/* --- commands ------------------------------------------------------------------------------- */

static bool send_command(const struct loop *l, struct err *err)
{
    struct worker *w = l->job->worker;
    enum side side = commands[l->command].side;

    switch (commands[l->command].what) {
    case WORKER_OPEN:
        return worker_open(w, side, err);
    case WORKER_DEVICES:
        return worker_devices(w, l->job->token, err);
    case WORKER_CHOOSE:
        return worker_choose(w, side, l->job->token[side], err);
    case WORKER_COMPARE:
        return worker_compare(w, NULL, err);
    case WORKER_MAP:
        return worker_map(w, l->job->map_asks, err);
    case WORKER_PLAN:
        if (l->job->resume)
            return worker_resume(w, err);
        return worker_plan(w, l->job->selection, err);
    case WORKER_REVIEW:
        return worker_review(w, err);
    case WORKER_SIGN:
        return worker_sign(w, err);
    case WORKER_VISIT:
        return worker_visit(w, err);
    default:
        return worker_run(w, err);
    }
}

/* Which command of the table is the last. */
static size_t count_commands(const struct plain_job *job)
{
    return job->visit        ? VISIT + 1
           : job->sign       ? SIGN + 1
           : !job->selection ? PLAN
           : job->until_plan ? REVIEW
                             : SIGN;
}

/* Devices are confirmed only before a ceremony. */
static bool is_skipped(const struct loop *l)
{
    const bool failed = l->side_failed[SIDE_SOURCE] || l->side_failed[SIDE_DESTINATION];

    if (commands[l->command].what == WORKER_COMPARE)
        return !l->job->compare || failed;
    if (commands[l->command].what == WORKER_MAP)
        return !l->job->map || failed;
    if (commands[l->command].what == WORKER_DEVICES)
        return !l->job->selection || l->job->until_plan;
    return commands[l->command].side != SIDE_RELAY && l->side_failed[commands[l->command].side];
}

/* Can both sides be asked at once? In a ceremony the failure of one of them is the end. */
static bool may_ask_both(const struct loop *l)
{
    return commands[l->command].side == SIDE_SOURCE && !l->side_failed[SIDE_DESTINATION] &&
           !l->job->selection && !l->job->sign && !l->job->visit;
}

/* Sends the next command together with this one. */
static bool send_other(struct loop *l, struct err *err)
{
    struct loop other = *l;

    other.command++;
    l->sent = l->command + 2;
    return send_command(&other, err);
}

static void start_command(struct loop *l)
{
    size_t count = count_commands(l->job);
    struct err err = {0};

    while (l->command < count && is_skipped(l))
        l->command++;
    /* A ceremony that is open at its review comes to its end by running, stopped or not. */
    l->over = l->command >= count || (l->result.stopped && commands[l->command].what != WORKER_RUN);
    if (l->sent > l->command) /* together with the one before it */
        return;
    if (!l->over && !(send_command(l, &err) && (!may_ask_both(l) || send_other(l, &err)))) {
        complain(l, &err);
        l->over = true;
    }
}

static void command_done(struct loop *l, const struct event *event)
{
    if (!event->done.ok && (l->job->selection || l->job->sign || l->job->visit)) {
        l->over = true;
        return;
    }
    if (!event->done.ok && commands[l->command].side != SIDE_RELAY)
        l->side_failed[commands[l->command].side] = true;
    l->command++;
    start_command(l);
}

/* --- questions ------------------------------------------------------------------------------ */

static void refuse(struct loop *l)
{
    ask_end(&l->ask);
    worker_stop(l->job->worker);
}

static void ask(struct loop *l, const char *prompt, bool hidden)
{
    char line[EVENT_TEXT_MAX + sizeof PLAIN_STAMP];
    struct err err = {0};

    if (l->result.stopped) {
        refuse(l);
        return;
    }
    if (l->ask.fd < 0) {
        err_set(&err, ERR_STOPPED, "There is no terminal on which to ask: %s", prompt);
        err_next(&err, "Run it on a terminal, or name a PIN file and waive the gates in the "
                       "ceremony file");
        plain_error(stderr, &err);
        refuse(l);
        return;
    }
    text_print(line, sizeof line, "%s%s", l->rehearsal ? PLAIN_STAMP : "", prompt);
    if (!ask_begin(&l->ask, line, hidden, &err)) {
        complain(l, &err);
        refuse(l);
    }
}

static void ask_pin(struct loop *l)
{
    char prompt[EVENT_TEXT_MAX];

    l->last_try = false;
    text_print(prompt, sizeof prompt, "%s%s%s%sPIN of token %s %s%s", l->pin.pin.officer,
               l->pin.pin.officer[0] ? ", " : "", l->pin.pin.role,
               l->pin.pin.officer[0] ? ", your " : "", l->pin.pin.token,
               l->pin.side == SIDE_RELAY ? "to sign the report" : "on the ",
               l->pin.side == SIDE_RELAY ? "" : side_name(l->pin.side));
    ask(l, prompt, true);
}

/* What the next step will do, and the question for it. */
static void ask_pace(struct loop *l)
{
    enum step_id step = l->pace.pace.step;
    char text[sizeof(struct next_words) + 8];
    struct next_words words;

    next_words(&l->run, step, l->pace.key, &words);
    text_print(text, sizeof text, "NEXT: %s %s", words.does, words.leaves);
    if (l->job->log)
        plain_log_note(l->job->log, text);
    text_print(text, sizeof text,
               "Enter carries out step %d;  key  finishes this key,  run  all that is left",
               step_number(step));
    ask(l, text, false);
}

/* Asks, for the first time or again, what is open. */
static void ask_open(struct loop *l)
{
    if (l->job->log && l->ask.fd >= 0 && !l->hinted)
        plain_log_note(
            l->job->log,
            "(An answer of  !help  explains the question;  !exception  writes down what is "
            "not as planned.)");
    l->hinted = true;
    if (l->open == EVENT_PACE)
        ask_pace(l);
    else if (l->open == EVENT_GATE)
        ask(l, l->gate.gate.question, false);
    else if (l->open == EVENT_SCRIPT)
        ask(l, "type  !exception  to write down why it is not as the script says", false);
    else if (l->last_try)
        ask(l, "a wrong PIN locks this token; type  last try  to go on", false);
    else
        ask_pin(l);
}

static void ask_of(struct loop *l, const struct event *event)
{
    l->asked = event->seq;
    l->last_try = event->kind == EVENT_PIN && (event->pin.flags & HSM_TOKEN_PIN_FINAL_TRY);
    l->open = event->kind;
    if (l->open != EVENT_SCRIPT)
        *(l->open == EVENT_GATE ? &l->gate : l->open == EVENT_PACE ? &l->pace : &l->pin) = *event;
    ask_open(l);
}

/* An exception records the step that began last, and its key. */
static void note_step(struct loop *l, const struct event *event)
{
    bool of_key = event->step.id >= STEP_WRAP_KEY && event->step.id <= STEP_SEAL;

    if (event->step.state != EVENT_BEGUN)
        return;
    l->exception.exception.begun = true;
    l->exception.exception.step = event->step.id;
    l->exception.key = of_key ? event->key : 0;
}

static void ask_part(struct loop *l)
{
    static const char *const prompts[] = {"What was expected", "What happened instead",
                                          "What was decided, and by whom"};

    ask(l, prompts[l->part - 1], false);
}

/* A part of an exception was typed. The gate is asked again once the exception is recorded. */
static void take_part(struct loop *l)
{
    struct event *e = &l->exception;
    char *const parts[] = {e->exception.expected, e->exception.happened, e->exception.decided};
    const struct secret *line = &l->ask.line;
    struct err err = {0};

    text_safe(line->data, line->len, parts[l->part - 1], EVENT_TEXT_MAX);
    l->part += line->len > 0;
    if (l->part <= sizeof parts / sizeof parts[0]) {
        ask_part(l);
        return;
    }
    l->part = 0;
    ask_end(&l->ask);
    e->kind = EVENT_EXCEPTION;
    e->side = SIDE_RELAY;
    l->handed_on = worker_exception(l->job->worker, e, &err);
    if (l->handed_on)
        return;
    complain(l, &err);
    refuse(l);
}

/* No PIN, and no answer at a gate, is a word like this. */
static bool is_word(const struct secret *line, const char *word)
{
    return line->len == strlen(word) && memcmp(line->data, word, line->len) == 0;
}

/* Explains what is asked, and asks again. */
static void explain(struct loop *l)
{
    struct sheet sheet;

    sheet_clear(&sheet);
    if (l->open == EVENT_GATE) {
        gate_words(l->gate.gate.gate, l->removal, &sheet);
        sheet_line(&sheet, "Tries left: %u. After them the ceremony is stopped.",
                   l->gate.gate.tries_left);
    } else if (l->open == EVENT_SCRIPT)
        sheet_line(
            &sheet, "%s",
            "The keys or settings are not as the ceremony file names them. The review opens "
            "once an exception says what was expected, what happened, and what was decided.");
    else
        sheet_line(&sheet,
                   "Compare the token's label with the script on paper, serial %s. One try "
                   "is made with this PIN; the token counts wrong ones, and may lock.",
                   l->pin.pin.serial);
    sheet_line(&sheet, "%s",
               l->removal != REMOVAL_NONE
                   ? "Ctrl-C stops the removal before its next step. Keys that are destroyed by "
                     "then are not restored."
                   : "Ctrl-C stops the ceremony before its next step. What was begun is "
                     "undone, and the source is unchanged.");
    sheet_wrap(&sheet, EXPLAIN_COLUMNS);
    for (char *line = sheet.text, *end; l->job->log && (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        plain_log_note(l->job->log, line);
    }
    ask_open(l);
}

static bool is_typed(const struct loop *l, const char *words)
{
    const struct secret *line = &l->ask.line;
    char typed[16] = "";

    memcpy(typed, line->data, line->len < sizeof typed ? line->len : sizeof typed - 1);
    return text_typed_equal(typed, words, true);
}

/* Enter carries out the step; a word chooses another pace, too. Anything else is asked again. */
static void answer_pace(struct loop *l)
{
    static const struct {
        const char *word;
        enum pace pace;
    } words[] = {{"", PACE_NONE}, {"key", PACE_KEY}, {"run", PACE_RUN}};
    size_t i = 0, count = sizeof words / sizeof words[0];

    while (i < count && !is_typed(l, words[i].word))
        i++;
    if (i == count) {
        ask_pace(l);
        return;
    }
    worker_pace(l->job->worker, words[i].pace, l->asked);
    ask_end(&l->ask);
}

static void answer(struct loop *l)
{
    struct secret *line = &l->ask.line;

    switch (ask_read(&l->ask)) {
    case ASK_MORE:
        return;
    case ASK_NONE:
        refuse(l);
        return;
    case ASK_LINE:
        break;
    }
    if (l->part > 0) {
        take_part(l);
    } else if (is_word(&l->ask.line, "!help")) {
        explain(l);
    } else if (is_word(&l->ask.line, "!exception")) {
        l->part = 1;
        ask_part(l);
    } else if (l->open == EVENT_PACE) {
        answer_pace(l);
    } else if (l->open == EVENT_SCRIPT) {
        ask_open(l);
    } else if (!l->last_try) {
        worker_answer(l->job->worker, l->asked, (const char *)line->data, line->len);
        ask_end(&l->ask);
    } else if (is_typed(l, "last try"))
        ask_pin(l);
    else
        refuse(l);
}

/* --- events --------------------------------------------------------------------------------- */

/* Once is enough: the second time changes nothing but a line. */
static void stop(struct loop *l, const char *why)
{
    char text[EVENT_TEXT_MAX];

    text_print(text, sizeof text, "%s: the ceremony %s", why,
               l->result.stopped ? "is stopping already" : "stops before its next step");
    if (l->job->log)
        plain_log_note(l->job->log, text);
    if (!l->result.stopped)
        refuse(l);
    l->result.stopped = true;
}

/* A ceremony that waits nowhere needs no sentences. */
static void note_plan(struct loop *l, const struct event *event)
{
    struct err err = {0};

    if (l->pace.pace.pace == PACE_RUN || run_event(&l->run, event, now_ms()))
        return;
    err_set(&err, ERR_FAILED, "There is no memory to say what the steps will do");
    complain(l, &err);
}

static void take_event(struct loop *l, const struct event *event)
{
    if (l->job->log)
        plain_log_event(l->job->log, event, now_ms());
    else if (event->kind == EVENT_ERROR)
        plain_error(stderr, &event->error);
    if (l->job->take)
        l->job->take(l->job->ctx, event);

    switch (event->kind) {
    case EVENT_PIN:
        if (!event->pin.file[0])
            ask_of(l, event);
        break;
    case EVENT_SCRIPT:
        if (event->script.what == SCRIPT_WANTED)
            ask_of(l, event);
        break;
    case EVENT_GATE:
        if (event->gate.state == GATE_OPEN)
            ask_of(l, event);
        break;
    case EVENT_CHOICE:
    case EVENT_PLANNED:
        note_plan(l, event);
        break;
    case EVENT_PACE:
        l->pace = *event;
        if (event->pace.state == PACE_WAITS)
            ask_of(l, event);
        break;
    case EVENT_STEP:
        note_step(l, event);
        break;
    case EVENT_EXCEPTION:                            /* the engine writes down some itself */
        if (l->handed_on && l->open != EVENT_SCRIPT) /* that one was what was asked for */
            ask_open(l);
        l->handed_on = false;
        break;
    case EVENT_BEGIN:
        l->rehearsal = event->begin.rehearsal;
        l->removal = removal_of(event->begin.removal);
        break;
    case EVENT_ERROR:
        note_failure(l, &event->error);
        break;
    case EVENT_END:
        l->has_end = true;
        l->result.exit_code = event->end.exit_code;
        break;
    case EVENT_DONE:
        command_done(l, event);
        break;
    default:
        break;
    }
}

static void take_events(struct loop *l)
{
    struct event event;

    while (!l->over && worker_event(l->job->worker, &event))
        take_event(l, &event);
}

static void take_signal(struct loop *l, int fd)
{
    struct signalfd_siginfo info;
    char why[32];

    if (read(fd, &info, sizeof info) != (ssize_t)sizeof info)
        return;
    text_print(why, sizeof why, "SIG%s", sigabbrev_np((int)info.ssi_signo));
    stop(l, why);
}

/* Signals come as something to be read, like all else. */
static int open_signals(struct err *err)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGQUIT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        err_set_errno(err, ERR_IO, errno, "Signals cannot be waited for");
    return fd;
}

static bool wait_and_take(struct loop *l, int signals, struct err *err)
{
    struct pollfd fds[] = {
        {.fd = worker_fd(l->job->worker), .events = POLLIN},
        {.fd = signals, .events = POLLIN},
        {.fd = l->ask.open ? l->ask.fd : -1, .events = POLLIN},
    };

    if (poll(fds, 3, PLAIN_TICK_MS) < 0)
        return errno == EINTR || err_set_errno(err, ERR_IO, errno, "The ceremony cannot be heard");
    if (fds[1].revents)
        take_signal(l, signals);
    if (fds[0].revents)
        take_events(l);
    if (fds[2].revents && l->ask.open)
        answer(l);
    if (l->job->log)
        plain_log_tick(l->job->log, now_ms());
    if (l->job->log && ferror(l->job->out) && !l->result.stopped)
        stop(l, "nobody reads this");
    return true;
}

struct plain_result plain_run(const struct plain_job *job)
{
    struct loop l = {.job = job, .command = job->visit ? VISIT : job->sign ? SIGN : 0};
    struct err err = {0};
    int signals = open_signals(&err);

    ask_find(&l.ask);
    l.over = signals < 0;
    if (signals >= 0)
        start_command(&l);
    while (!l.over && wait_and_take(&l, signals, &err))
        ;
    if (err.code != ERR_NONE)
        complain(&l, &err);
    if (l.result.stopped && !l.has_end)
        l.result.exit_code = err_exit(ERR_STOPPED);
    ask_close(&l.ask);
    run_free(&l.run);
    if (signals >= 0)
        close(signals);
    return l.result;
}
