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

/* How long each template of an object is, as far as it was asked together with the other
 * attributes. */
struct p11_template_lens {
    uint32_t answered; /* bit (1 << enum key_template_use) */
    CK_ULONG len[KEY_TEMPLATES];
};

/* A public key; see pkcs11_publics.h. */
struct p11_public {
    uint64_t hash; /* of its id */
    uint64_t handle;
    bool made; /* by this session, since it was listed */
};
struct p11_publics {
    struct p11_public *at; /* ascending by hash */
    size_t count, room;
    bool listed; /* all others were there when the token was listed */
};

/* A reading that later requests may use; see pkcs11_seen.h. */
enum p11_request { P11_DESCRIBE, P11_PUBLIC, P11_PROVE };
enum { P11_SEEN_MAX = 32 };
struct p11_seen {
    unsigned requests; /* bit (1 << enum p11_request) for those that may still use it */
    struct key_desc key;
    struct bytes spki;
    struct p11_template_lens lens;
};

struct p11 {
    struct hsm hsm; /* first: a struct hsm of this driver is a struct p11 */
    struct p11_module module;
    CK_FUNCTION_LIST *fn; /* the module's */
    CK_INFO identity;     /* as the module reported it when it was opened ... */
    CK_RV identity_rv;    /* ... with this result */
    char params[HSM_PATH_MAX];
    struct box *box;              /* the confinement of this process; NULL: none, or completed */
    const char *const *variables; /* as in struct hsm_where */
    bool environment_trusted;
    CK_SLOT_ID listed[HSM_SLOTS_MAX]; /* the slots of the last list */
    CK_ULONG listed_count;
    CK_SLOT_ID slot;
    CK_SESSION_HANDLE session; /* CK_INVALID_HANDLE before the login */
    bool entered; /* nothing was made or destroyed since the login: handles() is known.before, once
                   */
    struct dialect dialect; /* chosen at the login, unless it is named */
    bool overwrites; /* NSS, by its manufacturer: a key with the class and id of another replaces it
                      */
    uint32_t mute_templates; /* bit (1 << enum key_template_use): the token cannot report it for any
                                key */
    uint32_t plain_templates; /* likewise: the token answered when it was asked for it alone */
    bool templates_tried;     /* once for this session, while it listed the objects */
    bool templates_alone; /* never asks for them together: it failed then, or may never answer */
    CK_RV lie; /* the verdict on the last call that returned another object's handle; else CKR_OK */
    bool probing; /* test keys answer; they are as they were read when they were created */
    bool probed;  /* caps is filled, and the mechanism of each algorithm, as far as wanted: */
    struct hsm_wanted wanted;
    struct hsm_capabilities caps;
    struct dialect_mechanism mechanism[HSM_ALGS];

    struct p11 *first; /* the session that logged in, which outlives this one; NULL: this one */
    /* State of the login, so only in its first session. Several threads may use it: */
    pthread_mutex_t lock;
    unsigned further; /* sessions besides the first */
    struct handles known;
    struct p11_temp *temps;
    size_t temp_count;
    struct p11_seen seen[P11_SEEN_MAX];
    unsigned seen_next; /* the place of the next reading */
    struct p11_publics publics;
};

/* The struct p11 that contains this struct hsm. */
struct p11 *p11_of(struct hsm *hsm);

/* Locks the state that all sessions of the login share, until p11_unlock(). */
struct p11 *p11_lock(struct p11 *p);
void p11_unlock(struct p11 *login);

/* Frees what a login has noted of its objects; login itself is the caller's. */
void p11_forget(struct p11 *login);

/* These meet the contract of hsm/hsm.h. */
bool p11_info(struct hsm *hsm, struct hsm_info *info, struct err *err);
bool p11_slots(struct hsm *hsm, struct hsm_slot_list *list, struct err *err);

/* Reads one slot again. Returns false if the last list did not have it: an id that the module did
 * not list must not reach it, since some modules crash. */
bool p11_slot_again(struct p11 *p, uint64_t id, struct hsm_slot *slot);

#endif
