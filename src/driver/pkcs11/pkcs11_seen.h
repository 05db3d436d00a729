/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was read of an object, for the next request that would read it again: a new object is read
 * when it is checked, and described right after; a key is described, and then asked for its public
 * half and for a proof. Each reading serves each of these requests once, so nothing older than the
 * step at hand is ever used. All sessions of a login share the readings.
 */
#ifndef HSMFERRY_DRIVER_PKCS11_PKCS11_SEEN_H
#define HSMFERRY_DRIVER_PKCS11_PKCS11_SEEN_H

#include "driver/pkcs11/pkcs11_session.h"

/* Keeps a reading of object key->handle for these requests (bits 1 << enum p11_request), in place
 * of an earlier one. spki may be empty; it is copied. lens: as the object was read. */
void p11_seen_keep(struct p11 *p, const struct key_desc *key, const struct bytes *spki,
                   const struct p11_template_lens *lens, unsigned requests);

/* The reading of an object that this session has just made, without using it up. Returns false if
 * there is none. */
bool p11_seen_new(struct p11 *p, uint64_t handle, struct key_desc *key);

/* Is there a reading that this request may use? It may do so once. spki and lens may be NULL; the
 * caller frees *spki. */
bool p11_seen_take(struct p11 *p, uint64_t handle, enum p11_request request, struct key_desc *key,
                   struct bytes *spki, struct p11_template_lens *lens);

/* The session has changed the object: it must be read again. */
void p11_seen_forget(struct p11 *p, uint64_t handle);

/* The object is destroyed; handle 0: all readings are discarded. login is locked (p11_lock()). */
void p11_seen_gone(struct p11 *login, uint64_t handle);

#endif
