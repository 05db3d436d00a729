/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/load/loader.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "driver/load/loaded_objects.h"

#ifndef MFD_NOEXEC_SEAL /* Linux 6.3 */
#define MFD_NOEXEC_SEAL 0x0008U
#endif

static const char sealed_copy[] = "sealed copy";

/* A module while it is loaded. */
struct load {
    const struct hsm_where *where;
    struct loaded_module *out;
    char shown[FILE_SHOWN]; /* its path */
};

/* dlopen() runs the file's code, so anything that is plainly not a library is refused first. */
static bool open_module(const struct load *l, int *fd, struct err *err)
{
    const char *path = l->where->module;
    unsigned char magic[SELFMAG];
    struct stat st;
    bool elf;

    *fd = -1;
    if (path[0] != '/')
        return err_set(err, ERR_CONFIG, "the module path %s is not absolute", l->shown);
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (*fd < 0)
        return err_set_errno(err, ERR_CONFIG, errno, "the module %s cannot be opened", l->shown);
    elf = fstat(*fd, &st) == 0 && S_ISREG(st.st_mode) &&
          pread(*fd, magic, sizeof magic, 0) == (ssize_t)sizeof magic &&
          memcmp(magic, ELFMAG, sizeof magic) == 0;
    if (elf)
        return true;
    close(*fd);
    return err_set(err, ERR_CONFIG, "the module %s is not an ELF library", l->shown);
}

/* Reports dlerror(), with the module's path in place of the copy's. */
static bool cannot_load(const struct load *l, const char *opened, struct err *err)
{
    const char *said = dlerror();
    size_t len = strlen(opened);
    char why[ERR_WHAT_MAX / 2];

    if (strncmp(said, opened, len) != 0)
        len = 0;
    text_safe(said + len, strlen(said + len), why, sizeof why);
    return err_set(err, ERR_CONFIG, "the module cannot be loaded: %s%s", len ? l->shown : "", why);
}

static bool is_pinned_one(const struct load *l, const uint8_t sha256[SHA256_SIZE], struct err *err)
{
    char hex[2 * SHA256_SIZE + 1];

    if (strcmp(text_hex(sha256, SHA256_SIZE, hex), l->where->module_sha256) == 0)
        return true;
    err_set(err, ERR_DENIED, "The module %s is not the one that the ceremony file names", l->shown);
    err_now(err, "It was not loaded, and nothing was changed");
    return err_next(err, "Determine who replaced it; its SHA-256 is %s", hex);
}

static bool was_exchanged(const struct load *l, struct err *err)
{
    err_set(err, ERR_DENIED, "The module %s was replaced while it was being loaded", l->shown);
    err_now(err, "None of its functions was called");
    return err_next(err, "Determine who writes to it, and reinstall it");
}

static bool open_library(const struct load *l, const char *path, int fd, struct err *err)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    struct link_map *map;

    if (!library)
        return cannot_load(l, path, err);
    if (fd >= 0 && (dlinfo(library, RTLD_DI_LINKMAP, &map) != 0 || !objects_is_file(map->l_ld, fd)))
        return was_exchanged(l, err);
    l->out->library = library;
    text_print(l->out->opened, sizeof l->out->opened, "%s", path);
    return true;
}

/* --- from a sealed copy --- */

/* Kernels before 6.3 cannot mark a memory file as never executable (MFD_NOEXEC_SEAL). */
static int make_copy(void)
{
    const unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    int fd = memfd_create("module", flags | MFD_NOEXEC_SEAL);

    return fd < 0 && errno == EINVAL ? memfd_create("module", flags) : fd;
}

/* Fails with ERR_UNSUPPORTED if the kernel or a security module provides no such memory. */
static bool seal(const struct load *l, int fd, int *copy, struct err *err)
{
    const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

    *copy = make_copy();
    if (*copy >= 0 && file_digest(fd, *copy, l->out->file.sha256) &&
        fcntl(*copy, F_ADD_SEALS, seals) == 0)
        return true;
    err_set_errno(err, ERR_UNSUPPORTED, errno, "no sealed memory for the module");
    if (*copy >= 0)
        close(*copy);
    return false;
}

static bool is_exec_place(const struct load *l, int fd, struct err *err)
{
    struct statvfs st;

    if (fstatvfs(fd, &st) == 0 && !(st.f_flag & ST_NOEXEC))
        return true;
    err_set(err, ERR_CONFIG, "the module %s is on a file system that permits no execution (noexec)",
            l->shown);
    return err_next(err, "Install it on a file system that is mounted without noexec");
}

/* ERR_UNSUPPORTED: the module cannot be loaded from a copy; none of its code was run. */
static bool load_copy(const struct load *l, int fd, struct err *err)
{
    char path[32];
    int copy;

    if (!seal(l, fd, &copy, err))
        return false;
    text_print(path, sizeof path, "/proc/self/fd/%d", copy);
    if (!is_pinned_one(l, l->out->file.sha256, err) || !open_library(l, path, copy, err)) {
        close(copy);
        if (err->code == ERR_CONFIG)
            err->code = ERR_UNSUPPORTED;
        return false;
    }
    l->out->fd = copy;
    text_print(l->out->method, sizeof l->out->method, "%s", sealed_copy);
    return true;
}

/* --- from its own path --- */

/* Only root and this user can replace it between the first check and the last. */
static bool load_own(const struct load *l, const char *method, struct err *err)
{
    uint8_t again[SHA256_SIZE], *sha256 = l->out->file.sha256;
    char real[PATH_MAX];
    bool ok;
    int fd;

    if (!realpath(l->where->module, real))
        return err_set_errno(err, ERR_CONFIG, errno, "the module %s cannot be found", l->shown);
    if (!file_folders_trusted(real, err) || !file_open_trusted(real, 022, &fd, err))
        return false;
    ok = (file_digest(fd, -1, sha256) ||
          err_set(err, ERR_CONFIG, "The module %s cannot be read", l->shown)) &&
         is_pinned_one(l, sha256, err) && open_library(l, real, fd, err) &&
         ((file_digest(fd, -1, again) && memcmp(sha256, again, sizeof again) == 0) ||
          was_exchanged(l, err));
    close(fd);
    text_print(l->out->method, sizeof l->out->method, "%s", method);
    return ok;
}

static bool load_pinned(const struct load *l, int fd, bool siblings, struct err *err)
{
    struct err copy = {0};

    if (!is_exec_place(l, fd, err))
        return false;
    if (siblings)
        return load_own(l, "its own path, checked", err);
    if (load_copy(l, fd, &copy))
        return true;
    if (copy.code != ERR_UNSUPPORTED) {
        *err = copy;
        return false;
    }
    if (load_own(l, "its own path, checked: no sealed copy", err))
        return true;
    if (err->code == ERR_DENIED)
        return err_now(err, "It cannot be loaded from a sealed copy either: %.100s", copy.what);
    copy.code = ERR_CONFIG;
    *err = copy;
    return false;
}

bool loader_open(const struct hsm_where *where, bool siblings, struct loaded_module *out,
                 struct err *err)
{
    struct loaded_module loaded = {.fd = -1, .pinned = where->module_sha256[0] != 0};
    struct load l = {.where = where, .out = &loaded};
    struct err local = {0};
    bool ok;
    int fd;

    if (!err)
        err = &local;
    file_shown(where->module, l.shown);
    if (!open_module(&l, &fd, err))
        return false;
    file_sha256(where->module, loaded.file.path, sizeof loaded.file.path, loaded.file.sha256);
    text_print(loaded.method, sizeof loaded.method, "its own path");
    ok = loaded.pinned ? load_pinned(&l, fd, siblings, err)
                       : open_library(&l, where->module, -1, err);
    close(fd);
    if (ok)
        *out = loaded;
    return ok;
}
