/* SPDX-License-Identifier: Apache-2.0 */
/* The shared objects of this process: which came since a moment, and from which file each was
 * mapped. */
#ifndef HSMFERRY_DRIVER_LOAD_LOADED_OBJECTS_H
#define HSMFERRY_DRIVER_LOAD_LOADED_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hsm/facts.h"

enum { OBJECTS_MAX = 512 };

/* Those that were there at one moment. */
struct objects {
    uintptr_t at[OBJECTS_MAX];
    size_t count;
};

void objects_now(struct objects *out);

/* Those that came since then into info->loaded, each with the SHA-256 of the file that it was
 * mapped from; but none whose name ends in except. Where the disk
 * has another file by now, the path says so, and the SHA-256 is all zeros. */
void objects_since(const struct objects *then, const char *except, struct hsm_info *info);

/* Is what is mapped at this address the file that fd is? By device and inode as the kernel shows
 * both mappings, which on some file systems are not those of stat(2). */
bool objects_is_file(const void *address, int fd);

#endif
