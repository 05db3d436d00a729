/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every object that the driver creates is recorded here. Some tokens (SoftHSM) leave an incomplete
 * object when they refuse a template, and some modules return the handle of another object. Only
 * objects that this session created are ever destroyed.
 */
#ifndef HSMFERRY_DRIVER_PKCS11_PKCS11_TEMP_H
#define HSMFERRY_DRIVER_PKCS11_PKCS11_TEMP_H

#include "driver/pkcs11/pkcs11_session.h"

/* The requested attributes of a new object. */
struct p11_asked {
    const void *label;
    size_t label_len;
    bool token; /* a token object; otherwise a temporary one */
};

/* Receives the result of every call that creates an object. Records the object; after a failed call
 * for a temporary object, removes an incomplete one. Returns rv, or the reason why a success is not
 * accepted: CKR_OURS_NOT_NEW (the handle of an object that already existed), CKR_OURS_NOT_ASKED
 * (its label or CKA_TOKEN, read by the handle, differs), CKR_DEVICE_ERROR (no handle). An object
 * with such a handle is left untouched. */
CK_RV p11_made(struct p11 *p, CK_RV rv, CK_OBJECT_HANDLE handle, const struct p11_asked *asked);

/* The same for a key pair: both halves are recorded, or none. */
CK_RV p11_made_pair(struct p11 *p, CK_RV rv, CK_OBJECT_HANDLE private, CK_OBJECT_HANDLE public,
                    const struct p11_asked *asked);

/* Destroys the objects with these attributes that exist since the login and that no call has
 * returned: what a failed call may have left. */
void p11_sweep(struct p11 *p, const struct p11_asked *asked);

/* Destroys an object that the session created. Any other object: returns CKR_OURS_NOT_MADE and
 * destroys nothing. An object that no longer exists is not an error. */
CK_RV p11_unmake(struct p11 *p, CK_OBJECT_HANDLE handle);

/* Records that an object was destroyed: its handle may be reused. */
void p11_gone(struct p11 *p, CK_OBJECT_HANDLE handle);

/* Records the same for all temporary objects of this session, which were destroyed with it. */
void p11_temps_gone(struct p11 *p);

/* Guards (KEY_MODIFIABLE, KEY_COPYABLE) that are cleared only when the temporary object is
 * committed. */
void p11_temp_defer(struct p11 *p, CK_OBJECT_HANDLE handle, uint32_t guards);
uint32_t p11_temp_deferred(struct p11 *p, CK_OBJECT_HANDLE handle);

#endif
