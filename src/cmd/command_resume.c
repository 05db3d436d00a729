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
#include "cmd/message.h"
#include "cmd/run_plain.h"
#include "cmd/find_interrupted.h"

/* The folder of the journal: the new one's place is beside it. */
static bool find_folder(const char *journal, char folder[EVENT_PATH_MAX], struct err *err)
{
    char real[PATH_MAX];

    if (!realpath(journal, real) ||
        text_print(folder, EVENT_PATH_MAX, "%s", dirname(real)) >= EVENT_PATH_MAX - 1)
        return err_set(err, ERR_IO, "The folder of the journal cannot be named");
    return true;
}

/* Is there something to do? If not, says so and why. */
static bool is_needed(const struct history *history, const char *folder, struct err *err)
{
    char by[EVENT_PATH_MAX];

    if (!history->begun)
        puts("No step of this ceremony was begun: there is nothing to do.");
    else if (!history_is_open(history))
        puts("This ceremony came to its end: there is nothing to do.");
    else if (history_is_settled(folder, history, by, err))
        printf("This ceremony was taken over by a later one, %s: look at that one.\n", by);
    else
        return err->code == ERR_NONE;
    return false;
}

/* What says how both HSMs are reached: the file that was named now, else what lies beside the
 * journal, since that is as it was chosen on the screen, else the ceremony's own file. */
static const char *find_file(const struct interrupted *it, const char *journal, const char *named,
                             char kept[PATH_MAX])
{
    if (named)
        return named;
    return session_kept(journal, kept) && access(kept, F_OK) == 0 ? kept : it->history.file;
}

static bool load(struct session *s, const struct interrupted *it, const char *file,
                 const char *folder, struct err *err)
{
    if (!file[0]) {
        err_set(err, ERR_USAGE,
                "That ceremony had no ceremony file, and none lies beside its "
                "journal");
        err_now(err, "Nothing was touched");
        return err_next(err, "Write one that names its two tokens, and put it behind the journal");
    }
    if (!session_load(s, file, err))
        return false;
    text_print(s->config->report_folder, sizeof s->config->report_folder, "%s", folder);
    s->prior = &it->prior;
    return session_confine(s, SESSION_RECORD, NULL, err);
}

int command_settle(const struct invocation *in, const char *journal, const char *file, bool clean)
{
    char folder[EVENT_PATH_MAX], kept[PATH_MAX];
    struct interrupted it;
    struct session s = {.host = in->host};
    struct err err = {0};
    int code = EX_OK;

    if (interrupted_load(journal, &it, &err) && find_folder(journal, folder, &err) &&
        is_needed(&it.history, folder, &err)) {
        it.prior.clean = clean;
        if (it.torn)
            puts("The journal's last line was not written to its end: it is left out.");
        if (load(&s, &it, find_file(&it, journal, file, kept), folder, &err))
            code = command_run_plain(&s);
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
