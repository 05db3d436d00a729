/* SPDX-License-Identifier: Apache-2.0 */
/* hsmferry [FILE], hsmferry resync FILE: joins ceremony file, worker, report and front end. */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "cmd/command.h"
#include "cmd/find_interrupted.h"
#include "cmd/message.h"
#include "cmd/run_console.h"
#include "cmd/run_plain.h"
#include "cmd/session.h"
#include "journal/history.h"

/* --- what was interrupted, as the officers are asked about it --- */

static void put_last_step(const struct interrupted *it, struct settle *settle)
{
    const struct history *history = &it->history;
    char label[KEY_LABEL_TEXT] = "";

    if (!history->stepped)
        return;
    if (history->step_key >= 1 && history->step_key <= it->ceremony.descs.count)
        key_label_text(&it->ceremony.descs.keys[history->step_key - 1], label);
    text_print(settle->last, sizeof settle->last, "%d %s%s%s", step_number(history->step),
               step_title(history->step), label[0] ? ", " : "", label);
    text_print(settle->last_state, sizeof settle->last_state, "%s",
               history->step_state == EVENT_BEGUN    ? "begun, and not known to have ended"
               : history->step_state == EVENT_OK     ? "it was done"
               : history->step_state == EVENT_FAILED ? "it failed"
                                                     : "it was undone");
}

static void describe(const char *journal, struct settle *settle)
{
    struct interrupted it;
    struct err err = {0};

    settle->how = SETTLE_ASKS;
    text_safe(journal, strlen(journal), settle->journal, sizeof settle->journal);
    if (interrupted_load(journal, &it, &err)) {
        text_safe(it.history.title, strlen(it.history.title), settle->title, sizeof settle->title);
        settle->rehearsal = it.history.rehearsal;
        settle->began_ms = it.history.began_ms;
        put_last_step(&it, settle);
        const struct interrupted_counts counts = interrupted_count(&it.ceremony);
        settle->keys = counts.keys;
        settle->proven = counts.proven;
        settle->cut = counts.cut;
    } else {
        text_print(settle->unread, sizeof settle->unread, "%s", err.what);
    }
    interrupted_free(&it);
}

/* --- the command --- */

static int run_console(struct session *s, const struct invocation *in,
                       const struct console_finds *finds)
{
    struct settle settle = {.how = SETTLE_NOTHING};
    char journal[EVENT_PATH_MAX];
    struct err err = {0};
    bool open = history_find(s->config->report_folder, journal, &err);

    if (err.code != ERR_NONE)
        return command_failed(&err);
    if (open)
        describe(journal, &settle);
    int code = command_run_console(s, &in->screen, &settle, finds);
    if (settle_is_on(&settle))
        return command_settle(in, journal, NULL, settle.how == SETTLE_CLEANS);
    return open && code == 0 && !(s->report && report_path(s->report)) ? err_exit(ERR_UNFINISHED)
                                                                       : code;
}

int command_resync(const struct invocation *in)
{
    struct session s = {.host = in->host, .resync = true};
    struct err err = {0};
    int code;

    code = session_load(&s, in->words[0], &err) && session_confine(&s, SESSION_RECORD, NULL, &err)
               ? command_run_plain(&s, NULL)
               : command_failed(&err);
    session_free(&s);
    return code;
}

int command_ceremony(const struct invocation *in)
{
    bool screen = console_is_possible(in->plain);
    const char *file = in->words[0];
    struct session s = {.host = in->host};
    struct console_finds finds = {.recent = -1};
    struct err err = {0};
    int code;

    if (!file && !screen)
        return command_misused("A ceremony file is missing", "");
    if (screen)
        console_find(&finds);
    if (!session_load(&s, file, &err) ||
        !session_confine(&s, screen ? SESSION_SCREEN : SESSION_RECORD, NULL, &err))
        code = command_failed(&err);
    else
        code = screen ? run_console(&s, in, &finds) : command_run_plain(&s, NULL);
    session_free(&s);
    return code;
}
