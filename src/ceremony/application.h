/* SPDX-License-Identifier: Apache-2.0 */
/* The proof on the path of applications. */
#ifndef HSMFERRY_CEREMONY_APPLICATION_H
#define HSMFERRY_CEREMONY_APPLICATION_H

#include <stddef.h>

struct ceremony;

/* Proves the migrated private keys once more on the path of applications, if there is one; a key
 * for which that goes wrong is no longer called migrated. Returns how many it proved; why others
 * could not be tried is emitted as a warning. */
size_t application_prove(struct ceremony *c);

#endif
