/* SPDX-License-Identifier: Apache-2.0 */
#include "sealed/sealed_write.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "sealed/sealed_encode.h"
#include "sealed/sealed_sound.h"

struct sealed_writer {
    int folder, part;
    char name[NAME_MAX + 1], part_name[NAME_MAX + 1];
    char shown[FILE_SHOWN];
    struct sealed_file file; /* a copy, which owns nothing */
    struct sealed_place place;
    struct sealed_encoder *encoder;
    bool failed;
};

static bool split(struct sealed_writer *w, const char *path, struct err *err)
{
    char folder[PATH_MAX], name[PATH_MAX];

    if (strlen(path) >= PATH_MAX)
        return err_set(err, ERR_USAGE, "the path %s is too long", w->shown);
    memcpy(folder, path, strlen(path) + 1);
    memcpy(name, path, strlen(path) + 1);
    if (text_print(w->name, sizeof w->name, "%s", basename(name)) != strlen(basename(name)) ||
        text_print(w->part_name, sizeof w->part_name, "%s.part", w->name) != strlen(w->name) + 5)
        return err_set(err, ERR_USAGE, "the name of %s is too long", w->shown);
    w->folder = open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return w->folder >= 0 ||
           err_set_errno(err, ERR_IO, errno, "the folder of %s cannot be opened", w->shown);
}

static bool taken(struct sealed_writer *w, const char *suffix, struct err *err)
{
    err_set(err, ERR_CONFLICT, "there is already a file %s%s", w->shown, suffix);
    err_now(err, "Nothing was written.");
    return err_next(err, "Look at that file; move it to another place, or choose another name.");
}

static bool create(struct sealed_writer *w, struct err *err)
{
    struct stat st;

    if (fstatat(w->folder, w->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
        return taken(w, "", err);
    w->part =
        openat(w->folder, w->part_name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (w->part >= 0)
        return true;
    if (errno == EEXIST)
        return taken(w, ".part", err);
    return err_set_errno(err, ERR_IO, errno, "%s.part cannot be created", w->shown);
}

static bool encode_start(struct sealed_writer *w, struct err *err)
{
    enum sealed_format format = w->file.head.format;
    const char *list = sealed_list_name(format);

    return sealed_encode(w->encoder, &sealed_head_table, &w->file.head, err) &&
           sealed_encode(w->encoder, &sealed_tables[format], &w->file.offer, err) &&
           (!list || sealed_encode_list(w->encoder, list, err));
}

bool sealed_begin(const char *path, const struct sealed_file *file, struct sealed_writer **out,
                  struct err *err)
{
    struct sealed_writer *w;

    if (!sealed_sound(file, err))
        return false;
    w = calloc(1, sizeof *w);
    if (!w)
        return err_set(err, ERR_FAILED, "there is no memory for a sealed file");
    w->folder = w->part = -1;
    w->file = *file;
    file_shown(path, w->shown);
    if (split(w, path, err) && create(w, err) && sealed_encoder_new(w->part, &w->encoder, err) &&
        encode_start(w, err)) {
        *out = w;
        return true;
    }
    sealed_abandon(w);
    return false;
}

static bool add(struct sealed_writer *w, const struct sealed_table *table, const void *entry,
                bool sound, struct err *err)
{
    w->failed = w->failed || !sound || !sealed_encode_entry(w->encoder, table, entry, err);
    return !w->failed;
}

bool sealed_add_key(struct sealed_writer *w, const struct sealed_key *key, struct err *err)
{
    return add(w, &sealed_key_table, key, sealed_sound_key(&w->file, key, &w->place, err), err);
}

bool sealed_add_result(struct sealed_writer *w, const struct sealed_result *result, struct err *err)
{
    return add(w, &sealed_result_table, result, sealed_sound_result(result, &w->place, err), err);
}

/* Without replacing a file that has this name meanwhile. */
static bool rename_part(const struct sealed_writer *w)
{
    if (renameat2(w->folder, w->part_name, w->folder, w->name, RENAME_NOREPLACE) == 0)
        return true;
    if (errno != EINVAL && errno != ENOSYS)
        return false;
    /* for a file system or kernel without renameat2() flags */
    return linkat(w->folder, w->part_name, w->folder, w->name, 0) == 0 &&
           unlinkat(w->folder, w->part_name, 0) == 0;
}

static bool write_end(struct sealed_writer *w, uint8_t sha256[SHA256_SIZE], struct err *err)
{
    struct sealed_manifest manifest, whole;

    if (!sealed_sound_end(&w->file, &w->place, err) ||
        !sealed_encoder_sum(w->encoder, &manifest, err) ||
        !sealed_encode_map(w->encoder, SEALED_MANIFEST, &sealed_manifest_table, &manifest, err) ||
        !sealed_encoder_sum(w->encoder, &whole, err))
        return false;
    if (fsync(w->part) != 0)
        return err_set_errno(err, ERR_IO, errno, "%s.part cannot be written to the disk", w->shown);
    memcpy(sha256, whole.sha256, SHA256_SIZE);
    if (rename_part(w))
        return true;
    if (errno == EEXIST)
        return taken(w, "", err);
    return err_set_errno(err, ERR_IO, errno, "%s.part cannot be renamed to %s", w->shown, w->name);
}

static void release(struct sealed_writer *w)
{
    sealed_encoder_free(w->encoder);
    if (w->part >= 0)
        close(w->part);
    if (w->folder >= 0)
        close(w->folder);
    free(w);
}

bool sealed_finish(struct sealed_writer *w, uint8_t sha256[SHA256_SIZE], struct err *err)
{
    bool ok = !w->failed || err_set(err, ERR_FAILED, "%s was not written completely", w->shown);

    ok = ok && write_end(w, sha256, err);
    if (!ok) {
        sealed_abandon(w);
        return false;
    }
    if (fsync(w->folder) != 0) {
        err_set_errno(err, ERR_UNFINISHED, errno, "the name of %s cannot be written to the disk",
                      w->shown);
        err_now(err, "The file is complete, but a power cut may lose it.");
        ok = err_next(err, "Copy it to another disk.");
    }
    release(w);
    return ok;
}

void sealed_abandon(struct sealed_writer *w)
{
    if (!w)
        return;
    if (w->part >= 0)
        unlinkat(w->folder, w->part_name, 0);
    release(w);
}

bool sealed_write(const char *path, const struct sealed_file *file, uint8_t sha256[SHA256_SIZE],
                  struct err *err)
{
    struct sealed_writer *w;

    return sealed_begin(path, file, &w, err) && sealed_finish(w, sha256, err);
}
