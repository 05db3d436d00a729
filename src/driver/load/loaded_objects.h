/* SPDX-License-Identifier: Apache-2.0 */
/* The shared objects of this process: which were added since a snapshot, and the file that each was
 * mapped from. */
#ifndef HSMFERRY_DRIVER_LOAD_LOADED_OBJECTS_H
#define HSMFERRY_DRIVER_LOAD_LOADED_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hsm/facts.h"

enum { OBJECTS_MAX = 512 };

/* A snapshot of the loaded objects. */
struct objects {
    uintptr_t at[OBJECTS_MAX];
    size_t count;
};

void objects_now(struct objects *out);

/* Fills info->loaded with the objects added since the snapshot, each with the SHA-256 of the file
 * that it was mapped from, except those whose name ends in except. If the path now names another
 * file, it is marked "(replaced)" and the SHA-256 is all zeros. */
void objects_since(const struct objects *then, const char *except, struct hsm_info *info);

/* Is the mapping at this address a mapping of the file fd? Compares device and inode as the kernel
 * shows them for both mappings: on some file systems these differ from the values of stat(2). */
bool objects_is_file(const void *address, int fd);

#endif
