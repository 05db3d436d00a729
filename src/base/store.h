/* SPDX-License-Identifier: Apache-2.0 */
/* The place in which a software token stores its keys, as the kernel identifies it: all NSS
 * databases have the same serial number, and each has many names. */
#ifndef HSMFERRY_BASE_STORE_H
#define HSMFERRY_BASE_STORE_H

#include <stddef.h>

/* Names the NSS database (key4.db) that this process has open, in the form of struct hsm_slot: the
 * running kernel's number, and the file's device and inode. "" if there is none, or several, or
 * /proc does not show it. */
void store_name(char *out, size_t size);

#endif
