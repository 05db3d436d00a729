/* SPDX-License-Identifier: Apache-2.0 */
#include "transfer/commit.h"

#include <stdio.h>

#include "transfer/confirm.h"
#include "transfer/proof.h"
#include "transfer/transport.h"

/* Writes the handle down before it is compared with those of the others: of two keys that get the
 * same one at the same time, at least one notices it. */
static bool take_final(const struct known *known, struct transfer *t, uint64_t final,
                       struct err *err)
{
    bool ok;

    t->final = final;
    ok = known_made(known, t, &final, err);
    t->final = final;
    return ok;
}

static void say_name(const struct transfer *t, struct step_result *result)
{
    snprintf(result->text, sizeof result->text, "%s",
             t->item->from ? "with the label and id that the plan gives it"
                           : "with the label and id of the original");
}

bool commit_key(struct hsm *hsm, struct transfer *t, struct step_result *result, struct err *err)
{
    const struct transport_side *to = &t->transport->destination;
    const struct key_desc *key = t->item->key;
    uint64_t final = 0;

    result->call = to->caps->op_calls[HSM_COMMIT];
    say_name(t, result);
    t->committing = true;
    return hsm->driver->commit(hsm, t->temporary, key->label, key->label_len, key->id, key->id_len,
                               &final, err) &&
           take_final(to->known, t, final, err);
}

bool commit_object(struct hsm *hsm, struct transfer *t, struct step_result *result, struct err *err)
{
    const struct transport_side *to = &t->transport->destination;
    const struct plan_item *item = t->item;
    const struct hsm_template template = {
        .class = item->key->class,
        .kind = item->key->kind,
        .flags = item->want_flags,
        .label = item->key->label,
        .label_len = item->key->label_len,
        .id = item->key->id,
        .id_len = item->key->id_len,
        .spki = &t->wire.spki,
        .constraints = &item->key->constraints,
    };
    uint64_t final = 0;

    result->call = to->caps->op_calls[HSM_MAKE_PUBLIC];
    say_name(t, result);
    t->committing = true;
    return hsm->driver->make_public(hsm, &template, &final, err) &&
           take_final(to->known, t, final, err);
}

bool commit_undo(struct hsm *hsm, struct transfer *t, struct err *err)
{
    uint64_t final = t->final;
    bool ok = known_destroy(t->transport->destination.known, hsm, t, &final, err);

    t->final = final;
    return ok;
}

static bool proves_ours(struct hsm *const hsm[2], const struct transfer *t,
                        const struct key_desc *found)
{
    const struct proof_pair pair = confirm_pair(hsm, t, found->handle);
    enum hsm_proof which;
    struct err err;

    return proof_run(&pair, proof_exact(t->item->proofs, t->item->key, found), &which, &err);
}

bool commit_find_lost(struct hsm *const hsm[2], const struct transfer *t, struct key_desc *found,
                      struct err *err)
{
    const struct known *known = t->transport->destination.known;
    struct hsm *to = hsm[SIDE_DESTINATION];
    struct key_list now = {0};
    bool ok = to->driver->list(to, &now, err);

    *found = (struct key_desc){0};
    for (size_t i = 0; ok && i < now.count; i++)
        if (key_same_name(&now.keys[i], t->item->key) &&
            !known_is_anothers(known, t, now.keys[i].handle) &&
            now.keys[i].handle != t->temporary && /* which, of a test key, has the same name */
            proves_ours(hsm, t, &now.keys[i]))
            *found = now.keys[i];
    key_list_free(&now);
    return ok;
}
