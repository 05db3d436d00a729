/* SPDX-License-Identifier: Apache-2.0 */
/* What accept will do with each record of the bundle. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ceremony/accept_parts.h"
#include "ceremony/cut_off.h"
#include "ceremony/demands.h"
#include "plan/name_index.h"
#include "transfer/public_object.h"

struct accept *accept_of(const struct visit_walk *v)
{
    return v->own_data;
}

const struct sealed_bundle *accept_bundle(const struct visit_walk *v)
{
    return accept_of(v)->bundle;
}

enum sealed_stage accept_stage(const struct visit_walk *v)
{
    return accept_of(v)->stage;
}

/* --- the plan --- */

/* What the source can do is what its bundle shows. */
static void assume_source(struct hsm_capabilities *caps, const char *where, bool one_blob)
{
    *caps = (struct hsm_capabilities){.proofs = (uint32_t)((UINT64_C(1) << HSM_PROOFS) - 1),
                                      .exact_length = HSM_YES};
    for (enum hsm_alg alg = 0; alg < HSM_ALGS; alg++) {
        caps->evidence.wrap = true;
        caps->alg[alg].wrap = !one_blob || wrap_alg(alg)->family == WRAP_RSA_AES;
        text_print(caps->alg[alg].wrap_call, sizeof caps->alg[alg].wrap_call, "%s", where);
    }
}

bool accept_negotiate(struct visit_walk *v, const struct policy *policy, bool one_blob,
                      struct err *err)
{
    struct ceremony *c = v->c;
    const struct agreement on = agreement_of(c);
    struct policy by_rsa = *policy;

    if (!policy_allows_transport(policy, TRANSPORT_RSA_OAEP)) {
        err_set(err, ERR_CONFIG, "the policy allows no transport of a file");
        return err_next(err, "Files have RSA-OAEP alone: allow it under \"transports\" in the "
                             "ceremony file, without \"post-quantum: required\".");
    }
    policy_rsa_only(&by_rsa);
    assume_source(&c->side[SIDE_SOURCE].caps,
                  v->job->arrival || v->job->makes_pem ? "by the key service" : "in the other room",
                  one_blob);
    if (!negotiate(&by_rsa, &c->side[SIDE_SOURCE].caps, &v->own->caps, &c->suite, err))
        return false;
    c->suite.returned = v->job->arrival != NULL;
    return emit_own(&c->narrator, &on, v->side, err);
}

/* May it be carried in this way? */
bool accept_is_allowed(const struct visit_walk *v, const struct record *record)
{
    const struct suite *suite = &v->c->suite;

    if (record->route == ROUTE_PUBLIC || record->alg >= SEALED_ALG_NONE)
        return record->route == ROUTE_PUBLIC && record->alg >= SEALED_ALG_NONE;
    if (record->route == ROUTE_DIRECT && wrap_alg(record->alg)->family == WRAP_RSA_AES)
        return policy_allows(&v->c->setup.policy, record->alg) &&
               v->own->caps.alg[record->alg]
                   .unwrap; /* what else the source can do does not matter */
    for (unsigned i = 0; i < suite->option_count; i++)
        if (suite->options[i].route == record->route && suite->options[i].alg == record->alg)
            return true;
    return false;
}

static int compare_numbers(const void *number, const void *record)
{
    const uint64_t wanted = *(const uint64_t *)number, is = ((const struct record *)record)->number;

    return (wanted > is) - (wanted < is);
}

struct record *accept_record_of(const struct accept *a, uint64_t number)
{
    return a->count ? bsearch(&number, a->records, a->count, sizeof *a->records, compare_numbers)
                    : NULL;
}

static void refuse(struct visit_walk *v, struct plan_item *item, enum err_code code,
                   const char *why)
{
    const bool kept = v->c->transfers.at[item - v->c->plan.items].final != 0; /* is not counted */

    struct err err;

    if (item->route == ROUTE_NONE)
        return;
    err_set(&err, code, "%s", why);
    err_note_set(&item->reason, &err);
    item->route = ROUTE_NONE;
    if (!kept)
        --*(item->companion_of ? &v->c->plan.companions : &v->c->plan.movable);
}

/* Connects the plan with the records: each key is carried as its record says, if that may be. */
static void join(struct visit_walk *v)
{
    struct accept *a = accept_of(v);
    struct ceremony *c = v->c;

    for (size_t i = 0; i < c->plan.count; i++) {
        struct plan_item *item = &c->plan.items[i];
        struct record *record = accept_record_of(a, item->key->handle);
        if (!record || (record->role == SEALED_COMPANION) != (item->companion_of != 0)) {
            refuse(v, item, ERR_UNSUPPORTED, "it is not in the bundle");
            continue;
        }
        record->transfer = &c->transfers.at[i];
        if (item->route == ROUTE_NONE)
            continue;
        if (item->route != ROUTE_PUBLIC && record->evidence.proof >= HSM_PROOFS) {
            item->unproven = v->c->setup.policy.waive_unproven && !suite_is_weak(record->alg);
            item->proofs = 0;
        }
        if (record->evidence.proof >= HSM_PROOFS && !item->unproven) {
            refuse(v, item, ERR_UNSUPPORTED, "nothing in the bundle proves it");
            continue;
        }
        if (!accept_is_allowed(v, record) || item->want_flags != record->want_flags ||
            (record->route == ROUTE_PUBLIC) != (item->route == ROUTE_PUBLIC)) {
            refuse(v, item, ERR_DATA, "the bundle carries it in a way that was not planned");
            continue;
        }
        item->route = record->route;
        if (item->route != ROUTE_PUBLIC)
            item->alg = record->alg;
    }
}

/* --- a visit that was cut off --- */

/* Sorted names: of the journal of that visit, and of the token. */
struct search {
    struct names before, there;
};

static bool search_make(const struct visit_walk *v, struct search *search, struct err *err)
{
    return !v->c->setup.interrupted ||
           (names_make(&v->c->setup.interrupted->descs, &search->before, err) &&
            names_make(&v->own->keys, &search->there, err));
}

static void search_free(struct search *search)
{
    names_free(&search->before);
    names_free(&search->there);
}

/* Its commit was announced. */
static bool was_intended(const struct visit_walk *v, const struct search *search,
                         const struct key_desc *key)
{
    const struct interrupted_ceremony *before = v->c->setup.interrupted;
    const struct key_desc *found = before ? names_only(&search->before, key) : NULL;

    return found && before->keys[found - before->descs.keys].intended;
}

static bool is_left(const struct visit_walk *v, const struct key_desc *key)
{
    return v->c->setup.interrupted && cut_off_left(v->c, v->side, key);
}

/* The objects whose names are taken: not those that the visit that was cut off may have made. */
static bool list_others(const struct visit_walk *v, const struct search *search,
                        struct key_list *others, struct err *err)
{
    for (size_t i = 0; i < v->own->keys.count; i++) {
        const struct key_desc *key = &v->own->keys.keys[i];
        if (!is_left(v, key) && !was_intended(v, search, key) && !key_list_add(others, key))
            return err_set(err, ERR_FAILED, "no memory for %zu keys", v->own->keys.count);
    }
    return true;
}

bool accept_sweep_left(struct visit_walk *v, struct err *err)
{
    return !v->c->setup.interrupted || cut_off_sweep(v->c, v->side, err);
}

/* Finds what was kept before: its name is that of the plan, and its commit was announced. */
static void find_kept(struct visit_walk *v, const struct search *search)
{
    struct ceremony *c = v->c;

    for (size_t i = 0; c->setup.interrupted && i < c->transfers.count; i++) {
        const struct plan_item *item = &c->plan.items[i];
        if (item->route == ROUTE_NONE || !was_intended(v, search, item->key) ||
            names_same(&search->there, item->key) != 1)
            continue;
        c->transfers.at[i].final = names_only(&search->there, item->key)->handle;
        --*(item->companion_of ? &c->plan.companions : &c->plan.movable);
    }
}

bool accept_make_plan(struct visit_walk *v, struct err *err)
{
    struct ceremony *c = v->c;
    const struct accept *a = accept_of(v);
    const struct agreement on = agreement_of(c);
    uint64_t *handles = calloc(a->count + 1, sizeof *handles);
    struct selection selection = {.handles = handles};
    struct key_list others = {0};
    struct search search = {0};
    bool ok = handles || err_set(err, ERR_FAILED, "no memory for the keys of a bundle");

    c->narrator.plan++;
    for (size_t i = 0; ok && i < a->count; i++)
        if (a->records[i].role == SEALED_KEY)
            handles[selection.handle_count++] = a->records[i].number;
    ok = ok && search_make(v, &search, err) && list_others(v, &search, &others, err) &&
         plan_review(c, &others, &selection, err) &&
         public_objects_judge(c->side[SIDE_SOURCE].hsm, &c->plan, err) &&
         transfers_make(&c->plan, &c->transport, &c->transfers, err);
    if (ok) {
        find_kept(v, &search);
        join(v);
        for (size_t i = 0; i < c->transfers.count; i++)
            if (c->plan.items[i].route == ROUTE_NONE)
                transfer_leave_out(&c->transfers.at[i]);
        ok = emit_plan(&c->narrator, &on, &c->plan, &c->transfers, err);
    }
    search_free(&search);
    key_list_free(&others);
    free(handles);
    return ok;
}
