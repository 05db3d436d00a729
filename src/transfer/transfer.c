/* SPDX-License-Identifier: Apache-2.0 */
#include "transfer/transfer.h"

#include <stdlib.h>

#include "hsm/hsm.h"
#include "plan/companion.h"
#include "transfer/ahead.h"

bool transfers_make(struct plan *plan, const struct transport *transport, struct transfers *out,
                    struct err *err)
{
    *out = (struct transfers){calloc(plan->count + 1, sizeof *out->at), plan->count};
    if (!out->at) {
        out->count = 0;
        return err_set(err, ERR_FAILED, "no memory for %zu keys", plan->count);
    }
    for (size_t i = 0; i < plan->count; i++) {
        size_t owner = plan->items[i].companion_of;
        out->at[i] = (struct transfer){.item = &plan->items[i],
                                       .owner = owner ? &plan->items[owner - 1] : NULL,
                                       .transport = transport,
                                       .number = (uint32_t)i + 1};
    }
    return true;
}

void transfers_free(struct transfers *transfers)
{
    for (size_t i = 0; i < transfers->count; i++) {
        transfer_reset(&transfers->at[i]);
        compact_free(&transfers->at[i].found);
        err_note_free(&transfers->at[i].err);
        ahead_free(&transfers->at[i].ahead);
    }
    free(transfers->at);
    *transfers = (struct transfers){0};
}

static void take_reason(struct transfer *transfer)
{
    const struct err reason = err_note_get(&transfer->item->reason);

    err_note_set(&transfer->err, &reason);
}

void transfer_leave_out(struct transfer *transfer)
{
    transfer->outcome = companion_is_unread(transfer->item) ? KEY_FAILED : KEY_REFUSED;
    take_reason(transfer);
}

void transfer_take_back(struct transfer *transfer)
{
    transfer->final = 0;
    compact_free(&transfer->found);
    transfer->proven = false;
    transfer->outcome = KEY_REFUSED;
    take_reason(transfer);
}

void transfer_reset(struct transfer *transfer)
{
    bytes_free(&transfer->wire.spki);
    bytes_free(&transfer->wire.wrapped);
    bytes_free(&transfer->wire.file);
    transfer->wire.there = 0;
    transfer->done = 0;
    transfer->temporary = 0;
    compact_free(&transfer->arrived);
    transfer->parity = transfer->committing = transfer->source.committing = false;
    transfer->source.temporary = 0;
    if (!transfer->proven) /* the fresh process proves it once more */
        ahead_free(&transfer->ahead);
}

bool transfer_describe(struct hsm *hsm, uint64_t handle, struct key_desc *is, struct compact **kept,
                       struct err *err)
{
    return hsm->driver->describe(hsm, handle, is, err) &&
           (compact_set(kept, is, sizeof *is) ||
            err_set(err, ERR_FAILED, "no memory for the description of a key"));
}

static struct hsm *on_side(struct hsm *const hsm[2], enum side side)
{
    return side == SIDE_RELAY ? NULL : hsm[side];
}

bool transfer_run(const struct transfer_row *row, struct hsm *const hsm[2], struct transfer *t,
                  struct step_result *result, struct err *err)
{
    if (!step_has(&row->head, t->wire.there, err) ||
        !(row->prove ? row->prove(hsm, t, result, err)
                     : row->run(on_side(hsm, row->head.side), t, result, err)))
        return false;
    t->wire.there |= row->head.leaves;
    return true;
}

bool transfer_finish(const struct transfer_row *row, struct hsm *const hsm[2], struct transfer *t,
                     struct err *err)
{
    return !row->finish || row->finish(on_side(hsm, row->head.side), t, err);
}

bool transfer_undo(const struct transfer_row *row, struct hsm *const hsm[2], struct transfer *t,
                   struct err *err)
{
    t->wire.there &= ~row->head.leaves;
    return !row->undo || row->undo(on_side(hsm, row->head.side), t, err);
}
