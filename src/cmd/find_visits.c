/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/find_visits.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ceremony/arrival.h"
#include "cmd/report_folder.h"
#include "journal/event_log.h"
#include "journal/journal.h"

static struct visit_past *past_of(struct visit_pasts *all, const char *migration, struct err *err)
{
    struct visit_past *more;

    for (size_t i = 0; i < all->count; i++)
        if (strcmp(all->at[i].migration, migration) == 0)
            return &all->at[i];
    more = reallocarray(all->at, all->count + 1, sizeof *more);
    if (!more) {
        err_set(err, ERR_FAILED, "There is no memory for the journals of visits");
        return NULL;
    }
    all->at = more;
    all->at[all->count] = (struct visit_past){0};
    text_print(all->at[all->count].migration, sizeof all->at[0].migration, "%s", migration);
    return &all->at[all->count++];
}

/* A file that is none of two rooms. */
static void take_service(struct visit_past *past, const struct event *event,
                         const struct visit_file *file)
{
    enum arrival_format format;

    past->for_service |= strcmp(event->file.format, ARRIVAL_PEM) == 0;
    if (!arrival_format_of(event->file.format, &format))
        return;
    past->returned = *file;
    past->returned_over = false;
}

static void take_file(struct visit_past *past, const struct event *event)
{
    struct visit_file file = {.is = true, .utc_ms = event->utc_ms};
    enum sealed_format format = 0;
    enum sealed_stage stage = 0;

    while (format < SEALED_FORMATS && strcmp(event->file.format, sealed_format_name(format)) != 0)
        format++;
    while (stage < SEALED_STAGES && strcmp(event->file.stage, sealed_stage_name(stage)) != 0)
        stage++;
    memcpy(file.sha256, event->file.sha256, sizeof file.sha256);
    memcpy(file.path, event->file.path, sizeof file.path);
    if (format == SEALED_FORMATS) {
        take_service(past, event, &file);
        return;
    }
    if (stage == SEALED_STAGES)
        return;
    if (event->file.state == FILE_DRAFTED)
        past->drafted[stage] = file;
    else
        (event->file.state == FILE_WRITTEN ? past->written : past->taken)[format][stage] = file;
}

/* After these, what failed can be tried again: the pair still waits. */
static bool may_go_on(int exit_code)
{
    return exit_code == err_exit(ERR_FAILED) || exit_code == err_exit(ERR_UNFINISHED) ||
           exit_code == err_exit(ERR_IO);
}

/* What was refused before its first step or file was not begun. */
static void take_event(struct visit_past *past, enum visit what, const struct event *event,
                       const char *path)
{
    if (event->kind == EVENT_FILE || event->kind == EVENT_STEP) {
        past->begun[what] = true;
        if (what == VISIT_ACCEPT)
            text_print(past->accepted, sizeof past->accepted, "%s", path);
    }
    if (event->kind == EVENT_FILE)
        take_file(past, event);
    else if (what == VISIT_ACCEPT && event->kind == EVENT_END)
        past->returned_over = past->returned.is && !may_go_on(event->end.exit_code);
    else if (what == VISIT_OFFER && event->kind == EVENT_HSM)
        past->slot = event->hsm.slot;
    else if (what == VISIT_OFFER && event->kind == EVENT_FINGERPRINT) {
        past->has_pair = true;
        memcpy(past->pair, event->fingerprint.spki_sha256, sizeof past->pair);
    }
}

static bool take_log(const struct event_log *log, const char *path, struct visit_pasts *all,
                     struct err *err)
{
    struct visit_past *past = NULL;
    enum visit what = VISIT_NONE;
    struct event event;

    for (size_t at = 0; event_log_next(log, UINT64_MAX, &at, &event);) {
        if (event.kind == EVENT_BEGIN && visit_of(event.begin.visit) != VISIT_NONE) {
            what = visit_of(event.begin.visit);
            past = past_of(all, event.begin.migration, err);
            if (!past)
                return false;
            if (what == VISIT_OFFER) {
                past->offered_ms = event.utc_ms;
                past->expires_ms = event.begin.expires_ms;
                memcpy(past->ceremony, event.begin.file_sha256, sizeof past->ceremony);
            }
        } else if (past)
            take_event(past, what, &event, path);
    }
    return true;
}

/* A long journal of a ceremony in one room costs no time: it is known by its first event. */
static bool is_of_one_room(const char *path)
{
    struct event begin, end;

    return journal_read_ends(path, &begin, &end) && visit_of(begin.begin.visit) == VISIT_NONE;
}

static bool take_journal(const char *folder, const char *name, struct visit_pasts *all,
                         struct err *err)
{
    struct event_log log = {0};
    char path[EVENT_PATH_MAX];
    bool torn, ok;

    text_print(path, sizeof path, "%s/%s", folder, name);
    if (is_of_one_room(path))
        return true;
    ok = journal_read(path, &log, &torn, err) && take_log(&log, path, all, err);
    event_log_free(&log);
    return ok;
}

bool visits_find(const char *folder, struct visit_pasts *out, struct err *err)
{
    struct dirent **names;
    int count = report_folder_journals(folder, &names);
    bool ok = true;

    *out = (struct visit_pasts){0};
    for (int i = 0; i < count; i++) {
        ok = ok && take_journal(folder, names[i]->d_name, out, err);
        free(names[i]);
    }
    free(names);
    return ok;
}

void visits_free(struct visit_pasts *pasts)
{
    free(pasts->at);
    *pasts = (struct visit_pasts){0};
}
