/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A NEW KEY on both HSMs. Both have met (transfer/agreed.c), and the officers have compared the
 * fingerprints. Each side derives the key as a temporary object; both prove that they hold the
 * same; only then does each keep it, the destination first, and both prove it again. What fails
 * before that is undone on both sides, so that no half of the pair is left.
 */
#include "transfer/derived.h"

#include <stdio.h>
#include <string.h>

#include "hsm/wrap_alg.h"
#include "transfer/agreed.h"
#include "transfer/commit.h"
#include "transfer/confirm.h"
#include "transfer/proof.h"

static bool derive_at(struct hsm *hsm, struct transfer *t, enum side at, uint64_t *handle,
                      struct key_desc *is, struct step_result *result, struct err *err)
{
    const struct transport *transport = t->transport;
    const struct hsm_template template = {.class = KEY_CLASS_SECRET,
                                          .kind = t->item->key->kind,
                                          .length = t->item->key->length,
                                          .flags = t->item->want_flags,
                                          .label = (const uint8_t *)transport->label,
                                          .label_len = strlen(transport->label)};
    const struct known *known =
        at == SIDE_SOURCE ? transport->source.known : transport->destination.known;

    snprintf(result->text, sizeof result->text, "by %s, KDF %s; it could never leave",
             wrap_alg(transport->suite->transport)->name, hsm_kdf_name(transport->suite->kdf));
    return agreed_derive_key(hsm, transport, at, &template, handle, err) &&
           known_made(known, t, handle, err) && hsm->driver->describe(hsm, *handle, is, err) &&
           confirm_attributes(t->item, is, true, err);
}

/* From here on, this is the object that answers for the source. */
static void answer_by(struct transfer *t, uint64_t handle)
{
    t->item->own->handle = handle;
}

static bool derive_source(struct hsm *hsm, struct transfer *t, struct step_result *result,
                          struct err *err)
{
    struct key_desc is;

    if (!derive_at(hsm, t, SIDE_SOURCE, &t->source.temporary, &is, result, err))
        return false;
    answer_by(t, t->source.temporary);
    return true;
}

static bool undo_derive_source(struct hsm *hsm, struct transfer *t, struct err *err)
{
    answer_by(t, 0);
    return known_destroy(t->transport->source.known, hsm, t, &t->source.temporary, err);
}

static bool derive_there(struct hsm *hsm, struct transfer *t, struct step_result *result,
                         struct err *err)
{
    struct key_desc is;

    return derive_at(hsm, t, SIDE_DESTINATION, &t->temporary, &is, result, err) &&
           transfer_describe(hsm, t->temporary, &is, &t->arrived, err);
}

static bool undo_derive_there(struct hsm *hsm, struct transfer *t, struct err *err)
{
    return known_destroy(t->transport->destination.known, hsm, t, &t->temporary, err);
}

static bool commit_source(struct hsm *hsm, struct transfer *t, struct step_result *result,
                          struct err *err)
{
    const struct key_desc *key = t->item->key;
    uint64_t final = 0;

    result->call = t->transport->source.caps->op_calls[HSM_COMMIT];
    snprintf(result->text, sizeof result->text, "with the same label and id as there");
    t->source.committing = true;
    if (!hsm->driver->commit(hsm, t->source.temporary, key->label, key->label_len, key->id,
                             key->id_len, &final, err) ||
        !known_made(t->transport->source.known, t, &final, err))
        return false;
    t->source.final = final;
    answer_by(t, final);
    return true;
}

static bool undo_commit_source(struct hsm *hsm, struct transfer *t, struct err *err)
{
    if (!known_destroy(t->transport->source.known, hsm, t, &t->source.final, err))
        return false;
    answer_by(t, t->source.temporary);
    return true;
}

bool derived_find_lost(struct hsm *source, const struct transfer *t, struct key_desc *found,
                       struct err *err)
{
    const struct known *known = t->transport->source.known;
    struct key_list now = {0};
    bool ok = source->driver->list(source, &now, err);

    *found = (struct key_desc){0};
    for (size_t i = 0; ok && i < now.count; i++)
        if (key_same_name(&now.keys[i], t->item->key) && !known_before(known, now.keys[i].handle) &&
            now.keys[i].handle != t->source.temporary)
            *found = now.keys[i];
    key_list_free(&now);
    return ok;
}

/* Both kept keys are read, and answer a challenge that neither has seen. */
static bool prove_again(struct hsm *const hsm[2], struct transfer *t, struct step_result *result,
                        struct err *err)
{
    struct key_desc at_source;

    return hsm[SIDE_SOURCE]->driver->describe(hsm[SIDE_SOURCE], t->source.final, &at_source, err) &&
           confirm_attributes(t->item, &at_source, false, err) &&
           confirm_final(hsm, t, result, err) &&
           (t->source.temporary == t->source.final ||
            known_destroy(t->transport->source.known, hsm[SIDE_SOURCE], t, &t->source.temporary,
                          err));
}

const struct transfer_row derived_rows[] = {
    {.head = {STEP_DERIVE, SIDE_SOURCE, GATE_FINGERPRINT, 0, 0},
     .run = derive_source,
     .undo = undo_derive_source},
    {.head = {STEP_DERIVE_THERE, SIDE_DESTINATION, GATE_NONE, 0, 0},
     .run = derive_there,
     .undo = undo_derive_there},
    {.head = {STEP_PROVE, SIDE_RELAY, GATE_NONE, 0, 0}, .prove = confirm_arrived},
    {.head = {STEP_COMMIT, SIDE_DESTINATION, GATE_NONE, 0, 0},
     .run = commit_key,
     .undo = commit_undo},
    {.head = {STEP_COMMIT_SOURCE, SIDE_SOURCE, GATE_NONE, 0, 0},
     .run = commit_source,
     .undo = undo_commit_source},
    {.head = {STEP_PROVE_AGAIN, SIDE_DESTINATION, GATE_NONE, 0, 0},
     .prove = prove_again,
     .finish = confirm_finish},
};

const size_t derived_rows_count = sizeof derived_rows / sizeof derived_rows[0];
