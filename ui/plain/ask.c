/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/plain/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool ask_find(struct ask *ask)
{
    *ask = (struct ask){.fd = -1};
    if (isatty(STDIN_FILENO))
        ask->fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    else
        ask->fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    return ask->fd >= 0;
}

void ask_close(struct ask *ask)
{
    ask_end(ask);
    if (ask->fd >= 0)
        close(ask->fd);
    ask->fd = -1;
}

/* Ctrl-Z is off too: a stopped program would leave the officers a terminal without echo. */
static bool hide(struct ask *ask, struct err *err)
{
    struct termios now;

    if (tcgetattr(ask->fd, &ask->was) != 0)
        return err_set_errno(err, ERR_IO, errno, "The terminal cannot be asked for its settings");
    now = ask->was;
    now.c_lflag &= ~(tcflag_t)ECHO;
    now.c_lflag |= ECHONL | ICANON | ISIG;
    now.c_cc[VSUSP] = _POSIX_VDISABLE;
    if (tcsetattr(ask->fd, TCSAFLUSH, &now) != 0)
        return err_set_errno(err, ERR_IO, errno, "The terminal's echo cannot be switched off");
    return true;
}

bool ask_begin(struct ask *ask, const char *prompt, bool hidden, struct err *err)
{
    ask_end(ask);
    if (!secret_new(&ask->line, ASK_LINE_MAX, err))
        return false;
    if (hidden && !hide(ask, err)) {
        secret_free(&ask->line);
        return false;
    }
    ask->open = true;
    ask->complete = false;
    ask->hidden = hidden;
    tcflush(ask->fd, TCIFLUSH);
    dprintf(ask->fd, "%s: ", prompt); /* the log has printed the question itself */
    return true;
}

enum ask_answer ask_read(struct ask *ask)
{
    struct secret *line = &ask->line;
    ssize_t n = read(ask->fd, line->data + line->len, line->cap - line->len);

    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return ASK_MORE;
    if (n <= 0) /* also a line that is too long: there is no room for any more */
        return ASK_NONE;
    uint8_t *end = memchr(line->data + line->len, '\n', (size_t)n);
    line->len = end ? (size_t)(end - line->data) : line->len + (size_t)n;
    ask->complete = end != NULL;
    return end ? ASK_LINE : ASK_MORE;
}

void ask_end(struct ask *ask)
{
    if (!ask->open)
        return;
    if (!ask->complete)
        dprintf(ask->fd, "\n"); /* what comes next begins a line of its own */
    if (ask->hidden)
        tcsetattr(ask->fd, TCSAFLUSH, &ask->was);
    secret_free(&ask->line);
    ask->open = false;
}
