/* SPDX-License-Identifier: Apache-2.0 */
/* The proof on the path of applications. */
#ifndef HSMFERRY_CEREMONY_APPLICATION_H
#define HSMFERRY_CEREMONY_APPLICATION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "hsm/hsm.h"

struct ceremony;

/* {0}: no private key is to be proven, or there is no such path. */
struct application {
    struct hsm *hsm;
    bool entered;   /* there is a login */
    struct err err; /* why there is none */
};

/* Opens that path, whose library takes long to list the keys of a token: it does so while the keys
 * that were kept are proven otherwise. */
void application_begin(struct ceremony *c, struct application *app);

/* Proves the migrated private keys once more on the path of applications, if there is one; a key
 * for which that goes wrong is no longer called migrated. Returns how many it proved; why others
 * could not be tried is emitted as a warning. Closes the path. */
size_t application_prove(struct ceremony *c, struct application *app);

#endif
