/* SPDX-License-Identifier: Apache-2.0 */
/* Where a software token keeps its keys, as the kernel knows that place: NSS gives all its
 * databases one serial, and each has many names. */
#ifndef HSMFERRY_BASE_STORE_H
#define HSMFERRY_BASE_STORE_H

#include <stddef.h>

/* Names the one database of NSS (key4.db) that this process has open, as struct hsm_slot has it:
 * the running kernel's number, and the file's device and inode. "" where there is none, or several,
 * or /proc does not show it. */
void store_name(char *out, size_t size);

#endif
