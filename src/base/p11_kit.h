/* SPDX-License-Identifier: Apache-2.0 */
/* PKCS#11 modules by the name that p11-kit's configuration has for them, pkcs11.conf(5). Only the
 * system's folders count: those of a user could name any library. */
#ifndef HSMFERRY_BASE_P11_KIT_H
#define HSMFERRY_BASE_P11_KIT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* NULL-ended; a file in an earlier one hides one of the same name in the others. */
extern const char *const p11_kit_folders[];

/* Is this "p11-kit:" and a name? *valid: and can the name be that of a file "name.module"? */
bool p11_kit_is_name(const char *module, bool *valid);

/* The value of a key in a line of a configuration file, which is changed; NULL: another line. */
char *p11_kit_value(char *line, const char *key);

/* The path of the module that a configuration names: itself if it is absolute, otherwise the file
 * of that name in the first folder for modules that has it. False: no folder has it, or path is too
 * small. */
bool p11_kit_path(const char *named, char *path, size_t size);

/* Replaces "p11-kit:name" in module by the path of that module; leaves all else as it is. Only
 * root and this user may be able to change the configuration. folders (NULL: the system's) are as
 * above. Errors: ERR_CONFIG (no such name, no local module, or none that is there), ERR_DENIED,
 * ERR_IO. */
bool p11_kit_resolve(char *module, size_t size, const char *const *folders, struct err *err);

#endif
