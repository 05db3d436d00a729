/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

const char *file_shown(const char *path, char *out)
{
    char safe[TEXT_SAFE_SIZE(PATH_MAX)];

    text_safe(path, strnlen(path, PATH_MAX), safe, sizeof safe);
    text_fit(safe, 80, true, out, FILE_SHOWN);
    return out;
}

static bool check_trust(const struct stat *st, mode_t forbidden, const char *shown, struct err *err)
{
    if (!S_ISREG(st->st_mode))
        return err_set(err, ERR_DENIED, "%s is not a regular file", shown);
    if (st->st_uid != geteuid() && st->st_uid != 0) {
        err_set(err, ERR_DENIED, "%s belongs to another user (%u)", shown, (unsigned)st->st_uid);
        return err_next(err, "Read it, then make your own copy of it");
    }
    if (st->st_mode & forbidden & (S_IRGRP | S_IROTH)) {
        err_set(err, ERR_DENIED, "%s can be read by other users", shown);
        return err_next(err, "Run: chmod 600 %s", shown);
    }
    if (st->st_mode & forbidden) {
        err_set(err, ERR_DENIED, "%s can be changed by other users", shown);
        return err_next(err, "Read it through, then run: chmod go-w %s", shown);
    }
    return true;
}

bool file_open_trusted(const char *path, mode_t forbidden, int *fd, struct err *err)
{
    /* O_NONBLOCK: opening a named pipe would otherwise wait for its other end. */
    int opened = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    char shown[FILE_SHOWN];
    struct stat st;

    file_shown(path, shown);
    if (opened < 0 && errno == ENOENT) {
        err_set(err, ERR_NO_INPUT, "There is no file %s", shown);
        return err_next(err, "Check the path and its spelling");
    }
    if (opened < 0 && errno == ELOOP) {
        err_set(err, ERR_DENIED, "%s is a symbolic link", shown);
        return err_next(err, "Name the file itself");
    }
    if (opened < 0)
        return err_set_errno(err, errno == EACCES ? ERR_DENIED : ERR_IO, errno,
                             "%s cannot be opened", shown);
    if (fstat(opened, &st) != 0)
        err_set_errno(err, ERR_IO, errno, "%s cannot be examined", shown);
    else if (check_trust(&st, forbidden, shown, err)) {
        *fd = opened;
        return true;
    }
    close(opened);
    return false;
}

static bool check_folder(const char *folder, struct err *err)
{
    char shown[FILE_SHOWN];
    struct stat st;

    file_shown(folder, shown);
    if (lstat(folder, &st) != 0)
        return err_set_errno(err, ERR_IO, errno, "%s cannot be examined", shown);
    if (!S_ISDIR(st.st_mode))
        return err_set(err, ERR_DENIED, "%s is not a folder", shown);
    if (st.st_uid != geteuid() && st.st_uid != 0)
        return err_set(err, ERR_DENIED, "the folder %s belongs to another user (%u)", shown,
                       (unsigned)st.st_uid);
    /* In a folder with the sticky bit they can remove or rename only their own files. */
    if (st.st_mode & (S_IWGRP | S_IWOTH) && !(st.st_mode & S_ISVTX)) {
        err_set(err, ERR_DENIED, "the folder %s can be changed by other users", shown);
        return err_next(err, "Check its content, then run: chmod go-w %s", shown);
    }
    return true;
}

bool file_folders_trusted(const char *path, struct err *err)
{
    char folder[PATH_MAX];

    for (const char *end = strchr(path, '/'); end; end = strchr(end + 1, '/')) {
        text_print(folder, sizeof folder, "%.*s", (int)(end > path ? end - path : 1), path);
        if (!check_folder(folder, err))
            return false;
    }
    return true;
}

bool file_read(int fd, const char *name, size_t max, struct bytes *text, struct err *err)
{
    struct bytes read_in = {0};
    size_t len = 0;
    ssize_t n;

    if (!bytes_make(&read_in, max + 1, err))
        return false;
    while (len < read_in.len && (n = read(fd, read_in.data + len, read_in.len - len)) != 0) {
        if (n > 0)
            len += (size_t)n;
        else if (errno != EINTR) {
            bytes_free(&read_in);
            return err_set_errno(err, ERR_IO, errno, "%s cannot be read", name);
        }
    }
    if (len > max) {
        bytes_free(&read_in);
        return err_set(err, ERR_CONFIG, "%s is larger than %zu KiB", name, max / 1024);
    }
    read_in.len = len;
    *text = read_in;
    return true;
}

static bool write_all(int fd, const uint8_t *from, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, from, len);
        if (n < 0 && errno != EINTR)
            return false;
        from += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

bool file_digest(int fd, int copy, uint8_t sha256[32])
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    uint8_t part[16384];
    ssize_t n = -1;
    off_t at = 0;
    bool ok = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1;

    while (ok && (n = pread(fd, part, sizeof part, at)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        ok = n > 0 && EVP_DigestUpdate(ctx, part, (size_t)n) == 1 &&
             (copy < 0 || write_all(copy, part, (size_t)n));
        at += n;
    }
    ok = ok && EVP_DigestFinal_ex(ctx, sha256, NULL) == 1;
    EVP_MD_CTX_free(ctx);
    return ok;
}

bool file_sha256(const char *path, char *real, size_t real_size, uint8_t sha256[32])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    char whole[PATH_MAX];
    struct stat st;
    bool ok = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && realpath(path, whole) &&
              file_digest(fd, -1, sha256);

    if (fd >= 0)
        close(fd);
    memset(real, 0, real_size);
    if (ok)
        text_safe(whole, strlen(whole), real, real_size);
    else
        memset(sha256, 0, 32);
    return ok;
}
