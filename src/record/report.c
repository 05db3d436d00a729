/* SPDX-License-Identifier: Apache-2.0 */
#include "record/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/text.h"
#include "record/document.h"
#include "record/ledger.h"
#include "record/tape.h"
#include "record/writer.h"

enum {
    REPORT_SLUG_MAX = 64,
    REPORT_NAME_MAX = 128,
    REPORT_NUMBERS = 100,  /* names tried for one title and second */
    REPORT_ROOM = 1 << 20, /* free space in the folder without which no ceremony begins */
    REPORT_GROWTH = 2,     /* a report is at most about this many times as long as its tape */
};

struct report {
    struct event_sink sink; /* first: the sink's address is the report's */
    int folder;
    int part;
    char name[REPORT_NAME_MAX];
    char part_name[REPORT_NAME_MAX];
    char path[EVENT_PATH_MAX + REPORT_NAME_MAX];
    uint8_t sha256[SHA256_SIZE];
    struct tape tape;
    bool over;    /* EVENT_END came */
    bool written; /* the report stands under its own name */
};

/* What the title leaves of itself in a file name: [a-z0-9-]. */
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

/* "2026-11-23T124107Z-root-ca-move.yaml": no colons, which some file systems do not take. The
 * second one of the same second is "...-2.yaml". */
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
}

static bool bad_folder(const char *folder, const char *why, struct err *err)
{
    err_set(err, ERR_IO, "The report folder %s %s", folder, why);
    return err_next(err, "Name a folder of your own for the report in the ceremony file");
}

static bool open_folder(struct report *r, const char *folder, struct err *err)
{
    struct stat st;

    if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
        err_set_errno(err, ERR_IO, errno, "The report folder %s cannot be made", folder);
        return err_next(err, "Make it, or name another one in the ceremony file");
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

/* Is there room for the report as it would be now, and for what one more step adds to it? */
static bool has_room(const struct report *r, struct err *err)
{
    struct statvfs fs;

    if (fstatvfs(r->folder, &fs) != 0)
        return err_set_errno(err, ERR_IO, errno, "The report folder cannot be looked at");
    if (fs.f_blocks == 0) /* a file system that does not tell */
        return true;
    if ((uint64_t)fs.f_bavail * fs.f_frsize >= REPORT_ROOM + REPORT_GROWTH * (uint64_t)r->tape.len)
        return true;
    err_set(err, ERR_IO, "There is too little space left for the report at %s", r->path);
    return err_next(err, "Make room there, or name another folder in the ceremony file");
}

/* True when it is ours; false with ERR_CONFLICT: somebody else's. */
static bool reserve_name(struct report *r, struct err *err)
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    struct stat st;

    if (fstatat(r->folder, r->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
        return err_set(err, ERR_CONFLICT, "There is already something at %s", r->path);
    if (errno != ENOENT)
        return err_set_errno(err, ERR_IO, errno, "%s cannot be looked at", r->path);
    r->part = openat(r->folder, r->part_name, flags, 0600);
    if (r->part < 0 && errno == EEXIST)
        return err_set(err, ERR_CONFLICT, "Another ceremony is about to write %s", r->path);
    return r->part >= 0 || err_set_errno(err, ERR_IO, errno, "%s.part cannot be made", r->path);
}

/* Ceremonies that begin in one second, here or in another console, get a name each. */
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
    err_set(err, ERR_IO, "There is no free name for the report beside %s", r->path);
    return err_next(err, "Start again: the name holds the time, so the next one is free");
}

/* Gives the finished file its name, unless something has got there first. */
static bool rename_part(const struct report *r)
{
    if (renameat2(r->folder, r->part_name, r->folder, r->name, RENAME_NOREPLACE) == 0)
        return true;
    if (errno != EINVAL && errno != ENOSYS)
        return false;
    /* a file system or kernel without it */
    return linkat(r->folder, r->part_name, r->folder, r->name, 0) == 0 &&
           unlinkat(r->folder, r->part_name, 0) == 0;
}

static bool write_part(struct report *r, struct err *err)
{
    struct ledger ledger;
    struct writer *w;
    bool ok = ledger_make(&r->tape, &ledger, err) && writer_new(r->part, &w, err);

    if (ok) {
        document_write(&r->tape, &ledger, w);
        ok = writer_close(w, r->sha256, err);
    }
    ledger_free(&ledger);
    return ok;
}

static bool write_report(struct report *r, struct err *err)
{
    bool ok = write_part(r, err);

    if (ok && fsync(r->part) != 0)
        ok = err_set_errno(err, ERR_IO, errno, "The report could not be brought to the disk");
    if (ok && !rename_part(r))
        ok = err_set_errno(err, ERR_IO, errno, "The report could not be given its name");
    if (!ok) {
        err_now(err, "There is no report at %s", r->path);
        return err_next(err, "Keep what the screen and the log say of this ceremony");
    }
    r->written = true;
    if (fsync(r->folder) == 0)
        return true;
    err_set_errno(err, ERR_IO, errno, "The report's name could not be brought to the disk");
    err_now(err, "The report is written, but a power cut may lose it");
    return err_next(err, "Copy it to another disk");
}

/* Calls, PINs and the worker's own messages are no part of the record. */
static bool is_recorded(enum event_kind kind)
{
    return kind != EVENT_CALL && kind != EVENT_PIN && kind != EVENT_DONE;
}

static bool take(struct event_sink *sink, const struct event *event, struct err *err)
{
    struct report *r = (struct report *)sink;

    if (r->over || !is_recorded(event->kind))
        return true;
    if (event->kind == EVENT_STEP && event->step.state == EVENT_BEGUN && !has_room(r, err))
        return false;
    if (!tape_add(&r->tape, event, NULL, err))
        return false;
    if (event->kind != EVENT_END)
        return true;
    r->over = true;
    return write_report(r, err);
}

bool report_new(const char *folder, const char *title, int64_t utc_ms, struct report **out,
                struct err *err)
{
    struct report *r = calloc(1, sizeof *r);

    if (!r)
        return err_set(err, ERR_FAILED, "There is no memory for the report");
    r->sink.emit = take;
    r->folder = r->part = -1;
    make_names(r, folder, title, utc_ms, 1);
    if (!open_folder(r, folder, err) || !has_room(r, err) ||
        !reserve_any_name(r, folder, title, utc_ms, err)) {
        err_now(err, "Nothing was done yet");
        report_free(r);
        return false;
    }
    *out = r;
    return true;
}

struct event_sink *report_sink(struct report *r)
{
    return &r->sink;
}

bool report_end(struct report *r, enum end_outcome outcome, int exit_code, const char *sentence,
                struct err *err)
{
    struct event end = {.kind = EVENT_END, .side = SIDE_RELAY};
    struct event last;
    struct ledger ledger;

    if (r->over || r->tape.len == 0)
        return true;
    if (!ledger_make(&r->tape, &ledger, err)) {
        ledger_free(&ledger);
        return false;
    }
    tape_read(&r->tape, ledger.last, &last);
    end.seq = last.seq + 1;
    end.utc_ms = last.utc_ms;
    end.mono_ms = last.mono_ms;
    end.end.outcome = outcome;
    end.end.exit_code = exit_code;
    end.end.migrated = ledger.outcomes[KEY_MIGRATED];
    end.end.refused = ledger.outcomes[KEY_REFUSED];
    end.end.failed = ledger.outcomes[KEY_FAILED] + ledger.outcomes[KEY_UNKNOWN];
    text_print(end.end.text, sizeof end.end.text, "%s", sentence);
    ledger_free(&ledger);
    return take(&r->sink, &end, err);
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
    if (r->folder >= 0)
        close(r->folder);
    tape_free(&r->tape);
    free(r);
}
