/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What accompanies a private key: its public key object and its certificates. An
 * application on the destination finds the key by them. They are public, so they cross as they are,
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
 * certificates of the source that hold its public half, under whatever name, and were not chosen
 * themselves; and where no public key does, one that will be made of it. Those that bear its id
 * (CKA_ID) or label and hold another public key are appended too, for the plan to refuse them by
 * name. One with another id than its key takes the key's where by_id (the destination finds the two
 * by it). They stand behind all keys, so that a key never waits for public data.
 * Errors: ERR_FAILED (memory). */
bool companion_add(struct plan *plan, const struct key_list *source, bool by_id, struct err *err);

/* The public key object of private key of, item number owner from 1, where the source has none. Its
 * handle is the private key's, of which the HSM reads the public half. */
struct plan_item companion_made_of(const struct plan_item *of, size_t owner);

/* Is der the public object that key describes, one certificate or SubjectPublicKeyInfo and nothing
 * else? With owner (DER SubjectPublicKeyInfo), also: of that very key? subject is set to a
 * certificate's, cut to fit. Errors: ERR_DATA (it is none), ERR_CONFLICT (it is another key's). */
bool companion_check(const struct key_desc *key, const struct bytes *der, const struct bytes *owner,
                     char subject[EVENT_TEXT_MAX], struct err *err);

/* Does this say what a public object is, or that a side has no place for it? Then it is left out,
 * and that is no failure. Anything else is the fault of an HSM, and counts as for a key. */
bool companion_is_refused(const struct err *err);

/* Has a destination that fails so at storing a companion no place for it? Its key has arrived all
 * the same, and that is no failure. */
bool companion_may_be_dropped(enum err_code code);

/* A public object that was listed, and that an HSM does not find, is no input that is missing, but
 * the HSM's fault: whether it is still there, the next listing shows. */
void companion_fault(struct err *err);

/* Is this a public object that the plan leaves out only because an HSM failed while it was read? */
bool companion_is_unread(const struct plan_item *item);

#endif
