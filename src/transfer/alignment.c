/* SPDX-License-Identifier: Apache-2.0 */
#include "transfer/alignment.h"

#include <string.h>

#include "base/text.h"
#include "transfer/confirm.h"
#include "transfer/in_line.h"
#include "transfer/proof.h"
#include "transfer/public_object.h"

static bool is_as_listed(const struct key_desc *is, const struct key_desc *listed)
{
    return key_same_name(is, listed) && is->kind == listed->kind && is->flags == listed->flags &&
           is->has_public == listed->has_public &&
           memcmp(is->spki_sha256, listed->spki_sha256, sizeof is->spki_sha256) == 0;
}

/* Nothing is set on an object that is not proven to be this key now. */
static bool prove_copy(struct hsm *const hsm[2], struct transfer *t, const struct key_desc *is,
                       struct err *err)
{
    const struct proof_pair pair = confirm_pair(hsm, t, is->handle);
    enum hsm_proof which;

    return public_object_read(hsm[SIDE_SOURCE], t->item, &t->wire.spki, err) &&
           proof_run(&pair, proof_exact(t->item->proofs, t->item->key, is), &which, err);
}

/* After a call that failed: was anything set? Only what is read shows it. */
static void look_again(struct hsm *hsm, struct transfer *t)
{
    struct key_desc is;
    struct err ignored = {0};

    if (hsm->driver->describe(hsm, t->item->align->found.handle, &is, &ignored) &&
        is_as_listed(&is, &t->item->align->found))
        t->committing = false;
}

static bool align_copy(struct hsm *const hsm[2], struct transfer *t, struct step_result *result,
                       struct err *err)
{
    struct hsm *to = hsm[SIDE_DESTINATION];
    const struct plan_alignment *align = t->item->align;
    char changes[TIGHTENING_TEXT];
    struct key_desc is;

    text_print(result->text, sizeof result->text, "%.240s", tightening_text(&align->to, changes));
    if (!transfer_describe(to, align->found.handle, &is, &t->arrived, err))
        return false;
    if (!is_as_listed(&is, &align->found))
        return err_set(err, ERR_CONFLICT, "the copy was changed since the plan was made");
    if (!prove_copy(hsm, t, &is, err))
        return false;
    t->committing = true;
    t->final = align->found.handle;
    if (to->driver->tighten(to, &align->found, &align->to, err) &&
        to->driver->describe(to, align->found.handle, &is, err) && in_line_holds(t->item, &is, err))
        return true;
    look_again(to, t);
    return false;
}

const struct transfer_row aligned_rows[] = {
    {.head = {STEP_ALIGN, SIDE_DESTINATION, GATE_REVIEW, 0, 0}, .prove = align_copy},
    {.head = {STEP_PROVE_AGAIN, SIDE_DESTINATION, GATE_NONE, 0, 0},
     .prove = confirm_final,
     .finish = confirm_finish},
};

const size_t aligned_rows_count = sizeof aligned_rows / sizeof aligned_rows[0];
