/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/event_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "journal/event_fields.h"

/* --- what was said --- */

/* The number of this event's form; said->count: it has none yet. */
static size_t place_of(const struct event_said *said, const struct event *event)
{
    const uint32_t form = event_fields_form(event);
    size_t i = 0;

    while (i < said->count && said->forms[i] != form)
        i++;
    return i;
}

/* The last event of this one's form; NULL: there was none, or it does not count. */
static const struct event *said_before(const struct event_said *said, const struct event *event)
{
    if (!said || event->kind == EVENT_BEGIN || event->kind == EVENT_END)
        return NULL;
    size_t i = place_of(said, event);
    return i < said->count ? &said->events[i] : NULL;
}

static bool grow(struct event_said *said, struct err *err)
{
    size_t room = said->room ? 2 * said->room : 32;
    struct event *events = reallocarray(said->events, room, sizeof *events);
    uint32_t *forms = reallocarray(said->forms, room, sizeof *forms);

    said->events = events ? events : said->events;
    said->forms = forms ? forms : said->forms;
    if (!events || !forms)
        return err_set(err, ERR_FAILED, "There is no memory for a journal");
    said->room = room;
    return true;
}

bool event_said_note(struct event_said *said, const struct event *event, struct err *err)
{
    size_t i = place_of(said, event);

    said->utc_ms = event->utc_ms;
    said->mono_ms = event->mono_ms;
    said->begun = true;
    if (i == EVENT_SAID_MAX)
        return true;
    if (i == said->room && !grow(said, err))
        return false;
    said->count += i == said->count;
    said->forms[i] = event_fields_form(event);
    said->events[i] = *event;
    return true;
}

void event_said_free(struct event_said *said)
{
    free(said->events);
    free(said->forms);
    *said = (struct event_said){0};
}

/* --- writing --- */

struct line {
    char *text;
    size_t len;
};

/* A line has room for the longest possible event: four characters for each of its bytes, and the
 * names. */
_Static_assert(EVENT_LINE_MAX >= 4 * sizeof(struct event) + 64 * 32, "a line holds an event");

static void put(struct line *line, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void put(struct line *line, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    line->len += text_vprint(line->text + line->len, EVENT_LINE_MAX - line->len, fmt, args);
    va_end(args);
}

static uint64_t number_at(const void *from, size_t size)
{
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;

    switch (size) {
    case sizeof u8:
        return memcpy(&u8, from, size), u8;
    case sizeof u16:
        return memcpy(&u16, from, size), u16;
    case sizeof u32:
        return memcpy(&u32, from, size), u32;
    default:
        return memcpy(&u64, from, sizeof u64), u64;
    }
}

static void number_to(void *to, size_t size, uint64_t number)
{
    const uint8_t u8 = (uint8_t)number;
    const uint16_t u16 = (uint16_t)number;
    const uint32_t u32 = (uint32_t)number;

    switch (size) {
    case sizeof u8:
        memcpy(to, &u8, size);
        break;
    case sizeof u16:
        memcpy(to, &u16, size);
        break;
    case sizeof u32:
        memcpy(to, &u32, size);
        break;
    default:
        memcpy(to, &number, sizeof number);
        break;
    }
}

static size_t length_without_zeros(const uint8_t *bytes, size_t len)
{
    while (len > 0 && bytes[len - 1] == 0)
        len--;
    return len;
}

static void put_text(struct line *line, const uint8_t *raw, size_t len)
{
    line->len += text_safe(raw, len, line->text + line->len, EVENT_LINE_MAX - line->len);
}

static void put_numbers(struct line *line, const uint8_t *raw, size_t size)
{
    const size_t each = sizeof(uint32_t);
    size_t count = (length_without_zeros(raw, size) + each - 1) / each;

    for (size_t i = 0; i < count; i++)
        put(line, "%s0x%" PRIx64, i ? "," : "", number_at(raw + i * each, each));
}

static void put_value(struct line *line, const struct event_field *field, const uint8_t *raw)
{
    switch (field->type) {
    case FIELD_TEXT:
        put_text(line, raw, strnlen((const char *)raw, field->size));
        break;
    case FIELD_LABEL:
        put_text(line, raw, length_without_zeros(raw, field->size));
        break;
    case FIELD_HEX:
        text_hex(raw, length_without_zeros(raw, field->size), line->text + line->len);
        line->len += strlen(line->text + line->len);
        break;
    case FIELD_NUMBERS:
        put_numbers(line, raw, field->size);
        break;
    case FIELD_YES:
        put(line, "yes");
        break;
    case FIELD_NUMBER:
        put(line, "%" PRIu64, number_at(raw, field->size));
        break;
    case FIELD_SIGNED:
        put(line, "%" PRId64,
            field->size == sizeof(int32_t) ? (int32_t)number_at(raw, field->size)
                                           : (int64_t)number_at(raw, field->size));
        break;
    case FIELD_BITS:
        put(line, "0x%" PRIx64, number_at(raw, field->size));
        break;
    case FIELD_WORD:
        put(line, "%s", field->word((unsigned)number_at(raw, field->size)));
        break;
    }
}

static bool is_empty(const struct event_field *field, const uint8_t *raw)
{
    return field->type != FIELD_WORD && (length_without_zeros(raw, field->size) == 0 ||
                                         (field->type == FIELD_TEXT && raw[0] == '\0'));
}

static bool is_same(const struct event_field *field, const uint8_t *a, const uint8_t *b)
{
    return field->type == FIELD_TEXT ? strncmp((const char *)a, (const char *)b, field->size) == 0
                                     : memcmp(a, b, field->size) == 0;
}

/* before: the last event of this form, or NULL. */
static bool put_field(struct line *line, const struct event_field *field, const struct event *event,
                      const struct event *before)
{
    const uint8_t *raw = (const uint8_t *)event + field->at;
    bool empty = is_empty(field, raw);

    if (field->type == FIELD_WORD && number_at(raw, field->size) >= field->words)
        return false;
    if (before && !field->mark ? is_same(field, raw, (const uint8_t *)before + field->at) : empty)
        return true;
    put(line, "\t%s=", field->name);
    if (!empty)
        put_value(line, field, raw);
    return true;
}

enum { DATE = 11 }; /* "2026-11-23T" */

/* How far the wall clock is ahead of the other one; a hostile file can make this overflow. */
static uint64_t lead(int64_t utc_ms, int64_t mono_ms)
{
    return (uint64_t)utc_ms - (uint64_t)mono_ms;
}

/* The time, by both clocks. */
static void put_time(struct line *line, const struct event *event, const struct event_said *said)
{
    const int64_t day = INT64_C(24) * 60 * 60 * 1000;
    char time[32];

    text_time(event->utc_ms, true, time);
    bool dated = !said || event->utc_ms < 0 || said->utc_ms < 0 ||
                 event->utc_ms / day != said->utc_ms / day ||
                 strlen(time) != sizeof "2026-11-23T12:41:07.512Z" - 1;
    put(line, "%s", time + (dated ? 0 : DATE));
    if (!said || lead(event->utc_ms, event->mono_ms) != lead(said->utc_ms, said->mono_ms))
        put(line, "\t%+" PRId64, event->mono_ms);
}

size_t event_line_write(const struct event *event, const struct event_said *said, char *text)
{
    struct line line = {.text = text};
    size_t count;
    const struct event_field *fields = event_fields_of(event->kind, &count);
    const struct event *before = NULL;

    if (!fields || (unsigned)event->side >= SIDES)
        return 0;
    if (said && (!said->begun || event->kind == EVENT_BEGIN || event->kind == EVENT_END))
        said = NULL;
    before = said_before(said, event);
    put(&line, "%" PRIu64 "\t", event->seq);
    put_time(&line, event, said);
    put(&line, "\t%s\t%s", event_kind_name(event->kind), side_name(event->side));
    if (event->key)
        put(&line, "\tkey=%" PRIu32, event->key);
    for (size_t i = 0; i < count; i++)
        if (!put_field(&line, &fields[i], event, before))
            return 0;
    return line.len;
}

/* --- reading --- */

/* The next part of a line, up to a tab; NULL if there is none. */
static char *next_part(char **rest)
{
    return *rest ? strsep(rest, "\t") : NULL;
}

/* The number of a word among so many words, or that count if there is no such word. */
static unsigned find_word(const char *word, const char *(*name)(unsigned), unsigned words)
{
    unsigned i = 0;

    while (i < words && strcmp(name(i), word) != 0)
        i++;
    return i;
}

/* Anything else than a time is detected later, because the event is written again and compared. */
static bool read_time(const char *text, const struct event_said *said, int64_t *utc_ms)
{
    struct tm utc = {0};
    char dated[64];
    unsigned ms;

    if (said && strlen(text) == sizeof "12:41:07.512Z" - 1) {
        text_time(said->utc_ms, true, dated);
        text_print(dated + DATE, sizeof dated - DATE, "%s", text);
        text = dated;
    }
    if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d.%3uZ", &utc.tm_year, &utc.tm_mon, &utc.tm_mday,
               &utc.tm_hour, &utc.tm_min, &utc.tm_sec, &ms) != 7)
        return false;
    utc.tm_year -= 1900;
    utc.tm_mon -= 1;
    *utc_ms = (int64_t)timegm(&utc) * 1000 + ms;
    return true;
}

static bool read_raw(const struct event_field *field, const char *value, uint8_t *raw)
{
    size_t room = field->type == FIELD_TEXT ? field->size - 1 : field->size;

    if (field->type == FIELD_HEX)
        return strlen(value) <= 2 * room && text_unhex(value, raw, &room);
    return text_unsafe(value, raw, &room);
}

static bool read_numbers(const struct event_field *field, const char *value, uint8_t *raw)
{
    const size_t each = sizeof(uint32_t);
    char *after = NULL;

    for (size_t at = 0; at < field->size; at += each, value = after + 1) {
        number_to(raw + at, each, strtoull(value, &after, 16));
        if (*after != ',')
            return true;
    }
    return false;
}

static bool read_field(const struct event_field *field, const char *value, struct event *event)
{
    uint8_t *raw = (uint8_t *)event + field->at;
    uint64_t number;

    memset(raw, 0, field->size);
    if (!*value)
        return true;
    switch (field->type) {
    case FIELD_TEXT:
    case FIELD_LABEL:
    case FIELD_HEX:
        return read_raw(field, value, raw);
    case FIELD_NUMBERS:
        return read_numbers(field, value, raw);
    case FIELD_WORD:
        number = find_word(value, field->word, field->words);
        break;
    case FIELD_YES:
        number = 1;
        break;
    case FIELD_SIGNED:
        number = (uint64_t)strtoll(value, NULL, 10);
        break;
    default:
        number = strtoull(value, NULL, field->type == FIELD_BITS ? 16 : 10);
        break;
    }
    number_to(raw, field->size, number);
    return true;
}

/* The field of this name in a part "name=value"; NULL: there is none in this format. */
static const struct event_field *find_field(const char *part, size_t name, unsigned format,
                                            enum event_kind kind)
{
    size_t count;
    const struct event_field *fields = event_fields_of(kind, &count);

    for (size_t i = 0; i < count; i++)
        if (strncmp(fields[i].name, part, name) == 0 && fields[i].name[name] == '\0')
            return fields[i].since <= format ? &fields[i] : NULL;
    return NULL;
}

/* Reads the marks, or all fields. */
static bool read_named(const char *part, unsigned format, bool marks, struct event *event)
{
    const char *value = strchr(part, '=');
    const struct event_field *field;

    if (!value)
        return false;
    if (strncmp(part, "key=", 4) == 0) {
        event->key = (uint32_t)strtoul(value + 1, NULL, 10);
        return true;
    }
    field = find_field(part, (size_t)(value - part), format, event->kind);
    return field && ((marks && !field->mark) || read_field(field, value + 1, event));
}

/* What the event has from the last one of its form. */
static void take_over(const struct event_said *said, struct event *event)
{
    const struct event head = *event, *before = said_before(said, event);

    if (!before)
        return;
    *event = *before;
    memcpy(event, &head, offsetof(struct event, begin));
}

enum { HEAD = 5, PARTS = 128 }; /* the parts without a name, and all that a line can have */

static bool read_head(char *const *part, size_t count, const struct event_said *said, size_t *head,
                      struct event *event)
{
    bool timed = count > 2 && (part[2][0] == '+' || part[2][0] == '-');

    *head = HEAD - !timed;
    if (count < *head || !read_time(part[1], said, &event->utc_ms) || (!timed && !said))
        return false;
    event->seq = strtoull(part[0], NULL, 10);
    event->mono_ms = timed ? strtoll(part[2], NULL, 10)
                           : (int64_t)((uint64_t)event->utc_ms - lead(said->utc_ms, said->mono_ms));
    event->kind = find_word(part[*head - 2], event_kind_name, EVENT_KINDS);
    event->side = find_word(part[*head - 1], side_name, SIDES);
    return true;
}

/* A kind exists since the format of its first field, which is its oldest. */
static bool read_parts(char *line, unsigned format, const struct event_said *said,
                       struct event *event)
{
    char *part[PARTS], *rest = line;
    const struct event_field *fields;
    size_t count = 0, head, known;

    while (count < PARTS && (part[count] = next_part(&rest)) != NULL)
        count++;
    if (count == PARTS || !read_head(part, count, said, &head, event))
        return false;
    fields = event_fields_of(event->kind, &known);
    if (!fields || fields[0].since > format)
        return false;
    for (size_t i = head; said && i < count; i++)
        if (!read_named(part[i], format, true, event))
            return false;
    take_over(said, event);
    for (size_t i = head; i < count; i++)
        if (!read_named(part[i], format, false, event))
            return false;
    return true;
}

bool event_line_read(const char *line, size_t len, unsigned format, const struct event_said *said,
                     struct event *event)
{
    char copy[EVENT_LINE_MAX + 1];

    if (len > EVENT_LINE_MAX)
        return false;
    memcpy(copy, line, len);
    copy[len] = '\0';
    memset(event, 0, sizeof *event);
    if (said && !said->begun)
        said = NULL;
    return read_parts(copy, format, said, event) && event_line_write(event, said, copy) == len &&
           memcmp(copy, line, len) == 0;
}
