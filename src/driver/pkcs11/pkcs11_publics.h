/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handles of a token's public keys, by id (CKA_ID). The private half of an EC key does not
 * contain its public half; looking for that with every reading would be a search of the token for
 * each. Remembered are the public keys that were listed last, and those that the session has made
 * since. Only handles are remembered: the object itself is always read.
 */
#ifndef HSMFERRY_DRIVER_PKCS11_PKCS11_PUBLICS_H
#define HSMFERRY_DRIVER_PKCS11_PKCS11_PUBLICS_H

#include "driver/pkcs11/pkcs11_session.h"

/* Remembers those of the list in place of the ones of the list before. */
void p11_publics_listed(struct p11 *p, const struct key_list *list);

/* Remembers one that the session has made. */
void p11_publics_made(struct p11 *p, const struct key_desc *key);

/* Forgets an object that was destroyed. login is locked (p11_lock()). */
void p11_publics_gone(struct p11 *login, uint64_t handle);

/* The token has changed: it must be searched from now on, until it is listed again. */
void p11_publics_forget(struct p11 *p);

/* Those that may have this id, and perhaps some with another one. Returns false if they are not
 * known, and the token must be searched. The caller frees *handles. */
bool p11_publics_with_id(struct p11 *p, const struct key_desc *like, uint64_t **handles,
                         size_t *count);

#endif
