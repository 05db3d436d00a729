/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/openssl/openssl_file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/sha.h>

#include "base/file.h"

static bool read_all(int fd, struct secret *text)
{
    ssize_t n = 1;

    for (text->len = 0; text->len < text->cap && n != 0; text->len += (size_t)(n > 0 ? n : 0)) {
        n = pread(fd, text->data + text->len, text->cap - text->len, (off_t)text->len);
        if (n < 0 && errno != EINTR)
            return false;
    }
    return true;
}

/* Hashes the octets that were read, so nothing can come between. */
static bool read_whole(const struct key_file *file, struct secret *text, uint8_t *sha256,
                       struct err *err)
{
    struct secret all = {0};

    if (!secret_new(&all, file->len, err))
        return false;
    if (!read_all(file->fd, &all)) {
        err_set_errno(err, ERR_IO, errno, "the key file %s cannot be read", file->name);
        secret_free(&all);
        return false;
    }
    SHA256(all.data, all.len, sha256);
    *text = all; /* ownership passes */
    return true;
}

static bool check_content(struct key_file *file, const char *pinned, struct err *err)
{
    char hex[2 * SHA256_SIZE + 1];
    struct secret text = {0};
    struct stat st;

    if (fstat(file->fd, &st) != 0)
        return err_set_errno(err, ERR_IO, errno, "the key file cannot be examined");
    if (st.st_size == 0)
        return err_set(err, ERR_DATA, "the key file %s is empty", file->name);
    if (st.st_size > KEY_FILE_MAX)
        return err_set(err, ERR_DATA, "the key file %s is larger than %d KiB", file->name,
                       KEY_FILE_MAX / 1024);
    file->len = (size_t)st.st_size;
    if (!read_whole(file, &text, file->sha256, err))
        return false;
    secret_free(&text);
    if (!pinned[0] || strcmp(text_hex(file->sha256, SHA256_SIZE, hex), pinned) == 0)
        return true;
    err_set(err, ERR_DENIED, "the key file is not the pinned one: its SHA-256 is %s", hex);
    return err_now(err, "Nothing in it was used, and nothing was changed");
}

bool key_file_open(const char *path, const char *pinned, struct key_file *file, struct err *err)
{
    struct err why = {0};

    *file = (struct key_file){.fd = -1};
    if (path[0] != '/')
        return err_set(err, ERR_CONFIG, "the key file must be named by its absolute path");
    if (!file_open_trusted(path, S_IRWXG | S_IRWXO, &file->fd, &why)) {
        if (why.code == ERR_NO_INPUT)
            why.code = ERR_CONFIG;
        if (err)
            *err = why;
        return false;
    }
    path = strrchr(path, '/') + 1;
    text_safe(path, strlen(path), file->name, sizeof file->name);
    if (check_content(file, pinned, err))
        return true;
    key_file_close(file);
    return false;
}

void key_file_close(struct key_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
}

bool key_file_read(const struct key_file *file, struct secret *text, struct err *err)
{
    uint8_t sha256[SHA256_SIZE];
    struct secret all = {0};
    struct stat st;

    if (fstat(file->fd, &st) != 0)
        return err_set_errno(err, ERR_IO, errno, "the key file cannot be examined");
    if (!read_whole(file, &all, sha256, err))
        return false;
    if ((size_t)st.st_size != file->len || memcmp(sha256, file->sha256, sizeof sha256) != 0) {
        secret_free(&all);
        err_set(err, ERR_CONFLICT, "the key file %s was changed since it was opened", file->name);
        return err_next(err, "Determine who writes to it, and begin again with a file at rest");
    }
    *text = all; /* ownership passes */
    return true;
}
