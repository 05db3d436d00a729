/* SPDX-License-Identifier: Apache-2.0 */
/* A KEY IN FLIGHT, from the plan to its outcome. */
#ifndef HSMFERRY_TRANSFER_TRANSFER_H
#define HSMFERRY_TRANSFER_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/compact.h"
#include "base/err.h"
#include "base/err_note.h"
#include "hsm/facts.h"
#include "hsm/key.h"
#include "plan/plan.h"
#include "protocol/outcome.h"
#include "transfer/step_result.h"

struct ahead;
struct hsm;
struct transport;

struct transfer {
    struct plan_item *item;
    const struct plan_item *owner;     /* the key that it accompanies; NULL: none */
    const struct transport *transport; /* what carries it */
    uint32_t number;                   /* of the item in the plan, from 1 */
    uint32_t done; /* bit for each row of its table that is done and not undone */
    struct {
        struct bytes spki;    /* of a private key; the DER of a public object */
        struct bytes wrapped; /* the encrypted key */
        struct bytes file;    /* for a key service: what its file holds */
        uint32_t there;       /* enum wire: left by the steps that are done */
    } wire;
    uint64_t temporary;
    _Atomic uint64_t final; /* its handle on the destination once committed; other keys that are
                               in progress must not get the same one */
    struct {
        uint64_t temporary, final; /* a new key on the source; 0: not yet */
        bool committing;           /* as below */
    } source;
    struct compact *arrived; /* struct key_desc: the temporary, as read back; NULL: not yet */
    struct compact *found;   /* the same of the final one */
    struct ahead *ahead; /* what the source has shown for the proofs to come; NULL: nothing yet */
    bool committing;     /* commit() was called: from now on only a search shows its outcome */
    bool proven;         /* committed, and proven twice in this session, or waived */
    bool parity;         /* only its parity bits differ from the original */
    bool rewrapped;      /* both sides wrapped it to the same ciphertext, in place of a proof */
    bool emitted;        /* EVENT_KEY_DONE went out */
    enum hsm_proof proof;
    enum key_outcome outcome;
    struct err_note err;
};
enum { TRANSFER_MAX = 600 };
_Static_assert(sizeof(struct transfer) <= TRANSFER_MAX, "there are transfers by the ten thousand");

struct transfers {
    struct transfer *at; /* one for each item of the plan, in its order */
    size_t count;
};

/* A step of one key, on the HSM of its side; a proof asks both HSMs, one after the other. */
struct transfer_row {
    struct step_head head;
    bool (*run)(struct hsm *hsm, struct transfer *t, struct step_result *result, struct err *err);
    bool (*prove)(struct hsm *const hsm[2], struct transfer *t, struct step_result *result,
                  struct err *err); /* instead of run, by enum side */
    bool (*finish)(struct hsm *hsm, struct transfer *t, struct err *err); /* after recording */
    bool (*undo)(struct hsm *hsm, struct transfer *t, struct err *err);   /* NULL: leaves nothing */
};

/* Runs a row. hsm: by enum side. Errors: ERR_FAILED (data that it needs are missing; nothing was
 * done), and those of the contract's functions. */
bool transfer_run(const struct transfer_row *row, struct hsm *const hsm[2], struct transfer *t,
                  struct step_result *result, struct err *err);
bool transfer_finish(const struct transfer_row *row, struct hsm *const hsm[2], struct transfer *t,
                     struct err *err);
bool transfer_undo(const struct transfer_row *row, struct hsm *const hsm[2], struct transfer *t,
                   struct err *err);

/* Makes one for each item; the items must not move from now on. Errors: ERR_FAILED (memory). Freed
 * with transfers_free(). */
bool transfers_make(struct plan *plan, const struct transport *transport, struct transfers *out,
                    struct err *err);
void transfers_free(struct transfers *transfers);

/* The plan leaves the key out: its outcome is that of the plan. */
void transfer_leave_out(struct transfer *transfer);

/* Its object on the destination was destroyed although it had been proven, for the reason in the
 * plan.
 */
void transfer_take_back(struct transfer *transfer);

/* Reads the object with this handle, and keeps its description in *kept: t->arrived or t->found.
 * Errors: those of describe(), ERR_FAILED (memory). */
bool transfer_describe(struct hsm *hsm, uint64_t handle, struct key_desc *is, struct compact **kept,
                       struct err *err);

/* Forgets the data on the wire and the state: the transfer is over, or will start again. */
void transfer_reset(struct transfer *transfer);

#endif
