/* SPDX-License-Identifier: Apache-2.0 */
/* A vendor's PKCS#11 module: loading, checking and initialising it. */
#ifndef HSMFERRY_DRIVER_PKCS11_PKCS11_MODULE_H
#define HSMFERRY_DRIVER_PKCS11_PKCS11_MODULE_H

#include <stdbool.h>

#include <p11-kit/pkcs11.h>

#include "base/err.h"
#include "driver/load/loaded_objects.h"
#include "driver/load/loader.h"
#include "hsm/hsm.h"

struct ck_functions_3_2;

struct p11_module {
    CK_FUNCTION_LIST *fn;               /* complete: no function in it is NULL */
    const struct ck_functions_3_2 *kem; /* likewise, its last two; NULL: it has no version 3.2 */
    struct loaded_module loaded;
    struct objects before; /* the shared objects that were loaded before it */
    bool ours;             /* we initialised it, so we finalise it */
    bool locks;            /* several threads may call it, each with its own session */
};

/* Loads where->module, see loader_open(), and initialises it. siblings: the module looks for files
 * next to itself. Errors: those of loader_open(), ERR_HSM (not a PKCS#11 module, or C_Initialize
 * fails). */
bool p11_module_start(const struct hsm_where *where, bool siblings, struct p11_module *module,
                      struct err *err);

/* Finalises the module. Its code stays in memory: too many modules leave a thread or an exit
 * handler running that would crash after an unload. */
void p11_module_stop(struct p11_module *module);

#endif
