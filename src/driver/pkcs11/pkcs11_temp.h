/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every object that the driver makes goes through here. Some tokens (SoftHSM) leave half an object
 * behind when they refuse a template; some module answers with the handle of another object. What
 * was made is told from what was there: only the first is ever destroyed.
 */
#ifndef HSMFERRY_DRIVER_PKCS11_PKCS11_TEMP_H
#define HSMFERRY_DRIVER_PKCS11_PKCS11_TEMP_H

#include "driver/pkcs11/pkcs11_session.h"

/* What the object was asked to be. */
struct p11_asked {
    const void *label;
    size_t label_len;
    bool token; /* for good; else a temporary one */
};

/* To be passed what every call said that makes an object. Remembers the object; of a temporary one,
 * removes what a failed call left. Returns rv, or why a success was none: CKR_OURS_NOT_NEW (it is
 * the handle of an object that existed), CKR_OURS_NOT_ASKED (its label or CKA_TOKEN, read by
 * handle, is another), CKR_DEVICE_ERROR (no handle). What has such a handle is left alone. */
CK_RV p11_made(struct p11 *p, CK_RV rv, CK_OBJECT_HANDLE handle, const struct p11_asked *asked);

/* The same for a pair: both halves, or none. */
CK_RV p11_made_pair(struct p11 *p, CK_RV rv, CK_OBJECT_HANDLE private, CK_OBJECT_HANDLE public,
                    const struct p11_asked *asked);

/* Destroys what the session has made; what it did not make: CKR_OURS_NOT_MADE, and nothing is
 * destroyed. One that is gone already is no error. */
CK_RV p11_unmake(struct p11 *p, CK_OBJECT_HANDLE handle);

/* An object was destroyed: its handle may be given out again. */
void p11_gone(struct p11 *p, CK_OBJECT_HANDLE handle);

/* The same of all temporary objects that this session has made, which vanished with it. */
void p11_temps_gone(struct p11 *p);

/* Guards (KEY_MODIFIABLE, KEY_COPYABLE) that a temporary object shall lose only when it is
 * committed. */
void p11_temp_defer(struct p11 *p, CK_OBJECT_HANDLE handle, uint32_t guards);
uint32_t p11_temp_deferred(struct p11 *p, CK_OBJECT_HANDLE handle);

#endif
