/* SPDX-License-Identifier: Apache-2.0 */
/* A session on a token of a PKCS#11 module: the state of the driver. */
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
    const struct p11 *owner; /* the session that created it, with which it is destroyed */
    uint32_t deferred;       /* enum key_flag: cleared when it is committed */
};

struct p11 {
    struct hsm hsm; /* first: a struct hsm of this driver is a struct p11 */
    struct p11_module module;
    CK_FUNCTION_LIST *fn; /* the module's */
    char params[HSM_PATH_MAX];
    struct box *box;              /* the confinement of this process; NULL: none, or completed */
    const char *const *variables; /* as in struct hsm_where */
    bool environment_trusted;
    CK_SLOT_ID slot;
    CK_SESSION_HANDLE session; /* CK_INVALID_HANDLE before the login */
    struct dialect dialect;    /* chosen at the login, unless it is named */
    bool overwrites; /* NSS, by its manufacturer: a key with the class and id of another replaces it
                      */
    uint32_t mute_templates; /* bit (1 << enum key_template_use): the token cannot report it for any
                                key */
    CK_RV lie; /* the verdict on the last call that returned another object's handle; else CKR_OK */
    bool probed; /* caps is filled, and the mechanism of each algorithm: */
    struct hsm_capabilities caps;
    struct dialect_mechanism mechanism[HSM_ALGS];

    struct p11 *first; /* the session that logged in, which outlives this one; NULL: this one */
    /* State of the login, so only in its first session. Several threads may use it: */
    pthread_mutex_t lock;
    unsigned further; /* sessions besides the first */
    struct handles known;
    struct p11_temp *temps;
    size_t temp_count;
};

/* The struct p11 that contains this struct hsm. */
struct p11 *p11_of(struct hsm *hsm);

/* Locks the state that all sessions of the login share, until p11_unlock(). */
struct p11 *p11_lock(struct p11 *p);
void p11_unlock(struct p11 *login);

/* These meet the contract of hsm/hsm.h. */
bool p11_info(struct hsm *hsm, struct hsm_info *info, struct err *err);
bool p11_slots(struct hsm *hsm, struct hsm_slot_list *list, struct err *err);

#endif
