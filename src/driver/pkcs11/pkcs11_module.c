/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/pkcs11/pkcs11_module.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#include "base/file.h"
#include "driver/dialect/ckr.h"
#include "driver/dialect/pkcs11_3_2.h"

/* CK_C_INITIALIZE_ARGS as NSS defines it: with a string before the reserved pointer. */
struct nss_arguments {
    CK_CREATEMUTEX create_mutex;
    CK_DESTROYMUTEX destroy_mutex;
    CK_LOCKMUTEX lock_mutex;
    CK_UNLOCKMUTEX unlock_mutex;
    CK_FLAGS flags;
    char *parameters;
    void *reserved;
};

/* The standard requires every entry to be set; a missing one would crash this process later. */
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
        err_set(err, ERR_HSM, "%s is not a PKCS#11 module: it has no C_GetFunctionList", shown);
        return err_next(err, "Name the module that came with the HSM.");
    }
    memcpy(&get, &symbol, sizeof get);
    rv = get(fn);
    if (rv != CKR_OK)
        return ckr_set_as(err, ERR_HSM, rv, "C_GetFunctionList of %s failed", shown);
    if (!*fn || !is_complete(*fn))
        return err_set(err, ERR_HSM, "%s returns an incomplete list of functions", shown);
    return true;
}

/* The functions of version 3.2, if the module has them. */
static const struct ck_functions_3_2 *get_kem(void *library)
{
    static unsigned char name[] = CK_INTERFACE_NAME;
    CK_VERSION version = {3, 2};
    struct ck_interface_3 *interface = NULL;
    const struct ck_functions_3_2 *fn;
    void *symbol = dlsym(library, "C_GetInterface");
    ck_get_interface get;

    memcpy(&get, &symbol, sizeof get);
    if (!symbol || get(name, &version, &interface, 0) != CKR_OK || !interface ||
        !interface->functions)
        return NULL;
    fn = interface->functions;
    return fn->version.major == 3 && fn->version.minor >= 2 && fn->C_EncapsulateKey &&
                   fn->C_DecapsulateKey
               ? fn
               : NULL;
}

static CK_RV initialize_with(struct p11_module *module, const char *params, CK_FLAGS flags)
{
    CK_C_INITIALIZE_ARGS standard = {.flags = flags};
    struct nss_arguments nss = {.flags = flags, .parameters = (char *)params};

    return module->fn->C_Initialize(params[0] ? (void *)&nss : (void *)&standard);
}

/* A module that cannot lock (PKCS#11 v2.40 section 5.4) serves one thread, and so one session; so
 * does one that something else in this process has initialised in a way that is not known. */
static bool initialize(struct p11_module *module, const char *params, const char *shown,
                       struct err *err)
{
    CK_RV rv = initialize_with(module, params, CKF_OS_LOCKING_OK);

    module->locks = rv == CKR_OK;
    if (rv == CKR_CANT_LOCK)
        rv = initialize_with(module, params, 0);
    module->ours = rv == CKR_OK;
    if (rv != CKR_OK && rv != CKR_CRYPTOKI_ALREADY_INITIALIZED)
        return ckr_set_as(err, ERR_HSM, rv, "the module %s does not start (C_Initialize)", shown);
    return true;
}

bool p11_module_start(const struct hsm_where *where, bool siblings, struct p11_module *module,
                      struct err *err)
{
    struct p11_module started = {0};
    char shown[FILE_SHOWN];

    file_shown(where->module, shown);
    objects_now(&started.before);
    if (!loader_open(where, siblings, &started.loaded, err) ||
        !get_functions(started.loaded.library, shown, &started.fn, err))
        return false;
    if (!initialize(&started, where->params, shown, err)) {
        if (started.loaded.fd >= 0 && err && !err->next[0])
            err_next(err, "If it looks for files next to itself, name a dialect that says "
                          "\"loads-siblings: yes\"");
        return false;
    }
    started.kem = get_kem(started.loaded.library);
    *module = started;
    return true;
}

void p11_module_stop(struct p11_module *module)
{
    if (module->ours)
        module->fn->C_Finalize(NULL);
    *module = (struct p11_module){0};
}
