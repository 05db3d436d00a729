/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/rows.h"

#include "ceremony/sweep.h"
#include "transfer/alignment.h"
#include "transfer/commit.h"
#include "transfer/derived.h"
#include "transfer/key_steps.h"
#include "transfer/public_object.h"

struct hsms {
    struct hsm *by_side[2];
};

static struct hsms hsms_of(const struct crew *crew)
{
    return (struct hsms){{crew->side[SIDE_SOURCE].hsm, crew->side[SIDE_DESTINATION].hsm}};
}

const struct transport_row *rows_of_transport(const struct transport *t, size_t *count)
{
    if (t->sealing) {
        *count = sealed_transport_rows_count;
        return sealed_transport_rows;
    }
    bool agreed = wrap_is_agreed(t->suite->transport);

    *count = t->suite->derived ? agreed_transport_rows_met
             : agreed          ? agreed_transport_rows_count
                               : transport_rows_count;
    return agreed ? agreed_transport_rows : transport_rows;
}

const struct transfer_row *rows_of(const struct transfer *t, size_t *count)
{
    if (t->transport->sealing) {
        *count = sealed_key_rows_count;
        return sealed_key_rows;
    }
    if (t->item->route == ROUTE_ALIGNED) {
        *count = aligned_rows_count;
        return aligned_rows;
    }
    if (t->item->route == ROUTE_DERIVED) {
        *count = derived_rows_count;
        return derived_rows;
    }
    bool is_public = t->item->route == ROUTE_PUBLIC;

    *count = is_public ? public_rows_count : key_rows_count;
    return is_public ? public_rows : key_rows;
}

bool rows_run_transport(const struct crew *crew, size_t at, struct transport *t,
                        struct step_result *result, struct err *err)
{
    size_t rows;
    const struct transport_row *row = &rows_of_transport(t, &rows)[at];
    enum side side = row->head.side, of = side == SIDE_RELAY ? SIDE_DESTINATION : side;
    struct err refused = {0};
    bool ok = transport_run(row, side == SIDE_RELAY ? NULL : crew->side[side].hsm, t, result, err);

    if (!result->fingerprint ||
        emit_fingerprint(crew->narrator, of, result->fingerprint, transport_bits(t), &refused))
        return ok;
    *err = refused;
    return false;
}

static const struct transfer_row *row_at(const struct transfer *t, size_t at)
{
    size_t count;

    return &rows_of(t, &count)[at];
}

bool rows_carry_out(const struct crew *crew, size_t at, struct transfer *t,
                    struct step_result *result, struct err *err)
{
    const struct hsms hsms = hsms_of(crew);

    return transfer_run(row_at(t, at), hsms.by_side, t, result, err);
}

bool rows_emit_found(const struct crew *crew, size_t at, const struct transfer *t,
                     const struct step_result *result, struct err *err)
{
    const enum step_id id = row_at(t, at)->head.id;

    if (result->has_proof && !emit_proof(crew->narrator, crew->side, t, id, NULL, err))
        return false;
    for (unsigned i = 0; i < result->kcv_count; i++)
        if (!emit_kcv(crew->narrator, t, &result->kcvs[i], err))
            return false;
    return true;
}

bool rows_finish(const struct crew *crew, size_t at, struct transfer *t, struct err *err)
{
    const struct hsms hsms = hsms_of(crew);

    return transfer_finish(row_at(t, at), hsms.by_side, t, err);
}

bool rows_run(const struct crew *crew, size_t at, struct transfer *t, struct step_result *result,
              struct err *err)
{
    struct err refused = {0};
    bool ok = rows_carry_out(crew, at, t, result, err);

    if (rows_emit_found(crew, at, t, result, &refused))
        return ok && rows_finish(crew, at, t, err);
    *err = refused;
    return false;
}

/* If a commit was not answered, the agent does not know its handle as one of this session. */
static bool undo_lost_commit(const struct crew *crew, struct transfer *t, struct err *err)
{
    const struct hsms hsms = hsms_of(crew);
    struct key_desc found;

    return commit_find_lost(hsms.by_side, t, &found, err) &&
           (found.handle == 0 || sweep_object(&crew->side[SIDE_DESTINATION], &found,
                                              "kept by a commit that failed", crew->narrator, err));
}

/* The same of a new key's commit on the source. */
static bool undo_lost_on_source(const struct crew *crew, struct transfer *t, struct err *err)
{
    struct party *party = &crew->side[SIDE_SOURCE];
    struct key_desc found;

    return derived_find_lost(party->hsm, t, &found, err) &&
           (found.handle == 0 ||
            sweep_object(party, &found, "kept by a commit that failed", crew->narrator, err));
}

bool rows_undo(const struct crew *crew, size_t at, struct transfer *t, struct err *err)
{
    const struct hsms hsms = hsms_of(crew);
    const struct transfer_row *row = row_at(t, at);

    if (row->head.id == STEP_COMMIT_SOURCE && t->source.final == 0)
        return undo_lost_on_source(crew, t, err);
    return row->head.id == STEP_COMMIT && t->final == 0 ? undo_lost_commit(crew, t, err)
                                                        : transfer_undo(row, hsms.by_side, t, err);
}

bool rows_prove_again(const struct crew *crew, struct transfer *t, struct err *err)
{
    struct step_result result = {0};
    size_t count, at;
    const struct transfer_row *rows = rows_of(t, &count);

    for (at = 0; rows[at].head.id != STEP_PROVE_AGAIN;)
        at++;
    return rows_run(crew, at, t, &result, err);
}

bool rows_undo_transport(const struct crew *crew, struct transport *t, struct err *err)
{
    struct err first = {0}, one;
    size_t count;
    const struct transport_row *rows = rows_of_transport(t, &count);

    for (size_t i = count; i-- > 0;) {
        const struct transport_row *row = &rows[i];
        struct party *party;
        if (!row->undo || !(t->done & 1U << i))
            continue;
        party = &crew->side[row->head.side];
        t->done &= ~(1U << i);
        /* The session objects of an HSM that is gone no longer exist. */
        if (party->gone || transport_undo(row, party->hsm, t, &one))
            continue;
        party->gone |= one.code == ERR_GONE;
        if (first.code == ERR_NONE)
            first = one;
    }
    if (first.code == ERR_NONE)
        return true;
    *err = first;
    return false;
}
