/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes along with a private key: its public key object and the certificates with its id. An
 * application on the destination finds the key by them. They are public, so they cross as they are,
 * and are hostile until they were checked.
 */
#ifndef HSMFERRY_CEREMONY_COMPANION_H
#define HSMFERRY_CEREMONY_COMPANION_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/err.h"
#include "ceremony/plan.h"
#include "hsm/event.h"
#include "hsm/key.h"

/* Appends to the plan, for each of its private keys that goes, the public keys and certificates of
 * the source with the same id (CKA_ID) that were not chosen themselves; and where none of them is
 * its public half, one that will be made of it. They stand behind all keys, so that a key never
 * waits for public data. Errors: ERR_FAILED (memory). */
bool companion_add(struct plan *plan, const struct key_list *source, struct err *err);

/* Is der the public object that key describes, one certificate or SubjectPublicKeyInfo and nothing
 * else? With owner (DER SubjectPublicKeyInfo), also: of that very key? subject is set to a
 * certificate's, cut to fit. Errors: ERR_DATA (it is none), ERR_CONFLICT (it is another key's). */
bool companion_check(const struct key_desc *key, const struct bytes *der, const struct bytes *owner,
                     char subject[EVENT_TEXT_MAX], struct err *err);

/* Does this say what a public object is, or that a side has no place for it? Then it is left out,
 * and that is no failure. Anything else is the fault of an HSM, and counts as for a key. */
bool companion_is_refused(const struct err *err);

/* A public object that was listed, and that an HSM does not find, is no input that is missing, but
 * the HSM's fault: whether it is still there, the next listing shows. */
void companion_fault(struct err *err);

/* Is this a public object that the plan leaves out only because an HSM failed while it was read? */
bool companion_is_unread(const struct plan_item *item);

#endif
