/* SPDX-License-Identifier: Apache-2.0 */
#include "report/yaml_writer.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yaml.h>

#include "base/text.h"

enum { WRITER_DEPTH = 8, WRITER_TEXT_MAX = 4096, WRITER_HEX_MAX = 256 };

struct writer {
    int fd;
    yaml_emitter_t emitter;
    EVP_MD_CTX *digest;
    bool in_map[WRITER_DEPTH];
    unsigned depth;
    size_t lines;
    bool sealed; /* it ends with a seal */
    bool failed;
    int error; /* errno of the failed write; 0: libyaml or libcrypto failed */
};

static int write_all(void *ctx, unsigned char *data, size_t len)
{
    struct writer *w = ctx;

    if (EVP_DigestUpdate(w->digest, data, len) != 1)
        return 0;
    for (size_t i = 0; i < len; i++)
        w->lines += data[i] == '\n';
    while (len > 0) {
        ssize_t n = write(w->fd, data, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            w->error = n < 0 ? errno : ENOSPC;
            return 0;
        }
        data += n;
        len -= (size_t)n;
    }
    return 1;
}

/* Passes one event to the emitter, which frees it in any case. made: libyaml could create it. */
static void emit(struct writer *w, yaml_event_t *event, int made)
{
    if (w->failed || !made) {
        if (made)
            yaml_event_delete(event);
        w->failed = true;
        return;
    }
    w->failed = !yaml_emitter_emit(&w->emitter, event);
}

bool writer_new(int fd, struct writer **out, struct err *err)
{
    struct writer *w = calloc(1, sizeof *w);
    yaml_event_t event;

    if (!w)
        return err_set(err, ERR_FAILED, "There is no memory for a YAML document");
    w->fd = fd;
    w->digest = EVP_MD_CTX_new();
    if (!w->digest || EVP_DigestInit_ex(w->digest, EVP_sha256(), NULL) != 1 ||
        !yaml_emitter_initialize(&w->emitter)) {
        EVP_MD_CTX_free(w->digest);
        free(w);
        return err_set(err, ERR_FAILED, "There is no memory for a YAML document");
    }
    yaml_emitter_set_output(&w->emitter, write_all, w);
    yaml_emitter_set_unicode(&w->emitter, 1);
    yaml_emitter_set_width(&w->emitter, -1);
    emit(w, &event, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING));
    emit(w, &event, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1));
    *out = w;
    return true;
}

static void scalar(struct writer *w, const char *text, yaml_scalar_style_t style)
{
    yaml_event_t event;
    int made = yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)text,
                                            (int)strlen(text), 1, 1, style);
    emit(w, &event, made);
}

static void put_key(struct writer *w, const char *key)
{
    if (key)
        scalar(w, key, YAML_PLAIN_SCALAR_STYLE);
}

static void push(struct writer *w, bool map)
{
    if (w->depth == WRITER_DEPTH)
        w->failed = true;
    else
        w->in_map[w->depth++] = map;
}

void writer_map(struct writer *w, const char *key, bool flow)
{
    yaml_event_t event;

    put_key(w, key);
    emit(w, &event,
         yaml_mapping_start_event_initialize(
             &event, NULL, NULL, 1, flow ? YAML_FLOW_MAPPING_STYLE : YAML_BLOCK_MAPPING_STYLE));
    push(w, true);
}

void writer_list(struct writer *w, const char *key, bool flow)
{
    yaml_event_t event;

    put_key(w, key);
    emit(w, &event,
         yaml_sequence_start_event_initialize(
             &event, NULL, NULL, 1, flow ? YAML_FLOW_SEQUENCE_STYLE : YAML_BLOCK_SEQUENCE_STYLE));
    push(w, false);
}

void writer_end(struct writer *w)
{
    yaml_event_t event;

    if (w->depth == 0) {
        w->failed = true;
        return;
    }
    emit(w, &event,
         w->in_map[--w->depth] ? yaml_mapping_end_event_initialize(&event)
                               : yaml_sequence_end_event_initialize(&event));
}

void writer_fail(struct writer *w)
{
    w->failed = true;
}

/* Text in events is already safe. Should it nevertheless not be valid UTF-8, it is escaped rather
 * than losing the whole report. */
void writer_text(struct writer *w, const char *key, const char *text)
{
    char safe[TEXT_SAFE_SIZE(WRITER_TEXT_MAX)];
    yaml_event_t event;
    int made =
        yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)text,
                                     (int)strlen(text), 1, 1, YAML_DOUBLE_QUOTED_SCALAR_STYLE);

    put_key(w, key);
    if (made) {
        emit(w, &event, made);
        return;
    }
    text_safe(text, strnlen(text, WRITER_TEXT_MAX), safe, sizeof safe);
    scalar(w, safe, YAML_DOUBLE_QUOTED_SCALAR_STYLE);
}

void writer_yes(struct writer *w, const char *key, bool yes)
{
    writer_text(w, key, yes ? "yes" : "no");
}

void writer_number(struct writer *w, const char *key, int64_t number)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRId64, number);
    put_key(w, key);
    scalar(w, text, YAML_PLAIN_SCALAR_STYLE);
}

void writer_hex(struct writer *w, const char *key, const void *raw, size_t len)
{
    char text[2 * WRITER_HEX_MAX + 1];

    writer_text(w, key, text_hex(raw, len < WRITER_HEX_MAX ? len : WRITER_HEX_MAX, text));
}

void writer_time(struct writer *w, const char *key, int64_t utc_ms)
{
    char text[32];

    writer_text(w, key, text_time(utc_ms, true, text));
}

void writer_seal_line(size_t lines, const uint8_t sha256[32], char *out)
{
    char hex[2 * 32 + 1];

    snprintf(out, WRITER_SEAL_SIZE, "seal: {lines: %zu, sha256: \"%s\"}\n", lines,
             text_hex(sha256, 32, hex));
}

void writer_seal(struct writer *w)
{
    w->sealed = true;
}

/* The last line seals all lines before it. */
static bool write_seal(struct writer *w)
{
    char line[WRITER_SEAL_SIZE];
    EVP_MD_CTX *so_far = EVP_MD_CTX_new();
    uint8_t sha256[32];
    bool ok = so_far && EVP_MD_CTX_copy_ex(so_far, w->digest) == 1 &&
              EVP_DigestFinal_ex(so_far, sha256, NULL) == 1;

    EVP_MD_CTX_free(so_far);
    if (!ok)
        return false;
    writer_seal_line(w->lines, sha256, line);
    return write_all(w, (unsigned char *)line, strlen(line));
}

bool writer_close(struct writer *w, uint8_t sha256[32], struct err *err)
{
    yaml_event_t event;
    bool ok;

    emit(w, &event, yaml_document_end_event_initialize(&event, 1));
    emit(w, &event, yaml_stream_end_event_initialize(&event));
    ok = !w->failed && yaml_emitter_flush(&w->emitter) && (!w->sealed || write_seal(w)) &&
         EVP_DigestFinal_ex(w->digest, sha256, NULL) == 1;
    if (!ok && w->error)
        err_set_errno(err, ERR_IO, w->error, "The YAML document could not be written");
    else if (!ok)
        err_set(err, ERR_IO, "This could not be put into YAML: %s",
                w->emitter.problem ? w->emitter.problem : "no memory");
    yaml_emitter_delete(&w->emitter);
    EVP_MD_CTX_free(w->digest);
    free(w);
    return ok;
}
