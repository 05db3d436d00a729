/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An open NSS database: the state of the driver, its temporary objects, and NSS's errors.
 *
 * NSS refers to objects by pointers to its own structures, and a temporary object lives as long as
 * the structure that was created with it. So the driver keeps these structures here. The handle of
 * an object is the number that NSS itself stores in the structure (PK11_GetSymKeyHandle(),
 * pkcs11ID): for an object of the database it is the same after every start, and for a temporary
 * object it is never reused within a process.
 */
#ifndef HSMFERRY_DRIVER_NSS_NSS_DB_H
#define HSMFERRY_DRIVER_NSS_NSS_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <keyhi.h>
#include <pk11pub.h>

#include "base/err.h"
#include "driver/load/loaded_objects.h"
#include "hsm/handles.h"
#include "hsm/hsm.h"

/* A temporary object, and the NSS structure that keeps it alive. */
struct nss_temporary {
    CK_OBJECT_HANDLE handle;
    PK11ObjectType type; /* the type of the structure */
    void *object;
};

struct nss {
    struct hsm hsm;        /* first: a struct hsm of this driver is a struct nss */
    PK11SlotInfo *slot;    /* NULL before the login */
    struct objects before; /* the shared objects that were loaded before NSS's own */
    struct handles known;
    struct nss_temporary *temporaries;
    size_t count;
    size_t room;
    /* The pair under which secrets are moved to the slot where NSS digests; NULL until the first
     * move. */
    SECKEYPrivateKey *mover;
    SECKEYPublicKey *mover_public;
};

/* The struct nss that contains this struct hsm. */
struct nss *nss_of(struct hsm *hsm);

/* The same, but requires a login: returns NULL and sets *err if there is none. */
struct nss *nss_logged_in(struct hsm *hsm, struct err *err);

/* Sets *err to what failed, with the number and name of NSS's last error. Always returns false. */
bool nss_failed(struct err *err, enum err_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Takes ownership of object, the NSS structure of a new temporary object, and returns its handle.
 * This holds on failure too: the object is then destroyed (out of memory) or left untouched
 * (ERR_HSM: its handle is that of an object that already existed). */
bool nss_keep(struct nss *nss, PK11ObjectType type, void *object, uint64_t *handle,
              struct err *err);

/* The same for both halves of a new pair, of which either may be NULL: *pair has their handles and
 * the public half. whole: it was generated as it should be; otherwise both are only freed, and *err
 * is the caller's. */
bool nss_keep_pair(struct nss *nss, bool whole, SECKEYPrivateKey *private, SECKEYPublicKey *public,
                   struct hsm_pair *pair, struct err *err);

/* Records a new token object. Errors: as nss_keep(); the object is left untouched. */
bool nss_made(struct nss *nss, CK_OBJECT_HANDLE handle, struct err *err);

/* Destroys the temporary object with this handle. Returns false if there is none. */
bool nss_drop(struct nss *nss, CK_OBJECT_HANDLE handle);

/* Destroys all temporary objects and the pair that moves secrets. */
void nss_drop_all(struct nss *nss);

#endif
