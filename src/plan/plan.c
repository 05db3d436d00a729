/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "hsm/wrap_alg.h"
#include "plan/derived_key.h"
#include "plan/limits.h"
#include "plan/name_index.h"
#include "plan/provable.h"

/* The data on which the verdict on a key depends. */
struct judge {
    const struct policy *policy;
    const struct suite *suite;
    struct names source;
    struct names destination;
};

enum { SECRET_MAX = 4096 }; /* octets; no known HSM has longer secrets */

static bool check_names(const struct judge *judge, const struct plan_item *item, struct err *err)
{
    const struct key_desc *key = item->key, *other, listed = plan_item_listed(item);

    if (item->there)
        return err_set(err, ERR_CONFLICT, "there already: the same %s (by %s)",
                       key_is_movable_class(key) ? "key" : "object", item->there);
    if (names_same(&judge->source, &listed) > 1)
        return err_set(err, ERR_CONFLICT, "two keys on the source bear this label and id");
    other = names_taken(&judge->destination, key);
    if (!other)
        return true;
    if (key->has_public && other->has_public &&
        memcmp(key->spki_sha256, other->spki_sha256, sizeof key->spki_sha256) == 0)
        return err_set(err, ERR_CONFLICT, "there already: the same key (by its public half)");
    return err_set(err, ERR_CONFLICT, "its label or id is taken on the destination%s",
                   key->has_public && other->has_public ? " by another key" : "");
}

static bool keeps_templates(const struct judge *judge, const struct key_desc *key, struct err *err)
{
    for (enum key_template_use use = 0; use < KEY_TEMPLATES; use++) {
        const struct key_template *template = &key->constraints.templates[use];
        char text[KEY_TEMPLATE_TEXT];
        if (judge->suite->lost_templates & 1U << use && key_template_is_set(template))
            return err_set(err, ERR_DENIED,
                           "the destination has no %s, so this one would get lost: %.80s",
                           key_template_name(use), key_template_text(template, text));
    }
    return true;
}

static bool fits_directly(const struct suite *suite, const struct key_desc *key, struct err *why)
{
    if (key->class == KEY_CLASS_PRIVATE)
        return err_set(why, ERR_UNSUPPORTED,
                       "unsupported here: no envelope that both sides speak carries a private "
                       "key, and it does not fit under the transport key itself");
    if (key->length > suite->direct_max)
        return err_set(why, ERR_DATA,
                       "%u bytes: the envelope would pad them, and %u is the most that fits under "
                       "the transport key itself",
                       key->length, suite->direct_max);
    return true;
}

/* The encoded length of a private key is not known in advance; cipher keys always have a length
 * that fits. */
static bool fits_envelope(const struct wrap_option *option, const struct key_desc *key,
                          struct err *why)
{
    const struct wrap_alg *alg = wrap_alg(option->alg);
    bool generic = key_kind_is(key->kind, KEY_FAMILY_VALUE);
    bool whole = key->length > 0 && key->length % alg->block == 0;

    if (alg->exact_length == WRAP_LENGTH_MULTIPLE &&
        (key->class == KEY_CLASS_PRIVATE ||
         (generic && wrap_ciphertext_len(option->alg, key->length, 0) == 0)))
        return err_set(why, ERR_DATA, "%s carries multiples of %u bytes only", alg->name,
                       alg->block);
    if (alg->exact_length == WRAP_LENGTH_ASK && generic && !whole &&
        !(key->length > 0 && option->exact))
        return err_set(why, ERR_DATA, "%s would pad it", alg->name);
    return true;
}

/* The same of a key that leaves as a file. */
static void go_to_service(const struct suite *suite, struct plan_item *item, struct err *reason)
{
    const char *title = suite->service->title;
    char *text = reason->what;
    size_t size = sizeof reason->what;
    size_t len =
        item->route == ROUTE_DIRECT
            ? text_print(text, size, "directly under the wrapping key of %s", title)
            : text_print(text, size, "under an AES key, under the wrapping key of %s", title);

    if (item->route == ROUTE_DIRECT && item->key->length == 0)
        text_print(text + len, size - len, "; its length is not known, and at most %u bytes fit",
                   limits_direct(suite));
    if (item->route == ROUTE_ENVELOPE && item->key->class == KEY_CLASS_PRIVATE && suite->pads)
        text_print(text + len, size - len, "; %s", service_pads);
}

/* Sets how the key is migrated, and why no stronger option is used. */
static void go(const struct suite *suite, struct plan_item *item, const struct wrap_option *option,
               struct err *reason)
{
    char *text = reason->what;
    size_t size = sizeof reason->what;

    item->route = option->route;
    item->alg = option->alg;
    if (suite->service)
        go_to_service(suite, item, reason);
    else if (wrap_alg(option->alg)->family == WRAP_RSA_AES)
        snprintf(text, size, "in one blob, under a fresh AES key: %s",
                 option == suite->options ? "there is no common envelope" : "no stronger way fits");
    else if (option->route == ROUTE_DIRECT && item->key->length == 0)
        snprintf(text, size,
                 "directly under the transport key: its length is not known, this keeps it up to "
                 "%u bytes; a longer one would fail",
                 limits_direct(suite));
    else if (option->route == ROUTE_DIRECT)
        snprintf(text, size, "directly under the transport key: %s",
                 option == suite->options ? "there is no common envelope"
                                          : "the envelope would pad it");
    else
        snprintf(text, size, "in the AES envelope%s%s%s", option == suite->options ? "" : ", ",
                 option == suite->options ? "" : hsm_alg_name(option->alg),
                 suite_is_weak(option->alg) ? ": NO INTEGRITY" : "");
}

/* Was a key like this one migrated with this option, as far as the canary tried and must try it? */
static bool canary_lives(const struct judge *judge, const struct wrap_option *option,
                         const struct key_desc *key, struct err *why)
{
    const struct trial *trial = suite_trial(judge->suite, key, option->alg);

    if (trial && trial->state == CANARY_FAILED)
        return err_set(why, trial->unsupported ? ERR_UNSUPPORTED : ERR_HSM, "canary: %s",
                       trial->reason);
    if (trial && trial->state == CANARY_IMPOSSIBLE && judge->policy->canary == CANARY_REQUIRED) {
        err_set(why, ERR_HSM, "no canary, which the policy requires: %s", trial->reason);
        return err_next(why,
                        "To migrate it without a canary, set canary: when-possible in the policy.");
    }
    return true;
}

static bool choose_route(const struct judge *judge, struct plan_item *item, struct err *reason)
{
    const struct suite *suite = judge->suite;
    const struct key_desc *key = item->key;
    struct err why = {0}, direct = {0}, canary = {0}, service = {0};

    if (key->length > SECRET_MAX)
        return err_set(reason, ERR_DATA, "%u bytes are too long for the envelope", key->length);
    for (unsigned i = 0; i < suite->option_count; i++) {
        const struct wrap_option *option = &suite->options[i];
        if (suite->service && !service_takes(suite->service, key, option->route, &service))
            continue;
        if (!(wrap_alg(option->alg)->family == WRAP_RSA_OAEP ? fits_directly(suite, key, &direct)
                                                             : fits_envelope(option, key, &why)))
            continue;
        if (canary_lives(judge, option, key, &canary)) {
            go(suite, item, option, reason);
            return true;
        }
    }
    *reason = canary.code != ERR_NONE   ? canary
              : direct.code != ERR_NONE ? direct
              : why.code != ERR_NONE    ? why
                                        : service;
    return false;
}

/* Without a proof, the only evidence for a key is that its envelope could be opened. */
static bool has_floor(const struct plan_item *item, struct err *reason)
{
    size_t len = strlen(reason->what);

    if (suite_is_weak(item->alg))
        return err_set(reason, ERR_DATA,
                       "nothing can prove it, and the envelope does not protect integrity");
    snprintf(reason->what + len, sizeof reason->what - len,
             "; UNPROVEN: that it opens is all that vouches for it");
    return true;
}

/* Before the review, public halves were not searched for beyond what the HSM itself reports. */
static bool has_half(const struct plan_item *item, struct err *why)
{
    return !key_needs_public(item->key) || !item->sought ||
           err_set(why, ERR_DATA, "%s, so the copy could not be proven", item->half_text);
}

/* Adds the origin of a public half that the HSM did not report with the key. */
static void add_half(const struct plan_item *item, struct err *reason)
{
    size_t len = strlen(reason->what);
    const char *text = key_needs_public(item->key) && !item->unproven
                           ? "its public half is looked for at the review"
                           : item->half_text;

    if (text[0])
        snprintf(reason->what + len, sizeof reason->what - len, "; %s", text);
}

/* Adds its name on the source, if it arrives under another one. */
static void add_from(const struct plan_item *item, struct err *reason)
{
    const struct key_desc listed = plan_item_listed(item);
    size_t len = strlen(reason->what);
    char label[KEY_LABEL_TEXT];

    if (item->from)
        text_print(reason->what + len, sizeof reason->what - len, "; on the source it is %s",
                   key_label_text(&listed, label));
}

bool plan_may_leave(const struct key_desc *key, struct err *reason)
{
    return key_is_public_class(key) ? policy_public_may_go(key, reason)
                                    : policy_may_leave(key, reason);
}

static bool explain_unproven(const struct judge *judge, const struct key_desc *key,
                             struct err *reason)
{
    return judge->suite->returned && !key->has_public
               ? err_set(reason, ERR_UNSUPPORTED,
                         "nothing that came by another way proves it, and the policy has no "
                         "\"unproven: waiver\"")
               : provable_explain(judge->suite, key, reason);
}

/* A copy that both HSMs can prove before anything of it is changed. */
static bool judge_copy(const struct judge *judge, struct plan_item *item, struct err *reason)
{
    char changes[TIGHTENING_TEXT];

    item->proofs = provable_by(judge->suite, item->key);
    item->unproven = false;
    if (item->proofs == 0 || !has_half(item, reason))
        return check_names(judge, item, reason);
    item->route = ROUTE_ALIGNED;
    text_print(reason->what, sizeof reason->what, "set there: %s; the same key (by %s)",
               tightening_text(&item->align->to, changes), item->there);
    return true;
}

/* Its name must be free on both sides: an object of this name would be taken for it. */
static bool has_free_name(const struct judge *judge, const struct key_desc *key, struct err *err)
{
    return (!names_taken(&judge->source, key) ||
            err_set(err, ERR_CONFLICT, "the label or id of the new key is taken on the source")) &&
           (!names_taken(&judge->destination, key) ||
            err_set(err, ERR_CONFLICT,
                    "the label or id of the new key is taken on the destination"));
}

/* A new key, next to the one that was chosen. The ceremony that makes it carries no other. */
static bool judge_derived(const struct judge *judge, const struct plan *plan,
                          struct plan_item *item, struct err *reason)
{
    char label[KEY_LABEL_TEXT];

    if (plan && item != plan->items)
        return err_set(reason, ERR_DENIED, "this ceremony derives one new key and carries none");
    if (!derived_key_item(judge->suite->derived, item, reason))
        return false;
    const struct key_desc old = plan_item_listed(item);
    item->alg = judge->suite->transport;
    item->proofs = provable_by(judge->suite, item->key);
    if (item->proofs == 0)
        return provable_explain(judge->suite, item->key, reason);
    if (!limits_allow(&judge->suite->limits, item->key, reason) ||
        !has_free_name(judge, item->key, reason))
        return false;
    item->route = ROUTE_DERIVED;
    text_print(reason->what, sizeof reason->what,
               "a NEW key, derived on both HSMs, next to %.120s, which stays as it is",
               key_label_text(&old, label));
    return true;
}

/* Reasons that cannot be remedied come first: names and public halves are checked last. */
static bool judge_key(const struct judge *judge, struct plan_item *item, struct err *reason)
{
    if (item->there && item->align)
        return judge_copy(judge, item, reason);
    if (!policy_may_leave(item->key, reason) ||
        !limits_allow(&judge->suite->limits, item->key, reason) ||
        !limits_keep(judge->suite, item->key, item->want_flags, reason) ||
        !keeps_templates(judge, item->key, reason))
        return false;
    item->proofs = provable_by(judge->suite, item->key);
    if (judge->suite->returned && !item->key->has_public)
        item->proofs = 0;
    item->unproven = item->proofs == 0 && !judge->suite->service;
    if (item->unproven && !judge->policy->waive_unproven)
        return explain_unproven(judge, item->key, reason);
    if (!check_names(judge, item, reason) || !has_half(item, reason) ||
        !choose_route(judge, item, reason) || (item->unproven && !has_floor(item, reason)))
        return false;
    add_half(item, reason);
    add_from(item, reason);
    return true;
}

/* Several certificates of a key may have its id, for example after a renewal; other names must be
 * free, as those of keys must. */
static bool check_public_names(const struct judge *judge, const struct plan_item *item,
                               struct err *err)
{
    const struct key_desc *key = item->key;

    if (key->class != KEY_CLASS_CERTIFICATE || item->there)
        return check_names(judge, item, err);
    const struct key_desc listed = plan_item_listed(item);
    if (names_same(&judge->source, &listed) > 1)
        return err_set(err, ERR_CONFLICT, "two certificates on the source bear this label and id");
    return names_same(&judge->destination, key) == 0 ||
           err_set(err, ERR_CONFLICT,
                   "the destination has a certificate with this label and id already");
}

/* owner: the private key that it accompanies; NULL: it was selected itself. */
static bool judge_public(const struct judge *judge, struct plan_item *item,
                         const struct plan_item *owner, struct err *reason)
{
    if (judge->suite->service)
        return err_set(reason, ERR_UNSUPPORTED, "%s takes no public object as a file",
                       judge->suite->service->title);
    if (owner && owner->route == ROUTE_NONE)
        return err_set(reason, ERR_CONFLICT, "its private key cannot be migrated");
    if (!policy_public_may_go(item->key, reason) ||
        (item->key->class == KEY_CLASS_PUBLIC &&
         !limits_allow(&judge->suite->limits, item->key, reason)) ||
        !keeps_templates(judge, item->key, reason) || !check_public_names(judge, item, reason))
        return false;
    /* public_objects_judge() checks the public key in a certificate: one wrong answer must not cost
     * it. */
    if (owner && item->key->class == KEY_CLASS_PUBLIC && item->key->has_public &&
        memcmp(item->key->spki_sha256, owner->key->spki_sha256, sizeof owner->key->spki_sha256) !=
            0)
        return err_set(reason, ERR_CONFLICT, "it bears the private key's %s and is another key's",
                       key_same_id(item->key, owner->key) ? "id" : "label");
    item->route = ROUTE_PUBLIC;
    item->proofs = 1U << HSM_PROOF_BYTES;
    snprintf(reason->what, sizeof reason->what, "as it is: it is public");
    return true;
}

/* Always false. */
static bool refuse_older(const struct plan *plan, const struct plan_item *item, struct err *reason)
{
    char label[KEY_LABEL_TEXT];

    return err_set(reason, ERR_DENIED, "an older version: the policy takes the newest, %.120s",
                   key_label_text(plan->items[item->newer - 1].key, label));
}

static void judge_item(const struct judge *judge, const struct plan *plan, struct plan_item *item)
{
    const struct plan_item *owner =
        item->companion_of ? &plan->items[item->companion_of - 1] : NULL;
    bool public = key_is_public_class(item->key);

    struct err reason = {0};

    item->want_flags =
        public ? policy_public_flags(item->key) : policy_want_flags(judge->policy, item->key);
    if (judge->suite->derived ? !judge_derived(judge, plan, item, &reason)
        : item->newer         ? !refuse_older(plan, item, &reason)
        : public              ? !judge_public(judge, item, owner, &reason)
                              : !judge_key(judge, item, &reason))
        item->route = ROUTE_NONE;
    err_note_set(&item->reason, &reason);
}

bool plan_add(struct plan *plan, const struct plan_item *item, struct err *err)
{
    struct plan_item *items;

    /* The array grows in powers of two, so count alone shows when. */
    if ((plan->count & (plan->count - 1)) == 0) {
        items = reallocarray(plan->items, plan->count ? 2 * plan->count : 1, sizeof *items);
        if (!items) {
            plan_item_free(item);
            return err_set(err, ERR_FAILED, "no memory for a plan of %zu keys", plan->count);
        }
        plan->items = items;
    }
    plan->items[plan->count++] = *item;
    return true;
}

bool plan_rename_companions(struct plan *plan, struct err *err)
{
    for (size_t i = 0; i < plan->count; i++) {
        struct plan_item *item = &plan->items[i];
        const struct plan_item *owner =
            item->companion_of ? &plan->items[item->companion_of - 1] : NULL;
        if (!owner || !owner->from)
            continue;
        const struct key_desc was = plan_item_listed(owner);
        struct plan_name to = plan_name_of(owner->key), is = plan_name_of(item->key);
        const bool label = key_same_label(&was, item->key), id = key_same_id(&was, item->key);
        if (!label && !id)
            continue;
        if (!label) {
            to.label_len = is.label_len;
            memcpy(to.label, is.label, sizeof to.label);
        }
        if (!id) {
            to.id_len = is.id_len;
            memcpy(to.id, is.id, sizeof to.id);
        }
        if (!plan_item_rename(item, &to, err))
            return false;
    }
    return true;
}

void plan_key_moved(struct plan *plan, const struct key_desc *from, const struct key_desc *to)
{
    for (size_t i = 0; i < plan->count; i++)
        if (plan->items[i].key == from)
            plan->items[i].key = to;
}

static int compare_ids(const void *a, const void *b)
{
    const struct key_desc *x = (*(const struct plan_item *const *)a)->key;
    const struct key_desc *y = (*(const struct plan_item *const *)b)->key;

    if (x->class != y->class)
        return x->class < y->class ? -1 : 1;
    if (x->id_len != y->id_len)
        return x->id_len < y->id_len ? -1 : 1;
    return memcmp(x->id, y->id, sizeof x->id);
}

static void refuse_twin(struct plan_item *item, const char *why)
{
    struct err reason;

    err_set(&reason, ERR_CONFLICT, "%s", why);
    err_note_set(&item->reason, &reason);
    item->route = ROUTE_NONE;
}

static int compare_arrivals(const void *a, const void *b)
{
    const struct key_desc *x = (*(const struct plan_item *const *)a)->key;
    const struct key_desc *y = (*(const struct plan_item *const *)b)->key;

    if (x->class != y->class)
        return x->class < y->class ? -1 : 1;
    if (x->label_len != y->label_len)
        return x->label_len < y->label_len ? -1 : 1;
    return memcmp(x->label, y->label, sizeof x->label);
}

/* A key that arrives under another label must not get one that another key of the plan has. */
static bool refuse_namesakes(struct plan *plan, struct err *err)
{
    struct plan_item **by_label = calloc(plan->count + 1, sizeof(struct plan_item *));
    size_t count = 0;

    if (!by_label)
        return err_set(err, ERR_FAILED, "no memory for the labels of %zu keys", plan->count);
    for (size_t i = 0; i < plan->count; i++)
        if (plan->items[i].route != ROUTE_NONE && plan->items[i].key->label_len > 0 &&
            !plan->items[i].companion_of)
            by_label[count++] = &plan->items[i];
    if (count > 1)
        qsort(by_label, count, sizeof *by_label, compare_arrivals);
    for (size_t i = 1; i < count; i++)
        if (compare_arrivals(&by_label[i - 1], &by_label[i]) == 0)
            for (size_t j = i - 1; j <= i; j++)
                if (by_label[j]->from)
                    refuse_twin(by_label[j], "another chosen key arrives under this label");
    free(by_label);
    return true;
}

static bool renames(const struct plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        if (plan->items[i].from)
            return true;
    return false;
}

/* The officers must decide which of two keys with one id is kept. Certificates with one id can
 * exist side by side everywhere. */
static bool refuse_rivals(struct plan *plan, struct err *err)
{
    static const char twin_id[] =
        "another chosen key has its id, and the destination keeps one key of each: choose one";
    struct plan_item **by_id = calloc(plan->count + 1, sizeof(struct plan_item *));
    size_t count = 0;

    if (!by_id)
        return err_set(err, ERR_FAILED, "no memory for the ids of %zu keys", plan->count);
    for (size_t i = 0; i < plan->count; i++)
        if (plan->items[i].route != ROUTE_NONE && plan->items[i].key->id_len > 0 &&
            plan->items[i].key->class != KEY_CLASS_CERTIFICATE)
            by_id[count++] = &plan->items[i];
    if (count > 1)
        qsort(by_id, count, sizeof *by_id, compare_ids);
    for (size_t i = 1; i < count; i++)
        if (compare_ids(&by_id[i - 1], &by_id[i]) == 0) {
            refuse_twin(by_id[i - 1], twin_id);
            refuse_twin(by_id[i], twin_id);
        }
    free(by_id);
    return true;
}

static bool judge_each(const struct policy *policy, const struct suite *suite,
                       const struct key_list *source, const struct key_list *destination,
                       struct plan *plan, struct err *err)
{
    struct judge judge = {.policy = policy, .suite = suite};
    bool ok =
        names_make(source, &judge.source, err) && names_make(destination, &judge.destination, err);

    for (size_t i = 0; ok && i < plan->count; i++)
        judge_item(&judge, plan, &plan->items[i]);
    names_free(&judge.source);
    names_free(&judge.destination);
    return ok;
}

static void count_going(struct plan *plan)
{
    plan->movable = plan->companions = 0;
    for (size_t i = 0; i < plan->count; i++)
        *(plan->items[i].companion_of ? &plan->companions : &plan->movable) +=
            plan->items[i].route != ROUTE_NONE;
}

bool plan_judge(const struct policy *policy, const struct suite *suite,
                const struct key_list *source, const struct key_list *destination,
                struct plan *plan, struct err *err)
{
    bool ok = judge_each(policy, suite, source, destination, plan, err) &&
              (!renames(plan) || refuse_namesakes(plan, err)) &&
              (!suite->one_per_id || refuse_rivals(plan, err));

    count_going(plan);
    return ok;
}

static struct plan_verdict verdict_on(const struct judge *judge, const struct key_desc *key)
{
    struct plan_item item = {.key = key};

    judge_item(judge, NULL, &item);
    return (struct plan_verdict){key->handle, item.route != ROUTE_NONE, item.reason};
}

bool plan_verdicts(const struct policy *policy, const struct suite *suite,
                   const struct key_list *source, const struct key_list *destination,
                   struct plan_verdicts *out, struct err *err)
{
    struct judge judge = {.policy = policy, .suite = suite};
    bool ok =
        names_make(source, &judge.source, err) && names_make(destination, &judge.destination, err);

    *out = (struct plan_verdicts){calloc(source->count + 1, sizeof *out->at), 0};
    if (ok && !out->at)
        ok = err_set(err, ERR_FAILED, "no memory for the verdicts on %zu keys", source->count);
    while (ok && out->count < source->count) {
        out->at[out->count] = verdict_on(&judge, &source->keys[out->count]);
        out->count++;
    }
    names_free(&judge.source);
    names_free(&judge.destination);
    if (!ok)
        plan_verdicts_free(out);
    return ok;
}

void plan_verdicts_free(struct plan_verdicts *verdicts)
{
    for (size_t i = 0; i < verdicts->count; i++)
        err_note_free(&verdicts->at[i].reason);
    free(verdicts->at);
    *verdicts = (struct plan_verdicts){0};
}

void plan_free(struct plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        plan_item_free(&plan->items[i]);
    free(plan->items);
    free(plan->read);
    *plan = (struct plan){0};
}
