/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/text.h"
#include "journal/event_fields.h"
#include "journal/event_index.h"
#include "journal/event_log.h"
#include "journal/journal.h"
#include "report/document.h"
#include "report/yaml_writer.h"

enum {
    REPORT_SLUG_MAX = 64,
    REPORT_NAME_MAX = 128,
    REPORT_NUMBERS = 100,  /* names that are tried for one title and second */
    REPORT_ROOM = 1 << 20, /* minimum free space in the folder for a ceremony to begin */
    REPORT_GROWTH = 2,     /* a report is at most about this many times as long as its tape */
};

struct report {
    struct event_sink sink; /* first: the address of the sink is that of the report */
    int folder;
    int part;
    char name[REPORT_NAME_MAX];
    char part_name[REPORT_NAME_MAX];
    char path[EVENT_PATH_MAX + REPORT_NAME_MAX];
    uint8_t sha256[SHA256_SIZE];
    char journal_name[REPORT_NAME_MAX];
    char journal_path[EVENT_PATH_MAX + REPORT_NAME_MAX];
    struct journal *journal;
    struct event_log log;
    bool lost;    /* the journal can no longer be written */
    bool begun;   /* a step was announced: the journal is kept from now on */
    bool canary;  /* the journal is also kept while a test key of the canary may be on the
                     destination */
    bool over;    /* EVENT_END was received */
    bool written; /* the report has its final name */
};

/* The title in the form that a file name uses: [a-z0-9-]. */
static void make_slug(const char *title, char slug[REPORT_SLUG_MAX + 1])
{
    size_t len = 0;

    for (; *title && len < REPORT_SLUG_MAX; title++) {
        char c = *title >= 'A' && *title <= 'Z' ? (char)(*title - 'A' + 'a') : *title;
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            slug[len++] = c;
        else if (len > 0 && slug[len - 1] != '-')
            slug[len++] = '-';
    }
    while (len > 0 && slug[len - 1] == '-')
        len--;
    slug[len] = 0;
    if (len == 0)
        text_print(slug, REPORT_SLUG_MAX + 1, "ceremony");
}

/* "2026-11-23T124107Z-root-ca-move.yaml": without colons, which some file systems do not accept. A
 * second name in the same second is "...-2.yaml". */
static void make_names(struct report *r, const char *folder, const char *title, int64_t utc_ms,
                       unsigned number)
{
    char slug[REPORT_SLUG_MAX + 1], time[32], suffix[8] = "";

    make_slug(title, slug);
    text_time(utc_ms, false, time);
    if (number > 1)
        text_print(suffix, sizeof suffix, "-%u", number);
    text_print(r->name, sizeof r->name, "%.13s%.2s%.2sZ-%s%s.yaml", time, time + 14, time + 17,
               slug, suffix);
    text_print(r->part_name, sizeof r->part_name, "%s.part", r->name);
    text_print(r->path, sizeof r->path, "%s/%s", folder, r->name);
    text_print(r->journal_name, sizeof r->journal_name, "%.*s.journal",
               (int)strlen(r->name) - (int)strlen(".yaml"), r->name);
    text_print(r->journal_path, sizeof r->journal_path, "%s/%s", folder, r->journal_name);
}

static bool bad_folder(const char *folder, const char *why, struct err *err)
{
    err_set(err, ERR_IO, "The report folder %s %s", folder, why);
    return err_next(err,
                    "Name a folder for the report in the ceremony file that only you can write to");
}

static bool open_folder(struct report *r, const char *folder, struct err *err)
{
    struct stat st;

    if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
        err_set_errno(err, ERR_IO, errno, "The report folder %s cannot be created", folder);
        return err_next(err, "Create it, or name another one in the ceremony file");
    }
    r->folder = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (r->folder < 0 && (errno == ENOTDIR || errno == ELOOP))
        return bad_folder(folder, "is a symbolic link or not a folder", err);
    if (r->folder < 0 || fstat(r->folder, &st) != 0)
        return err_set_errno(err, ERR_IO, errno, "The report folder %s cannot be opened", folder);
    if (st.st_mode & (S_IWGRP | S_IWOTH))
        return bad_folder(folder, "can be written by others", err);
    return true;
}

/* Is there enough space for the report in its current length, and for one more step? */
static bool has_room(const struct report *r, struct err *err)
{
    struct statvfs fs;

    if (fstatvfs(r->folder, &fs) != 0)
        return err_set_errno(err, ERR_IO, errno, "The report folder cannot be examined");
    if (fs.f_blocks == 0) /* the file system does not report its size */
        return true;
    if ((uint64_t)fs.f_bavail * fs.f_frsize >= REPORT_ROOM + REPORT_GROWTH * (uint64_t)r->log.len)
        return true;
    err_set(err, ERR_IO, "There is too little space left for the report at %s", r->path);
    return err_next(err, "Make room there, or name another folder in the ceremony file");
}

/* Returns false with ERR_CONFLICT if the name belongs to someone else. */
static bool reserve_name(struct report *r, struct err *err)
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    struct stat st;

    if (fstatat(r->folder, r->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
        return err_set(err, ERR_CONFLICT, "There is already a file at %s", r->path);
    if (errno != ENOENT)
        return err_set_errno(err, ERR_IO, errno, "%s cannot be examined", r->path);
    r->part = openat(r->folder, r->part_name, flags, 0600);
    if (r->part < 0 && errno == EEXIST)
        return err_set(err, ERR_CONFLICT, "Another ceremony is about to write %s", r->path);
    if (r->part < 0)
        return err_set_errno(err, ERR_IO, errno, "%s.part cannot be created", r->path);
    if (journal_new(r->folder, r->journal_name, r->journal_path, &r->journal, err))
        return true;
    unlinkat(r->folder, r->part_name, 0);
    close(r->part);
    r->part = -1;
    return false;
}

/* Ceremonies that begin in the same second, on this or another console, get separate names. */
static bool reserve_any_name(struct report *r, const char *folder, const char *title,
                             int64_t utc_ms, struct err *err)
{
    for (unsigned number = 1; number <= REPORT_NUMBERS; number++) {
        make_names(r, folder, title, utc_ms, number);
        if (reserve_name(r, err))
            return true;
        if (err->code != ERR_CONFLICT)
            return false;
        err_clear(err);
    }
    err_set(err, ERR_IO, "There is no free name for the report next to %s", r->path);
    return err_next(err, "Start again: the name holds the time, so the next one is free");
}

/* Renames the finished file to its final name, unless a file with that name was created
 * meanwhile. */
static bool rename_part(const struct report *r)
{
    if (renameat2(r->folder, r->part_name, r->folder, r->name, RENAME_NOREPLACE) == 0)
        return true;
    if (errno != EINVAL && errno != ENOSYS)
        return false;
    /* for a file system or kernel without renameat2() flags */
    return linkat(r->folder, r->part_name, r->folder, r->name, 0) == 0 &&
           unlinkat(r->folder, r->part_name, 0) == 0;
}

static bool write_document(const struct event_log *log, int fd, uint8_t sha256[SHA256_SIZE],
                           struct err *err)
{
    struct event_index index;
    struct key_profiles profiles = {0};
    struct writer *w;
    bool ok = event_index_make(log, &index, err) &&
              key_profiles_make(log, &index, &profiles, err) && writer_new(fd, &w, err);

    if (ok) {
        document_write(log, &index, &profiles, w);
        ok = writer_close(w, sha256, err);
    }
    key_profiles_free(&profiles);
    event_index_free(&index);
    return ok;
}

static bool write_report(struct report *r, struct err *err)
{
    bool ok = write_document(&r->log, r->part, r->sha256, err);

    if (ok && fsync(r->part) != 0)
        ok = err_set_errno(err, ERR_IO, errno, "The report could not be written to the disk");
    if (ok && !rename_part(r))
        ok = err_set_errno(err, ERR_IO, errno, "The report could not be given its name");
    if (!ok) {
        err_now(err, "There is no report at %s", r->path);
        return err_next(err, "Make room, then run: hsmferry report %s", r->journal_path);
    }
    r->written = true;
    if (fsync(r->folder) == 0)
        return true;
    err_set_errno(err, ERR_IO, errno, "The report's name could not be written to the disk");
    err_now(err, "The report is written, but a power cut may lose it");
    return err_next(err, "Copy it to another disk");
}

static bool is_canary(const struct event *event, enum canary_state state)
{
    return event->kind == EVENT_CANARY && event->canary.state == state;
}

/* After the journal is lost no step begins, except for cleaning up; the report still contains what
 * those steps did. */
static bool write_journal(struct report *r, const struct event *event, struct err *err)
{
    bool begins = event->kind == EVENT_STEP && event->step.state == EVENT_BEGUN;
    bool writes =
        (begins && (event->step.id < STEP_DESTROY || event->step.id > STEP_PROVE_FRESH)) ||
        is_canary(event, CANARY_COMMITS);
    bool passes = r->lost && !writes && !(event->kind == EVENT_END && event->end.exit_code == 0);

    r->lost |= !journal_add(r->journal, event, err);
    r->log.records = journal_records(r->journal);
    memcpy(r->log.head, journal_head(r->journal), sizeof r->log.head);
    if (event->kind == EVENT_END && !journal_sha256(r->journal, r->log.file_sha256, err))
        return false;
    r->begun |= (begins || event->kind == EVENT_FILE) && !r->lost;
    if (is_canary(event, CANARY_COMMITS) || is_canary(event, CANARY_CLEAN))
        r->canary = !r->lost && event->canary.state == CANARY_COMMITS;
    return passes || !r->lost;
}

static bool take(struct event_sink *sink, const struct event *event, struct err *err)
{
    struct report *r = (struct report *)sink;
    size_t count;

    if (r->over || !event_fields_of(event->kind, &count))
        return true;
    if (((event->kind == EVENT_STEP && event->step.state == EVENT_BEGUN) ||
         is_canary(event, CANARY_COMMITS)) &&
        !has_room(r, err))
        return false;
    r->over = event->kind == EVENT_END;
    if (!write_journal(r, event, err) || !event_log_add(&r->log, event, NULL, err))
        return false;
    return !r->over || write_report(r, err);
}

static bool take_together(struct event_sink *sink, bool begins, struct err *err)
{
    struct report *r = (struct report *)sink;

    if (r->over || journal_together(r->journal, begins, err))
        return true;
    r->lost = true;
    return false;
}

bool report_new(const char *folder, const char *title, int64_t utc_ms, struct report **out,
                struct err *err)
{
    struct report *r = calloc(1, sizeof *r);

    if (!r)
        return err_set(err, ERR_FAILED, "There is no memory for the report");
    r->sink.emit = take;
    r->sink.together = take_together;
    r->log.format = RECORD_FORMAT;
    r->folder = r->part = -1;
    make_names(r, folder, title, utc_ms, 1);
    if (!open_folder(r, folder, err) || !has_room(r, err) ||
        !reserve_any_name(r, folder, title, utc_ms, err)) {
        err_now(err, "Nothing was done yet");
        if (!err->next[0])
            err_next(err, "Check the disk, then start again");
        report_free(r);
        return false;
    }
    text_print(r->log.name, sizeof r->log.name, "%s", r->journal_name);
    *out = r;
    return true;
}

struct event_sink *report_sink(struct report *r)
{
    return &r->sink;
}

/* The end of a ceremony that emitted none. */
static bool make_end(const struct event_log *log, enum end_outcome outcome, int exit_code,
                     const char *sentence, struct event *end, struct err *err)
{
    struct event last;
    struct event_index index;
    bool ok = event_index_make(log, &index, err);

    *end = (struct event){.kind = EVENT_END, .side = SIDE_RELAY};
    if (ok) {
        event_log_read(log, index.last, &last);
        end->seq = last.seq + 1;
        end->utc_ms = last.utc_ms;
        end->mono_ms = last.mono_ms;
        end->end.outcome = outcome;
        end->end.exit_code = exit_code;
        end->end.migrated = index.outcomes[KEY_MIGRATED];
        end->end.unproven = index.outcomes[KEY_UNPROVEN];
        end->end.sealed = index.outcomes[KEY_SEALED];
        end->end.destroyed = index.outcomes[KEY_DESTROYED] + index.companions[KEY_DESTROYED];
        end->end.aligned = index.outcomes[KEY_ALIGNED];
        end->end.derived = index.outcomes[KEY_DERIVED];
        end->end.refused = index.outcomes[KEY_REFUSED];
        end->end.failed = index.outcomes[KEY_FAILED] + index.outcomes[KEY_UNKNOWN];
        end->end.companions = index.companions[KEY_MIGRATED];
        end->end.companions_refused = index.companions[KEY_REFUSED];
        end->end.companions_failed = index.companions[KEY_FAILED] + index.companions[KEY_UNKNOWN];
        text_print(end->end.text, sizeof end->end.text, "%s", sentence);
    }
    event_index_free(&index);
    return ok;
}

bool report_end(struct report *r, enum end_outcome outcome, int exit_code, const char *sentence,
                struct err *err)
{
    struct event end;

    if (r->over || r->log.len == 0)
        return true;
    return make_end(&r->log, outcome, exit_code, sentence, &end, err) && take(&r->sink, &end, err);
}

static bool add_missing_end(struct event_log *log, struct err *err)
{
    struct event event, end;
    size_t at = 0;

    if (event_log_next(log, UINT64_C(1) << EVENT_END, &at, &event))
        return true;
    return make_end(log, END_FAILED, err_exit(ERR_UNFINISHED),
                    "its journal ends here: the ceremony was interrupted, and must be resumed",
                    &end, err) &&
           event_log_add(log, &end, NULL, err);
}

bool report_write(struct event_log *log, int fd, struct err *err)
{
    uint8_t sha256[SHA256_SIZE];

    return add_missing_end(log, err) && write_document(log, fd, sha256, err);
}

bool report_again(const char *journal, int fd, bool *torn, struct err *err)
{
    struct event_log log = {0};
    bool ok = journal_read(journal, &log, torn, err);

    if (ok && log.len == 0)
        ok = err_set(err, ERR_DATA, "The journal %s contains no event", journal);
    ok = ok && report_write(&log, fd, err);
    event_log_free(&log);
    return ok;
}

const struct event_log *report_events(const struct report *r)
{
    return &r->log;
}

const char *report_journal(const struct report *r)
{
    return r->journal_path;
}

const char *report_path(const struct report *r)
{
    return r->written ? r->path : NULL;
}

const uint8_t *report_sha256(const struct report *r)
{
    return r->written ? r->sha256 : NULL;
}

void report_free(struct report *r)
{
    if (!r)
        return;
    if (r->part >= 0 && !r->written)
        unlinkat(r->folder, r->part_name, 0);
    if (r->part >= 0)
        close(r->part);
    journal_free(r->journal, !r->begun && !r->canary && (!r->over || r->lost));
    if (r->folder >= 0)
        close(r->folder);
    event_log_free(&r->log);
    free(r);
}
