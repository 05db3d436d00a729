/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/companion.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "base/text.h"
#include "hsm/spki.h"
#include "plan/name_index.h"

/* --- which ones --- */

/* The uses of a public key that correspond to those of its private key. */
static uint32_t public_uses(const struct key_desc *key)
{
    static const uint32_t halves[][2] = {
        {KEY_SIGN, KEY_VERIFY},
        {KEY_SIGN_RECOVER, KEY_VERIFY_RECOVER},
        {KEY_UNWRAP, KEY_WRAP},
        {KEY_DECRYPT, KEY_ENCRYPT},
        {KEY_DECAPSULATE, KEY_ENCAPSULATE},
        {KEY_DERIVE, KEY_DERIVE},
    };
    uint32_t uses = 0;

    for (size_t i = 0; i < sizeof halves / sizeof halves[0]; i++)
        if (key_is(key, halves[i][0]))
            uses |= halves[i][1];
    return uses;
}

bool companion_made_of(const struct plan_item *of, size_t owner, struct plan_item *made,
                       struct err *err)
{
    const struct key_desc *key = of->key;
    struct key_constraints constraints = {.known = key->constraints.known & KEY_SUBJECT,
                                          .subject_len = key->constraints.subject_len};

    memcpy(constraints.subject, key->constraints.subject, sizeof constraints.subject);
    *made = (struct plan_item){.key = key, .half = of->half, .companion_of = owner};
    if (!plan_item_own(made, err))
        return false;
    made->own->class = KEY_CLASS_PUBLIC;
    made->own->flags = public_uses(key);
    made->own->flags_known = KEY_USES;
    if (key->kind != KEY_KIND_ML_KEM) /* which no token reports of other keys */
        made->own->flags_known &= ~(uint32_t)(KEY_ENCAPSULATE | KEY_DECAPSULATE);
    made->own->constraints = constraints;
    return true;
}

/* The data from which the plan is completed. */
struct search {
    struct plan *plan;
    const struct key_list *source;
    struct names names;
    const struct key_desc **halves; /* all objects whose public half is known, by class and half */
    size_t half_count;
    bool *taken; /* for each of the source's objects: it is in the plan */
    bool by_id;
};

static int compare_halves(const void *a, const void *b)
{
    const struct key_desc *x = *(const struct key_desc *const *)a;
    const struct key_desc *y = *(const struct key_desc *const *)b;

    if (x->class != y->class)
        return x->class < y->class ? -1 : 1;
    return memcmp(x->spki_sha256, y->spki_sha256, sizeof x->spki_sha256);
}

/* The objects of this class that hold the public half of key: from *first to before the result. */
static size_t with_half(const struct search *s, const struct key_desc *key, enum key_class class,
                        size_t *first)
{
    struct key_desc like = *key;
    const struct key_desc *wanted = &like;
    const struct key_desc **at, **end;

    like.class = class;
    *first = 0;
    at = key->has_public
             ? bsearch(&wanted, s->halves, s->half_count, sizeof(struct key_desc *), compare_halves)
             : NULL;
    if (!at)
        return 0;
    for (end = at + 1; end < s->halves + s->half_count && compare_halves(end, &wanted) == 0;)
        end++;
    while (at > s->halves && compare_halves(at - 1, &wanted) == 0)
        at--;
    *first = (size_t)(at - s->halves);
    return (size_t)(end - s->halves);
}

static bool add(struct search *s, const struct plan_item *item, const struct key_desc *is,
                struct err *err)
{
    bool *in_plan = &s->taken[is - s->source->keys];

    if (*in_plan)
        return true;
    *in_plan = true;
    return plan_add(s->plan, item, err);
}

/* If the destination matches a key and its certificate by id alone, the object takes the key's id,
 * unless another object would then have the same name. */
static bool join_by_id(const struct search *s, const struct key_desc *key, struct plan_item *item,
                       bool *has_id, struct err *err)
{
    struct key_desc as = *item->key;

    if (!s->by_id || key->id_len == 0 || key_same_id(key, &as) ||
        (as.class == KEY_CLASS_PUBLIC && *has_id))
        return true;
    as.id_len = key->id_len;
    memcpy(as.id, key->id, sizeof as.id);
    if (names_same(&s->names, &as) > 0)
        return true;
    if (!plan_item_own(item, err))
        return false;
    *item->own = as;
    return item->renamed = *has_id = true;
}

/* Adds the objects of one class that hold the key's public half: those with its id come first. */
static bool add_halves(struct search *s, size_t owner, enum key_class class, struct err *err)
{
    const struct key_desc *key = s->plan->items[owner - 1].key;
    bool has_id = false;
    size_t first, end = with_half(s, key, class, &first);

    for (int same = 1; same >= 0; same--)
        for (size_t i = first; i < end; i++) {
            struct plan_item item = {.key = s->halves[i], .companion_of = owner};
            if (key_same_id(key, item.key) != (bool)same)
                continue;
            has_id |= same;
            if ((!s->taken[s->halves[i] - s->source->keys] &&
                 !join_by_id(s, key, &item, &has_id, err)) ||
                !add(s, &item, s->halves[i], err))
                return false;
        }
    return true;
}

/* Does it belong to a selected key, which it will accompany? by_label: it has only the label in
 * common with this key; does it belong to another private key of the source? */
static bool is_anothers(const struct search *s, const struct key_desc *is, bool by_label)
{
    size_t first;

    for (size_t i = 0; is->has_public && i < s->plan->count; i++)
        if (s->plan->items[i].companion_of == 0 &&
            s->plan->items[i].key->class == KEY_CLASS_PRIVATE &&
            s->plan->items[i].key->has_public &&
            memcmp(s->plan->items[i].key->spki_sha256, is->spki_sha256, sizeof is->spki_sha256) ==
                0)
            return s->plan->items[i].route != ROUTE_NONE;
    return by_label && with_half(s, is, KEY_CLASS_PRIVATE, &first) > 0;
}

/* Adds the objects of one class with the key's id or label, whatever public key they hold. */
static bool add_named(struct search *s, size_t owner, enum key_class class, bool by_label,
                      struct err *err)
{
    struct key_desc like = plan_item_listed(&s->plan->items[owner - 1]);
    size_t first, count;

    like.class = class;
    if ((by_label ? like.label_len : like.id_len) == 0)
        return true;
    (by_label ? names_with_label : names_with_id)(&s->names, &like, &first, &count);
    for (size_t i = first; i < first + count; i++) {
        const struct key_desc *is = by_label ? s->names.by_name[i] : s->names.by_id[i];
        if (!s->taken[is - s->source->keys] && !is_anothers(s, is, by_label) &&
            !add(s, &(struct plan_item){.key = is, .companion_of = owner}, is, err))
            return false;
    }
    return true;
}

static bool add_of(struct search *s, size_t owner, struct err *err)
{
    static const enum key_class classes[] = {KEY_CLASS_PUBLIC, KEY_CLASS_CERTIFICATE};
    const struct plan_item key = s->plan->items[owner - 1];
    size_t first;

    if (key.key->class != KEY_CLASS_PRIVATE || key.route == ROUTE_NONE)
        return true;
    for (size_t i = 0; i < 2; i++)
        if (!add_halves(s, owner, classes[i], err) ||
            !add_named(s, owner, classes[i], false, err) ||
            !add_named(s, owner, classes[i], true, err))
            return false;
    if (key_needs_public(key.key) || with_half(s, key.key, KEY_CLASS_PUBLIC, &first) > 0)
        return true;
    struct plan_item made;
    return companion_made_of(&key, owner, &made, err) && plan_add(s->plan, &made, err);
}

/* Which objects of the source are already in the plan; the caller frees the array. */
static bool *mark_chosen(const struct plan *plan, const struct key_list *source)
{
    bool *taken = calloc(source->count + 1, sizeof *taken);
    uint64_t *chosen = calloc(plan->count + 1, sizeof *chosen);

    for (size_t i = 0; chosen && i < plan->count; i++)
        chosen[i] = plan->items[i].key->handle;
    if (chosen)
        qsort(chosen, plan->count, sizeof *chosen, key_compare_handles);
    for (size_t i = 0; taken && chosen && i < source->count; i++)
        taken[i] = bsearch(&source->keys[i].handle, chosen, plan->count, sizeof *chosen,
                           key_compare_handles) != NULL;
    if (!chosen) {
        free(taken);
        taken = NULL;
    }
    free(chosen);
    return taken;
}

static bool search_make(struct search *s, struct err *err)
{
    s->taken = mark_chosen(s->plan, s->source);
    s->halves = calloc(s->source->count + 1, sizeof(struct key_desc *));
    if (!s->taken || !s->halves)
        return err_set(err, ERR_FAILED, "no memory for a plan of %zu keys", s->plan->count);
    for (size_t i = 0; i < s->source->count; i++)
        if (s->source->keys[i].has_public)
            s->halves[s->half_count++] = &s->source->keys[i];
    qsort(s->halves, s->half_count, sizeof(struct key_desc *), compare_halves);
    return names_make(s->source, &s->names, err);
}

bool companion_add(struct plan *plan, const struct key_list *source, bool by_id, struct err *err)
{
    struct search s = {.plan = plan, .source = source, .by_id = by_id};
    size_t keys = plan->count;
    bool ok = search_make(&s, err);

    for (size_t i = 1; ok && i <= keys; i++)
        ok = add_of(&s, i, err);
    names_free(&s.names);
    free(s.halves);
    free(s.taken);
    return ok;
}

/* --- checking them --- */

/* "CN=Root CA 2026,O=Example", in UTF-8; characters that must not be shown are escaped. */
static void subject_words(const X509 *x, char out[EVENT_TEXT_MAX])
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    long len = 0;

    if (bio && X509_NAME_print_ex(bio, X509_get_subject_name(x), 0,
                                  XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) >= 0)
        len = BIO_get_mem_data(bio, &text);
    text_safe(text, len > 0 ? (size_t)len : 0, out, EVENT_TEXT_MAX);
    BIO_free(bio);
}

static EVP_PKEY *key_of(const struct key_desc *key, const struct bytes *der,
                        char subject[EVENT_TEXT_MAX])
{
    const unsigned char *at = der->data;
    EVP_PKEY *pkey = NULL;
    X509 *x;

    if (key->class != KEY_CLASS_CERTIFICATE)
        return spki_read(der);
    x = der->len ? d2i_X509(NULL, &at, (long)der->len) : NULL;
    if (x && at == der->data + der->len) {
        subject_words(x, subject);
        pkey = X509_get_pubkey(x);
    }
    X509_free(x);
    return pkey;
}

bool companion_check(const struct key_desc *key, const struct bytes *der, const struct bytes *owner,
                     char subject[EVENT_TEXT_MAX], struct err *err)
{
    bool certificate = key->class == KEY_CLASS_CERTIFICATE, ok;
    EVP_PKEY *pkey, *of = owner ? spki_read(owner) : NULL;
    uint8_t sha256[SHA256_SIZE];

    subject[0] = '\0';
    SHA256(der->data, der->len, sha256);
    pkey = key_of(key, der, subject);
    if (!pkey)
        ok = err_set(err, ERR_DATA, "it is not one %s in DER",
                     certificate ? "certificate" : "public key");
    else if (owner && (!of || EVP_PKEY_eq(pkey, of) != 1))
        ok = err_set(err, ERR_CONFLICT, "its public key is not the private key's");
    else
        ok = certificate || memcmp(sha256, key->spki_sha256, sizeof sha256) == 0 ||
             err_set(err, ERR_CONFLICT, "it is another public key than was listed");
    EVP_PKEY_free(pkey);
    EVP_PKEY_free(of);
    ERR_clear_error();
    return ok;
}

bool companion_is_refused(enum err_code code)
{
    return code == ERR_DATA || code == ERR_CONFLICT || code == ERR_UNSUPPORTED ||
           code == ERR_DENIED;
}

bool companion_may_be_dropped(enum err_code code)
{
    return code == ERR_UNSUPPORTED || code == ERR_CONFLICT || code == ERR_DENIED;
}

void companion_fault(struct err *err)
{
    if (err->code == ERR_NO_INPUT)
        err->code = ERR_HSM;
}

bool companion_is_unread(const struct plan_item *item)
{
    return item->route == ROUTE_NONE && item->reason.code != ERR_NONE &&
           key_is_public_class(item->key) && !companion_is_refused(item->reason.code);
}
