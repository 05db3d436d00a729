/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/history.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/text.h"
#include "journal/journal.h"

/* An end is of the step that began last, or of one before: the keys of a window overlap. */
static void note_step(struct history *history, const struct event *event)
{
    bool same = history->step == event->step.id && history->step_key == event->key;

    if (event->step.state != EVENT_BEGUN && !same)
        return;
    history->stepped = true;
    history->step = event->step.id;
    history->step_key = event->key;
    history->step_state = event->step.state;
}

struct history history_of(const struct event_log *log)
{
    struct history history = {0};
    struct event event;
    bool waived = false, open = false; /* a key arrived unproven; another problem is open */
    bool canary = false;               /* an object of the canary may be on the destination */

    for (size_t at = 0; event_log_next(log, UINT64_MAX, &at, &event);) {
        if (event.kind == EVENT_BEGIN) {
            memcpy(history.title, event.begin.title, sizeof history.title);
            memcpy(history.id, event.begin.id, sizeof history.id);
            memcpy(history.resumes, event.begin.resumes, sizeof history.resumes);
            memcpy(history.file, event.begin.file, sizeof history.file);
            history.rehearsal = event.begin.rehearsal;
            history.sealed = event.begin.service[0];
            history.visit = visit_of(event.begin.visit);
            history.removal = removal_of(event.begin.removal);
            memcpy(history.report, event.begin.report, sizeof history.report);
            history.began_ms = event.utc_ms;
        } else if (event.kind == EVENT_CANARY) {
            canary = event.canary.state == CANARY_COMMITS ||
                     (canary && event.canary.state != CANARY_CLEAN);
        } else if (event.kind == EVENT_STEP) {
            history.begun |= event.step.state == EVENT_BEGUN;
            note_step(&history, &event);
        } else if (event.kind == EVENT_INVENTORY) {
            history.looked |= event.side == SIDE_DESTINATION && !event.inventory.after;
        } else if (event.kind == EVENT_END) {
            history.over = true;
            history.exit_code = event.end.exit_code;
            open |= event.end.left_over > 0;
        } else if (event.kind == EVENT_KEY_DONE) {
            waived |= event.key_done.outcome == KEY_UNPROVEN;
            open |= event.key_done.outcome == KEY_UNKNOWN;
        } else if (event.kind == EVENT_ERROR)
            open = true;
    }
    /* What it resumed is its own from then on, also if it was cut off before its first step. */
    history.begun |= canary || (history.looked && history.resumes[0]);
    /* Older journals end with the same code if keys arrived unproven, by a waiver. */
    history.settled = history.over && waived && !open;
    return history;
}

bool history_is_open(const struct history *history)
{
    return history->visit == VISIT_NONE && !history->sealed && history->begun &&
           !history->settled && (!history->over || history->exit_code == err_exit(ERR_UNFINISHED));
}

/* --- all journals of a folder --- */

struct entry {
    char path[EVENT_PATH_MAX];
    struct history history;
    bool busy; /* a running process writes it */
};

struct entries {
    struct entry *entries;
    size_t count;
};

static bool is_busy(const char *path)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    bool busy = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0;

    if (fd >= 0)
        close(fd);
    return busy;
}

/* A ceremony that came to its end, took over no other and leaves nothing to resume is known by its
 * first and its last event: a folder of long journals costs no time when the next one starts. */
static bool read_settled(const char *path, struct event_log *log)
{
    struct event begin, end;
    struct err ignored;

    return journal_read_ends(path, &begin, &end) && !begin.begin.resumes[0] &&
           end.end.exit_code != err_exit(ERR_UNFINISHED) &&
           event_log_add(log, &begin, NULL, &ignored) && event_log_add(log, &end, NULL, &ignored);
}

static bool add_entry(struct entries *all, const char *folder, const char *name, struct err *err)
{
    struct entry *grown = reallocarray(all->entries, all->count + 1, sizeof *grown);
    struct event_log log = {0};
    bool torn, ok;

    if (!grown)
        return err_set(err, ERR_FAILED, "There is no memory for a list of journals");
    all->entries = grown;
    struct entry *entry = &all->entries[all->count];
    *entry = (struct entry){0};
    text_print(entry->path, sizeof entry->path, "%s/%s", folder, name);
    entry->busy = is_busy(entry->path);
    ok = read_settled(entry->path, &log) || journal_read(entry->path, &log, &torn, err);
    entry->history = history_of(&log);
    event_log_free(&log);
    all->count += ok;
    return ok;
}

static int is_journal(const struct dirent *entry)
{
    static const char suffix[] = ".journal";
    size_t len = strlen(entry->d_name);

    return (entry->d_type == DT_REG || entry->d_type == DT_UNKNOWN) && len >= sizeof suffix &&
           strcmp(entry->d_name + len - sizeof suffix + 1, suffix) == 0;
}

static bool read_folder(const char *folder, struct entries *all, struct err *err)
{
    struct dirent **names = NULL;
    int count = scandir(folder, &names, is_journal, alphasort);
    bool ok = true;

    *all = (struct entries){0};
    for (int i = 0; i < count; i++) {
        ok = ok && add_entry(all, folder, names[i]->d_name, err);
        free(names[i]);
    }
    free(names);
    return ok;
}

/* The later ceremony that resumed this one and inspected both tokens; NULL: none. */
static const struct entry *find_settler(const struct entries *all, const char *id)
{
    for (size_t i = 0; i < all->count; i++)
        if (all->entries[i].history.looked && strcmp(all->entries[i].history.resumes, id) == 0)
            return &all->entries[i];
    return NULL;
}

bool history_is_settled(const char *folder, const struct history *history, char by[EVENT_PATH_MAX],
                        struct err *err)
{
    struct entries all;
    const struct entry *settler = NULL;

    if (read_folder(folder, &all, err))
        settler = find_settler(&all, history->id);
    if (settler)
        memcpy(by, settler->path, EVENT_PATH_MAX);
    free(all.entries);
    return settler != NULL;
}

bool history_find(const char *folder, char path[EVENT_PATH_MAX], struct err *err)
{
    struct entries all;
    bool ok = read_folder(folder, &all, err), found = false;

    for (size_t i = 0; ok && !found && i < all.count; i++) {
        const struct entry *entry = &all.entries[i];
        found = !entry->busy && history_is_open(&entry->history) &&
                !find_settler(&all, entry->history.id);
        if (found)
            memcpy(path, entry->path, EVENT_PATH_MAX);
    }
    free(all.entries);
    return found;
}
