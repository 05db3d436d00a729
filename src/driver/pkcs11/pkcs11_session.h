/* SPDX-License-Identifier: Apache-2.0 */
/* One session on one token of a PKCS#11 module: what the whole driver works on. */
#ifndef HSMFERRY_DRIVER_PKCS11_PKCS11_SESSION_H
#define HSMFERRY_DRIVER_PKCS11_PKCS11_SESSION_H

#include <p11-kit/pkcs11.h>

#include "driver/dialect/dialect.h"
#include "driver/pkcs11/pkcs11_module.h"
#include "hsm/handles.h"
#include "hsm/hsm.h"

/* What a temporary object shall lose when it is committed; see pkcs11_temp.h. */
struct p11_temp {
    CK_OBJECT_HANDLE handle;
    uint32_t deferred;
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
    bool overwrites; /* by its maker: a key with the class and id of another replaces it */
    struct p11_temp *temps;
    size_t temp_count;
    uint32_t mute_templates; /* those that the token fails to read of any key */
    struct handles known;
    CK_RV lie;   /* what the last call that answered with another object's handle was; CKR_OK */
    bool probed; /* offers is filled, and how it speaks each algorithm: */
    struct hsm_offers offers;
    struct dialect_mechanism spoken[HSM_ALGS];
};

/* The structure behind a struct hsm of this driver. */
struct p11 *p11_of(struct hsm *hsm);

/* These meet the contract of hsm/hsm.h. */
bool p11_info(struct hsm *hsm, struct hsm_info *info, struct err *err);
bool p11_slots(struct hsm *hsm, struct hsm_slot_list *list, struct err *err);

#endif
