/* SPDX-License-Identifier: Apache-2.0 */
#include "base/schema_check.h"

#include <stdint.h>
#include <string.h>
#include <yaml.h>

#include "base/text.h"
#include "base/utf8.h"

enum { NAME_MAX_LEN = 64, FIELDS_MAX = 64 };

/* The state of the walk through a document. */
struct walk {
    const struct schema_source *source;
    yaml_parser_t parser;
    yaml_event_t event; /* the current event; of type YAML_NO_EVENT before the first */
    struct err *err;
};

/* The current position, for messages: the value of a key, or an entry of its list. */
struct place {
    const char *key; /* NULL: the document */
    bool entry;
};

bool schema_wrong(const struct schema_source *source, yaml_mark_t mark, const char *problem,
                  struct err *err)
{
    return err_set(err, ERR_CONFIG, "%s:%zu:%zu: %s", source->name, mark.line + 1, mark.column + 1,
                   problem);
}

/* Fails with the position mark. */
static bool __attribute__((format(printf, 3, 4)))
wrong_at(const struct walk *w, yaml_mark_t mark, const char *fmt, ...)
{
    char problem[ERR_WHAT_MAX];
    va_list args;

    va_start(args, fmt);
    text_vprint(problem, sizeof problem, fmt, args);
    va_end(args);
    return schema_wrong(w->source, mark, problem, w->err);
}

/* The subject of a sentence about place. */
static const char *subject(const struct place *place, char out[NAME_MAX_LEN])
{
    if (!place->key)
        text_print(out, NAME_MAX_LEN, "the document");
    else
        text_print(out, NAME_MAX_LEN, "%s\"%s\"", place->entry ? "an entry of " : "", place->key);
    return out;
}

/* --- the text --- */

/* The position of the first byte that does not begin a visible character or one of those in also;
 * len if there is none. */
static size_t find_hidden(const char *text, size_t len, const char *also)
{
    size_t i = 0, used;
    uint32_t point;

    for (; i < len; i += used) {
        used = utf8_decode((const uint8_t *)text + i, len - i, &point);
        if (used == 0 || (utf8_width(point) < 0 && (point == 0 || !strchr(also, text[i]))))
            break;
    }
    return i;
}

/* The length of the byte order mark that some editors write first (YAML 1.2 section 5.2). */
static size_t mark_len(const struct schema_source *source)
{
    static const char mark_of_utf8[] = "\xef\xbb\xbf";

    return source->len > 3 && memcmp(source->text, mark_of_utf8, 3) == 0 ? 3 : 0;
}

/* The officers must read the same text as the program: nothing may be hidden, not even in
 * comments. */
static bool check_text(const struct walk *w)
{
    const char *text = w->source->text;
    size_t skip = mark_len(w->source);
    size_t hidden = skip + find_hidden(text + skip, w->source->len - skip, "\n\r\t");
    yaml_mark_t mark = {0};

    if (hidden == w->source->len)
        return true;
    for (size_t i = skip; i < hidden; i++) {
        mark.column += ((uint8_t)text[i] & 0xc0) != 0x80; /* bytes that begin a character */
        if (text[i] == '\n')
            mark = (yaml_mark_t){.line = mark.line + 1};
    }
    wrong_at(w, mark, "a character here cannot be shown (byte 0x%02x)", (uint8_t)text[hidden]);
    return err_next(w->err, "Remove it; the file must be plain UTF-8 text");
}

/* --- the next event, and its checks --- */

/* Is the line of mark indented with blanks other than spaces? */
static bool is_indented_by_tab(const struct schema_source *source, yaml_mark_t mark)
{
    const char *at = source->text, *end = at + source->len;

    for (size_t line = 0; line < mark.line && at; line++) {
        at = memchr(at, '\n', (size_t)(end - at));
        at = at ? at + 1 : NULL;
    }
    while (at && at < end && *at == ' ')
        at++;
    return at && at < end && *at == '\t';
}

static bool wrong_syntax(const struct walk *w)
{
    const yaml_parser_t *p = &w->parser;

    if (p->error == YAML_MEMORY_ERROR)
        return err_set(w->err, ERR_FAILED, "There is no memory to read %s", w->source->name);
    wrong_at(w, p->problem_mark, "this is not YAML: %s", p->problem ? p->problem : "?");
    if (is_indented_by_tab(w->source, p->problem_mark))
        return err_next(w->err, "Indent with spaces: YAML permits no tabs there");
    return err_next(w->err, "Check this line and the one above; put quotes around the value");
}

/* A value can still hide something by an escape such as
 *  or \u202e. */
static bool is_plain(const yaml_event_t *e)
{
    size_t len = e->data.scalar.length;

    return find_hidden((const char *)e->data.scalar.value, len, "") == len;
}

/* Refuses the parts of an event that are more than plain data. */
static bool check_plain(const struct walk *w)
{
    const yaml_event_t *e = &w->event;
    const yaml_char_t *anchor = NULL, *tag = NULL;

    if (e->type == YAML_SCALAR_EVENT) {
        anchor = e->data.scalar.anchor;
        tag = e->data.scalar.tag;
    } else if (e->type == YAML_SEQUENCE_START_EVENT) {
        anchor = e->data.sequence_start.anchor;
        tag = e->data.sequence_start.tag;
    } else if (e->type == YAML_MAPPING_START_EVENT) {
        anchor = e->data.mapping_start.anchor;
        tag = e->data.mapping_start.tag;
    }
    if (anchor || e->type == YAML_ALIAS_EVENT) {
        wrong_at(w, e->start_mark, "anchors and aliases (& and *) are not allowed here");
        return err_next(w->err,
                        "Write the value out; put quotes around one that begins with * or &");
    }
    if (tag) {
        wrong_at(w, e->start_mark, "tags (!) are not allowed here");
        return err_next(w->err, "Put quotes around a value that begins with !");
    }
    if (e->type == YAML_SCALAR_EVENT && !is_plain(e)) {
        wrong_at(w, e->start_mark, "a value must be one line of characters that can be shown");
        return err_next(w->err, "Write it on one line, without control characters");
    }
    return true;
}

static bool next(struct walk *w)
{
    yaml_event_delete(&w->event);
    if (!yaml_parser_parse(&w->parser, &w->event))
        return wrong_syntax(w);
    return check_plain(w);
}

/* The text of the current scalar. */
static const char *word(const struct walk *w)
{
    return (const char *)w->event.data.scalar.value;
}

/* --- unknown names --- */

/* The number of letters to insert, delete or change to turn a into b (Levenshtein distance); both
 * are short. */
static size_t distance(const char *a, const char *b)
{
    size_t row[NAME_MAX_LEN], width = strnlen(b, NAME_MAX_LEN - 1);

    for (size_t j = 0; j <= width; j++)
        row[j] = j;
    for (size_t i = 1; *a && i < NAME_MAX_LEN; a++, i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= width; j++) {
            size_t change = corner + (*a != b[j - 1]);
            size_t other = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            corner = row[j];
            row[j] = change < other ? change : other;
        }
    }
    return row[width];
}

/* Appends a name to the list of known names. */
static void append_name(char list[ERR_NEXT_MAX], const char *name)
{
    size_t len = strlen(list);

    text_print(list + len, ERR_NEXT_MAX - len, "%s%s", len ? ", " : "", name);
}

static bool wrong_key(const struct walk *w, const struct place *place,
                      const cyaml_schema_field_t *fields)
{
    const char *advice = w->source->advice ? w->source->advice(word(w)) : NULL;
    const char *nearest = NULL;
    char known[ERR_NEXT_MAX] = "", shown[NAME_MAX_LEN], where[NAME_MAX_LEN];
    size_t best = strlen(word(w)) / 2 + 1;

    for (; fields->key; fields++) {
        size_t d = distance(word(w), fields->key);
        append_name(known, fields->key);
        if (d < best) {
            best = d;
            nearest = fields->key;
        }
    }
    text_safe(word(w), strlen(word(w)), shown, sizeof shown);
    wrong_at(w, w->event.start_mark, "%s has no key \"%s\"%s%s%s", subject(place, where), shown,
             nearest ? "; the nearest is \"" : "", nearest ? nearest : "", nearest ? "\"" : "");
    if (advice)
        return err_next(w->err, "%s", advice);
    return err_next(w->err, "The known keys there are %s", known);
}

static bool check_word(struct walk *w, const struct place *place,
                       const cyaml_schema_value_t *schema)
{
    char known[ERR_NEXT_MAX] = "", name[NAME_MAX_LEN];

    for (uint32_t i = 0; i < schema->enumeration.count; i++) {
        if (strcmp(schema->enumeration.strings[i].str, word(w)) == 0)
            return true;
        append_name(known, schema->enumeration.strings[i].str);
    }
    return wrong_at(w, w->event.start_mark, "%s must be one of: %s", subject(place, name), known);
}

/* --- values --- */

static bool check_value(struct walk *w, const struct place *place,
                        const cyaml_schema_value_t *schema);

static bool check_string(struct walk *w, const struct place *place,
                         const cyaml_schema_value_t *schema)
{
    size_t len = strlen(word(w));
    char name[NAME_MAX_LEN];

    subject(place, name);
    if (len < schema->string.min)
        return wrong_at(w, w->event.start_mark, "%s must not be empty", name);
    if (len > schema->string.max)
        return wrong_at(w, w->event.start_mark, "%s is longer than %u bytes", name,
                        schema->string.max);
    return true;
}

static bool check_number(struct walk *w, const struct place *place,
                         const cyaml_schema_value_t *schema)
{
    const char *text = word(w);
    size_t digits = strspn(text, "0123456789");
    char name[NAME_MAX_LEN];

    (void)schema;
    if (digits > 0 && digits < 10 && text[digits] == '\0' && (digits == 1 || text[0] != '0'))
        return true;
    return wrong_at(w, w->event.start_mark, "%s must be a whole number", subject(place, name));
}

static bool check_list(struct walk *w, const struct place *place,
                       const cyaml_schema_value_t *schema)
{
    const struct place entry = {.key = place->key, .entry = true};
    const cyaml_schema_value_t one = {.type = CYAML_ENUM, .enumeration = schema->enumeration};
    bool flags = schema->type == CYAML_FLAGS;
    uint32_t count = 0;

    while (next(w)) {
        if (w->event.type == YAML_SEQUENCE_END_EVENT)
            return true;
        if (!flags && count++ == schema->sequence.max)
            return wrong_at(w, w->event.start_mark, "\"%s\" has more than %u entries", place->key,
                            schema->sequence.max);
        if (!check_value(w, &entry, flags ? &one : schema->sequence.entry))
            return false;
    }
    return false;
}

static bool check_complete(const struct walk *w, yaml_mark_t start, const struct place *place,
                           const cyaml_schema_field_t *fields, const bool seen[FIELDS_MAX])
{
    char name[NAME_MAX_LEN];

    for (size_t i = 0; fields[i].key; i++)
        if (!seen[i] && !(fields[i].value.flags & CYAML_FLAG_OPTIONAL)) {
            wrong_at(w, start, "%s lacks \"%s\"", subject(place, name), fields[i].key);
            return err_next(w->err, "Add a line %s: ...", fields[i].key);
        }
    return true;
}

static bool check_mapping(struct walk *w, const struct place *place,
                          const cyaml_schema_value_t *schema)
{
    const cyaml_schema_field_t *fields = schema->mapping.fields;
    const yaml_mark_t start = w->event.start_mark;
    bool seen[FIELDS_MAX] = {false};

    while (next(w)) {
        size_t i = 0;
        if (w->event.type == YAML_MAPPING_END_EVENT)
            return check_complete(w, start, place, fields, seen);
        if (w->event.type != YAML_SCALAR_EVENT)
            return wrong_at(w, w->event.start_mark, "a key must be a word");
        while (fields[i].key && strcmp(fields[i].key, word(w)) != 0)
            i++;
        if (!fields[i].key)
            return wrong_key(w, place, fields);
        if (seen[i])
            return wrong_at(w, w->event.start_mark, "\"%s\" occurs twice here", fields[i].key);
        seen[i] = true;
        if (!next(w) || !check_value(w, &(struct place){.key = fields[i].key}, &fields[i].value))
            return false;
    }
    return false;
}

/* Each type that a schema may use: the event that begins it in YAML, its description, and its
 * check. */
static const struct {
    yaml_event_type_t begins;
    const char *words;
    bool (*check)(struct walk *, const struct place *, const cyaml_schema_value_t *);
} types[CYAML__TYPE_COUNT] = {
    [CYAML_UINT] = {YAML_SCALAR_EVENT, "a number", check_number},
    [CYAML_ENUM] = {YAML_SCALAR_EVENT, "a word", check_word},
    [CYAML_STRING] = {YAML_SCALAR_EVENT, "one piece of text", check_string},
    [CYAML_FLAGS] = {YAML_SEQUENCE_START_EVENT, "a list of words: [one, two]", check_list},
    [CYAML_SEQUENCE] = {YAML_SEQUENCE_START_EVENT, "a list: a line \"- ...\" for each entry",
                        check_list},
    [CYAML_MAPPING] = {YAML_MAPPING_START_EVENT, "lines of the form \"key: value\"", check_mapping},
};

/* The current event begins a value; on return the current event is the last of the value. */
static bool check_value(struct walk *w, const struct place *place,
                        const cyaml_schema_value_t *schema)
{
    const unsigned may_be_nothing = CYAML_FLAG_POINTER_NULL & ~CYAML_FLAG_POINTER;
    char name[NAME_MAX_LEN];

    if (w->event.type == YAML_SCALAR_EVENT && !*word(w) && (schema->flags & may_be_nothing))
        return true;
    if (w->event.type == YAML_SCALAR_EVENT && schema == w->source->short_form)
        return check_string(w, place, &schema->mapping.fields[0].value);
    if (w->event.type != types[schema->type].begins)
        return wrong_at(w, w->event.start_mark, "%s must be %s", subject(place, name),
                        types[schema->type].words);
    return types[schema->type].check(w, place, schema);
}

/* --- the document --- */

bool schema_start(const struct schema_source *source, yaml_parser_t *parser, struct err *err)
{
    const size_t skip = mark_len(source); /* libyaml would count it as a column of the first line */

    if (!yaml_parser_initialize(parser))
        return err_set(err, ERR_FAILED, "There is no memory to read %s", source->name);
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(parser, (const yaml_char_t *)source->text + skip,
                                 source->len - skip);
    return true;
}

static bool check_stream(struct walk *w, const cyaml_schema_value_t *schema)
{
    if (!next(w) || !next(w)) /* the start of the stream; of the document */
        return false;
    if (w->event.type == YAML_STREAM_END_EVENT) {
        err_set(w->err, ERR_CONFIG, "%s is empty", w->source->name);
        return err_next(w->err, "Write it, or start from an example");
    }
    if (!next(w) || !check_value(w, &(struct place){0}, schema) || !next(w) || !next(w))
        return false;
    if (w->event.type != YAML_STREAM_END_EVENT)
        return wrong_at(w, w->event.start_mark, "a second document begins here");
    return true;
}

bool schema_check(const struct schema_source *source, const cyaml_schema_value_t *schema,
                  struct err *err)
{
    struct walk w = {.source = source, .err = err};
    bool ok;

    if (!schema_start(source, &w.parser, err))
        return false;
    ok = check_text(&w) && check_stream(&w, schema);
    yaml_event_delete(&w.event);
    yaml_parser_delete(&w.parser);
    return ok;
}
