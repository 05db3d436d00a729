/* SPDX-License-Identifier: Apache-2.0 */
/* The PKCS#11 modules and NSS stores that this machine knows of, for choosing from. None is loaded.
 */
#ifndef HSMFERRY_UI_MODEL_MODULES_H
#define HSMFERRY_UI_MODEL_MODULES_H

#include <stdbool.h>
#include <stddef.h>

enum { MODULES_MAX = 64, MODULE_PATH_MAX = 1024, MODULE_NAME_MAX = 64 };

struct module {
    char path[MODULE_PATH_MAX]; /* absolute */
    char name[MODULE_NAME_MAX]; /* the configuration that names it: "softhsm2.module" */
};

struct modules {
    struct module found[MODULES_MAX];
    size_t count;
};

/* Looks in p11-kit's configuration folders (files *.module, pkcs11.conf(5)) and in the places
 * where vendors install theirs. A NULL-ended list of folders replaces p11-kit's where given
 * (tests). Only what is there and absolute is listed, each once. */
void modules_find(struct modules *modules, const char *const *folders);

/* The same for folders with an NSS database (key4.db), as "sql:/folder": those of this user and of
 * the system. To be called before the process is in its box, which hides some of them. */
void modules_find_stores(struct modules *stores);

#endif
