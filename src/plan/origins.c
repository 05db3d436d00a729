/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/origins.h"

#include <string.h>

#include "base/text.h"

static unsigned place_of(const struct origins *origins, const char *name)
{
    unsigned i = 0;

    while (i < origins->count && strcmp(origins->lines[i].name, name) != 0)
        i++;
    return i;
}

void origins_take(struct origins *origins, const struct event *event)
{
    unsigned at;

    if (event->kind != EVENT_POLICY)
        return;
    at = place_of(origins, event->note.name);
    for (enum setting_from from = 0; from < SETTING_FROMS && at < ORIGINS_MAX; from++) {
        if (strcmp(event->note.from, setting_from_name(from)) != 0)
            continue;
        text_print(origins->lines[at].name, sizeof origins->lines[at].name, "%s", event->note.name);
        text_print(origins->lines[at].value, sizeof origins->lines[at].value, "%s",
                   event->note.text);
        origins->lines[at].from = from;
        origins->count += at == origins->count;
        return;
    }
}

const char *origins_find(const struct origins *origins, const char *name, const char *value)
{
    unsigned at = origins ? place_of(origins, name) : 0;

    return origins && at < origins->count && strcmp(origins->lines[at].value, value) == 0
               ? setting_from_name(origins->lines[at].from)
               : NULL;
}
