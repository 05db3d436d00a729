/* SPDX-License-Identifier: Apache-2.0 */
#include "report/signing.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

enum { PEM_MAX = 16384 };

/* Returns false if the names do not fit. */
static bool name_files(const char *report, unsigned number, struct signing_files *files)
{
    char infix[8] = "";

    if (number > 1)
        text_print(infix, sizeof infix, ".%u", number);
    return text_print(files->signature, SIGNING_PATH_MAX, "%s%s.sig", report, infix) ==
               strlen(report) + strlen(infix) + 4 &&
           text_print(files->public_key, SIGNING_PATH_MAX, "%s%s.pub.pem", report, infix) ==
               strlen(report) + strlen(infix) + 8;
}

bool signing_find(const char *report, unsigned number, struct signing_files *files)
{
    return name_files(report, number, files) && access(files->signature, F_OK) == 0;
}

static bool make_pem(const struct bytes *spki, struct bytes *pem, struct err *err)
{
    const unsigned char *at = spki->data;
    EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)spki->len);
    BIO *bio = BIO_new(BIO_s_mem());
    char *text;
    long len;
    bool ok = key && bio && PEM_write_bio_PUBKEY(bio, key) == 1 &&
              (len = BIO_get_mem_data(bio, &text)) > 0 && len <= PEM_MAX;

    ok = ok ? bytes_set(pem, text, (size_t)len, err)
            : err_set(err, ERR_DATA, "the public key of the key that signed cannot be written");
    BIO_free(bio);
    EVP_PKEY_free(key);
    return ok;
}

static bool is_same(const char *path, const struct bytes *content)
{
    char name[FILE_SHOWN];
    struct bytes there = {0};
    struct err ignored;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
    bool same = fd >= 0 && file_read(fd, file_shown(path, name), PEM_MAX, &there, &ignored) &&
                bytes_equal(&there, content);

    bytes_free(&there);
    if (fd >= 0)
        close(fd);
    return same;
}

/* Creates a new file with this content, and makes sure that it is on the disk. */
static bool put(const char *path, const struct bytes *content, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    char name[FILE_SHOWN], copy[SIGNING_PATH_MAX];
    bool ok;
    int folder;

    if (fd < 0)
        return err_set_errno(err, ERR_IO, errno, "%s cannot be created", file_shown(path, name));
    errno = ENOSPC; /* the reason for a short write */
    ok = write(fd, content->data, content->len) == (ssize_t)content->len && fsync(fd) == 0;
    close(fd);
    if (ok) {
        strcpy(copy, path);
        folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        ok = folder >= 0 && fsync(folder) == 0;
        if (folder >= 0)
            close(folder);
    }
    if (ok)
        return true;
    err_set_errno(err, ERR_IO, errno, "%s cannot be written to the disk", file_shown(path, name));
    unlink(path);
    return false;
}

static bool put_both(const struct signing_files *files, const struct bytes *signature,
                     const struct bytes *pem, struct err *err)
{
    if (!put(files->public_key, pem, err))
        return false;
    if (put(files->signature, signature, err))
        return true;
    unlink(files->public_key);
    return false;
}

bool signing_keep(const char *report, const struct bytes *signature, const struct bytes *spki,
                  struct signing_files *files, struct err *err)
{
    char name[FILE_SHOWN];
    struct bytes pem = {0};
    unsigned number = 1;
    bool ok = make_pem(spki, &pem, err);

    for (; ok && number <= SIGNING_MAX && signing_find(report, number, files); number++)
        if (is_same(files->public_key, &pem))
            ok = err_set(err, ERR_CONFLICT, "this key has already signed this report: %s",
                         file_shown(files->signature, name));
    if (ok && (number > SIGNING_MAX || !name_files(report, number, files)))
        ok = err_set(err, ERR_CONFLICT, "there is no free name for a signature of %s",
                     file_shown(report, name));
    ok = ok && put_both(files, signature, &pem, err);
    bytes_free(&pem);
    return ok;
}

size_t signing_add_word(char *out, size_t size, size_t at, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_./:=@%+-";

    if (word[strspn(word, plain)] == '\0')
        return at + text_print(out + at, size - at, " %s", word);
    at += text_print(out + at, size - at, " '");
    for (; *word; word++)
        if (*word == '\'')
            at += text_print(out + at, size - at, "'\\''");
        else
            at += text_print(out + at, size - at, "%c", *word);
    return at + text_print(out + at, size - at, "'");
}

const char *signing_command(const struct signing *signing, char *out)
{
    size_t at = text_print(out, SIGNING_COMMAND_MAX, "openssl dgst -sha256 -verify");

    at = signing_add_word(out, SIGNING_COMMAND_MAX, at, signing->files.public_key);
    at += text_print(out + at, SIGNING_COMMAND_MAX - at, " -signature");
    at = signing_add_word(out, SIGNING_COMMAND_MAX, at, signing->files.signature);
    signing_add_word(out, SIGNING_COMMAND_MAX, at, signing->report);
    return out;
}

void signing_print(const struct signing *signing, FILE *out)
{
    char command[SIGNING_COMMAND_MAX];

    if (!signing->done) {
        fprintf(out, "Signature  UNSIGNED: %s\n",
                signing->why[0] ? signing->why : "the ceremony file names no key that signs");
        return;
    }
    fprintf(out, "Signature  %s\n", signing->files.signature);
    fprintf(out, "Signed by  %s\n", signing->by);
    fprintf(out, "Check it   %s\n", signing_command(signing, command));
}
