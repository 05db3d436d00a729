/* SPDX-License-Identifier: Apache-2.0 */
#include "transfer/sealed_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/file.h"
#include "base/text.h"

/* --- its name --- */

static bool is_plain(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
           c == '_';
}

char *sealed_file_path(const struct sealing *sealing, uint32_t number, const struct key_desc *key,
                       char *out)
{
    char name[SEALING_NAME_MAX + 1];
    size_t len = 0;

    for (size_t i = 0; i < key->label_len && i < KEY_LABEL_MAX && len < SEALING_NAME_MAX; i++)
        name[len++] = is_plain(key->label[i]) ? (char)key->label[i] : '-';
    name[len] = '\0';
    text_print(out, EVENT_PATH_MAX, "%s.%u%s%s.%s", sealing->stem, number, len ? "-" : "", name,
               sealing->service->suffix);
    return out;
}

/* --- its content --- */

static bool join(const struct bytes *kek, const struct bytes *wrapped, struct bytes *out,
                 struct err *err)
{
    size_t before = kek ? kek->len : 0;

    if (!bytes_make(out, before + wrapped->len, err))
        return false;
    if (kek)
        memcpy(out->data, kek->data, before);
    memcpy(out->data + before, wrapped->data, wrapped->len);
    return true;
}

/* RFC 4648 section 4, in one line; the caller frees it. NULL: no memory. */
static char *base64(const struct bytes *raw)
{
    char *text = malloc((raw->len + 2) / 3 * 4 + 1);

    if (text)
        EVP_EncodeBlock((unsigned char *)text, raw->data, (int)raw->len);
    return text;
}

/* The alphabet of URLs, RFC 4648 section 5, without padding. */
static void to_url(char *text)
{
    for (; *text; text++)
        *text = *text == '+' ? '-' : *text == '/' ? '_' : *text == '=' ? '\0' : *text;
}

static bool put_form(const struct sealing *sealing, struct bytes *blob, struct err *err)
{
    char *text = base64(blob), *json = NULL;
    bool ok = text != NULL;

    if (ok && sealing->service->form == SERVICE_BYOK) {
        to_url(text);
        ok = asprintf(
                 &json,
                 "{\"schema_version\":\"1.0.0\",\"header\":{\"kid\":\"%s\",\"alg\":\"dir\","
                 "\"enc\":\"CKM_RSA_AES_KEY_WRAP\"},\"ciphertext\":\"%s\",\"generator\":\"%s\"}",
                 sealing->kid, text, PACKAGE_STRING) > 0;
    }
    ok = ok ? bytes_set(blob, json ? json : text, strlen(json ? json : text), err)
            : err_set(err, ERR_FAILED, "no memory for a sealed file");
    free(json);
    free(text);
    return ok;
}

bool sealed_file_make(const struct sealing *sealing, const struct bytes *kek,
                      const struct bytes *wrapped, struct bytes *file, struct err *err)
{
    return join(kek, wrapped, file, err) &&
           (sealing->service->form == SERVICE_RAW || put_form(sealing, file, err));
}

/* --- on the disk --- */

static bool fail(const char *path, const char *what, struct err *err)
{
    char shown[FILE_SHOWN];

    return err_set_errno(err, ERR_IO, errno, "the sealed file %s cannot be %s",
                         file_shown(path, shown), what);
}

static bool sync_folder(const char *path, struct err *err)
{
    char folder[PATH_MAX];

    text_print(folder, sizeof folder, "%s", path);
    int fd = open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = (fd >= 0 && fsync(fd) == 0) || fail(path, "written to the disk", err);
    if (fd >= 0)
        close(fd);
    return ok;
}

static bool write_all(int fd, const struct bytes *file)
{
    for (size_t at = 0; at < file->len;) {
        ssize_t n = write(fd, file->data + at, file->len - at);
        if (n < 0 && errno != EINTR)
            return false;
        at += n > 0 ? (size_t)n : 0;
    }
    return fsync(fd) == 0;
}

/* Gives the whole file its final name. */
static bool place(const char *part, const char *path, struct err *err)
{
    char shown[FILE_SHOWN];
    int failed = renameat2(AT_FDCWD, part, AT_FDCWD, path, RENAME_NOREPLACE);

    if (failed && (errno == EINVAL || errno == ENOSYS)) { /* not on every file system */
        failed = link(part, path);
        if (!failed)
            unlink(part);
    }
    if (!failed)
        return true;
    if (errno != EEXIST)
        return fail(path, "given its name", err);
    err_set(err, ERR_CONFLICT, "there is a file %s already", file_shown(path, shown));
    return err_next(err, "It is left as it is: determine whose it is, then start again.");
}

bool sealed_file_write(const char *path, const struct bytes *file, struct err *err)
{
    char part[EVENT_PATH_MAX + 8];
    bool ok;

    text_print(part, sizeof part, "%s.part", path);
    int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail(path, "created", err);
    ok = write_all(fd, file) || fail(path, "written", err);
    close(fd);
    ok = ok && place(part, path, err);
    if (!ok)
        unlink(part);
    else if (!sync_folder(path, err)) {
        unlink(path); /* a power cut could lose it */
        ok = false;
    }
    return ok;
}

bool sealed_file_remove(const char *path, struct err *err)
{
    return unlink(path) == 0 || errno == ENOENT || fail(path, "removed", err);
}
