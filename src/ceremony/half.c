/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which public key belongs to a private one? PKCS#11 does not say: a private EC key has no point,
 * and programs match the two by id (CKA_ID), by label, or not at all; some store a certificate
 * only. So the key itself is asked, once: its signature verifies under its own public key only.
 * Only selected keys are asked, and a name is never trusted.
 */
#include "ceremony/half.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "base/text.h"
#include "hsm/spki.h"
#include "plan/provable.h"
#include "transfer/proof.h"

enum {
    CANDIDATES_MAX = 64,     /* tried for one key */
    CERTIFICATES_MAX = 1024, /* read although no name matches; each one is a call */
};

/* A public key as OpenSSL knows it; {0}: it does not. */
struct form {
    int kind;
    int bits;
    const struct key_set *set; /* NULL: RSA, or a named curve */
};

/* The source's public keys and certificates. */
struct stock {
    struct party *source;
    struct narrator *narrator;
    struct key_desc **at; /* in the source's list; certificates get a public half */
    struct bytes *spki;   /* empty: not read yet */
    struct form *form;    /* read once: each is a candidate for many keys */
    bool *asked;
    size_t count;
    size_t budget; /* certificates that may still be read */
    size_t unread, skipped;
};

struct candidates {
    size_t at[CANDIDATES_MAX]; /* in the stock */
    size_t count, more;        /* more: that were left out */
    bool named; /* an object with the key's id or label holds another public key than was listed */
};

/* The answer of the key, one for all candidates; without a signature, each is tried separately. */
struct answer {
    uint32_t proofs;
    enum hsm_proof by;
    struct bytes digest, signature;
};

/* --- the stock --- */

static bool stock_make(struct party *source, struct narrator *n, struct stock *s, struct err *err)
{
    struct key_list *list = &source->keys;

    *s = (struct stock){.source = source,
                        .narrator = n,
                        .at = calloc(list->count + 1, sizeof *s->at),
                        .spki = calloc(list->count + 1, sizeof *s->spki),
                        .form = calloc(list->count + 1, sizeof *s->form),
                        .asked = calloc(list->count + 1, sizeof *s->asked),
                        .budget = CERTIFICATES_MAX};
    if (!s->at || !s->spki || !s->form || !s->asked)
        return err_set(err, ERR_FAILED, "no memory for %zu objects", list->count);
    for (size_t i = 0; i < list->count; i++)
        if (key_is_public_class(&list->keys[i]))
            s->at[s->count++] = &list->keys[i];
    return true;
}

static void stock_free(struct stock *s)
{
    for (size_t i = 0; s->spki && i < s->count; i++)
        bytes_free(&s->spki[i]);
    free(s->spki);
    free(s->form);
    free(s->asked);
    free(s->at);
}

static bool read_twice(struct hsm *hsm, const struct key_desc *is, struct bytes *spki,
                       struct err *err)
{
    const struct proof_half half = {is->handle, is->class};

    return proof_half(hsm, &half, spki, err) ||
           (err->code != ERR_GONE && proof_half(hsm, &half, spki, err));
}

static struct form form_of(const struct bytes *spki)
{
    EVP_PKEY *pkey = spki_read(spki);
    struct form form = {.set = spki_read_set(spki, NULL)};

    if (pkey) {
        form.kind = EVP_PKEY_get_base_id(pkey);
        form.bits = EVP_PKEY_get_bits(pkey);
    }
    EVP_PKEY_free(pkey);
    return form;
}

/* Reads number i, unless that was done. If that fails, it is no candidate. Errors: ERR_GONE. */
static bool stock_read(struct stock *s, size_t i, struct err *err)
{
    struct key_desc *is = s->at[i];
    struct err why = {0};
    uint8_t digest[SHA256_SIZE];

    if (s->asked[i])
        return true;
    s->asked[i] = true;
    if (!read_twice(s->source->hsm, is, &s->spki[i], &why)) {
        if (why.code == ERR_GONE) {
            *err = why;
            return false;
        }
        s->unread++;
        return true;
    }
    SHA256(s->spki[i].data, s->spki[i].len, digest);
    if (is->class == KEY_CLASS_CERTIFICATE) {
        is->has_public = true;
        memcpy(is->spki_sha256, digest, sizeof digest);
    } else if (memcmp(is->spki_sha256, digest, sizeof digest) != 0) {
        bytes_free(&s->spki[i]); /* not the public key that was listed */
    }
    s->form[i] = form_of(&s->spki[i]);
    return true;
}

/* A certificate whose name matches no key is read only while the budget lasts. */
static bool read_stranger(struct stock *s, size_t i, struct err *err)
{
    if (!s->asked[i] && s->at[i]->class == KEY_CLASS_CERTIFICATE) {
        if (s->budget == 0)
            return true;
        s->budget--;
    }
    return stock_read(s, i, err);
}

/* --- candidates --- */

static unsigned rank(const struct key_desc *key, const struct key_desc *is)
{
    return key_same_id(key, is) ? 0 : key_same_label(key, is) ? 1 : 2;
}

/* Does this public key have the kind of the private key and, as far as is known, its size? */
static bool fits(const struct key_desc *key, const struct form *form)
{
    if (form->set || key_set_named(key->curve))
        return form->set == key_set_named(key->curve);
    return form->kind == (key->kind == KEY_KIND_RSA ? EVP_PKEY_RSA : EVP_PKEY_EC) &&
           (key->bits == 0 || (uint32_t)form->bits == key->bits);
}

static bool is_known(const struct stock *s, const struct candidates *found, size_t i)
{
    for (size_t n = 0; n < found->count; n++)
        if (bytes_equal(&s->spki[found->at[n]], &s->spki[i]))
            return true;
    return false;
}

/* May public key number i belong to this key, according to the list? */
static bool may_fit(const struct stock *s, size_t i, const struct key_desc *key)
{
    const struct key_desc *is = s->at[i];

    return is->class == KEY_CLASS_CERTIFICATE ||
           (is->has_public && is->kind == key->kind && strcmp(is->curve, key->curve) == 0 &&
            (key->bits == 0 || is->bits == key->bits));
}

/* Collects the candidates of this rank, each public key once. */
static bool collect(struct stock *s, const struct key_desc *key, unsigned of,
                    struct candidates *found, struct err *err)
{
    for (size_t i = 0; i < s->count; i++) {
        if (rank(key, s->at[i]) != of || !may_fit(s, i, key))
            continue;
        if (found->count == CANDIDATES_MAX) {
            found->more++;
            continue;
        }
        if (!(of == 2 ? read_stranger(s, i, err) : stock_read(s, i, err)))
            return false;
        if (fits(key, &s->form[i]) && !is_known(s, found, i))
            found->at[found->count++] = i;
    }
    return true;
}

/* --- the question --- */

/* The proof by which keys of this kind sign; HSM_PROOF_BYTES: they do not. */
static enum hsm_proof signature_of(enum key_kind kind)
{
    static const struct {
        enum key_kind kind;
        enum hsm_proof proof;
    } rows[] = {
        {KEY_KIND_RSA, HSM_PROOF_RSA_SIGN},
        {KEY_KIND_EC, HSM_PROOF_ECDSA},
        {KEY_KIND_EDWARDS, HSM_PROOF_EDDSA},
        {KEY_KIND_ML_DSA, HSM_PROOF_ML_DSA},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].kind == kind)
            return rows[i].proof;
    return HSM_PROOF_BYTES;
}

/* One signature over the digest of a random message, by a proof that signs a digest. */
static bool sign(struct hsm *hsm, const struct key_desc *key, struct answer *a, struct err *err)
{
    uint8_t message[SHA256_SIZE];

    bytes_free(&a->signature);
    a->by = signature_of(key->kind);
    if (!(a->proofs & UINT32_C(1) << a->by))
        return true;
    if (RAND_bytes(message, sizeof message) != 1)
        return err_set(err, ERR_FAILED, "no random numbers for a challenge");
    return bytes_make(&a->digest, SHA256_SIZE, err) &&
           SHA256(message, sizeof message, a->digest.data) &&
           (hsm->driver->prove(hsm, a->by, key->handle, &a->digest, &a->signature, err) ||
            err->code == ERR_UNSUPPORTED);
}

/* Errors: ERR_GONE; any other error: not this one. */
static bool belongs(struct hsm *hsm, const struct key_desc *key, struct answer *a,
                    const struct bytes *spki, struct err *err)
{
    const struct proof_pair alone = {.source = hsm, .source_key = key->handle, .source_spki = spki};
    struct bytes copy = {0};
    bool ok;

    if (a->signature.len == 0)
        return proof_run(&alone, a->proofs, &a->by, err);
    ok = bytes_set(&copy, a->signature.data, a->signature.len, err) &&
         proof_signature(spki, a->by, &a->digest, &copy, err);
    bytes_free(&copy);
    return ok;
}

static const char *how(enum hsm_proof by)
{
    return by == HSM_PROOF_ECDH || by == HSM_PROOF_XDH                 ? "a key agreement"
           : by == HSM_PROOF_ML_KEM                                    ? "a decapsulation"
           : by == HSM_PROOF_RSA_DECRYPT || by == HSM_PROOF_RSA_UNWRAP ? "a decryption"
                                                                       : "a signature";
}

static bool take(struct plan_item *item, const struct key_desc *is, const struct bytes *spki,
                 enum hsm_proof by, struct err *err)
{
    char label[KEY_LABEL_TEXT];

    if (!plan_item_own(item, err))
        return false;
    item->half = (struct proof_half){is->handle, is->class};
    item->shown = true;
    item->own->has_public = true;
    SHA256(spki->data, spki->len, item->own->spki_sha256);
    snprintf(item->half_text, sizeof item->half_text,
             "its public half was found by %s: in the %s %.40s", how(by),
             is->class == KEY_CLASS_CERTIFICATE ? "certificate" : "public key",
             key_label_text(is, label));
    return true;
}

static bool none(struct plan_item *item, const struct candidates *found, const struct stock *s,
                 struct err *err)
{
    char *text = item->half_text;
    size_t size = sizeof item->half_text;

    if (item->key->has_public) {
        if (!plan_item_own(item, err))
            return false;
        item->own->has_public = false;
        memset(item->own->spki_sha256, 0, sizeof item->own->spki_sha256);
    }
    if (found->more)
        snprintf(text, size,
                 "of the first %d public keys and certificates none belongs to it, and "
                 "%zu more were not tried",
                 CANDIDATES_MAX, found->more);
    else
        snprintf(text, size, "no public key or certificate %son the source belongs to it",
                 s->unread ? "that can be read " : "");
    return true;
}

/* Tries the public half that the source listed, then the others. */
static bool ask_once(struct stock *s, struct plan_item *item, const struct candidates *found,
                     const struct bytes *listed, struct answer *a, struct err *err)
{
    if (!sign(s->source->hsm, item->key, a, err))
        return false;
    if (listed->len && belongs(s->source->hsm, item->key, a, listed, err)) {
        item->shown = true;
        if (found->named)
            snprintf(item->half_text, sizeof item->half_text,
                     "its public half was found by %s: of several, the one with its id",
                     how(a->by));
        return true;
    }
    for (size_t i = 0; err->code != ERR_GONE && i < found->count; i++) {
        const struct bytes *spki = &s->spki[found->at[i]];
        if (belongs(s->source->hsm, item->key, a, spki, err))
            return take(item, s->at[found->at[i]], spki, a->by, err);
    }
    return err->code == ERR_GONE ? false : err_set(err, ERR_DATA, "none of them");
}

/* Asks the key which of them is its public half. Asks again before the answer is "none", since a
 * single fault of the source must not exclude a key. */
static bool ask(struct stock *s, struct plan_item *item, const struct candidates *found,
                const struct bytes *listed, struct err *err)
{
    const struct suite source = {.proofs = s->source->caps.proofs};
    struct answer a = {.proofs = provable_by(&source, item->key)};
    struct err why = {0};
    bool ok = false;

    for (int i = 0; a.proofs && !ok && i < 2 && why.code != ERR_GONE; i++)
        ok = ask_once(s, item, found, listed, &a, &why);
    bytes_free(&a.digest);
    bytes_free(&a.signature);
    if (!ok && why.code == ERR_GONE) {
        *err = why;
        return false;
    }
    if (!ok && why.code == ERR_DATA)
        return none(item, found, s, err);
    if (!ok && !item->key->has_public && a.proofs)
        snprintf(item->half_text, sizeof item->half_text,
                 "the source fails to show which public key belongs to it (%.40s)",
                 why.hsm_name[0] ? why.hsm_name : why.what);
    else if (!ok && !item->key->has_public)
        snprintf(item->half_text, sizeof item->half_text,
                 "its uses allow no operation that shows which public key belongs to it");
    return true;
}

/* Does any of them hold another public key than was listed with the key? */
static bool is_doubtful(const struct stock *s, const struct candidates *found,
                        const struct key_desc *key)
{
    for (size_t i = 0; i < found->count; i++)
        if (memcmp(s->at[found->at[i]]->spki_sha256, key->spki_sha256, SHA256_SIZE) != 0)
            return true;
    return false;
}

/* The public half that was listed with the key, if there is one: that of a candidate, or as the key
 * reports it. Errors: ERR_GONE. */
static bool read_listed(struct stock *s, const struct plan_item *item,
                        const struct candidates *found, struct bytes *listed, struct err *err)
{
    struct hsm *hsm = s->source->hsm;
    struct err why = {0};

    if (!item->key->has_public)
        return true;
    for (size_t i = 0; i < found->count; i++)
        if (memcmp(s->at[found->at[i]]->spki_sha256, item->key->spki_sha256, SHA256_SIZE) == 0)
            return bytes_set(listed, s->spki[found->at[i]].data, s->spki[found->at[i]].len, err);
    if (hsm->driver->public_key(hsm, item->key->handle, listed, &why) || why.code != ERR_GONE)
        return true;
    *err = why;
    return false;
}

static bool find_one(struct stock *s, struct plan_item *item, struct err *err)
{
    const struct key_desc listed_key = plan_item_listed(item);
    struct candidates found = {.count = 0};
    struct bytes listed = {0};
    bool ok;

    item->sought = true;
    if (item->key->kind == KEY_KIND_RSA && item->key->has_public)
        return true; /* it has the modulus itself */
    for (unsigned rank = 0; rank < 3; rank++) {
        if (!collect(s, &listed_key, rank, &found, err))
            return false;
        if (rank == 1)
            found.named = is_doubtful(s, &found, item->key);
    }
    if (item->key->has_public && !is_doubtful(s, &found, item->key))
        return true;
    if (found.count == 0) {
        return none(item, &found, s, err);
    }
    ok = read_listed(s, item, &found, &listed, err) && ask(s, item, &found, &listed, err);
    bytes_free(&listed);
    return ok;
}

static bool warn(struct stock *s, struct err *err)
{
    return (!s->unread ||
            emit_warning(s->narrator, SIDE_SOURCE, NO_ITEM, err, "unread-public",
                         "%zu public keys and certificates cannot be read: whether they "
                         "belong to a chosen key is not known",
                         s->unread)) &&
           (!s->skipped ||
            emit_warning(s->narrator, SIDE_SOURCE, NO_ITEM, err, "certificates",
                         "%zu certificates without the name of a chosen key were not read: "
                         "those that belong to one are not migrated",
                         s->skipped));
}

/* A companion may have another name: certificates are recognised by their public key. */
static bool read_all(struct stock *s, struct err *err)
{
    for (size_t i = 0; i < s->count; i++) {
        if (s->at[i]->class != KEY_CLASS_CERTIFICATE)
            continue;
        if (!read_stranger(s, i, err))
            return false;
        s->skipped += !s->asked[i];
    }
    return true;
}

static int compare_read(const void *a, const void *b)
{
    const uint64_t x = ((const struct plan_read *)a)->handle;
    const uint64_t y = ((const struct plan_read *)b)->handle;

    return (x > y) - (x < y);
}

/* They need not be read again to be judged. */
static bool keep_read(const struct stock *s, struct plan *plan, struct err *err)
{
    free(plan->read);
    plan->read_count = 0;
    plan->read = calloc(s->count + 1, sizeof *plan->read);
    if (!plan->read)
        return err_set(err, ERR_FAILED, "no memory for %zu objects", s->count);
    for (size_t i = 0; i < s->count; i++)
        if (s->at[i]->class == KEY_CLASS_PUBLIC && s->spki[i].len > 0)
            plan->read[plan->read_count++] =
                (struct plan_read){s->at[i]->handle, (uint32_t)s->spki[i].len};
    qsort(plan->read, plan->read_count, sizeof *plan->read, compare_read);
    return true;
}

bool halves_find(struct party *source, struct plan *plan, struct narrator *n, struct err *err)
{
    struct stock stock;
    bool any = false, ok = stock_make(source, n, &stock, err);

    for (size_t i = 0; ok && i < plan->count; i++) {
        struct plan_item *item = &plan->items[i];
        if (item->route == ROUTE_NONE || item->key->class != KEY_CLASS_PRIVATE)
            continue;
        any = true;
        ok = find_one(&stock, item, err);
    }
    ok = ok && (!any || (read_all(&stock, err) && warn(&stock, err))) &&
         keep_read(&stock, plan, err);
    stock_free(&stock);
    return ok;
}
