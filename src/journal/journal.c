/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/sha.h>

#include "base/file.h"
#include "base/text.h"
#include "journal/event_fields.h"

static const char magic[] = "hsmferry-journal/"; /* followed by the format's number */
static const char sum_field[] = "\tsum=";

enum {
    SUM_TEXT = sizeof sum_field - 1 + 2 * SHA256_SIZE, /* at the end of each line */
    LINE_BYTES = EVENT_FIELDS_LINE_MAX + SUM_TEXT + 1,
    FIRST_LINE = sizeof magic + 16,
};
static const int64_t SIZE_LIMIT = INT64_C(1) << 30;

struct journal {
    int folder, fd;
    char name[NAME_MAX + 1];
    char shown[PATH_MAX];
    uint64_t records;
    uint8_t head[SHA256_SIZE];
    bool broken;
    bool together; /* several lines are written to the disk at once, ... */
    bool due;      /* ... and one of them must be */
};

static void chain(uint8_t head[SHA256_SIZE], const char *line, size_t len)
{
    uint8_t joined[SHA256_SIZE + EVENT_FIELDS_LINE_MAX];

    memcpy(joined, head, SHA256_SIZE);
    memcpy(joined + SHA256_SIZE, line, len);
    SHA256(joined, SHA256_SIZE + len, head);
}

/* Writes the first line, without its newline. */
static size_t first_line(unsigned format, char line[FIRST_LINE])
{
    return text_print(line, FIRST_LINE, "%s%u", magic, format);
}

static void chain_begin(uint8_t head[SHA256_SIZE], unsigned format)
{
    char line[FIRST_LINE];
    size_t len = first_line(format, line);

    SHA256((const unsigned char *)line, len, head);
}

/* --- writing --- */

/* After a line that was written incompletely, or that may not be on the disk, nothing more is
 * written. */
static bool broken(struct journal *j, int no, struct err *err)
{
    j->broken = true;
    err_set_errno(err, ERR_IO, no, "The journal %s cannot be written", j->shown);
    return err_next(err, "Check the disk, then start again");
}

static bool write_all(struct journal *j, const char *data, size_t len, struct err *err)
{
    while (len > 0) {
        ssize_t n = write(j->fd, data, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return broken(j, n < 0 ? errno : ENOSPC, err);
        data += n;
        len -= (size_t)n;
    }
    return true;
}

/* These events must be on the disk before the action that they announce takes place. All others
 * concern session objects, which are gone after a power failure; and if only the process dies, no
 * written line is lost. */
static bool is_vital(const struct event *event)
{
    bool of_key = event->step.id >= STEP_WRAP_KEY && event->step.id <= STEP_PROVE_AGAIN;

    switch (event->kind) {
    case EVENT_STEP:
        return event->step.state == EVENT_BEGUN && (!of_key || event->step.id == STEP_COMMIT);
    case EVENT_CANARY:
        return event->canary.state == CANARY_COMMITS;
    case EVENT_GATE:
        return event->gate.state != GATE_OPEN;
    case EVENT_PACE:
        return event->pace.state == PACE_WAITS; /* it may be for hours */
    case EVENT_EXCEPTION:
    case EVENT_END:
        return true;
    default:
        return false;
    }
}

static bool sync_due(struct journal *j, struct err *err)
{
    bool due = j->due;

    j->due = false;
    if (due && j->broken)
        return err_set(err, ERR_IO, "The journal %s can no longer be written", j->shown);
    return !due || fsync(j->fd) == 0 || broken(j, errno, err);
}

bool journal_add(struct journal *j, const struct event *event, struct err *err)
{
    char line[LINE_BYTES + 1], hex[2 * SHA256_SIZE + 1];
    size_t count, len;

    if (!event_fields_of(event->kind, &count))
        return true;
    if (j->broken)
        return err_set(err, ERR_IO, "The journal %s can no longer be written", j->shown);
    len = event_fields_write(event, line);
    if (len == 0)
        return broken(j, EINVAL, err);
    chain(j->head, line, len);
    len += text_print(line + len, sizeof line - len, "%s%s\n", sum_field,
                      text_hex(j->head, sizeof j->head, hex));
    if (!write_all(j, line, len, err))
        return false;
    j->records++;
    j->due |= is_vital(event);
    return j->together || sync_due(j, err);
}

bool journal_together(struct journal *j, bool begins, struct err *err)
{
    j->together = begins;
    return begins || sync_due(j, err);
}

bool journal_new(int folder, const char *name, const char *shown, struct journal **out,
                 struct err *err)
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC;
    struct journal *j = calloc(1, sizeof *j);
    char line[FIRST_LINE];
    size_t len = first_line(RECORD_FORMAT, line);

    if (!j)
        return err_set(err, ERR_FAILED, "There is no memory for the journal");
    line[len++] = '\n';
    j->folder = folder;
    text_print(j->name, sizeof j->name, "%s", name);
    text_print(j->shown, sizeof j->shown, "%s", shown);
    chain_begin(j->head, RECORD_FORMAT);
    j->fd = openat(folder, name, flags, 0600);
    if (j->fd < 0) {
        err_set_errno(err, errno == EEXIST ? ERR_CONFLICT : ERR_IO, errno,
                      "The journal %s cannot be created", shown);
        free(j);
        return false;
    }
    if (!write_all(j, line, len, err) ||
        ((fsync(j->fd) != 0 || fsync(folder) != 0) && !broken(j, errno, err))) {
        journal_free(j, true);
        return false;
    }
    flock(j->fd, LOCK_EX | LOCK_NB); /* a file system without locks is accepted */
    *out = j;
    return true;
}

uint64_t journal_records(const struct journal *j)
{
    return j->records;
}

const uint8_t *journal_head(const struct journal *j)
{
    return j->head;
}

void journal_free(struct journal *j, bool remove)
{
    if (!j)
        return;
    if (remove)
        unlinkat(j->folder, j->name, 0);
    close(j->fd);
    free(j);
}

/* --- reading --- */

struct reader {
    int fd;
    const char *shown;
    uint64_t line; /* number of the current line, from 1 */
    char buffer[LINE_BYTES];
    size_t from, to; /* the part of buffer that is not consumed yet */
    bool at_end;
};

enum got { GOT_LINE, GOT_END, GOT_TORN, GOT_LONG, GOT_ERROR };

static bool bad_line(const struct reader *r, const char *why, struct err *err)
{
    err_set(err, ERR_DATA, "Line %llu of the journal %s %s", (unsigned long long)r->line, r->shown,
            why);
    return err_next(err, "It was altered or damaged: determine by whom, and check both tokens "
                         "yourself; the lines before it are still valid");
}

static bool fill(struct reader *r)
{
    memmove(r->buffer, r->buffer + r->from, r->to - r->from);
    r->to -= r->from;
    r->from = 0;
    ssize_t n = read(r->fd, r->buffer + r->to, sizeof r->buffer - r->to);
    if (n < 0)
        return errno == EINTR;
    r->at_end = n == 0;
    r->to += (size_t)n;
    return true;
}

/* Takes the next line, without its newline. */
static enum got take_line(struct reader *r, const char **line, size_t *len)
{
    for (;;) {
        char *begin = r->buffer + r->from;
        char *end = memchr(begin, '\n', r->to - r->from);
        if (end) {
            *line = begin;
            *len = (size_t)(end - begin);
            r->from += *len + 1;
            r->line++;
            return GOT_LINE;
        }
        if (r->at_end)
            return r->from == r->to ? GOT_END : GOT_TORN;
        if (r->to - r->from == sizeof r->buffer) {
            r->line++;
            return GOT_LONG;
        }
        if (!fill(r))
            return GOT_ERROR;
    }
}

/* Removes the sum from the end of the line, and checks it. */
static bool check_sum(const char *line, size_t *len, uint8_t head[SHA256_SIZE])
{
    char sum[SUM_TEXT + 1], hex[2 * SHA256_SIZE + 1];

    if (*len < SUM_TEXT || *len - SUM_TEXT > EVENT_FIELDS_LINE_MAX)
        return false;
    *len -= SUM_TEXT;
    chain(head, line, *len);
    text_print(sum, sizeof sum, "%s%s", sum_field, text_hex(head, SHA256_SIZE, hex));
    return memcmp(line + *len, sum, SUM_TEXT) == 0;
}

/* Events must be in order, after one beginning and before at most one end. */
static const char *misplaced(const struct event *event, const struct event *last)
{
    if ((last->seq == 0) != (event->kind == EVENT_BEGIN))
        return "is not the beginning of a ceremony";
    if (event->seq <= last->seq)
        return "does not follow the previous line";
    return last->kind == EVENT_END ? "follows the end of the ceremony" : NULL;
}

static bool take_record(struct reader *r, const char *line, size_t len, struct event *last,
                        struct event_log *log, struct err *err)
{
    struct event event;
    const char *why;

    if (!check_sum(line, &len, log->head))
        return bad_line(r, "does not have the correct sum", err);
    if (!event_fields_read(line, len, log->format, &event))
        return bad_line(r, "is not a line that this program writes", err);
    why = misplaced(&event, last);
    if (why)
        return bad_line(r, why, err);
    *last = event;
    log->records++;
    return event_log_add(log, &event, NULL, err);
}

static bool take_first(const struct reader *r, const char *line, size_t len, struct event_log *log,
                       struct err *err)
{
    char known[FIRST_LINE];

    for (unsigned format = 1; format <= RECORD_FORMAT; format++)
        if (first_line(format, known) == len && memcmp(line, known, len) == 0) {
            log->format = format;
            chain_begin(log->head, format);
            return true;
        }
    if (len >= FIRST_LINE || len < sizeof magic || memcmp(line, magic, sizeof magic - 1) != 0 ||
        strspn(line + sizeof magic - 1, "0123456789") != len - (sizeof magic - 1))
        return err_set(err, ERR_DATA, "%s is not a journal of hsmferry", r->shown);
    err_set(err, ERR_DATA, "%s has a format that this hsmferry does not support", r->shown);
    return err_next(err, "It supports %s1 to %u: use the hsmferry that wrote it, or a later one",
                    magic, RECORD_FORMAT);
}

static bool read_records(struct reader *r, struct event_log *log, bool *torn, struct err *err)
{
    struct event last = {0};
    const char *line;
    size_t len;

    for (;;) {
        switch (take_line(r, &line, &len)) {
        case GOT_LINE:
            if (r->line == 1 ? !take_first(r, line, len, log, err)
                             : !take_record(r, line, len, &last, log, err))
                return false;
            break;
        case GOT_TORN:
            *torn = true;
            return true;
        case GOT_END:
            return r->line > 0 || err_set(err, ERR_DATA, "%s is empty", r->shown);
        case GOT_LONG:
            return bad_line(r, "exceeds the maximum length", err);
        default:
            return err_set_errno(err, ERR_IO, errno, "%s cannot be read", r->shown);
        }
    }
}

static bool check_size(const struct reader *r, struct err *err)
{
    struct stat st;

    if (fstat(r->fd, &st) != 0)
        return err_set_errno(err, ERR_IO, errno, "%s cannot be examined", r->shown);
    return st.st_size <= SIZE_LIMIT ||
           err_set(err, ERR_DATA, "%s is larger than any journal", r->shown);
}

bool journal_read(const char *path, struct event_log *log, bool *torn, struct err *err)
{
    struct reader *r = calloc(1, sizeof *r);
    char shown[FILE_SHOWN];
    bool ok;

    if (!r)
        return err_set(err, ERR_FAILED, "There is no memory for a journal");
    r->shown = file_shown(path, shown);
    if (!file_open_trusted(path, S_IWGRP | S_IWOTH, &r->fd, err)) {
        free(r);
        return false;
    }
    *torn = false;
    ok = check_size(r, err) && read_records(r, log, torn, err);
    close(r->fd);
    free(r);
    return ok;
}

static bool read_begin(struct reader *r, struct event_log *log, struct event *begin)
{
    struct err ignored;
    const char *line;
    size_t len;

    return take_line(r, &line, &len) == GOT_LINE && take_first(r, line, len, log, &ignored) &&
           take_line(r, &line, &len) == GOT_LINE && check_sum(line, &len, log->head) &&
           event_fields_read(line, len, log->format, begin) && begin->kind == EVENT_BEGIN;
}

static bool read_end(struct reader *r, unsigned format, struct event *end)
{
    off_t size = lseek(r->fd, 0, SEEK_END), from = size - (off_t)sizeof r->buffer;
    const char *line, *before;
    size_t len;

    r->from = r->to = 0;
    r->at_end = false;
    if (size < 0 || lseek(r->fd, from > 0 ? from : 0, SEEK_SET) < 0)
        return false;
    while (!r->at_end && r->to < sizeof r->buffer)
        if (!fill(r))
            return false;
    if (r->to < 2 || r->buffer[r->to - 1] != '\n')
        return false;
    before = memrchr(r->buffer, '\n', r->to - 1);
    if (!before)
        return false;
    line = before + 1;
    len = (size_t)(r->buffer + r->to - 1 - line);
    return len > SUM_TEXT && event_fields_read(line, len - SUM_TEXT, format, end) &&
           end->kind == EVENT_END;
}

bool journal_read_ends(const char *path, struct event *begin, struct event *end)
{
    struct reader *r = calloc(1, sizeof *r);
    char shown[FILE_SHOWN];
    struct event_log log = {0};
    struct err ignored;
    bool ok = false;

    if (!r)
        return false;
    r->shown = file_shown(path, shown);
    if (file_open_trusted(path, S_IWGRP | S_IWOTH, &r->fd, &ignored)) {
        ok = read_begin(r, &log, begin) && read_end(r, log.format, end);
        close(r->fd);
    }
    free(r);
    return ok;
}
