/* SPDX-License-Identifier: Apache-2.0 */
/* One session on one token of a PKCS#11 module: what the whole driver works on. */
#ifndef HSMFERRY_DRIVER_PKCS11_PKCS11_SESSION_H
#define HSMFERRY_DRIVER_PKCS11_PKCS11_SESSION_H

#include <p11-kit/pkcs11.h>
#include <pthread.h>

#include "driver/dialect/dialect.h"
#include "driver/pkcs11/pkcs11_module.h"
#include "hsm/handles.h"
#include "hsm/hsm.h"

/* A temporary object; see pkcs11_temp.h. */
struct p11_temp {
    CK_OBJECT_HANDLE handle;
    const struct p11 *owner; /* the session that made it, with which it vanishes */
    uint32_t deferred;       /* what it shall lose when it is committed */
};

struct p11 {
    struct hsm hsm; /* first: a struct hsm of this driver is a struct p11 */
    struct p11_module module;
    CK_FUNCTION_LIST *fn; /* the module's */
    char params[HSM_PATH_MAX];
    struct box *box;              /* of this process; NULL: none, or fenced in */
    const char *const *variables; /* as in struct hsm_where */
    bool environment_trusted;
    CK_SLOT_ID slot;
    CK_SESSION_HANDLE session; /* CK_INVALID_HANDLE before the login */
    struct dialect dialect;    /* chosen at the login, unless it was named */
    bool overwrites;         /* by its maker: a key with the class and id of another replaces it */
    uint32_t mute_templates; /* those that the token fails to read of any key */
    CK_RV lie;   /* what the last call that answered with another object's handle was; CKR_OK */
    bool probed; /* caps is filled, and how it speaks each algorithm: */
    struct hsm_capabilities caps;
    struct dialect_mechanism mechanism[HSM_ALGS];

    struct p11 *first; /* the session that logged in, which outlives this one; NULL: this one */
    /* Of the login, so only in its first session; more than one thread may come here: */
    pthread_mutex_t lock;
    unsigned further; /* sessions besides the first */
    struct handles known;
    struct p11_temp *temps;
    size_t temp_count;
};

/* The structure behind a struct hsm of this driver. */
struct p11 *p11_of(struct hsm *hsm);

/* What all sessions of the login share, for this thread alone until p11_unlock(). */
struct p11 *p11_lock(struct p11 *p);
void p11_unlock(struct p11 *login);

/* These meet the contract of hsm/hsm.h. */
bool p11_info(struct hsm *hsm, struct hsm_info *info, struct err *err);
bool p11_slots(struct hsm *hsm, struct hsm_slot_list *list, struct err *err);

#endif
