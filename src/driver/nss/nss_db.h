/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An open NSS database: what the whole driver works on, its temporary objects, and NSS's errors.
 *
 * NSS knows objects by pointers to its own structures, and a temporary object lives as long as the
 * structure that made it. So the driver keeps those structures here. The handle of an object is the
 * number that NSS itself has in it (PK11_GetSymKeyHandle(), pkcs11ID): the same after every start
 * for an object of the database, never used twice by one process for a temporary one.
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

/* A temporary object and NSS's structure that it lives by. */
struct nss_temporary {
    CK_OBJECT_HANDLE handle;
    PK11ObjectType type; /* of what object points to */
    void *object;
};

struct nss {
    struct hsm hsm;        /* first: a struct hsm of this driver is a struct nss */
    PK11SlotInfo *slot;    /* NULL before the login */
    struct objects before; /* the shared objects that were there before NSS's own */
    struct handles known;
    struct nss_temporary *temporaries;
    size_t count;
    size_t room;
    /* Under which secrets are moved to where NSS digests; NULL until the first. */
    SECKEYPrivateKey *mover;
    SECKEYPublicKey *mover_public;
};

/* The structure behind a struct hsm of this driver. */
struct nss *nss_of(struct hsm *hsm);

/* The same, where a token must have been chosen: NULL and *err where none was. */
struct nss *nss_logged_in(struct hsm *hsm, struct err *err);

/* Sets *err to what happened, with the number and name of NSS's last error. Always returns false.
 */
bool nss_failed(struct err *err, enum err_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Takes over object, NSS's structure of a fresh temporary object, and tells its handle. Also on
 * failure: the object is then destroyed (memory), or left alone (ERR_HSM: its handle is that of an
 * object that existed). */
bool nss_keep(struct nss *nss, PK11ObjectType type, void *object, uint64_t *handle,
              struct err *err);

/* Remembers an object that was made for good. Errors: as nss_keep(); it is left alone. */
bool nss_made(struct nss *nss, CK_OBJECT_HANDLE handle, struct err *err);

/* Destroys the temporary object with this handle. false: there is no such temporary. */
bool nss_drop(struct nss *nss, CK_OBJECT_HANDLE handle);

/* Destroys all temporary objects, and the pair under which secrets were moved. */
void nss_drop_all(struct nss *nss);

#endif
