/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/find_interrupted.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/lock.h"
#include "base/text.h"
#include "cmd/confinement.h"
#include "journal/journal.h"

/* Maps the journal's number of a key, from 1, to an index into its keys. */
struct numbers {
    size_t *index; /* + 1; 0: none */
    size_t count;
};

static struct interrupted_key *key_of(struct interrupted_ceremony *interrupted,
                                      const struct numbers *numbers, uint32_t key)
{
    if (key == 0 || key > numbers->count || numbers->index[key - 1] == 0)
        return NULL;
    return &interrupted->keys[numbers->index[key - 1] - 1];
}

/* NULL if there is no memory. */
static struct plan_name *name_of(const struct event *planned)
{
    struct plan_name *from = calloc(1, sizeof *from);

    if (!from)
        return NULL;
    from->label_len = planned->planned.from_label_len;
    from->id_len = planned->planned.from_id_len;
    memcpy(from->label, planned->planned.from_label, sizeof from->label);
    memcpy(from->id, planned->planned.from_id, sizeof from->id);
    return from;
}

static void forget_names(struct interrupted_ceremony *interrupted)
{
    for (size_t i = 0; i < interrupted->descs.count; i++) {
        free(interrupted->keys[i].from);
        interrupted->keys[i].from = NULL;
    }
}

static bool take_planned(struct interrupted_ceremony *interrupted, struct numbers *numbers,
                         const struct event *event, struct err *err)
{
    struct interrupted_key *keys;
    struct plan_name *from = NULL;

    if (event->key == 1) { /* a new plan replaces the previous one */
        forget_names(interrupted);
        interrupted->descs.count = 0;
        memset(numbers->index, 0, numbers->count * sizeof *numbers->index);
    }
    if (event->key == 0 || event->key > numbers->count)
        return true;
    keys = reallocarray(interrupted->keys, interrupted->descs.count + 1, sizeof *keys);
    if (keys)
        interrupted->keys = keys;
    if (keys && event->planned.renamed)
        from = name_of(event);
    if (!keys || (event->planned.renamed && !from) ||
        !key_list_add(&interrupted->descs, &event->planned.desc)) {
        free(from);
        return err_set(err, ERR_FAILED, "There is no memory for the keys of the journal");
    }
    keys[interrupted->descs.count - 1] = (struct interrupted_key){
        .explicit = event->planned.explicit,
        .refused = event->planned.route == ROUTE_NONE,
        .aligned = event->planned.route == ROUTE_ALIGNED,
        .derived = event->planned.route == ROUTE_DERIVED,
        .announced = event->planned.kept,
        .intended = event->planned.kept,
        .companion = event->planned.companion_of != 0,
        .from = from,
    };
    numbers->index[event->key - 1] = interrupted->descs.count;
    return true;
}

/* Resets what is known about a key that does not exist. */
static void forget(struct interrupted_key *key)
{
    *key = (struct interrupted_key){.explicit = key->explicit,
                                    .announced = key->announced,
                                    .aligned = key->aligned,
                                    .companion = key->companion,
                                    .derived = key->derived,
                                    .kept_on_source = key->kept_on_source,
                                    .from = key->from};
}

static void take_commit(struct interrupted_ceremony *interrupted, struct interrupted_key *key,
                        enum event_state state)
{
    if (state == EVENT_BEGUN) {
        interrupted->cuts++;
        key->announced = key->intended = true;
    } else if (state == EVENT_OK && interrupted->cuts > 0)
        interrupted->cuts--;
    else if (state == EVENT_UNDONE)
        forget(key);
}

/* Test keys are committed too. An incomplete commit of one leaves an object without a recorded
 * name. */
static void take_canary(struct interrupted_ceremony *interrupted, const struct event *event)
{
    if (event->canary.state == CANARY_COMMITS)
        interrupted->cuts++;
    else if (event->canary.state == CANARY_CLEAN)
        interrupted->cuts = 0;
    else if (event->canary.state == CANARY_PASSED && !event->canary.transport &&
             interrupted->cuts > 0)
        interrupted->cuts--;
}

static void take_done(struct interrupted_key *key, const struct event *event)
{
    if (event->key_done.outcome == KEY_FAILED) {
        forget(key);
        key->failed = true;
    }
    key->waived = event->key_done.outcome == KEY_UNPROVEN;
    key->proven |= key->waived;
}

/* The key that was chosen beyond the script; NULL: the event states none. */
static const struct key_desc *added_by(const struct interrupted_ceremony *interrupted,
                                       const struct interrupted_key *key, const struct event *event)
{
    return key && event->kind == EVENT_SCRIPT && event->script.what == SCRIPT_ADDED
               ? &interrupted->descs.keys[key - interrupted->keys]
               : NULL;
}

static bool take_event(struct interrupted_ceremony *interrupted, struct numbers *numbers,
                       const struct event *event, struct err *err)
{
    bool one_side = event->side == SIDE_SOURCE || event->side == SIDE_DESTINATION;
    struct interrupted_key *key = key_of(interrupted, numbers, event->key);

    if (!explained_take(&interrupted->explained, event, added_by(interrupted, key, event), err))
        return false;
    origins_take(&interrupted->origins, event);
    if (event->kind == EVENT_PLANNED)
        return take_planned(interrupted, numbers, event, err);
    if (event->kind == EVENT_SCRIPT)
        return script_take(&interrupted->script, &event->script, err);
    if (event->kind == EVENT_HSM && one_side)
        interrupted->slot[event->side] = event->hsm.slot;
    else if (event->kind == EVENT_INVENTORY && one_side && !event->inventory.after)
        interrupted->nameless[event->side] = event->inventory.nameless;
    else if (event->kind == EVENT_INVENTORY && event->side == SIDE_DESTINATION)
        interrupted->unexplained = event->inventory.unexplained > 0;
    else if (event->kind == EVENT_CANARY)
        take_canary(interrupted, event);
    else if (key && event->kind == EVENT_STEP && event->step.id == STEP_COMMIT)
        take_commit(interrupted, key, event->step.state);
    else if (key && event->kind == EVENT_STEP && event->step.id == STEP_COMMIT_SOURCE)
        key->kept_on_source = event->step.state != EVENT_UNDONE;
    else if (key && event->kind == EVENT_PROOF && event->proof.stage == STEP_PROVE_AGAIN)
        key->proven = event->proof.state == EVENT_OK;
    else if (key && event->kind == EVENT_KEY_DONE)
        take_done(key, event);
    return true;
}

/* If there was an object that nobody could explain, a key that was undone may exist nevertheless:
 * an HSM that destroys the wrong object does not report it. */
static void doubt(struct interrupted_ceremony *interrupted)
{
    for (size_t i = 0; interrupted->unexplained && i < interrupted->descs.count; i++)
        if (interrupted->keys[i].announced && !interrupted->keys[i].intended) {
            interrupted->keys[i].intended = true;
            interrupted->keys[i].failed = false;
        }
}

static bool make_interrupted(const struct event_log *log, struct interrupted_ceremony *interrupted,
                             struct err *err)
{
    struct numbers numbers = {calloc(HSM_OBJECTS_MAX, sizeof(size_t)), HSM_OBJECTS_MAX};
    struct event event;
    bool ok = numbers.index || err_set(err, ERR_FAILED, "There is no memory for a journal");

    for (size_t at = 0; ok && event_log_next(log, UINT64_MAX, &at, &event);)
        ok = take_event(interrupted, &numbers, &event, err);
    if (ok)
        doubt(interrupted);
    free(numbers.index);
    return ok;
}

static bool read_journal(const char *journal, struct interrupted *it, struct err *err)
{
    struct event_log log = {0};
    bool ok = journal_read(journal, &log, &it->torn, err);

    if (ok) {
        it->history = history_of(&log);
        memcpy(it->ceremony.id, it->history.id, sizeof it->ceremony.id);
        ok = make_interrupted(&log, &it->ceremony, err);
        explained_end(&it->ceremony.explained, it->history.id);
    }
    event_log_free(&log);
    return ok;
}

bool interrupted_read(const char *journal, struct interrupted *it, struct err *err)
{
    *it = (struct interrupted){.lock = -1};
    return read_journal(journal, it, err);
}

bool interrupted_load(const char *journal, struct interrupted *it, struct err *err)
{
    char shown[FILE_SHOWN], what[FILE_SHOWN + 16];

    *it = (struct interrupted){.lock = -1};
    text_print(what, sizeof what, "The journal %s", file_shown(journal, shown));
    return file_open_trusted(journal, 022, &it->lock, err) &&
           lock_take(it->lock, false, what, err) && read_journal(journal, it, err);
}

struct interrupted_counts interrupted_count(const struct interrupted_ceremony *ceremony)
{
    struct interrupted_counts counts = {0};

    for (size_t i = 0; i < ceremony->descs.count; i++) {
        const struct interrupted_key *key = &ceremony->keys[i];
        if (key->companion || key->refused)
            continue;
        counts.keys++;
        counts.proven += key->intended && key->proven;
        counts.cut += key->intended && !key->proven;
    }
    return counts;
}

static bool read_file(const char *journal, char file[EVENT_PATH_MAX])
{
    struct event_log log = {0};
    struct err err = {0};
    bool torn, ok = journal_read(journal, &log, &torn, &err);

    text_print(file, EVENT_PATH_MAX, "%s", ok ? history_of(&log).file : "");
    event_log_free(&log);
    return ok;
}

/* The child process. It inherits the channel to the process that starts agents, and must close
 * it. */
static _Noreturn void read_apart(const char *journal, int out)
{
    const char *const files[] = {journal, NULL};
    char file[EVENT_PATH_MAX] = "";
    struct err err = {0};
    bool ok = dup2(out, STDERR_FILENO + 1) >= 0 &&
              close_range(STDERR_FILENO + 2, UINT_MAX, 0) == 0 &&
              confinement_reader(files, false, &err) && read_file(journal, file) &&
              write(STDERR_FILENO + 1, file, sizeof file) == (ssize_t)sizeof file;

    _exit(ok ? 0 : 1);
}

bool interrupted_file(const char *journal, bool apart, char file[EVENT_PATH_MAX], struct err *err)
{
    int ends[2], status = 0;
    pid_t child;
    bool ok;

    if (!apart)
        return read_file(journal, file) || err_set(err, ERR_DATA, "The journal cannot be read");
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_set_errno(err, ERR_FAILED, errno, "There is no pipe for reading the journal");
    child = fork();
    if (child == 0)
        read_apart(journal, ends[1]);
    close(ends[1]);
    /* The whole path fits into the pipe: PIPE_BUF is larger. */
    ok = child > 0 && read(ends[0], file, EVENT_PATH_MAX) == EVENT_PATH_MAX &&
         memchr(file, '\0', EVENT_PATH_MAX);
    close(ends[0]);
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return (ok && status == 0) || err_set(err, ERR_DATA, "The journal cannot be read");
}

void interrupted_free(struct interrupted *it)
{
    if (it->lock >= 0)
        close(it->lock);
    forget_names(&it->ceremony);
    key_list_free(&it->ceremony.descs);
    script_free(&it->ceremony.script);
    explained_free(&it->ceremony.explained);
    free(it->ceremony.keys);
    *it = (struct interrupted){.lock = -1};
}
