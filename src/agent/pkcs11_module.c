/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/pkcs11_module.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/ckr.h"
#include "base/text.h"

/* CK_C_INITIALIZE_ARGS as NSS has it: with a string of its own before the reserved pointer. */
struct nss_arguments {
    CK_CREATEMUTEX create_mutex;
    CK_DESTROYMUTEX destroy_mutex;
    CK_LOCKMUTEX lock_mutex;
    CK_UNLOCKMUTEX unlock_mutex;
    CK_FLAGS flags;
    char *parameters;
    void *reserved;
};

/* dlopen() runs the file's code, so what is plainly not a library is refused before that. */
static bool check_file(const char *path, const char *shown, struct err *err)
{
    unsigned char magic[SELFMAG];
    struct stat st;
    bool elf;
    int fd;

    if (path[0] != '/')
        return err_set(err, ERR_CONFIG, "the module path %s is not absolute", shown);
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return err_set_errno(err, ERR_CONFIG, errno, "the module %s cannot be opened", shown);
    elf = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
          read(fd, magic, sizeof magic) == (ssize_t)sizeof magic &&
          memcmp(magic, ELFMAG, sizeof magic) == 0;
    close(fd);
    if (!elf)
        return err_set(err, ERR_CONFIG, "the module %s is not an ELF library", shown);
    return true;
}

/* The standard has every entry filled; a module that leaves some out would crash us later. */
static bool is_complete(const CK_FUNCTION_LIST *fn)
{
    const char *at = (const char *)fn + offsetof(CK_FUNCTION_LIST, C_Initialize);
    const char *end = (const char *)fn + sizeof *fn;

    if (fn->version.major != 2 && fn->version.major != 3)
        return false;
    for (; at < end; at += sizeof(void *)) {
        void *function;
        memcpy(&function, at, sizeof function);
        if (!function)
            return false;
    }
    return true;
}

static bool get_functions(void *library, const char *shown, CK_FUNCTION_LIST **fn, struct err *err)
{
    CK_C_GetFunctionList get;
    void *symbol = dlsym(library, "C_GetFunctionList");
    CK_RV rv;

    if (!symbol) {
        err_set(err, ERR_HSM, "%s is no PKCS#11 module: it has no C_GetFunctionList", shown);
        return err_next(err, "Name the module that came with the HSM.");
    }
    memcpy(&get, &symbol, sizeof get);
    rv = get(fn);
    if (rv != CKR_OK)
        return ckr_set_as(err, ERR_HSM, rv, "C_GetFunctionList of %s failed", shown);
    if (!*fn || !is_complete(*fn))
        return err_set(err, ERR_HSM, "%s gives an incomplete list of functions", shown);
    return true;
}

static bool initialize(struct p11_module *module, const char *params, const char *shown,
                       struct err *err)
{
    CK_C_INITIALIZE_ARGS standard = {.flags = CKF_OS_LOCKING_OK};
    struct nss_arguments nss = {.flags = CKF_OS_LOCKING_OK, .parameters = (char *)params};
    CK_RV rv = module->fn->C_Initialize(params[0] ? (void *)&nss : (void *)&standard);

    module->ours = rv == CKR_OK;
    if (rv != CKR_OK && rv != CKR_CRYPTOKI_ALREADY_INITIALIZED)
        return ckr_set_as(err, ERR_HSM, rv, "the module %s does not start (C_Initialize)", shown);
    return true;
}

bool p11_module_start(const char *path, const char *params, struct p11_module *module,
                      struct err *err)
{
    struct p11_module started = {0};
    char shown[ERR_WHAT_MAX / 2];
    void *library;

    text_safe(path, strlen(path), shown, sizeof shown);
    if (!check_file(path, shown, err))
        return false;
    library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        char why[ERR_WHAT_MAX / 2];
        const char *said = dlerror();
        text_safe(said, strlen(said), why, sizeof why);
        return err_set(err, ERR_CONFIG, "the module cannot be loaded: %s", why);
    }
    if (!get_functions(library, shown, &started.fn, err) ||
        !initialize(&started, params, shown, err))
        return false;
    text_print(started.path, sizeof started.path, "%s", path);
    *module = started;
    return true;
}

void p11_module_stop(struct p11_module *module)
{
    if (module->ours)
        module->fn->C_Finalize(NULL);
    *module = (struct p11_module){0};
}
