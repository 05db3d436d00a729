/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What accompanies a private key: its public key object and its certificates. An application
 * on the destination finds the key by them. They are public, so they cross unencrypted,
 * and are hostile until they were checked.
 */
#ifndef HSMFERRY_PLAN_COMPANION_H
#define HSMFERRY_PLAN_COMPANION_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/err.h"
#include "hsm/key.h"
#include "plan/plan.h"
#include "protocol/event.h"

/* Appends to the plan, for each of its private keys that can leave, the public keys and
 * certificates of the source that hold its public half, under any name, and were not selected
 * themselves. If no public key object holds it, one is appended that will be made from it. Objects
 * with its id (CKA_ID) or label that hold another public key are appended too, so that the plan
 * refuses them by name. by_id: the destination matches keys and certificates by id alone, so an
 * object with another id takes the key's. All companions come after all keys, so that a key never
 * waits for public data.
 * Errors: ERR_FAILED (memory). */
bool companion_add(struct plan *plan, const struct key_list *source, bool by_id, struct err *err);

/* The public key object of the private key of, which is item number owner, from 1: for a source
 * that has no such object. Its handle is that of the private key, from which the HSM reads the
 * public half. Errors: ERR_FAILED (memory). *made belongs to the caller. */
bool companion_made_of(const struct plan_item *of, size_t owner, struct plan_item *made,
                       struct err *err);

/* Is der the public object that key describes: exactly one certificate or SubjectPublicKeyInfo?
 * If owner (DER SubjectPublicKeyInfo) is given: does it belong to that key? subject is set to the
 * subject of a certificate, cut to fit. Errors: ERR_DATA (it is no such object), ERR_CONFLICT (it
 * belongs to another key). */
bool companion_check(const struct key_desc *key, const struct bytes *der, const struct bytes *owner,
                     char subject[EVENT_TEXT_MAX], struct err *err);

/* Is this error a property of the public object, or does a side not support such objects? Then the
 * object is left out, and that is no failure. Any other error is a failure of an HSM, and counts
 * as it does for a key. */
bool companion_is_refused(enum err_code code);

/* Does this error mean that the destination does not accept such a companion? Its key was migrated
 * in any case, so that is no failure. */
bool companion_may_be_dropped(enum err_code code);

/* Makes the error "not found" a failure of the HSM, if the object was listed before: it is not the
 * input that is missing. Whether the object still exists is shown by the next listing. */
void companion_fault(struct err *err);

/* Does the plan leave out this public object only because an HSM failed while it was read? */
bool companion_is_unread(const struct plan_item *item);

#endif
