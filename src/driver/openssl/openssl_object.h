/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An open key file, and its objects. Of an object of the file only the public part and the place
 * are kept. Its private key is decrypted for one operation at a time, and wiped after it. Temporary
 * objects are in this process only.
 */
#ifndef HSMFERRY_DRIVER_OPENSSL_OPENSSL_OBJECT_H
#define HSMFERRY_DRIVER_OPENSSL_OPENSSL_OBJECT_H

#include <openssl/evp.h>
#include <openssl/provider.h>

#include "base/bytes.h"
#include "base/secret.h"
#include "driver/load/loaded_objects.h"
#include "driver/openssl/openssl_file.h"
#include "driver/openssl/openssl_item.h"
#include "hsm/hsm.h"

struct openssl_object {
    struct key_desc desc;
    struct bytes public; /* a key's SubjectPublicKeyInfo, or a certificate; DER */
    size_t number;       /* of the item in the file; 0: a temporary object */
    EVP_PKEY *pkey;      /* of a temporary RSA or EC key */
    struct secret value; /* of a temporary AES key */
};

enum { OPENSSL_PROVIDERS = 2 };

struct openssl {
    struct hsm hsm; /* first: a struct hsm of this driver is a struct openssl */
    OSSL_LIB_CTX *libctx;
    OSSL_PROVIDER *provider[OPENSSL_PROVIDERS]; /* NULL: it is not installed */
    struct objects before; /* the shared objects that were loaded before the providers */
    struct key_file file;
    const char *form; /* "PKCS#12" */
    bool closed;      /* a passphrase is needed */
    bool logged_in;
    struct secret passphrase;
    struct openssl_object *objects; /* by handle, ascending */
    size_t count, room;
    uint64_t last; /* handle */
};

/* The struct openssl that contains this struct hsm. */
struct openssl *openssl_of(struct hsm *hsm);

/* The same after the login: returns NULL and sets *err before it. */
struct openssl *openssl_logged_in(struct hsm *hsm, struct err *err);

/* The object with this handle. Errors: ERR_NO_INPUT. NULL: there is none. The pointer is valid
 * until an object is added or removed. */
struct openssl_object *openssl_find(struct openssl *o, uint64_t handle, struct err *err);

/* Adds an object, which gets the next handle. Takes ownership of its members, also on failure
 * (memory). */
bool openssl_add(struct openssl *o, struct openssl_object *object, uint64_t *handle,
                 struct err *err);

/* Removes a temporary object. Returns false if there is none. */
bool openssl_drop(struct openssl *o, uint64_t handle);
void openssl_drop_all(struct openssl *o);

/* Calls use with the private key of this object, or with the public key that a temporary public
 * object is. A key of the file is read, decrypted, compared with the listed public half, and wiped
 * when use returns. Errors: those of use; ERR_UNSUPPORTED (the object has no such key), and of
 * key_file_read() and item_visit(). */
typedef bool openssl_use_fn(EVP_PKEY *pkey, void *ctx, struct err *err);
bool openssl_with_key(struct openssl *o, const struct openssl_object *object, openssl_use_fn *use,
                      void *ctx, struct err *err);

/* The source of the file's items; text is that of key_file_read(). */
struct item_source openssl_source(const struct openssl *o, const struct secret *text);

/* Writes the SubjectPublicKeyInfo of a key. Errors: ERR_UNSUPPORTED. */
bool openssl_spki(EVP_PKEY *pkey, struct bytes *spki, struct err *err);

/* Sets kind, bits, curve, type name and the public half of a description; KEY_KIND_OTHER if it is
 * of a type that this program does not migrate. */
void openssl_describe_key(EVP_PKEY *pkey, const struct bytes *spki, struct key_desc *key);

/* The functions of the contract on objects. */
bool openssl_list(struct hsm *hsm, struct key_list *list, struct err *err);
bool openssl_handles(struct hsm *hsm, uint64_t **handles, size_t *count, struct err *err);
bool openssl_describe(struct hsm *hsm, uint64_t handle, struct key_desc *key, struct err *err);
bool openssl_public_key(struct hsm *hsm, uint64_t handle, struct bytes *spki, struct err *err);
bool openssl_certificate(struct hsm *hsm, uint64_t handle, struct bytes *der, struct err *err);

#endif
