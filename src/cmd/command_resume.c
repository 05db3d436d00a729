/* SPDX-License-Identifier: Apache-2.0 */
/* hsmferry resume and clean: what to do after a ceremony was interrupted. */
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/text.h"
#include "cmd/command.h"
#include "cmd/command_removal.h"
#include "cmd/confinement.h"
#include "cmd/find_interrupted.h"
#include "cmd/message.h"
#include "cmd/run_console.h"
#include "cmd/run_plain.h"

/* The folder of the journal; the new journal is written to the same folder. */
static bool find_folder(const char *journal, char folder[EVENT_PATH_MAX], struct err *err)
{
    char real[PATH_MAX];

    if (!realpath(journal, real) ||
        text_print(folder, EVENT_PATH_MAX, "%s", dirname(real)) >= EVENT_PATH_MAX - 1)
        return err_set(err, ERR_IO, "The folder of the journal cannot be named");
    return true;
}

/* Is there anything to do? If not, prints why. */
static bool is_needed(const struct history *history, const char *folder, struct err *err)
{
    char by[EVENT_PATH_MAX];

    if (!history->begun)
        puts("No step of this ceremony was begun: there is nothing to do.");
    else if (history->sealed && history->over)
        puts("A ceremony that seals keys is not resumed: its report says which files it wrote.");
    else if (history->sealed)
        puts("A ceremony that seals keys is not resumed: it left nothing on the source. Remove the "
             "files that have the name of its journal, which no report has, and start it again.");
    else if (!history_is_open(history))
        puts("This ceremony was completed: there is nothing to do.");
    else if (history_is_settled(folder, history, by, err))
        printf("This ceremony was taken over by a later one: see %s.\n", by);
    else
        return err->code == ERR_NONE;
    return false;
}

/* The ceremony file that says how both HSMs are reached: the one that was named now, otherwise the
 * one next to the journal, because it holds the choices made on the screen, otherwise the
 * ceremony's own file. */
static bool find_file(const struct session *s, const char *journal, const char *named,
                      char file[PATH_MAX], struct err *err)
{
    char own[EVENT_PATH_MAX];

    if (named) {
        text_print(file, PATH_MAX, "%s", named);
        return true;
    }
    if (session_kept(journal, file) && access(file, F_OK) == 0)
        return true;
    if (!interrupted_file(journal, !starter_is_sealed(s->host->starter), own, err))
        return false;
    text_print(file, PATH_MAX, "%s", own);
    if (file[0])
        return true;
    err_set(err, ERR_USAGE,
            "That ceremony had no ceremony file, and there is none next to its journal");
    err_now(err, "Nothing was touched");
    return err_next(err, "Write one that names its two tokens, and put it after the journal");
}

/* Reads the ceremony file and confines the process, both before the journal is parsed. */
static bool enclose(struct session *s, const char *journal, const char *named, const char *folder,
                    bool screen, struct err *err)
{
    char file[PATH_MAX];

    if (!find_file(s, journal, named, file, err) || !session_load(s, file, err))
        return false;
    text_print(s->config->report_folder, sizeof s->config->report_folder, "%s", folder);
    return session_confine(s, screen ? SESSION_SETTLE : SESSION_RECORD, NULL, err);
}

/* If there will be no ceremony, the journal is nevertheless parsed in a confined process. */
static bool enclose_reader(const struct session *s, const char *journal, struct err *err)
{
    const char *const files[] = {journal, NULL};

    return s->host->box.text[0] || confinement_reader(files, false, err);
}

static int run(struct session *s, const struct invocation *in, bool screen)
{
    struct settle settle = {.how = s->interrupted->clean ? SETTLE_CLEANS : SETTLE_RESUMES};

    return screen ? command_run_console(s, &in->screen, &settle, NULL) : command_run_plain(s, NULL);
}

int command_settle(const struct invocation *in, const char *journal, const char *file, bool clean)
{
    char folder[EVENT_PATH_MAX];
    struct interrupted it = {.lock = -1};
    struct session s = {.host = in->host, .interrupted = &it.ceremony, .journal = journal};
    struct err err = {0}, why = {0}; /* why not: there may be nothing to do all the same */
    bool screen = console_is_possible(in->plain);
    bool ready =
        find_folder(journal, folder, &why) && enclose(&s, journal, file, folder, screen, &why);
    int code = EX_OK;

    if ((ready || enclose_reader(&s, journal, &err)) && interrupted_load(journal, &it, &err) &&
        is_needed(&it.history, folder, &err)) {
        it.ceremony.clean = clean;
        if (it.torn)
            puts("The journal's last line is incomplete and was ignored.");
        if (ready && it.history.removal != REMOVAL_NONE)
            code = command_resume_removal(in, &s, &it.history);
        else if (ready)
            code = run(&s, in, screen);
        else
            err = why;
    }
    if (err.code != ERR_NONE)
        code = command_failed(&err);
    session_free(&s);
    interrupted_free(&it);
    return code;
}

int command_resume(const struct invocation *in)
{
    return command_settle(in, in->words[0], in->words[1], false);
}

int command_clean(const struct invocation *in)
{
    return command_settle(in, in->words[0], in->words[1], true);
}
