/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/text.h"
#include "base/utf8.h"

void fuzz_must(bool holds, const char *words)
{
    if (holds)
        return;
    fprintf(stderr, "FOUND: it does not hold that %s\n", words);
    abort();
}

bool fuzz_is_safe(const char *text)
{
    size_t len = strlen(text);
    void *raw = malloc(len + 1);
    bool safe = raw && text_unsafe(text, raw, &len);

    free(raw);
    return safe;
}

bool fuzz_is_harmless(const char *text)
{
    const uint8_t *raw = (const uint8_t *)text;
    size_t len = strlen(text), used;
    uint32_t point;

    for (size_t at = 0; at < len; at += used) {
        used = utf8_decode(raw + at, len - at, &point);
        if (used == 0 || utf8_width(point) < 0)
            return false;
    }
    return true;
}

void fuzz_must_report(const struct err *err)
{
    fuzz_must(err->code > ERR_NONE && err->code < ERR_CODES, "a failure has a code");
    fuzz_must(err->what[0] != '\0', "a failure says what failed");
    fuzz_must(fuzz_is_harmless(err->what) && fuzz_is_harmless(err->now) &&
                  fuzz_is_harmless(err->next) && fuzz_is_harmless(err->hsm_name),
              "the sentences of a failure are safe on a terminal");
}

static char folder[PATH_MAX], file[PATH_MAX + 8];

static void remove_file(void)
{
    unlink(file);
    rmdir(folder);
}

static bool make_folder(void)
{
    const char *where = getenv("TMPDIR");

    snprintf(folder, sizeof folder, "%s/hsmferry-fuzz.XXXXXX", where ? where : "/tmp");
    if (!mkdtemp(folder))
        return false;
    snprintf(file, sizeof file, "%s/input", folder);
    return atexit(remove_file) == 0;
}

const char *fuzz_file(const void *data, size_t len)
{
    int fd = file[0] || make_folder() ? open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600) : -1;

    fuzz_must(fd >= 0 && write(fd, data, len) == (ssize_t)len, "this host has room for a file");
    close(fd);
    return file;
}

int fuzz_memory(const void *data, size_t len)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);

    fuzz_must(fd >= 0 && write(fd, data, len) == (ssize_t)len && lseek(fd, 0, SEEK_SET) == 0,
              "this host has memory for a file");
    return fd;
}

struct bytes fuzz_content(int fd)
{
    off_t len = lseek(fd, 0, SEEK_END);
    struct bytes all = {0};

    fuzz_must(len >= 0 && bytes_make(&all, (size_t)len, NULL) &&
                  pread(fd, all.data, all.len, 0) == (ssize_t)all.len,
              "a file in memory can be read");
    return all;
}

uint8_t fuzz_take_octet(struct fuzz_input *in)
{
    if (in->len == 0)
        return 0;
    in->len--;
    return *in->data++;
}

struct fuzz_input fuzz_take_part(struct fuzz_input *in)
{
    size_t len = fuzz_take_octet(in);

    len |= (size_t)fuzz_take_octet(in) << 8;
    if (len > in->len)
        len = in->len;
    in->data += len;
    in->len -= len;
    return (struct fuzz_input){in->data - len, len};
}

char *fuzz_string(const uint8_t *data, size_t len)
{
    char *text = calloc(len + 1, 1);

    fuzz_must(text != NULL, "this host has memory for a string");
    if (len > 0)
        memcpy(text, data, len);
    return text;
}
