/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The temporary objects of a session. Some tokens (SoftHSM) leave half an object behind when they
 * refuse a template; what a refused call left is told from what we made, and removed.
 */
#ifndef HSMFERRY_AGENT_PKCS11_TEMP_H
#define HSMFERRY_AGENT_PKCS11_TEMP_H

#include "agent/pkcs11_session.h"

/* To be passed what every call said that makes a temporary object with this label. Remembers the
 * object, or removes what the failed call left. Returns rv, or why a success was none: a module
 * that answers "made" and gives no handle has made nothing that we could use. */
CK_RV p11_temp_made(struct p11 *p, CK_RV rv, CK_OBJECT_HANDLE handle, const void *label,
                    size_t label_len);

/* The object is gone. */
void p11_temp_forget(struct p11 *p, CK_OBJECT_HANDLE handle);

/* Guards (KEY_MODIFIABLE, KEY_COPYABLE) that the object shall lose only when it is committed. */
void p11_temp_defer(struct p11 *p, CK_OBJECT_HANDLE handle, uint32_t guards);
uint32_t p11_temp_deferred(const struct p11 *p, CK_OBJECT_HANDLE handle);

#endif
