/* SPDX-License-Identifier: Apache-2.0 */
#include "sealed/sealed_encode.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

enum { BUFFER = 16384, INDENT = 2, TEXT_MOST = 4096 };

struct sealed_encoder {
    int fd;
    EVP_MD_CTX *digest, *copy;
    uint64_t octets;
    unsigned depth;
    bool entry;        /* the next line begins an entry of a list */
    const char *field; /* the one that is being written, for messages */
    struct err err;    /* of the first failure */
    size_t used;
    char buffer[BUFFER];
};

bool sealed_encoder_new(int fd, struct sealed_encoder **out, struct err *err)
{
    struct sealed_encoder *e = calloc(1, sizeof *e);

    if (e) {
        e->fd = fd;
        e->digest = EVP_MD_CTX_new();
        e->copy = EVP_MD_CTX_new();
    }
    if (!e || !e->digest || !e->copy || EVP_DigestInit_ex(e->digest, EVP_sha256(), NULL) != 1) {
        sealed_encoder_free(e);
        return err_set(err, ERR_FAILED, "there is no memory for a sealed file");
    }
    *out = e;
    return true;
}

void sealed_encoder_free(struct sealed_encoder *e)
{
    if (!e)
        return;
    EVP_MD_CTX_free(e->digest);
    EVP_MD_CTX_free(e->copy);
    free(e);
}

/* --- octets --- */

static void flush(struct sealed_encoder *e)
{
    size_t at = 0;

    if (e->err.code == ERR_NONE && EVP_DigestUpdate(e->digest, e->buffer, e->used) != 1)
        err_set(&e->err, ERR_FAILED, "a sealed file could not be digested");
    while (e->fd >= 0 && at < e->used && e->err.code == ERR_NONE) {
        ssize_t n = write(e->fd, e->buffer + at, e->used - at);
        if (n > 0)
            at += (size_t)n;
        else if (n == 0 || errno != EINTR)
            err_set_errno(&e->err, ERR_IO, n < 0 ? errno : ENOSPC,
                          "the sealed file cannot be written");
    }
    e->octets += e->used;
    e->used = 0;
}

static void put(struct sealed_encoder *e, const char *text, size_t len)
{
    while (len > 0) {
        size_t part = len < BUFFER - e->used ? len : BUFFER - e->used;

        memcpy(e->buffer + e->used, text, part);
        e->used += part;
        text += part;
        len -= part;
        if (e->used == BUFFER)
            flush(e);
    }
}

static void put_text(struct sealed_encoder *e, const char *text)
{
    put(e, text, strlen(text));
}

static void put_quoted(struct sealed_encoder *e, const char *text)
{
    put(e, "\"", 1);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            put(e, "\\", 1);
        put(e, text, 1);
    }
    put(e, "\"", 1);
}

static void put_number(struct sealed_encoder *e, uint64_t number)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRIu64, number);
    put_text(e, text);
}

/* Begins a line with its name. */
static void put_name(struct sealed_encoder *e, const char *name)
{
    for (unsigned i = 0; i < e->depth; i++)
        put(e, i + 1 == e->depth && e->entry ? "- " : "  ", INDENT);
    e->entry = false;
    put_text(e, name);
    put(e, ":", 1);
}

/* --- values --- */

static void wrong(struct sealed_encoder *e, const char *why)
{
    if (e->err.code == ERR_NONE)
        err_set(&e->err, ERR_DATA, "the field %s of a sealed file cannot be written: %s", e->field,
                why);
}

static void put_hex(struct sealed_encoder *e, const uint8_t *raw, size_t len)
{
    char text[2 * KEY_SUBJECT_MAX + 1];

    put_quoted(e, text_hex(raw, len, text));
}

static bool is_zero(const uint8_t *raw, size_t len)
{
    uint8_t any = 0;

    for (size_t i = 0; i < len; i++)
        any |= raw[i];
    return any == 0;
}

/* Text from an HSM is safe already. If it is not, it is made so. */
static void write_text(struct sealed_encoder *e, const struct sealed_field *field, const void *from)
{
    char safe[TEXT_MOST], raw[TEXT_MOST];
    size_t len = strnlen(from, field->size), room = sizeof raw;

    if (len == field->size || field->size > sizeof safe) {
        wrong(e, "it is too long");
        return;
    }
    memcpy(safe, from, len);
    safe[len] = '\0';
    if (!text_unsafe(safe, raw, &room))
        text_safe(from, len, safe, field->size);
    put_quoted(e, safe);
}

static void write_label(struct sealed_encoder *e, const struct sealed_field *field,
                        const void *from, size_t len)
{
    char safe[TEXT_SAFE_SIZE(KEY_LABEL_MAX)];

    (void)field;
    text_safe(from, len, safe, sizeof safe);
    put_quoted(e, safe);
}

static void write_bytes(struct sealed_encoder *e, const struct sealed_field *field,
                        const void *from)
{
    const struct bytes *bytes = from;
    enum { PART = 3 * 1024 };
    unsigned char text[PART / 3 * 4 + 1];

    if (bytes->len > field->max) {
        wrong(e, "it has too many octets");
        return;
    }
    put(e, "\"", 1);
    for (size_t at = 0; at < bytes->len; at += PART) {
        size_t part = bytes->len - at < PART ? bytes->len - at : PART;

        put(e, (char *)text, (size_t)EVP_EncodeBlock(text, bytes->data + at, (int)part));
    }
    put(e, "\"", 1);
}

static void write_time(struct sealed_encoder *e, const void *from)
{
    char text[32];
    int64_t ms;

    memcpy(&ms, from, sizeof ms);
    if (ms < 0 || ms % 1000 != 0 || ms > SEALED_TIME_MAX)
        wrong(e, "it is not a time in whole seconds");
    else
        put_quoted(e, text_time(ms, false, text));
}

static void write_word(struct sealed_encoder *e, const struct sealed_field *field, uint64_t value)
{
    if (value >= field->max)
        wrong(e, "it has no such value");
    else
        put_quoted(e, field->word((unsigned)value));
}

static void write_bits(struct sealed_encoder *e, const struct sealed_field *field, uint64_t bits)
{
    const char *between = "";

    if (bits >> field->max) {
        wrong(e, "it has no such value");
        return;
    }
    put(e, "[", 1);
    for (unsigned bit = 0; bit < field->max; bit++)
        if (bits & UINT64_C(1) << bit) {
            put_text(e, between);
            put_quoted(e, field->word(bit));
            between = ", ";
        }
    put(e, "]", 1);
}

static void write_numbers(struct sealed_encoder *e, const void *from, size_t count)
{
    const uint32_t *numbers = from;

    put(e, "[", 1);
    for (size_t i = 0; i < count; i++) {
        put_text(e, i ? ", " : "");
        put_number(e, numbers[i]);
    }
    put(e, "]", 1);
}

/* How many elements the structure holds; false: it says more than a file may have. */
static bool elements(struct sealed_encoder *e, const struct sealed_field *field, const char *from,
                     size_t *count)
{
    *count = (size_t)sealed_get(from + field->count_at, field->count_size);
    if (*count > field->max && field->counted)
        *count = field->max;
    if (*count <= field->max)
        return true;
    wrong(e, "it has too many entries");
    return false;
}

/* A value on the line of its name. */
static void write_scalar(struct sealed_encoder *e, const struct sealed_field *field,
                         const char *from)
{
    const void *member = from + field->at;
    size_t count = 0;

    switch (field->type) {
    case SEALED_TEXT:
        write_text(e, field, member);
        break;
    case SEALED_LABEL:
        if (elements(e, field, from, &count))
            write_label(e, field, member, count);
        break;
    case SEALED_OCTETS:
        if (elements(e, field, from, &count))
            put_hex(e, member, count);
        break;
    case SEALED_NUMBERS:
        if (elements(e, field, from, &count))
            write_numbers(e, member, count);
        break;
    case SEALED_HEX:
        put_hex(e, member, is_zero(member, field->size) ? 0 : field->size);
        break;
    case SEALED_BYTES:
        write_bytes(e, field, member);
        break;
    case SEALED_YES:
        put_quoted(e, sealed_get(member, field->size) ? "yes" : "no");
        break;
    case SEALED_NUMBER:
        put_number(e, sealed_get(member, field->size));
        break;
    case SEALED_TIME:
        write_time(e, member);
        break;
    case SEALED_WORD:
        write_word(e, field, sealed_get(member, field->size));
        break;
    case SEALED_BITS:
        write_bits(e, field, sealed_get(member, field->size));
        break;
    default:
        break;
    }
}

static void write_fields(struct sealed_encoder *e, const struct sealed_table *table,
                         const char *from);

static void write_elements(struct sealed_encoder *e, const struct sealed_field *field,
                           const char *from)
{
    size_t count = field->max;

    if (field->type == SEALED_LIST && !elements(e, field, from, &count))
        return;
    put_text(e, count ? "\n" : " []\n");
    e->depth++;
    for (size_t i = 0; i < count; i++) {
        e->entry = true;
        if (field->type == SEALED_ROWS) {
            put_name(e, SEALED_ROW_NAME);
            put(e, " ", 1);
            put_quoted(e, field->word((unsigned)i));
            put(e, "\n", 1);
        }
        write_fields(e, field->table, from + field->at + i * field->size);
    }
    e->depth--;
}

static void write_fields(struct sealed_encoder *e, const struct sealed_table *table,
                         const char *from)
{
    for (size_t i = 0; i < table->count && e->err.code == ERR_NONE; i++) {
        const struct sealed_field *field = &table->fields[i];

        e->field = field->name;
        put_name(e, field->name);
        if (field->type == SEALED_LIST || field->type == SEALED_ROWS)
            write_elements(e, field, from);
        else if (field->type == SEALED_MAP) {
            put(e, "\n", 1);
            e->depth++;
            write_fields(e, field->table, from + field->at);
            e->depth--;
        } else {
            put(e, " ", 1);
            write_scalar(e, field, from);
            put(e, "\n", 1);
        }
    }
}

static bool done(struct sealed_encoder *e, struct err *err)
{
    if (e->err.code == ERR_NONE)
        return true;
    if (err)
        *err = e->err;
    return false;
}

bool sealed_encode(struct sealed_encoder *e, const struct sealed_table *table, const void *from,
                   struct err *err)
{
    write_fields(e, table, from);
    return done(e, err);
}

bool sealed_encode_map(struct sealed_encoder *e, const char *name, const struct sealed_table *table,
                       const void *from, struct err *err)
{
    put_name(e, name);
    put(e, "\n", 1);
    e->depth++;
    write_fields(e, table, from);
    e->depth--;
    return done(e, err);
}

bool sealed_encode_list(struct sealed_encoder *e, const char *name, struct err *err)
{
    put_name(e, name);
    put(e, "\n", 1);
    return done(e, err);
}

bool sealed_encode_entry(struct sealed_encoder *e, const struct sealed_table *table,
                         const void *from, struct err *err)
{
    e->depth++;
    e->entry = true;
    write_fields(e, table, from);
    e->depth--;
    return done(e, err);
}

bool sealed_encoder_sum(struct sealed_encoder *e, struct sealed_manifest *sum, struct err *err)
{
    flush(e);
    sum->octets = e->octets;
    if (e->err.code == ERR_NONE && (EVP_MD_CTX_copy_ex(e->copy, e->digest) != 1 ||
                                    EVP_DigestFinal_ex(e->copy, sum->sha256, NULL) != 1))
        err_set(&e->err, ERR_FAILED, "a sealed file could not be digested");
    return done(e, err);
}
