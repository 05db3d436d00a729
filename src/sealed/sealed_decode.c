/* SPDX-License-Identifier: Apache-2.0 */
#include "sealed/sealed_decode.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <yaml.h>

#include "base/text.h"

/* Octets that libyaml may read until it has the next event: more than the longest field. */
enum { GAP_MAX = 256 * 1024, TEXT_MOST = 4096 };

struct sealed_decoder {
    int fd;
    const char *name;
    yaml_parser_t parser;
    EVP_MD_CTX *digest;
    uint64_t octets;
    size_t gap; /* octets read since the last event */
    int error;  /* errno of a failed read */
    bool ended; /* the end of the file was read */
    yaml_event_t event;
    bool there; /* event holds one */
    struct err *err;
};

/* --- events --- */

static int read_some(void *ctx, unsigned char *buffer, size_t size, size_t *size_read)
{
    struct sealed_decoder *d = ctx;
    ssize_t n;

    do
        n = pread(d->fd, buffer, size, (off_t)d->octets);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        d->error = errno;
    if (n < 0 || (d->gap += (size_t)n) > GAP_MAX ||
        EVP_DigestUpdate(d->digest, buffer, (size_t)n) != 1)
        return 0;
    d->ended = n == 0;
    d->octets += (uint64_t)n;
    *size_read = (size_t)n;
    return 1;
}

bool sealed_decoder_new(int fd, const char *name, struct sealed_decoder **out, struct err *err)
{
    struct sealed_decoder *d = calloc(1, sizeof *d);
    bool parser = d && yaml_parser_initialize(&d->parser);

    if (parser)
        d->digest = EVP_MD_CTX_new();
    if (!parser || !d->digest || EVP_DigestInit_ex(d->digest, EVP_sha256(), NULL) != 1) {
        if (parser)
            sealed_decoder_free(d);
        else
            free(d);
        return err_set(err, ERR_FAILED, "there is no memory to read %s", name);
    }
    d->fd = fd;
    d->name = name;
    yaml_parser_set_encoding(&d->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input(&d->parser, read_some, d);
    *out = d;
    return true;
}

static void drop_event(struct sealed_decoder *d)
{
    if (d->there)
        yaml_event_delete(&d->event);
    d->there = false;
}

void sealed_decoder_free(struct sealed_decoder *d)
{
    if (!d)
        return;
    drop_event(d);
    yaml_parser_delete(&d->parser);
    EVP_MD_CTX_free(d->digest);
    free(d);
}

bool sealed_decode_wrong(const struct sealed_decoder *d, struct err *err, const char *why, ...)
{
    yaml_mark_t mark = d->there ? d->event.start_mark : d->parser.mark;
    char text[ERR_WHAT_MAX];
    va_list args;

    va_start(args, why);
    text_vprint(text, sizeof text, why, args);
    va_end(args);
    return err_set(err, ERR_DATA, "%s:%zu:%zu: %s", d->name, mark.line + 1, mark.column + 1, text);
}

/* Reads the next event. expected: what it should be, for messages. */
static bool advance(struct sealed_decoder *d, const char *expected)
{
    drop_event(d);
    if (yaml_parser_parse(&d->parser, &d->event)) {
        d->there = true;
        d->gap = 0;
        return true;
    }
    if (d->error)
        return err_set_errno(d->err, ERR_IO, d->error, "%s cannot be read", d->name);
    if (d->parser.error == YAML_MEMORY_ERROR)
        return err_set(d->err, ERR_FAILED, "there is no memory to read %s", d->name);
    if (d->gap > GAP_MAX)
        return sealed_decode_wrong(d, d->err, "a field is too long");
    if (d->ended)
        return sealed_decode_wrong(d, d->err, "the file ends before %s", expected);
    return sealed_decode_wrong(d, d->err, "this is not a sealed file: %s",
                               d->parser.problem ? d->parser.problem : "not YAML");
}

static bool unexpected(struct sealed_decoder *d, const char *expected)
{
    bool end = d->event.type == YAML_MAPPING_END_EVENT || d->event.type == YAML_SEQUENCE_END_EVENT;

    if (end && d->ended && d->parser.unread == 0 &&
        d->event.start_mark.index == d->parser.mark.index)
        return sealed_decode_wrong(d, d->err, "the file ends before %s", expected);
    return sealed_decode_wrong(d, d->err, "%s is expected here", expected);
}

static bool next(struct sealed_decoder *d, yaml_event_type_t type, const char *expected)
{
    return advance(d, expected) && (d->event.type == type || unexpected(d, expected));
}

static bool is_bare(struct sealed_decoder *d, const void *anchor, const void *tag)
{
    return (!anchor && !tag) ||
           sealed_decode_wrong(d, d->err, "anchors, aliases and tags are not allowed");
}

/* A scalar without a zero octet. */
static bool is_scalar(struct sealed_decoder *d)
{
    return is_bare(d, d->event.data.scalar.anchor, d->event.data.scalar.tag) &&
           (strlen((const char *)d->event.data.scalar.value) == d->event.data.scalar.length ||
            sealed_decode_wrong(d, d->err, "there is a zero octet in it"));
}

static const char *scalar(const struct sealed_decoder *d)
{
    return (const char *)d->event.data.scalar.value;
}

static bool next_map(struct sealed_decoder *d, const char *expected)
{
    return next(d, YAML_MAPPING_START_EVENT, expected) &&
           is_bare(d, d->event.data.mapping_start.anchor, d->event.data.mapping_start.tag);
}

static bool next_list(struct sealed_decoder *d, const char *expected)
{
    return next(d, YAML_SEQUENCE_START_EVENT, expected) &&
           is_bare(d, d->event.data.sequence_start.anchor, d->event.data.sequence_start.tag);
}

static bool next_name(struct sealed_decoder *d, const char *field)
{
    char expected[80];

    text_print(expected, sizeof expected, "the field \"%s\"", field);
    return next(d, YAML_SCALAR_EVENT, expected) && is_scalar(d) &&
           (strcmp(scalar(d), field) == 0 || unexpected(d, expected));
}

/* --- values --- */

static bool wrong_value(struct sealed_decoder *d, const struct sealed_field *field, const char *why)
{
    return sealed_decode_wrong(d, d->err, "the value of \"%s\" %s", field->name, why);
}

static bool read_text(struct sealed_decoder *d, const struct sealed_field *field, char *to)
{
    const char *text = scalar(d);
    char raw[TEXT_MOST];
    size_t len = strlen(text), room = sizeof raw;

    if (len >= field->size)
        return wrong_value(d, field, "is too long");
    if (!text_unsafe(text, raw, &room))
        return wrong_value(d, field, "is not safe text");
    memcpy(to, text, len + 1);
    return true;
}

static bool set_count(struct sealed_decoder *d, const struct sealed_field *field, char *to,
                      size_t count)
{
    uint64_t said;

    if (!field->counted) {
        sealed_set(to + field->count_at, field->count_size, count);
        return true;
    }
    said = sealed_get(to + field->count_at, field->count_size);
    return count == (said < field->max ? said : field->max) ||
           wrong_value(d, field, "has not as many entries as the field before says");
}

static bool read_label(struct sealed_decoder *d, const struct sealed_field *field, void *to,
                       size_t *len)
{
    return text_unsafe(scalar(d), to, len) ||
           wrong_value(d, field, "is not safe text, or too long");
}

static bool read_hex(struct sealed_decoder *d, const struct sealed_field *field, void *to,
                     size_t *len)
{
    const char *text = scalar(d);

    if (text[strspn(text, "0123456789abcdef")] != '\0' || !text_unhex(text, to, len))
        return wrong_value(d, field, "is not lower-case hexadecimal, or too long");
    return true;
}

static bool read_sum(struct sealed_decoder *d, const struct sealed_field *field, uint8_t *to)
{
    size_t len = field->size;
    uint8_t any = 0;

    if (!read_hex(d, field, to, &len))
        return false;
    for (size_t i = 0; i < len; i++)
        any |= to[i];
    return len == 0 || (len == field->size && any) ||
           wrong_value(d, field, "has not the right length, or is zero");
}

/* One text for each value: without blanks, and with unused bits zero. */
static bool read_bytes(struct sealed_decoder *d, const struct sealed_field *field, struct bytes *to)
{
    const char *text = scalar(d);
    size_t len = strlen(text), pad = 0;
    unsigned char *again;
    int n;
    bool same;

    if (len == 0)
        return true;
    pad = len > 1 && text[len - 1] == '=' ? 1 + (text[len - 2] == '=') : 0;
    if (len % 4 != 0 || len / 4 * 3 - pad > field->max)
        return wrong_value(d, field, "is not base64, or too long");
    if (!bytes_make(to, len / 4 * 3, d->err))
        return false;
    n = EVP_DecodeBlock(to->data, (const unsigned char *)text, (int)len);
    again = malloc(len + 1);
    if (!again)
        return err_set(d->err, ERR_FAILED, "there is no memory to read %s", d->name);
    to->len -= pad;
    same = n == (int)(to->len + pad) &&
           EVP_EncodeBlock(again, to->data, (int)to->len) == (int)len &&
           memcmp(again, text, len) == 0;
    free(again);
    return same || wrong_value(d, field, "is not base64");
}

static bool read_number(struct sealed_decoder *d, const struct sealed_field *field, void *to,
                        size_t size)
{
    const char *text = scalar(d);
    char *end;
    uint64_t number;

    if (d->event.data.scalar.style != YAML_PLAIN_SCALAR_STYLE ||
        text[strspn(text, "0123456789")] != '\0' || (text[0] == '0' && text[1]) || !text[0])
        return wrong_value(d, field, "is not a number");
    errno = 0;
    number = strtoull(text, &end, 10);
    return (errno == 0 && sealed_set(to, size, number)) || wrong_value(d, field, "is too large");
}

static bool read_time(struct sealed_decoder *d, const struct sealed_field *field, void *to)
{
    const char *text = scalar(d);
    char again[32];
    struct tm tm = {0};
    int64_t ms = -1;
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);

    if (end && *end == '\0')
        ms = (int64_t)timegm(&tm) * 1000;
    if (ms < 0 || ms > SEALED_TIME_MAX || strcmp(text_time(ms, false, again), text) != 0)
        return wrong_value(d, field, "is not a time in UTC, such as 2026-11-23T12:41:07Z");
    memcpy(to, &ms, sizeof ms);
    return true;
}

/* Which of the names is it? From is the first. */
static bool read_word(struct sealed_decoder *d, const struct sealed_field *field, unsigned from,
                      unsigned *value)
{
    const char *text = scalar(d);

    for (*value = from; *value < field->max; ++*value)
        if (strcmp(field->word(*value), text) == 0)
            return true;
    return wrong_value(d, field, "is not one that this program knows, or not in its place");
}

/* The entries of a list of scalars: the names of bits, or numbers. */
static bool read_entries(struct sealed_decoder *d, const struct sealed_field *field, char *to)
{
    uint64_t bits = 0;
    size_t count = 0;
    unsigned from = 0;

    while (advance(d, "the end of a list") && d->event.type == YAML_SCALAR_EVENT) {
        if (!is_scalar(d))
            return false;
        if (count == field->max)
            return wrong_value(d, field, "has too many entries");
        if (field->type == SEALED_NUMBERS) {
            uint32_t *numbers = (uint32_t *)(void *)(to + field->at);
            if (!read_number(d, field, &numbers[count], sizeof *numbers))
                return false;
        } else {
            if (!read_word(d, field, from, &from))
                return false;
            bits |= UINT64_C(1) << from++;
        }
        count++;
    }
    if (!d->there)
        return false;
    if (d->event.type != YAML_SEQUENCE_END_EVENT)
        return unexpected(d, "the end of a list");
    if (field->type == SEALED_NUMBERS)
        return set_count(d, field, to, count);
    return sealed_set(to + field->at, field->size, bits);
}

static bool read_scalar(struct sealed_decoder *d, const struct sealed_field *field, char *to)
{
    void *member = to + field->at;
    size_t len = field->max;
    unsigned word;

    switch (field->type) {
    case SEALED_TEXT:
        return read_text(d, field, member);
    case SEALED_LABEL:
        return read_label(d, field, member, &len) && set_count(d, field, to, len);
    case SEALED_OCTETS:
        return read_hex(d, field, member, &len) && set_count(d, field, to, len);
    case SEALED_HEX:
        return read_sum(d, field, member);
    case SEALED_BYTES:
        return read_bytes(d, field, member);
    case SEALED_NUMBER:
        return read_number(d, field, member, field->size);
    case SEALED_TIME:
        return read_time(d, field, member);
    case SEALED_YES:
        if (strcmp(scalar(d), "yes") != 0 && strcmp(scalar(d), "no") != 0)
            return wrong_value(d, field, "is neither \"yes\" nor \"no\"");
        return sealed_set(member, field->size, scalar(d)[0] == 'y');
    case SEALED_WORD:
        return read_word(d, field, 0, &word) && sealed_set(member, field->size, word);
    default:
        return false;
    }
}

/* --- structures --- */

static bool read_fields(struct sealed_decoder *d, const struct sealed_table *table, char *to);

/* The rest of an entry of a list or of a row, after the start of its mapping. */
static bool read_entry(struct sealed_decoder *d, const struct sealed_field *field, unsigned row,
                       char *to)
{
    if (field->type == SEALED_ROWS) {
        if (!next_name(d, SEALED_ROW_NAME) || !next(d, YAML_SCALAR_EVENT, "the name of a row") ||
            !is_scalar(d))
            return false;
        if (strcmp(scalar(d), field->word(row)) != 0)
            return sealed_decode_wrong(d, d->err, "the row \"%s\" is expected here",
                                       field->word(row));
    }
    return read_fields(d, field->table, to) &&
           next(d, YAML_MAPPING_END_EVENT, "the end of an entry");
}

static bool read_elements(struct sealed_decoder *d, const struct sealed_field *field, char *to)
{
    size_t count = 0;

    while (advance(d, "an entry") && d->event.type == YAML_MAPPING_START_EVENT) {
        if (!is_bare(d, d->event.data.mapping_start.anchor, d->event.data.mapping_start.tag))
            return false;
        if (count == field->max)
            return wrong_value(d, field, "has too many entries");
        /* Counted first, so that what it owns is freed. */
        if (field->type == SEALED_LIST)
            sealed_set(to + field->count_at, field->count_size, count + 1);
        if (!read_entry(d, field, (unsigned)count, to + field->at + count * field->size))
            return false;
        count++;
    }
    if (!d->there)
        return false;
    if (d->event.type != YAML_SEQUENCE_END_EVENT ||
        (field->type == SEALED_ROWS && count < field->max))
        return unexpected(d, "an entry");
    return true;
}

static bool read_field(struct sealed_decoder *d, const struct sealed_field *field, char *to)
{
    if (!next_name(d, field->name))
        return false;
    switch (field->type) {
    case SEALED_MAP:
        return next_map(d, field->name) && read_fields(d, field->table, to + field->at) &&
               next(d, YAML_MAPPING_END_EVENT, "the end of a mapping");
    case SEALED_LIST:
    case SEALED_ROWS:
        return next_list(d, field->name) && read_elements(d, field, to);
    case SEALED_BITS:
    case SEALED_NUMBERS:
        return next_list(d, field->name) && read_entries(d, field, to);
    default:
        return next(d, YAML_SCALAR_EVENT, field->name) && is_scalar(d) && read_scalar(d, field, to);
    }
}

static bool read_fields(struct sealed_decoder *d, const struct sealed_table *table, char *to)
{
    for (size_t i = 0; i < table->count; i++)
        if (!read_field(d, &table->fields[i], to))
            return false;
    return true;
}

bool sealed_decode_begin(struct sealed_decoder *d, struct err *err)
{
    d->err = err;
    return next(d, YAML_STREAM_START_EVENT, "a document") &&
           next(d, YAML_DOCUMENT_START_EVENT, "a document") && next_map(d, "a mapping");
}

bool sealed_decode_end(struct sealed_decoder *d, struct sealed_manifest *whole, struct err *err)
{
    d->err = err;
    if (!next(d, YAML_MAPPING_END_EVENT, "the end of the file") ||
        !next(d, YAML_DOCUMENT_END_EVENT, "the end of the file") ||
        !next(d, YAML_STREAM_END_EVENT, "the end of the file"))
        return false;
    whole->octets = d->octets;
    return EVP_DigestFinal_ex(d->digest, whole->sha256, NULL) == 1 ||
           err_set(err, ERR_FAILED, "%s could not be digested", d->name);
}

bool sealed_decode(struct sealed_decoder *d, const struct sealed_table *table, void *to,
                   struct err *err)
{
    d->err = err;
    return read_fields(d, table, to);
}

bool sealed_decode_map(struct sealed_decoder *d, const char *name, const struct sealed_table *table,
                       void *to, struct err *err)
{
    d->err = err;
    return next_name(d, name) && next_map(d, name) && read_fields(d, table, to) &&
           next(d, YAML_MAPPING_END_EVENT, "the end of a mapping");
}

bool sealed_decode_list(struct sealed_decoder *d, const char *name, struct err *err)
{
    d->err = err;
    return next_name(d, name) && next_list(d, name);
}

bool sealed_decode_entry(struct sealed_decoder *d, const struct sealed_table *table, void *to,
                         bool *end, struct err *err)
{
    d->err = err;
    if (!advance(d, "an entry"))
        return false;
    *end = d->event.type == YAML_SEQUENCE_END_EVENT;
    if (*end)
        return true;
    return (d->event.type == YAML_MAPPING_START_EVENT || unexpected(d, "an entry")) &&
           is_bare(d, d->event.data.mapping_start.anchor, d->event.data.mapping_start.tag) &&
           read_fields(d, table, to) && next(d, YAML_MAPPING_END_EVENT, "the end of an entry");
}
