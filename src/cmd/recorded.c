/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/recorded.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "journal/event_fields.h"
#include "journal/journal.h"

/* Is there nothing in it but what a terminal shows? Backslashes may stand alone, as in paths. */
static bool can_be_shown(const char *text, const char *safe)
{
    for (; *text; text++) {
        if (*safe++ != *text)
            return false;
        if (*text == '\\' && *safe++ != '\\')
            return false;
    }
    return *safe == '\0';
}

/* Text of an event was made safe before it was written; the writer of another journal did not have
 * to do that. */
static void make_safe(struct event *event)
{
    char safe[TEXT_SAFE_SIZE(EVENT_PATH_MAX)];
    size_t count;
    const struct event_field *fields = event_fields_of(event->kind, &count);

    for (size_t i = 0; fields && i < count; i++) {
        char *text = (char *)event + fields[i].at;
        if (fields[i].type != FIELD_TEXT)
            continue;
        text_safe(text, strnlen(text, fields[i].size), safe, sizeof safe);
        if (!can_be_shown(text, safe))
            text_print(text, fields[i].size, "%s", safe);
    }
}

static void read_event(const void *ctx, size_t i, struct event *event)
{
    const struct recorded *recorded = ctx;

    event_log_read(&recorded->log, recorded->places[i], event);
    make_safe(event);
}

/* Where each event is, so that any of them can be read. */
static bool find_places(struct recorded *recorded, struct err *err)
{
    struct event event;
    size_t count = 0, at = 0;

    recorded->places = calloc(recorded->log.records + 1, sizeof *recorded->places);
    if (!recorded->places)
        return err_set(err, ERR_FAILED, "There is no memory for a journal");
    while (count < recorded->log.records && event_log_next(&recorded->log, UINT64_MAX, &at, &event))
        recorded->places[count++] = at;
    recorded->recording.count = count;
    return count > 0 ||
           err_set(err, ERR_DATA, "The journal %s holds no event", recorded->recording.path);
}

bool recorded_read(const char *journal, struct recorded *recorded, struct err *err)
{
    struct recording *recording = &recorded->recording;
    char shown[FILE_SHOWN];

    *recorded = (struct recorded){.recording = {.ctx = recorded, .read = read_event}};
    text_print(recording->path, sizeof recording->path, "%s", file_shown(journal, shown));
    if (!journal_read(journal, &recorded->log, &recording->torn, err) ||
        !find_places(recorded, err))
        return false;
    memcpy(recording->head, recorded->log.head, sizeof recording->head);
    return true;
}

void recorded_free(struct recorded *recorded)
{
    event_log_free(&recorded->log);
    free(recorded->places);
    *recorded = (struct recorded){.places = NULL};
}
