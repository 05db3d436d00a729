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

#include <openssl/evp.h>
#include <openssl/sha.h>

#include "base/file.h"
#include "base/text.h"
#include "journal/event_fields.h"
#include "journal/event_line.h"

static const char magic[] = "hsmferry-journal/"; /* followed by the format's number */
static const char sum_field[] = "\tsum=";

enum {
    SUM_TEXT = sizeof sum_field - 1 + 2 * SHA256_SIZE, /* at the end of each line */
    LINE_BYTES = EVENT_LINE_MAX + SUM_TEXT + 1,
    FIRST_LINE = sizeof magic + 16,
};
static const int64_t SIZE_LIMIT = INT64_C(1) << 30;

/* The digests of a journal, as far as it was read or written. */
struct sums {
    EVP_MD_CTX *window; /* the last sum and the lines after it */
    EVP_MD_CTX *file;   /* all complete lines */
    uint8_t head[SHA256_SIZE];
    unsigned lines; /* since the last sum */
};

struct journal {
    int folder, fd;
    char name[NAME_MAX + 1];
    char shown[PATH_MAX];
    uint64_t records;
    struct sums sums;
    struct event_said said;
    bool broken;
    bool together; /* several lines are written to the disk at once, ... */
    bool due;      /* ... and one of them must be */
};

static bool sums_begin(struct sums *sums, const char *first, size_t len, struct err *err)
{
    *sums = (struct sums){.window = EVP_MD_CTX_new(), .file = EVP_MD_CTX_new()};
    SHA256((const unsigned char *)first, len, sums->head);
    return (sums->window && sums->file &&
            EVP_DigestInit_ex(sums->window, EVP_sha256(), NULL) == 1 &&
            EVP_DigestUpdate(sums->window, sums->head, SHA256_SIZE) == 1 &&
            EVP_DigestInit_ex(sums->file, EVP_sha256(), NULL) == 1 &&
            EVP_DigestUpdate(sums->file, first, len) == 1 &&
            EVP_DigestUpdate(sums->file, "\n", 1) == 1) ||
           err_set(err, ERR_FAILED, "There is no memory for a SHA-256");
}

static void sums_free(struct sums *sums)
{
    EVP_MD_CTX_free(sums->window);
    EVP_MD_CTX_free(sums->file);
}

/* Adds a line, without its sum; sum: it has one, which is then in head. */
static bool sums_add(struct sums *sums, const char *line, size_t len, bool sum)
{
    sums->lines++;
    if (EVP_DigestUpdate(sums->window, line, len) != 1)
        return false;
    if (!sum)
        return EVP_DigestUpdate(sums->window, "\n", 1) == 1;
    sums->lines = 0;
    return EVP_DigestFinal_ex(sums->window, sums->head, NULL) == 1 &&
           EVP_DigestInit_ex(sums->window, EVP_sha256(), NULL) == 1 &&
           EVP_DigestUpdate(sums->window, sums->head, SHA256_SIZE) == 1;
}

static bool file_sum(const struct sums *sums, uint8_t sha256[SHA256_SIZE], struct err *err)
{
    EVP_MD_CTX *so_far = EVP_MD_CTX_new();
    bool ok = so_far && EVP_MD_CTX_copy_ex(so_far, sums->file) == 1 &&
              EVP_DigestFinal_ex(so_far, sha256, NULL) == 1;

    EVP_MD_CTX_free(so_far);
    return ok || err_set(err, ERR_FAILED, "There is no memory for a SHA-256");
}

/* Writes the first line, without its newline. */
static size_t first_line(unsigned format, char line[FIRST_LINE])
{
    return text_print(line, FIRST_LINE, "%s%u", magic, format);
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
    bool of_key = event->step.id >= STEP_WRAP_KEY && event->step.id <= STEP_SEAL;

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
    case EVENT_FILE:
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
    bool vital = is_vital(event), sum = vital || j->sums.lines + 1 >= JOURNAL_WINDOW;
    size_t count, len;

    if (!event_fields_of(event->kind, &count))
        return true;
    if (j->broken)
        return err_set(err, ERR_IO, "The journal %s can no longer be written", j->shown);
    len = event_line_write(event, &j->said, line);
    if (len == 0 || !event_said_note(&j->said, event, err) || !sums_add(&j->sums, line, len, sum))
        return broken(j, EINVAL, err);
    if (sum)
        len += text_print(line + len, sizeof line - len, "%s%s", sum_field,
                          text_hex(j->sums.head, SHA256_SIZE, hex));
    line[len++] = '\n';
    if (!write_all(j, line, len, err))
        return false;
    if (EVP_DigestUpdate(j->sums.file, line, len) != 1)
        return broken(j, EINVAL, err);
    j->records++;
    j->due |= vital;
    return j->together || sync_due(j, err);
}

bool journal_together(struct journal *j, bool begins, struct err *err)
{
    j->together = begins;
    return begins || sync_due(j, err);
}

static struct journal *make_journal(int folder, const char *name, const char *shown,
                                    char line[FIRST_LINE], size_t *len, struct err *err)
{
    struct journal *j = calloc(1, sizeof *j);

    *len = first_line(RECORD_FORMAT, line);
    if (!j || !sums_begin(&j->sums, line, *len, err)) {
        free(j);
        err_set(err, ERR_FAILED, "There is no memory for the journal");
        return NULL;
    }
    line[(*len)++] = '\n';
    j->folder = folder;
    j->fd = -1;
    text_print(j->name, sizeof j->name, "%s", name);
    text_print(j->shown, sizeof j->shown, "%s", shown);
    return j;
}

bool journal_new(int folder, const char *name, const char *shown, struct journal **out,
                 struct err *err)
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC;
    char line[FIRST_LINE];
    size_t len;
    struct journal *j = make_journal(folder, name, shown, line, &len, err);

    if (!j)
        return false;
    j->fd = openat(folder, name, flags, 0600);
    if (j->fd < 0) {
        err_set_errno(err, errno == EEXIST ? ERR_CONFLICT : ERR_IO, errno,
                      "The journal %s cannot be created", shown);
        journal_free(j, false);
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
    return j->sums.head;
}

bool journal_sha256(const struct journal *j, uint8_t sha256[32], struct err *err)
{
    return file_sum(&j->sums, sha256, err);
}

void journal_free(struct journal *j, bool remove)
{
    if (!j)
        return;
    if (remove)
        unlinkat(j->folder, j->name, 0);
    if (j->fd >= 0)
        close(j->fd);
    sums_free(&j->sums);
    event_said_free(&j->said);
    free(j);
}

/* --- reading --- */

struct reader {
    int fd;
    const char *shown;
    uint64_t line; /* number of the current line, from 1 */
    struct sums sums;
    struct event_said said; /* from format 3 on */
    char buffer[LINE_BYTES];
    size_t from, to; /* the part of buffer that is not consumed yet */
    bool at_end;
};

enum got { GOT_LINE, GOT_END, GOT_TORN, GOT_LONG, GOT_ERROR };

static const char advice[] = "It was altered or damaged: determine by whom, and check both tokens "
                             "yourself; the lines before it are still valid";

/* A line without a sum is only as good as those since the last sum. */
static bool bad_line(const struct reader *r, const char *why, struct err *err)
{
    char since[64] = "";

    if (r->sums.lines > 0)
        text_print(since, sizeof since, ", or a line since line %llu was altered",
                   (unsigned long long)(r->line - r->sums.lines));
    err_set(err, ERR_DATA, "Line %llu of the journal %s %s%s", (unsigned long long)r->line,
            r->shown, why, since);
    return err_next(err, "%s", advice);
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

/* Removes the sum from the end of the line, if there is one. */
static bool take_sum(const char *line, size_t *len, const char **sum)
{
    bool is = *len >= SUM_TEXT && memcmp(line + *len - SUM_TEXT, sum_field, strlen(sum_field)) == 0;

    if (is)
        *len -= SUM_TEXT;
    *sum = line + *len;
    return is;
}

/* The lines since the last sum are those that this one is of. */
static bool check_sum(struct reader *r, const char *line, size_t len, const char *sum,
                      struct err *err)
{
    uint64_t first = r->line - r->sums.lines;
    char hex[2 * SHA256_SIZE + 1];

    if (!sums_add(&r->sums, line, len, true))
        return err_set(err, ERR_FAILED, "There is no memory for a SHA-256");
    text_hex(r->sums.head, SHA256_SIZE, hex);
    if (memcmp(sum + strlen(sum_field), hex, strlen(hex)) == 0)
        return true;
    if (first == r->line)
        return bad_line(r, "does not have the correct sum", err);
    err_set(err, ERR_DATA, "Lines %llu to %llu of the journal %s do not have the correct sum",
            (unsigned long long)first, (unsigned long long)r->line, r->shown);
    return err_next(err, "%s", advice);
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

/* Reads the event of a line, without the sum. */
static bool read_event(struct reader *r, const char *line, size_t len, unsigned format,
                       struct event *event)
{
    return event_line_read(line, len, format, format >= 3 ? &r->said : NULL, event);
}

static bool take_record(struct reader *r, const char *line, size_t len, struct event *last,
                        struct event_log *log, struct err *err)
{
    const size_t whole = len;
    struct event event;
    const char *why, *sum;
    bool summed = take_sum(line, &len, &sum);

    if (!read_event(r, line, len, log->format, &event))
        return bad_line(r, "is not a line that this program writes", err);
    why = misplaced(&event, last);
    if (!why && !summed && (log->format < 3 || event.kind == EVENT_END))
        why = "does not have the correct sum";
    if (summed && !check_sum(r, line, len, sum, err))
        return false;
    if (why)
        return bad_line(r, why, err);
    if ((!summed && !sums_add(&r->sums, line, len, false)) ||
        EVP_DigestUpdate(r->sums.file, line, whole + 1) != 1) /* with its newline */
        return err_set(err, ERR_FAILED, "There is no memory for a SHA-256");
    *last = event;
    log->records++;
    return (log->format < 3 || event_said_note(&r->said, &event, err)) &&
           event_log_add(log, &event, NULL, err);
}

static bool take_first(struct reader *r, const char *line, size_t len, struct event_log *log,
                       struct err *err)
{
    char known[FIRST_LINE];

    for (unsigned format = 1; format <= RECORD_FORMAT; format++)
        if (first_line(format, known) == len && memcmp(line, known, len) == 0) {
            log->format = format;
            return sums_begin(&r->sums, line, len, err);
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

static void reader_free(struct reader *r)
{
    if (r->fd >= 0)
        close(r->fd);
    sums_free(&r->sums);
    event_said_free(&r->said);
    free(r);
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
        r->fd = -1;
        reader_free(r);
        return false;
    }
    *torn = false;
    ok = check_size(r, err) && read_records(r, log, torn, err) &&
         (r->line == 0 || file_sum(&r->sums, log->file_sha256, err));
    memcpy(log->head, r->sums.head, SHA256_SIZE);
    text_print(log->name, sizeof log->name, "%s",
               strrchr(path, '/') ? strrchr(path, '/') + 1 : path);
    reader_free(r);
    return ok;
}

static bool read_begin(struct reader *r, struct event_log *log, struct event *begin)
{
    struct err ignored;
    const char *line, *sum;
    size_t len;

    if (take_line(r, &line, &len) != GOT_LINE || !take_first(r, line, len, log, &ignored) ||
        take_line(r, &line, &len) != GOT_LINE)
        return false;
    if (take_sum(line, &len, &sum) ? !check_sum(r, line, len, sum, &ignored) : log->format < 3)
        return false;
    return read_event(r, line, len, log->format, begin) && begin->kind == EVENT_BEGIN;
}

static bool read_end(struct reader *r, unsigned format, struct event *end)
{
    off_t size = lseek(r->fd, 0, SEEK_END), from = size - (off_t)sizeof r->buffer;
    const char *line, *before, *sum;
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
    return take_sum(line, &len, &sum) && read_event(r, line, len, format, end) &&
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
    } else
        r->fd = -1;
    reader_free(r);
    return ok;
}
