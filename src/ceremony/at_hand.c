/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/at_hand.h"

#include "ceremony/ending.h"
#include "ceremony/members.h"
#include "plan/companion.h"

struct transfer *at_hand_key(struct ceremony *c)
{
    return &c->transfers.at[c->walk.item];
}

const struct step_head *at_hand_step(struct ceremony *c)
{
    size_t count;

    return &rows_of(at_hand_key(c), &count)[c->walk.at].head;
}

bool at_hand_is_over(struct ceremony *c, struct transfer *t)
{
    size_t owner = t->item->companion_of;
    struct err err;

    if (t->outcome == KEY_REFUSED || t->outcome == KEY_FAILED || t->outcome == KEY_SEALED ||
        t->proven)
        return true;
    if (!owner || c->transfers.at[owner - 1].proven)
        return false;
    t->outcome = KEY_REFUSED;
    err_set(&err, ERR_CONFLICT, "its private key was not migrated");
    err_note_set(&t->err, &err);
    return true;
}

void at_hand_leave(struct ceremony *c)
{
    transfer_reset(at_hand_key(c));
    gatekeeper_next_key(&c->gatekeeper);
}

/* Undoes the rows of the current key. An object that cannot be removed is left over. */
static void undo_key(struct ceremony *c)
{
    const struct crew crew = crew_of(c);
    struct transfer *t = at_hand_key(c);
    size_t count;
    const struct transfer_row *rows = rows_of(t, &count);
    struct err err = {0};

    for (size_t i = count; i-- > 0;) {
        const struct step_word word = {rows[i].head.id, EVENT_UNDONE, 0, t, NULL};
        if (!rows[i].undo || (!(t->done & 1U << i) && i != c->walk.at))
            continue;
        t->done &= ~(1U << i);
        if ((rows[i].head.id == STEP_COMMIT && !t->committing) ||
            (rows[i].head.id == STEP_COMMIT_SOURCE && !t->source.committing))
            continue;
        if (rows_undo(&crew, i, t, &err)) {
            emit_step(&c->narrator, &word, &err);
            continue;
        }
        c->side[rows[i].head.side].gone |= err.code == ERR_GONE;
        /* The inventory will show temporary objects; a commit that cannot be checked is unknown. */
        if (rows[i].head.id == STEP_COMMIT || rows[i].head.id == STEP_COMMIT_SOURCE)
            t->outcome = KEY_UNKNOWN;
    }
}

/* Does a failure of one key leave the others worth trying? What smells of tampering does not. */
static bool failure_is_local(enum err_code code)
{
    return code == ERR_HSM || code == ERR_UNSUPPORTED || code == ERR_DENIED ||
           code == ERR_CONFLICT || code == ERR_NO_INPUT;
}

/* If the destination does not accept a companion, its key has been migrated nevertheless, so the
 * ceremony has not failed. */
static bool may_be_dropped(bool owned, enum step_id id, enum err_code code)
{
    return owned && (id == STEP_COMMIT || id == STEP_PROVE_AGAIN) && companion_may_be_dropped(code);
}

bool at_hand_fail(struct ceremony *c, struct err *err)
{
    struct transfer *t = at_hand_key(c);
    bool go_on = failure_is_local(err->code), parity = t->parity;
    bool dropped = may_be_dropped(t->owner != NULL, at_hand_step(c)->id, err->code) || parity;

    /* The key turned out not to be wrappable: the error is the one that planning reports. */
    if (err->code == ERR_UNSUPPORTED && at_hand_step(c)->id == STEP_WRAP_KEY)
        err->code = ERR_DATA;
    if (t->item->route == ROUTE_PUBLIC)
        companion_fault(err);
    t->outcome = KEY_FAILED;
    err_note_set(&t->err, err);
    t->proven = false; /* it is removed, even if it was proven, since that cannot be recorded */
    undo_key(c);
    if (t->item->route == ROUTE_ALIGNED && t->committing)
        t->outcome = KEY_UNKNOWN; /* some of its attributes may be set */
    if (dropped && t->outcome == KEY_FAILED)
        t->outcome = KEY_REFUSED;
    else
        ending_note_failure(c, err);
    if (parity)
        err_note_set(&t->item->reason, err); /* as if it had been refused at the review */
    if (t->outcome == KEY_FAILED)
        ending_say_done(c, t);
    at_hand_leave(c);
    return go_on && t->outcome != KEY_UNKNOWN && !c->side[SIDE_DESTINATION].gone;
}
