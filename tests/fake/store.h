/* SPDX-License-Identifier: Apache-2.0 */
/* The fake HSM's objects, and the file that keeps those of the token. */
#ifndef HSMFERRY_TESTS_FAKE_STORE_H
#define HSMFERRY_TESTS_FAKE_STORE_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "hsm/key.h"

struct object {
    struct key_desc desc;
    struct bytes value; /* secrets: the value */
    EVP_PKEY *pkey;     /* private and public keys */
    bool force_guards;  /* what it unwraps must be sensitive */
};

struct store {
    struct object **objects; /* in ascending order of their handles */
    size_t count, room;
    uint64_t last;    /* handle given */
    unsigned wrong;   /* PINs since the last right one */
    const char *path; /* of the file; "": none */
};

/* Makes an object that is in no store yet; *desc tells its class, kind, flags, label and id. The
 * value is a secret's own, a PKCS#8 PrivateKeyInfo, a SubjectPublicKeyInfo, or for any other class
 * nothing. NULL: it is not such a value (or no memory). */
struct object *object_new(const struct key_desc *desc, const void *value, size_t len);

/* As object_new(), of an OpenSSL key; on success the object owns it. */
struct object *object_of(const struct key_desc *desc, EVP_PKEY *pkey);

/* Its value as object_new() takes it. */
bool object_value(const struct object *o, struct bytes *value);
void object_free(struct object *o);

/* Takes an object (also NULL, and then fails) and gives it a handle. On failure it is freed. */
bool store_add(struct store *s, struct object *o, uint64_t *handle, struct err *err);

struct object *store_find(const struct store *s, uint64_t handle);
void store_remove(struct store *s, uint64_t handle);
void store_clear(struct store *s);

/* Reads the file; *found: was there one? Writes it, in one rename(2). Without a path both do
 * nothing and succeed. Errors: ERR_HSM. */
bool store_load(struct store *s, bool *found, struct err *err);
bool store_save(const struct store *s, struct err *err);

#endif
