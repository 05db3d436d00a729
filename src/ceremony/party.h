/* SPDX-License-Identifier: Apache-2.0 */
/* One of the two HSMs of a ceremony, and its known state. */
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
    bool listed;                  /* they are those of slot */
    struct hsm_wanted wanted;     /* what need be known ... */
    struct hsm_capabilities caps; /* ... and is, after the negotiation */
    struct {
        uint32_t algs;    /* bit (1 << enum hsm_alg) for each that does not work here ... */
        char reason[160]; /* ... whatever the HSM says, because of this */
    } refuted;
    struct known known;
    bool intact;       /* the last inventory was the earlier one plus the migrated keys */
    bool gone;         /* it no longer answers */
    struct secret pin; /* destination: kept for the fresh process, wiped after it */
};

/* Connects a transport with both parties, and the parties with the migrated keys; none of these may
 * be moved in memory. */
void party_join(struct party sides[2], struct transport *transport,
                const struct transfers *arrived);

/* Closes the HSM (temporary objects vanish) and forgets everything except its side and the migrated
 * keys. */
void party_close(struct party *party);

/* The usable token that uri names; whose: "source". Errors: as ceremony_choose(). */
bool party_find_slot(const struct hsm_slot_list *slots, const char *whose, const struct uri *uri,
                     const struct hsm_slot **found, struct err *err);

/* Does this token need a PIN that is typed here? */
bool party_needs_pin(const struct hsm_slot *slot);

/* Logs in. A PIN that was refused leaves a next step in *err, whatever the driver says. */
bool party_log_in(struct hsm *hsm, uint64_t slot, const struct secret *pin, struct err *err);

/* Logs in to the party's own token in a separate process; the second also lists its keys. */
bool party_login(const struct party *party, struct hsm *fresh, struct err *err);
bool party_enter(const struct party *party, struct hsm *fresh, struct key_list *list,
                 struct err *err);

/* Determines which HSM no longer answers, after a step of this side failed for that reason. */
void party_note_gone(struct party sides[2], enum side where);

#endif
