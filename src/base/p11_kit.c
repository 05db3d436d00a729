/* SPDX-License-Identifier: Apache-2.0 */
#include "base/p11_kit.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/file.h"

enum { CONFIGURATION_MAX = 65536 };

static const char prefix[] = "p11-kit:";

const char *const p11_kit_folders[] = {"/etc/pkcs11/modules", "/usr/share/p11-kit/modules",
                                       "/usr/local/share/p11-kit/modules", NULL};

/* The folders of a module that its configuration names without one. */
static const char *const module_folders[] = {
    "/usr/lib/x86_64-linux-gnu/pkcs11",
    "/usr/lib/aarch64-linux-gnu/pkcs11",
    "/usr/lib64/pkcs11",
    "/usr/lib/pkcs11",
};

bool p11_kit_is_name(const char *module, bool *valid)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    const char *name = module + strlen(prefix);

    if (strncmp(module, prefix, strlen(prefix)) != 0)
        return false;
    *valid = name[0] && name[0] != '.' && name[strspn(name, allowed)] == '\0';
    return true;
}

char *p11_kit_value(char *line, const char *key)
{
    size_t len = strlen(key);
    char *end;

    while (isspace((unsigned char)*line))
        line++;
    if (strncmp(line, key, len) != 0)
        return NULL;
    for (line += len; isspace((unsigned char)*line); line++)
        ;
    if (*line++ != ':')
        return NULL;
    while (isspace((unsigned char)*line))
        line++;
    for (end = line + strlen(line); end > line && isspace((unsigned char)end[-1]);)
        *--end = '\0';
    return *line ? line : NULL;
}

bool p11_kit_path(const char *named, char *path, size_t size)
{
    char place[PATH_MAX];

    for (size_t i = 0; named[0] != '/' && i < sizeof module_folders / sizeof module_folders[0];
         i++) {
        snprintf(place, sizeof place, "%s/%s", module_folders[i], named);
        if (access(place, F_OK) == 0 && strlen(place) < size) {
            memcpy(path, place, strlen(place) + 1);
            return true;
        }
    }
    if (named[0] != '/' || strlen(named) >= size)
        return false;
    memcpy(path, named, strlen(named) + 1);
    return true;
}

/* --- one configuration file ------------------------------------------------------------------- */

static bool read_trusted(const char *file, struct bytes *text, struct err *err)
{
    char real[PATH_MAX];
    bool ok;
    int fd;

    if (!realpath(file, real))
        return err_set_errno(err, ERR_IO, errno, "%s cannot be found", file);
    if (!file_folders_trusted(real, err) || !file_open_trusted(real, 022, &fd, err))
        return false;
    ok = file_read(fd, file, CONFIGURATION_MAX, text, err);
    close(fd);
    return ok;
}

/* The last line with a key counts, as in p11-kit. */
static bool take_module(const char *file, const struct bytes *text, char *module, size_t size,
                        struct err *err)
{
    char line[PATH_MAX + 32], named[PATH_MAX] = "";
    bool remote = false;

    for (size_t at = 0, len; at < text->len; at += len + 1) {
        const char *start = (const char *)text->data + at,
                   *end = memchr(start, '\n', text->len - at);
        const char *value;
        len = end ? (size_t)(end - start) : text->len - at;
        snprintf(line, sizeof line, "%.*s", (int)len, start);
        value = p11_kit_value(line, "module");
        if (value)
            snprintf(named, sizeof named, "%s", value);
        snprintf(line, sizeof line, "%.*s", (int)len, start);
        remote = remote || p11_kit_value(line, "remote");
    }
    if (remote || !named[0]) {
        err_set(err, ERR_CONFIG, "%s names no module file%s", file,
                remote ? ", but a program that is one (\"remote\")" : "");
        return err_next(err, "Write the absolute path of the module");
    }
    if (p11_kit_path(named, module, size))
        return true;
    err_set(err, ERR_CONFIG, "the module that %s names is not there", file);
    return err_next(err, "Install it, or write the absolute path of the one that is installed");
}

bool p11_kit_resolve(char *module, size_t size, const char *const *folders, struct err *err)
{
    const char *name = module + strlen(prefix);
    char file[PATH_MAX];
    bool valid;

    if (!p11_kit_is_name(module, &valid))
        return true;
    for (folders = folders ? folders : p11_kit_folders; valid && *folders; folders++) {
        struct bytes text = {0};
        bool ok;
        snprintf(file, sizeof file, "%s/%s.module", *folders, name);
        if (access(file, F_OK) != 0)
            continue;
        ok = read_trusted(file, &text, err) && take_module(file, &text, module, size, err);
        bytes_free(&text);
        return ok;
    }
    err_set(err, ERR_CONFIG, "p11-kit's configuration on the agent's host has no module %.64s",
            valid ? name : "of that name");
    return err_next(err, "\"p11-kit list-modules\" shows the names; or write the module's path");
}
