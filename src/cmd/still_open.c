/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/still_open.h"

#include <inttypes.h>

#include "base/text.h"
#include "cmd/find_interrupted.h"
#include "report/signing.h"

static void put_command(const char *name, const char *journal, char line[STILL_OPEN_LINE_MAX])
{
    size_t at = text_print(line, STILL_OPEN_LINE_MAX, "           hsmferry %s", name);

    signing_add_word(line, STILL_OPEN_LINE_MAX, at, journal);
}

static unsigned say(const char *journal, char lines[STILL_OPEN_LINES][STILL_OPEN_LINE_MAX])
{
    struct interrupted it;
    struct err ignored = {0};
    bool open = interrupted_read(journal, &it, &ignored) && history_is_open(&it.history);

    if (open) {
        const struct interrupted_counts counts = interrupted_count(&it.ceremony);
        if (it.history.removal != REMOVAL_NONE)
            text_print(lines[0], STILL_OPEN_LINE_MAX,
                       "Still open the removal: its journal says what is destroyed; go on with "
                       "one of:");
        else
            text_print(lines[0], STILL_OPEN_LINE_MAX,
                       "Still open %" PRIu32 " of %" PRIu32
                       " key%s on %s, proven; go on with one of:",
                       counts.proven, counts.keys, counts.keys == 1 ? "" : "s",
                       it.ceremony.slot[SIDE_DESTINATION].label);
        put_command("resume", journal, lines[1]);
        put_command("clean", journal, lines[2]);
    }
    interrupted_free(&it);
    return open ? STILL_OPEN_LINES : 0;
}

unsigned still_open_lines(const struct session *s,
                          char lines[STILL_OPEN_LINES][STILL_OPEN_LINE_MAX])
{
    unsigned count = say(report_journal(s->report), lines);

    return count == 0 && s->journal ? say(s->journal, lines) : count;
}
