/* SPDX-License-Identifier: Apache-2.0 */
/* One of the two HSMs of a ceremony, and all that is known of it. */
#ifndef HSMFERRY_CEREMONY_PARTY_H
#define HSMFERRY_CEREMONY_PARTY_H

#include <stdbool.h>

#include "base/err.h"
#include "base/secret.h"
#include "hsm/hsm.h"
#include "hsm/uri.h"
#include "protocol/side.h"
#include "transfer/known.h"
#include "transfer/transfer.h"
#include "transfer/transport.h"

struct party {
    struct hsm *hsm;
    struct hsm_slot_list slots;
    const struct hsm_slot *slot; /* the chosen one, in slots; NULL before */
    struct hsm_about info;       /* as the HSM reports it */
    struct key_list keys;
    struct hsm_capabilities caps;
    struct known known;
    bool intact; /* the last look showed all that was there, and nothing else but what was migrated
                  */
    bool gone;   /* nothing will answer any more */
    struct secret pin; /* destination: kept for the fresh process, wiped after it */
};

/* Lets a transport between both parties know them, and them the keys that arrive; all must stay
 * where they are. */
void party_join(struct party sides[2], struct transport *transport,
                const struct transfers *arrived);

/* Closes the HSM (temporary objects vanish) and forgets all but which side it is, and which keys
 * have arrived. */
void party_close(struct party *party);

/* The one token that uri names, which can be used; whose: "source". Errors: as ceremony_choose().
 */
bool party_find_slot(const struct hsm_slot_list *slots, const char *whose, const struct uri *uri,
                     const struct hsm_slot **found, struct err *err);

/* Does this token want a PIN that is typed here? */
bool party_needs_pin(const struct hsm_slot *slot);

/* Logs in to the party's own token in a separate process, and lists its keys. */
bool party_enter(const struct party *party, struct hsm *fresh, struct key_list *list,
                 struct err *err);

#endif
