/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pin.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

/* Fills *s from fd, up to the end of the file or of the room. */
static bool read_all(int fd, struct secret *s)
{
    ssize_t n;

    while (s->len < s->cap && (n = read(fd, s->data + s->len, s->cap - s->len)) != 0) {
        if (n > 0)
            s->len += (size_t)n;
        else if (errno != EINTR)
            return false;
    }
    return true;
}

static void drop_line_end(struct secret *line)
{
    if (line->len > 0 && line->data[line->len - 1] == '\n')
        line->len--;
    else
        return;
    if (line->len > 0 && line->data[line->len - 1] == '\r')
        line->len--;
}

/* Reads and checks the line. No message contains any part of it. */
static bool read_line(int fd, const char *path, struct secret *line, struct err *err)
{
    char shown[FILE_SHOWN];
    struct err why;

    file_shown(path, shown);
    if (!read_all(fd, line))
        return err_set_errno(err, ERR_IO, errno, "The PIN file %s cannot be read", shown);
    drop_line_end(line);
    if (line->len > 0 && memchr(line->data, '\n', line->len))
        err_set(&why, ERR_USAGE, "It has more than one line");
    else if (line->len >= 3 && memcmp(line->data, "\xef\xbb\xbf", 3) == 0)
        err_set(&why, ERR_USAGE, "It begins with a byte order mark, which is not part of a PIN");
    else if (secret_check_pin(line, &why))
        return true;
    err_set(err, why.code, "The PIN file %s cannot be used: %s", shown, why.what);
    return err_next(err, "Write the PIN into it, and nothing else, as one line");
}

bool pin_read_file(const char *path, struct secret *pin, struct err *err)
{
    const size_t room = SECRET_PIN_MAX + 3; /* one byte too many, and the end of the line */
    struct secret line = {0};
    bool ok = false;
    int fd;

    if (!file_open_trusted(path, 077, &fd, err))
        return false;
    ok = secret_new(&line, room, err) && read_line(fd, path, &line, err) &&
         (pin->cap >= SECRET_PIN_MAX || secret_new(pin, SECRET_PIN_MAX, err)) &&
         secret_set(pin, line.data, line.len, err);
    secret_free(&line);
    close(fd);
    return ok;
}
