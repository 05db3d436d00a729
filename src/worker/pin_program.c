/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/pin_program.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"

enum { LOOK_MS = 100, END_LOOKS = 500, SAID_MAX = 160 };

/* Reads until the program closes its output, or *line is full. Returns false if it is to give
 * up. */
static bool read_line(const struct process *p, bool (*stops)(void *ctx), void *ctx,
                      struct secret *line)
{
    struct pollfd out = {.fd = p->channel, .events = POLLIN};
    ssize_t n = 1;

    while (n != 0 && line->len < line->cap) {
        if (stops(ctx))
            return false;
        if (poll(&out, 1, LOOK_MS) <= 0)
            continue;
        n = read(p->channel, line->data + line->len, line->cap - line->len);
        if (n > 0)
            line->len += (size_t)n;
        else if (n < 0 && errno != EAGAIN && errno != EINTR)
            n = 0; /* a program that was killed: its end says so */
    }
    return true;
}

/* Waits for the end of a program that closed its output, or was told to end; not for ever. */
static void wait_end(struct process *p)
{
    const struct timespec look = {.tv_nsec = LOOK_MS * 100000L};

    for (int i = 0; !process_ended(p); i++) {
        if (i == END_LOOKS)
            process_signal(p, SIGKILL);
        nanosleep(&look, NULL);
    }
}

/* The last words of a program that gave no PIN, safe to show. */
static void last_words(const struct process *p, char out[TEXT_SAFE_SIZE(SAID_MAX)])
{
    char said[SAID_MAX] = "";
    ssize_t n = read(p->log, said, sizeof said - 1);

    text_safe(said, n > 0 ? strcspn(said, "\n") : 0, out, TEXT_SAFE_SIZE(SAID_MAX));
}

static bool gave_none(struct process *p, const char *program, struct err *err)
{
    char how[PROCESS_HOW_SIZE], said[TEXT_SAFE_SIZE(SAID_MAX)];

    last_words(p, said);
    err_set(err, ERR_DENIED, "%s gave no PIN: %s%s%s", program, process_how(p, how),
            said[0] ? ", " : "", said);
    err_now(err, "No PIN was sent to the HSM");
    return err_next(err, "Start again and enter the PIN, or leave out \"pin-entry\" to be asked "
                         "here");
}

/* The line without its end. */
static bool take_line(struct secret *line, struct secret *pin, struct err *err)
{
    if (line->len > 0 && line->data[line->len - 1] == '\n')
        line->len--;
    if (line->len > 0 && memchr(line->data, '\n', line->len))
        return err_set(err, ERR_USAGE, "The program printed more than one line for a PIN");
    return secret_check_pin(line, err) &&
           (pin->cap >= SECRET_PIN_MAX || secret_new(pin, SECRET_PIN_MAX, err)) &&
           secret_set(pin, line->data, line->len, err);
}

bool pin_program_read(const struct process_program *program, bool (*stops)(void *ctx), void *ctx,
                      struct secret *pin, struct err *err)
{
    struct secret line = {0};
    struct process p;
    bool ok;

    if (!secret_new(&line, SECRET_PIN_MAX + 2, err)) /* one byte too many, and the end of line */
        return false;
    if (!process_start(program, &p, err)) {
        secret_free(&line);
        return err_next(err, "Install systemd, or leave out \"pin-entry\" to be asked here");
    }
    ok = read_line(&p, stops, ctx, &line);
    if (!ok)
        err_set(err, ERR_STOPPED, "stopped before a PIN was entered");
    bool too_long = line.len == line.cap; /* it may never end if nobody reads on */
    if (!ok || too_long)
        process_signal(&p, SIGTERM);
    wait_end(&p);
    if (ok && !too_long && !(WIFEXITED(p.status) && WEXITSTATUS(p.status) == 0))
        ok = gave_none(&p, program->argv[0], err);
    ok = ok && take_line(&line, pin, err);
    process_close(&p);
    secret_free(&line);
    return ok;
}
