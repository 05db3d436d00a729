/* SPDX-License-Identifier: Apache-2.0 */
#include "sealed/sealed_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "sealed/sealed_decode.h"
#include "sealed/sealed_encode.h"
#include "sealed/sealed_sound.h"
#include "sealed/sealed_words.h"

struct sealed_reader {
    int fd;
    char *path;
    char shown[FILE_SHOWN];
    struct sealed_file file;
    struct sealed_manifest whole;
    struct sealed_words words;
    bool checked, trusted;
    /* Of the octets up to each entry, so that none is handed out that was not checked. */
    uint8_t (*sums)[SHA256_SIZE];
};

/* One reading of the file. What is read is written again into a digest: there is one way to write
 * each file, and no other is accepted. */
struct reading {
    struct sealed_reader *r;
    struct sealed_decoder *decoder;
    struct sealed_encoder *encoder;
    struct sealed_file file;
    struct sealed_place place;
    bool again; /* compares the file with what was checked */
    sealed_key_fn *on_key;
    sealed_result_fn *on_result;
    void *ctx;
};

static bool changed(const struct sealed_reader *r, struct err *err)
{
    err_set(err, ERR_CONFLICT, "%s has changed since it was checked", r->shown);
    err_now(err, "Nothing in it was used that had not been checked.");
    return err_next(err, "Copy the file to a disk that only you can write, and start again.");
}

static bool altered(const struct sealed_reader *r, const char *why, struct err *err)
{
    err_set(err, ERR_DATA, "%s was altered: %s", r->shown, why);
    err_now(err, "Nothing was taken from it.");
    return err_next(err, "Ask the other room for the file again.");
}

/* Adds the place of what was read last to an error of sealed_sound.h. */
static bool unsound(const struct reading *g, struct err *err)
{
    char why[ERR_WHAT_MAX];

    memcpy(why, err->what, sizeof why);
    return sealed_decode_wrong(g->decoder, err, "%s", why);
}

/* --- the entries of the list --- */

/* Keeps the sum up to this entry, or compares it. */
static bool keep_sum(struct reading *g, struct err *err)
{
    uint32_t at = g->place.entries - 1;
    struct sealed_manifest sum;

    if (!sealed_encoder_sum(g->encoder, &sum, err))
        return false;
    if (g->again)
        return (at < g->r->file.head.keys &&
                memcmp(g->r->sums[at], sum.sha256, SHA256_SIZE) == 0) ||
               changed(g->r, err);
    if (at < g->file.head.keys)
        memcpy(g->r->sums[at], sum.sha256, SHA256_SIZE);
    return true;
}

static bool read_key(struct reading *g, bool *end, struct err *err)
{
    struct sealed_key key = {0};
    bool ok = sealed_decode_entry(g->decoder, &sealed_key_table, &key, end, err);

    if (ok && !*end)
        ok = (sealed_sound_key(&g->file, &key, &g->place, err) || unsound(g, err)) &&
             sealed_encode_entry(g->encoder, &sealed_key_table, &key, err) && keep_sum(g, err) &&
             (!g->on_key || g->on_key(g->ctx, &key, err));
    sealed_key_free(&key);
    return ok;
}

static bool read_result(struct reading *g, bool *end, struct err *err)
{
    struct sealed_result result = {0};
    bool ok = sealed_decode_entry(g->decoder, &sealed_result_table, &result, end, err);

    if (ok && !*end)
        ok = (sealed_sound_result(&result, &g->place, err) || unsound(g, err)) &&
             sealed_encode_entry(g->encoder, &sealed_result_table, &result, err) &&
             keep_sum(g, err) && (!g->on_result || g->on_result(g->ctx, &result, err));
    sealed_result_free(&result);
    return ok;
}

static bool read_list(struct reading *g, struct err *err)
{
    enum sealed_format format = g->file.head.format;
    const char *name = sealed_list_name(format);
    bool end = false;

    if (!name)
        return true;
    if (!sealed_decode_list(g->decoder, name, err) || !sealed_encode_list(g->encoder, name, err))
        return false;
    while (!end)
        if (!(format == SEALED_BUNDLE ? read_key : read_result)(g, &end, err))
            return false;
    return sealed_sound_end(&g->file, &g->place, err) || unsound(g, err);
}

/* --- a reading --- */

/* Everything before the list. */
static bool read_start(struct reading *g, struct err *err)
{
    struct sealed_head *head = &g->file.head;

    return sealed_decode_begin(g->decoder, err) &&
           sealed_decode(g->decoder, &sealed_head_table, head, err) &&
           sealed_decode(g->decoder, &sealed_tables[head->format], &g->file.offer, err) &&
           (sealed_sound(&g->file, err) || unsound(g, err)) &&
           sealed_encode(g->encoder, &sealed_head_table, head, err) &&
           sealed_encode(g->encoder, &sealed_tables[head->format], &g->file.offer, err);
}

static bool make_sums(struct reading *g, struct err *err)
{
    if (g->again || !sealed_list_name(g->file.head.format))
        return true;
    g->r->sums = calloc(g->file.head.keys, sizeof *g->r->sums);
    return g->r->sums || err_set(err, ERR_FAILED, "there is no memory to read %s", g->r->shown);
}

/* The end: the octets that were read are those that would be written, and the manifest is that of
 * the octets before it. */
static bool read_end(struct reading *g, struct err *err)
{
    struct sealed_manifest said = {0}, sum, whole, written;

    if (!sealed_encoder_sum(g->encoder, &sum, err) ||
        !sealed_decode_map(g->decoder, SEALED_MANIFEST, &sealed_manifest_table, &said, err) ||
        !sealed_encode_map(g->encoder, SEALED_MANIFEST, &sealed_manifest_table, &said, err) ||
        !sealed_encoder_sum(g->encoder, &written, err) ||
        !sealed_decode_end(g->decoder, &whole, err))
        return false;
    if (g->again)
        return memcmp(whole.sha256, g->r->whole.sha256, SHA256_SIZE) == 0 || changed(g->r, err);
    if (memcmp(whole.sha256, written.sha256, SHA256_SIZE) != 0)
        return altered(g->r, "it is not as hsmferry writes it", err);
    if (said.octets != sum.octets || memcmp(said.sha256, sum.sha256, SHA256_SIZE) != 0)
        return altered(g->r, "its manifest is that of other content", err);
    g->r->whole = whole;
    return true;
}

static bool read_all(struct reading *g, struct err *err)
{
    bool ok = sealed_decoder_new(g->r->fd, g->r->shown, &g->decoder, err) &&
              sealed_encoder_new(-1, &g->encoder, err) && read_start(g, err) && make_sums(g, err) &&
              read_list(g, err) && read_end(g, err);

    sealed_decoder_free(g->decoder);
    sealed_encoder_free(g->encoder);
    if (ok && !g->again)
        g->r->file = g->file; /* now the reader owns it */
    else
        sealed_file_free(&g->file);
    return ok;
}

/* --- the reader --- */

/* Regardless of its owner and permissions: what is read is checked. */
static bool open_file(struct sealed_reader *r, struct err *err)
{
    struct stat st;

    r->fd = open(r->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (r->fd < 0 && errno == ENOENT) {
        err_set(err, ERR_NO_INPUT, "%s does not exist", r->shown);
        return err_next(err, "Check the path and its spelling.");
    }
    if (r->fd < 0 && errno == ELOOP)
        return err_set(err, ERR_DENIED, "%s is a symbolic link", r->shown);
    if (r->fd < 0 || fstat(r->fd, &st) != 0)
        return err_set_errno(err, errno == EACCES ? ERR_DENIED : ERR_IO, errno,
                             "%s cannot be opened", r->shown);
    if (!S_ISREG(st.st_mode))
        return err_set(err, ERR_DATA, "%s is not a regular file", r->shown);
    return st.st_size <= SEALED_SIZE_MAX ||
           err_set(err, ERR_DATA, "%s is larger than a sealed file can be", r->shown);
}

bool sealed_open(const char *path, struct sealed_reader **out, struct err *err)
{
    struct sealed_reader *r = calloc(1, sizeof *r);
    struct reading g = {.r = r};

    if (!r || !(r->path = strdup(path))) {
        free(r);
        return err_set(err, ERR_FAILED, "there is no memory to read a sealed file");
    }
    r->fd = -1;
    file_shown(path, r->shown);
    if (!open_file(r, err) || !read_all(&g, err)) {
        sealed_close(r);
        return false;
    }
    r->words = sealed_words_of(r->whole.sha256);
    *out = r;
    return true;
}

void sealed_close(struct sealed_reader *r)
{
    if (!r)
        return;
    sealed_file_free(&r->file);
    if (r->fd >= 0)
        close(r->fd);
    free(r->sums);
    free(r->path);
    free(r);
}

const struct sealed_file *sealed_file(const struct sealed_reader *r)
{
    return &r->file;
}

uint64_t sealed_size(const struct sealed_reader *r)
{
    return r->whole.octets;
}

bool sealed_check(struct sealed_reader *r, const struct sealed_expected *expected, struct err *err)
{
    r->checked = sealed_expect(expected, &r->file.head, r->whole.sha256, err);
    return r->checked;
}

static bool is_checked(const struct sealed_reader *r, struct err *err)
{
    return r->checked ||
           err_set(err, ERR_DENIED, "%s was not found to be the expected file", r->shown);
}

static bool is_trusted(const struct sealed_reader *r, struct err *err)
{
    return is_checked(r, err) &&
           (r->trusted || err_set(err, ERR_DENIED, "nobody has confirmed who wrote %s", r->shown));
}

bool sealed_trust_signature(struct sealed_reader *r, const struct sealed_signers *signers,
                            size_t *which, struct err *err)
{
    bool ok =
        is_checked(r, err) && sealed_signature_check(r->path, r->whole.sha256, signers, which, err);

    r->trusted = r->trusted || ok;
    return ok;
}

bool sealed_trust_words(struct sealed_reader *r, const char *typed, unsigned *left, struct err *err)
{
    bool ok = is_checked(r, err) && sealed_words_answer(&r->words, typed, err);

    *left = r->words.left;
    r->trusted = r->trusted || ok;
    return ok;
}

bool sealed_sha256(const struct sealed_reader *r, uint8_t sha256[SHA256_SIZE], struct err *err)
{
    if (!is_trusted(r, err))
        return false;
    memcpy(sha256, r->whole.sha256, SHA256_SIZE);
    return true;
}

static bool read_again(struct reading *g, enum sealed_format format, struct err *err)
{
    if (!is_trusted(g->r, err))
        return false;
    if (g->r->file.head.format != format)
        return err_set(err, ERR_DATA, "%s has no such list", g->r->shown);
    g->again = true;
    return read_all(g, err);
}

bool sealed_read_keys(struct sealed_reader *r, sealed_key_fn *fn, void *ctx, struct err *err)
{
    struct reading g = {.r = r, .on_key = fn, .ctx = ctx};

    return read_again(&g, SEALED_BUNDLE, err);
}

bool sealed_read_results(struct sealed_reader *r, sealed_result_fn *fn, void *ctx, struct err *err)
{
    struct reading g = {.r = r, .on_result = fn, .ctx = ctx};

    return read_again(&g, SEALED_RECEIPT, err);
}
