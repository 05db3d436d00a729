/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libp11 searches the token for the public half of each EC key. SoftHSM opens and locks the file of
 * every object in each search: with thousands of keys, that takes most of a ceremony. In a process
 * that only libp11 uses, this puts itself before the module's C_FindObjects: all public keys are
 * listed once, and the search for one CKA_ID is answered from that list. Every other call is the
 * module's: logins, attributes, signatures, and the search for what is not in the list.
 */
#ifndef HSMFERRY_DRIVER_LIBP11_PUBLIC_INDEX_H
#define HSMFERRY_DRIVER_LIBP11_PUBLIC_INDEX_H

#include <stdbool.h>

/* From now on, for the module in this handle of dlopen(). Returns false, and changes nothing, if
 * its list of functions is in memory that cannot be written to. Nothing but speed depends on it. */
bool public_index_install(void *library);

/* Frees the list, and gives the module its functions back. To be called before it is finalized. */
void public_index_remove(void);

#endif
