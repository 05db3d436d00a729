/* SPDX-License-Identifier: Apache-2.0 */
/* A vendor's PKCS#11 module: found, loaded, checked and initialised. */
#ifndef HSMFERRY_AGENT_PKCS11_MODULE_H
#define HSMFERRY_AGENT_PKCS11_MODULE_H

#include <stdbool.h>

#include <p11-kit/pkcs11.h>

#include "base/err.h"
#include "hsm/hsm.h"

struct p11_module {
    CK_FUNCTION_LIST *fn; /* complete: no function in it is NULL */
    char path[HSM_PATH_MAX];
    bool ours; /* we initialised it, so we finalise it */
};

/* Loads the module at this absolute path and initialises it; params is NSS's parameter string or
 * "". Errors: ERR_CONFIG (no absolute path, no such file, not a library), ERR_HSM (not a PKCS#11
 * module, or it does not start). */
bool p11_module_start(const char *path, const char *params, struct p11_module *module,
                      struct err *err);

/* Finalises it. Its code stays in memory: too many modules leave a thread or an exit handler
 * behind to be unloaded safely. */
void p11_module_stop(struct p11_module *module);

#endif
