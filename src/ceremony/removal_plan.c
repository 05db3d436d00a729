/* SPDX-License-Identifier: Apache-2.0 */
/* Which keys are still as the report describes them, on both sides, and may be removed. */
#include <string.h>

#include <openssl/sha.h>

#include "base/text.h"
#include "ceremony/removal_parts.h"
#include "plan/name_index.h"
#include "plan/provable.h"
#include "transfer/kcv.h"

/* --- one key --- */

/* Its name on this side. */
static struct key_desc named_on(const struct removal_key *of, enum side side)
{
    return of->renamed && side == SIDE_SOURCE ? plan_named(&of->was, &of->from) : of->was;
}

/* Finds it by its name, on the side that loses it and on the side that keeps it. */
static bool find(const struct removal_walk *w, const struct names names[2],
                 struct removal_item *item, struct err *why)
{
    const struct key_desc name[2] = {named_on(item->of, SIDE_SOURCE),
                                     named_on(item->of, SIDE_DESTINATION)};
    const unsigned from = names_same(&names[w->from], &name[w->from]);
    const unsigned kept = names_same(&names[w->keeper], &name[w->keeper]);

    item->at[w->from] = names_only(&names[w->from], &name[w->from]);
    item->at[w->keeper] = names_only(&names[w->keeper], &name[w->keeper]);
    if (from > 1 || kept > 1)
        return err_set(why, ERR_CONFLICT, "there are two of this name on the %s",
                       side_name(from > 1 ? w->from : w->keeper));
    item->gone = from == 0 && item->of->begun;
    if (from == 0 && !item->gone)
        return err_set(why, ERR_NO_INPUT, "it is not on the %s any more", side_name(w->from));
    return kept == 1 || err_set(why, ERR_NO_INPUT, "it is not on the %s, which was to keep it",
                                side_name(w->keeper));
}

/* The public half of a private or public key, as this side reports it now. */
static bool check_half(const struct removal_walk *w, const struct removal_item *item,
                       enum side side, struct err *why)
{
    const struct key_desc *key = item->at[side];
    struct hsm *hsm = removal_party(w, side)->hsm;
    struct bytes spki = {0};
    uint8_t sha256[SHA256_SIZE];
    bool ok = true;

    if (!key || !item->of->was.has_public || key->class == KEY_CLASS_CERTIFICATE)
        return true;
    if (key->has_public)
        memcpy(sha256, key->spki_sha256, sizeof sha256);
    else if ((ok = hsm->driver->public_key(hsm, key->handle, &spki, why)))
        SHA256(spki.data, spki.len, sha256);
    bytes_free(&spki);
    return ok && (memcmp(sha256, item->of->was.spki_sha256, sizeof sha256) == 0 ||
                  err_set(why, ERR_CONFLICT,
                          "on the %s it is another key now: its public half is not that of the "
                          "report",
                          side_name(side)));
}

static bool check_kind(const struct removal_walk *w, const struct removal_item *item,
                       struct err *why)
{
    const struct key_desc *source = item->at[SIDE_SOURCE], *there = item->at[SIDE_DESTINATION];
    const struct key_desc *victim = item->at[w->from], *kept = item->at[w->keeper];
    char type[KEY_TYPE_TEXT];

    if (source && strcmp(key_type_text(source, type), item->of->type) != 0)
        return err_set(why, ERR_CONFLICT, "on the source it is %s now, and the report says %s",
                       type, item->of->type);
    if (source && there && source->kind != there->kind)
        return err_set(why, ERR_CONFLICT, "on the destination it is %s now, and the report says %s",
                       key_type_text(there, type), item->of->type);
    if (key_is_not(kept, KEY_TOKEN))
        return err_set(why, ERR_CONFLICT, "on the %s it is no token object: it ends with a session",
                       side_name(w->keeper));
    if (victim && key_is_not(victim, KEY_DESTROYABLE))
        return err_set(why, ERR_DENIED,
                       "CKA_DESTROYABLE is false: the %s does not let anybody "
                       "destroy it",
                       side_name(w->from));
    return true;
}

/* The check values of now, of both sides, which must be the one of the report. */
static bool check_values(struct removal_walk *w, size_t i, struct err *why)
{
    const struct removal_item *item = &w->items[i];
    const struct kcv_pair pair = {{item->at[0], item->at[1]},
                                  {source_of(w->c), destination_of(w->c)},
                                  {item->at[0]->handle, item->at[1]->handle},
                                  NULL};
    struct kcv kcv;

    for (unsigned at = 0; at < kcv_count(item->at[SIDE_SOURCE]); at++) {
        const struct kcv_value *was, *now = kcv.value;
        if (!kcv_compute(&pair, at, w->c->suite.proofs, &kcv, why))
            return false;
        was = &item->of->check[kcv.method];
        for (enum side side = SIDE_SOURCE; was->len && side <= SIDE_DESTINATION; side++)
            if (now[side].len &&
                (now[side].len != was->len || memcmp(now[side].octets, was->octets, was->len) != 0))
                return err_set(why, ERR_CONFLICT,
                               "on the %s it is another key now: its check value is not that of "
                               "the report",
                               side_name(side));
        if (!emit_kcv(&w->c->narrator, &w->c->transfers.at[i], &kcv, why))
            return false;
    }
    return true;
}

static uint32_t proofs_of(const struct removal_walk *w, const struct removal_item *item)
{
    const struct key_desc *source = item->at[SIDE_SOURCE], *there = item->at[SIDE_DESTINATION];
    const struct key_desc *any = source ? source : there;

    if (key_is_public_class(any))
        return 1U << HSM_PROOF_BYTES;
    return source && there ? proof_exact(provable_by(&w->c->suite, source), source, there)
                           : provable_by(&w->c->suite, any);
}

/* May it be removed? */
static bool judge(struct removal_walk *w, const struct names names[2], size_t i, struct err *why)
{
    struct removal_item *item = &w->items[i];

    if (item->of->refused[0])
        return err_set(why, ERR_DENIED, "%s", item->of->refused);
    if (!find(w, names, item, why) || !check_kind(w, item, why) ||
        !check_half(w, item, SIDE_SOURCE, why) || !check_half(w, item, SIDE_DESTINATION, why))
        return false;
    if (w->job->clean && !item->gone)
        return err_set(why, ERR_NONE, "it was not destroyed, and is not from now on");
    w->c->plan.items[i].proofs = proofs_of(w, item);
    return item->gone || w->c->plan.items[i].proofs ||
           err_set(why, ERR_UNSUPPORTED, "no challenge that both HSMs answer proves it now");
}

/* --- all of them --- */

static bool add_items(struct removal_walk *w, struct err *err)
{
    for (size_t i = 0; i < w->job->count; i++) {
        const struct removal_key *of = &w->job->keys[i];
        const struct plan_item item = {
            .key = &of->was, .explicit = true, .companion_of = of->owner};
        if (!plan_add(&w->c->plan, &item, err))
            return false;
        w->items[i].of = of;
    }
    return transfers_make(&w->c->plan, &w->c->transport, &w->c->transfers, err);
}

static void settle(struct removal_walk *w, size_t i, const struct err *why)
{
    struct plan_item *item = &w->c->plan.items[i];
    struct transfer *t = &w->c->transfers.at[i];
    const struct key_desc *source = w->items[i].at[SIDE_SOURCE];
    struct err reason = *why;

    if (source)
        item->key = source;
    if (w->items[i].of->renamed && w->items[i].at[w->from]) /* its label is typed */
        item->key = w->items[i].at[w->from];
    if (!w->items[i].wanted) {
        err_note_set(&item->reason, why);
        transfer_leave_out(t);
        return;
    }
    item->route = ROUTE_REMOVED;
    err_set(&reason, ERR_NONE,
            w->items[i].gone ? "an interrupted removal has destroyed it"
                             : "destroyed on the %s, kept on the %s",
            side_name(w->from), side_name(w->keeper));
    err_note_set(&item->reason, &reason);
    if (w->items[i].gone)
        return;
    w->to_remove += !item->companion_of;
    *(item->companion_of ? &w->c->plan.companions : &w->c->plan.movable) += 1;
}

/* As in the report of the migration: the name is that on the destination. */
static void put_name(const struct removal_key *of, struct event *e)
{
    const struct plan_name to = plan_name_of(&of->was);

    if (!of->renamed)
        return;
    e->planned.desc = plan_named(&e->planned.desc, &to);
    e->planned.renamed = true;
    e->planned.from_label_len = of->from.label_len;
    e->planned.from_id_len = of->from.id_len;
    memcpy(e->planned.from_label, of->from.label, sizeof e->planned.from_label);
    memcpy(e->planned.from_id, of->from.id, sizeof e->planned.from_id);
}

static bool emit_item(struct removal_walk *w, size_t i, struct err *err)
{
    const struct plan_item *item = &w->c->plan.items[i];
    struct event e = {.kind = EVENT_PLANNED, .side = SIDE_SOURCE, .key = (uint32_t)i + 1};
    enum hsm_proof proof = 0;

    e.planned.desc = *item->key;
    put_name(w->items[i].of, &e);
    redact_kcv(&e.planned.desc);
    e.planned.plan = w->c->narrator.plan;
    e.planned.want_flags = item->key->flags;
    e.planned.route = item->route;
    e.planned.refused = item->reason.code;
    e.planned.explicit = true;
    e.planned.kept = w->items[i].gone;
    e.planned.companion_of = (uint32_t)item->companion_of;
    text_cut(e.planned.reason, sizeof e.planned.reason, err_note_get(&item->reason).what);
    while (proof < HSM_PROOFS && !(item->proofs & 1U << proof))
        proof++;
    if (item->route == ROUTE_REMOVED)
        text_cut(e.planned.proof, sizeof e.planned.proof,
                 proof < HSM_PROOFS ? hsm_proof_name(proof) : "check value");
    return emit_event(&w->c->narrator, &e, err);
}

/* The reason of the first key that the report calls migrated. */
static bool nothing_is_left(const struct removal_walk *w, struct err *err)
{
    size_t first = 0;
    char label[KEY_LABEL_TEXT];

    while (first < w->job->count && w->job->keys[first].refused[0])
        first++;
    if (first == w->job->count)
        first = 0;
    if (w->job->count == 0)
        return err_set(err, ERR_DENIED, "the report names no key");
    const struct err reason = err_note_get(&w->c->plan.items[first].reason);
    err_set(err, reason.code == ERR_NONE ? ERR_DENIED : reason.code, "%.60s: %s",
            key_label_text(&w->job->keys[first].was, label), reason.what);
    err_now(err, "Nothing was destroyed");
    return err_next(err, w->job->count == 1 ? "Look at both tokens before you try again"
                                            : "No other key of the report can be removed either: "
                                              "read the reason next to each of them");
}

bool removal_plan_unseen(struct removal_walk *w, struct err *err)
{
    struct err why;
    bool ok;

    w->c->narrator.plan++;
    ok = add_items(w, err);
    err_set(&why, ERR_STOPPED, "nobody looked for it: the removal ended before");
    for (size_t i = 0; ok && i < w->job->count; i++) {
        w->items[i].gone = w->items[i].wanted = w->items[i].of->begun;
        settle(w, i, &why);
        ok = emit_item(w, i, err);
    }
    return ok;
}

bool removal_plan(struct removal_walk *w, struct err *err)
{
    struct names names[2] = {{0}};
    bool ok = names_make(&w->c->side[SIDE_SOURCE].keys, &names[SIDE_SOURCE], err) &&
              names_make(&w->c->side[SIDE_DESTINATION].keys, &names[SIDE_DESTINATION], err);
    bool any = false;

    w->c->narrator.plan++;
    ok = ok && add_items(w, err);
    for (size_t i = 0; ok && i < w->job->count; i++) {
        struct err why = {0};
        w->items[i].wanted = judge(w, names, i, &why);
        if (why.code == ERR_GONE)
            ok = false, *err = why;
        settle(w, i, &why);
        any |= w->items[i].wanted;
    }
    for (size_t i = 0; ok && i < w->job->count; i++)
        ok = emit_item(w, i, err);
    for (size_t i = 0; ok && i < w->job->count; i++) {
        struct removal_item *item = &w->items[i];
        struct err why = {0};
        if (!item->wanted || item->gone || key_is_public_class(&item->of->was) ||
            check_values(w, i, &why))
            continue;
        *err = why; /* the officers must know of it before any key is destroyed */
        err->code = why.code == ERR_DATA ? ERR_CONFLICT : why.code;
        ok = err_now(err, "Nothing was destroyed");
    }
    names_free(&names[SIDE_SOURCE]);
    names_free(&names[SIDE_DESTINATION]);
    return ok && (any || w->job->left[0] || nothing_is_left(w, err));
}
