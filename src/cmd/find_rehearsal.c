/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/find_rehearsal.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cmd/report_folder.h"
#include "journal/event_log.h"
#include "journal/journal.h"

/* Known by its ends, so that other journals cost no time, however long they are. */
static bool is_rehearsal(const char *path, struct rehearsed *was)
{
    struct event begin, end;

    if (!journal_read_ends(path, &begin, &end) || !begin.begin.rehearsal || end.kind != EVENT_END ||
        end.end.exit_code != 0 || visit_of(begin.begin.visit) != VISIT_NONE ||
        begin.begin.removal[0] || begin.begin.service[0])
        return false;
    *was = (struct rehearsed){0};
    text_print(was->id, sizeof was->id, "%s", begin.begin.id);
    return true;
}

/* A database or key file is another one in production; a module is that of the HSM's maker. */
static bool is_same_hsm(const struct event *e, const struct hsm_where *where)
{
    return strcmp(e->hsm.info.api, where->api) == 0 &&
           (strcmp(where->api, "pkcs11") != 0 || strcmp(e->hsm.module, where->module) == 0);
}

static void take_choice(const struct event *e, struct rehearsed *was)
{
    was->transport = e->choice.alg;
    was->bits = e->choice.bits;
    text_print(was->kdf, sizeof was->kdf, "%s", e->choice.kdf);
}

/* The last transport counts: the first may have failed. */
static bool take_log(const struct event_log *log, const struct hsm_where *const where[2],
                     struct rehearsed *was)
{
    const uint64_t kinds = UINT64_C(1) << EVENT_HSM | UINT64_C(1) << EVENT_CHOICE;
    bool same[2] = {false, false};
    struct event e;

    for (size_t at = 0; event_log_next(log, kinds, &at, &e);)
        if (e.kind == EVENT_HSM && e.side <= SIDE_DESTINATION)
            same[e.side] = is_same_hsm(&e, where[e.side]);
        else if (e.kind == EVENT_CHOICE && !e.choice.envelope)
            take_choice(&e, was);
    return same[SIDE_SOURCE] && same[SIDE_DESTINATION] && was->bits;
}

static bool take_journal(const char *path, const struct hsm_where *const where[2],
                         struct rehearsed *was)
{
    struct event_log log = {0};
    struct err ignored = {0};
    bool torn, ok;

    if (!is_rehearsal(path, was))
        return false;
    ok = journal_read(path, &log, &torn, &ignored) && take_log(&log, where, was);
    event_log_free(&log);
    return ok;
}

struct rehearsed rehearsal_find(const char *folder, const struct hsm_where *const where[2])
{
    struct rehearsed was = {0};
    struct dirent **names;
    bool found = false;

    for (int i = report_folder_journals(folder, &names); i-- > 0;) {
        char path[EVENT_PATH_MAX];
        text_print(path, sizeof path, "%s/%s", folder, names[i]->d_name);
        found = found || take_journal(path, where, &was);
        free(names[i]);
    }
    free(names);
    return found ? was : (struct rehearsed){0};
}
