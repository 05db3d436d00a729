/* SPDX-License-Identifier: Apache-2.0 */
#include "transfer/transfer.h"

#include <stdlib.h>

#include "plan/companion.h"

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
    for (size_t i = 0; i < transfers->count; i++)
        transfer_reset(&transfers->at[i]);
    free(transfers->at);
    *transfers = (struct transfers){0};
}

void transfer_leave_out(struct transfer *transfer)
{
    transfer->outcome = companion_is_unread(transfer->item) ? KEY_FAILED : KEY_REFUSED;
    transfer->err = transfer->item->reason;
}

void transfer_take_back(struct transfer *transfer)
{
    transfer->final = 0;
    transfer->found = (struct key_desc){0};
    transfer->proven = false;
    transfer->outcome = KEY_REFUSED;
    transfer->err = transfer->item->reason;
}

void transfer_reset(struct transfer *transfer)
{
    bytes_free(&transfer->wire.spki);
    bytes_free(&transfer->wire.wrapped);
    transfer->wire.there = 0;
    transfer->done = 0;
    transfer->temporary = 0;
    transfer->arrived = (struct key_desc){0};
    transfer->parity = transfer->committing = false;
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
