/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/pkcs11/pkcs11_key.h"

#include <stdlib.h>
#include <string.h>

#include "driver/dialect/ckr.h"
#include "driver/pkcs11/pkcs11_object.h"
#include "driver/pkcs11/pkcs11_read.h"
#include "driver/pkcs11/pkcs11_seen.h"
#include "driver/pkcs11/pkcs11_spki.h"
#include "driver/pkcs11/pkcs11_temp.h"

/* The guards of a generated key, if the token knows them; uses and secrecy are always set. */
enum { GUARDS = P11_ALLOWED | P11_FORCE | P11_COPYABLE | P11_MODIFIABLE };

static void begin(const struct p11 *p, struct p11_attrs *t, const char *label, bool token)
{
    *t = (struct p11_attrs){.omit = p->dialect.omit};
    p11_attrs_bool(t, CKA_TOKEN, token);
    p11_attrs_add(t, CKA_LABEL, label, strlen(label));
}

/* --- secret keys --- */

CK_RV p11_generate(struct p11 *p, const struct p11_wish *wish, CK_OBJECT_HANDLE *handle)
{
    CK_MECHANISM mechanism = {wish->kind == KEY_KIND_AES    ? CKM_AES_KEY_GEN
                              : wish->kind == KEY_KIND_DES3 ? CKM_DES3_KEY_GEN
                                                            : CKM_GENERIC_SECRET_KEY_GEN,
                              NULL, 0};
    const struct p11_asked asked = {wish->label, strlen(wish->label), false};
    const bool limited = wish->allowed && !(p->dialect.omit & DIALECT_OMIT_ALLOWED);
    unsigned row = 0, extras;
    CK_RV rv = CKR_GENERAL_ERROR;

    while (p11_extras_next(P11_COPYABLE | P11_MODIFIABLE | (limited ? P11_ALLOWED : 0U), &row,
                           &extras)) {
        struct p11_attrs t;
        CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;
        begin(p, &t, wish->label, false);
        if (extras & P11_ALLOWED)
            p11_attrs_add(&t, CKA_ALLOWED_MECHANISMS, &wish->allowed, sizeof wish->allowed);
        if (wish->kind != KEY_KIND_DES3)
            p11_attrs_number(&t, CKA_VALUE_LEN, wish->length);
        p11_attrs_flags(&t, KEY_CLASS_SECRET, wish->flags, extras | P11_SECRECY);
        rv = p->fn->C_GenerateKey(p->session, &mechanism, t.attr, t.count, &made);
        rv = p11_made(p, rv, made, &asked);
        if (rv == CKR_OK)
            *handle = made;
        if (!p11_refuses_template(rv))
            break;
    }
    return rv;
}

bool p11_make_kek(struct hsm *hsm, uint32_t bits, const char *label, uint64_t *handle,
                  struct err *err)
{
    struct p11_wish wish = {.kind = KEY_KIND_AES,
                            .length = bits / 8,
                            .flags = KEY_PRIVATE | KEY_SENSITIVE | KEY_EXTRACTABLE | KEY_WRAP,
                            .label = label};
    CK_OBJECT_HANDLE made;
    CK_RV rv;

    if (bits != 128 && bits != 192 && bits != 256)
        return err_set(err, ERR_DATA, "there is no AES with %u bits", bits);
    rv = p11_generate(p11_of(hsm), &wish, &made);
    if (rv != CKR_OK)
        return ckr_set(err, rv, "the HSM did not generate an AES key (C_GenerateKey)");
    *handle = made;
    return true;
}

/* --- the transport pair --- */

/* What to generate: an RSA pair, and the guards to send. */
struct pair_wish {
    uint32_t bits;
    const char *label;
    bool token;
    unsigned extras;
};

/* A token may refuse a list with a mechanism that it does not have, and the pair then has no list.
 */
static bool lists_one_blob(const struct p11 *p)
{
    const unsigned *named = p->dialect.mechanism_count;
    CK_MECHANISM_INFO info;

    return (named[HSM_RSA_AES_SHA256] || named[HSM_RSA_AES_SHA1]) &&
           p->fn->C_GetMechanismInfo(p->slot, CKM_RSA_AES_KEY_WRAP, &info) == CKR_OK;
}

static CK_RV generate_pair(struct p11 *p, const struct pair_wish *wish, CK_OBJECT_HANDLE *public,
                           CK_OBJECT_HANDLE *private)
{
    static const uint8_t exponent[] = {1, 0, 1};
    const struct p11_asked asked = {wish->label, strlen(wish->label), wish->token};
    const CK_MECHANISM_TYPE allowed[] = {CKM_RSA_PKCS_OAEP, CKM_RSA_AES_KEY_WRAP};
    const size_t allowed_len = sizeof allowed[0] * (1 + lists_one_blob(p));
    CK_MECHANISM mechanism = {CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0};
    struct p11_attrs pub, priv, forced = {0};
    CK_RV rv;

    begin(p, &pub, wish->label, wish->token);
    p11_attrs_number(&pub, CKA_MODULUS_BITS, wish->bits);
    p11_attrs_add(&pub, CKA_PUBLIC_EXPONENT, exponent, sizeof exponent);
    p11_attrs_flags(&pub, KEY_CLASS_PUBLIC, KEY_WRAP, 0);
    begin(p, &priv, wish->label, wish->token);
    p11_attrs_flags(&priv, KEY_CLASS_PRIVATE, KEY_PRIVATE | KEY_SENSITIVE | KEY_UNWRAP,
                    wish->extras | P11_SECRECY);
    p11_attrs_bool(&forced, CKA_SENSITIVE, true);
    if (wish->extras & P11_ALLOWED)
        p11_attrs_add(&priv, CKA_ALLOWED_MECHANISMS, allowed, allowed_len);
    if (wish->extras & P11_FORCE)
        p11_attrs_add(&priv, CKA_UNWRAP_TEMPLATE, forced.attr,
                      forced.count * sizeof forced.attr[0]);
    rv = p->fn->C_GenerateKeyPair(p->session, &mechanism, pub.attr, pub.count, priv.attr,
                                  priv.count, public, private);
    return p11_made_pair(p, rv, *private, *public, &asked);
}

static unsigned guards_of(const struct p11 *p)
{
    unsigned guards = GUARDS;

    if (p->dialect.omit & DIALECT_OMIT_ALLOWED)
        guards &= ~(unsigned)P11_ALLOWED;
    if (p->dialect.omit & DIALECT_OMIT_UNWRAP)
        guards &= ~(unsigned)P11_FORCE;
    return guards;
}

/* Generates the pair with as many guards as the token takes. */
static bool make_pair(struct p11 *p, struct pair_wish *wish, struct hsm_pair *pair, struct err *err)
{
    const struct p11_asked asked = {wish->label, strlen(wish->label), true};
    CK_OBJECT_HANDLE public = CK_INVALID_HANDLE, private = CK_INVALID_HANDLE;
    struct bytes spki = {0};
    unsigned row = 0;
    CK_RV rv = CKR_GENERAL_ERROR;

    while (p11_extras_next(guards_of(p), &row, &wish->extras)) {
        rv = generate_pair(p, wish, &public, &private);
        if (rv != CKR_OK && wish->token)
            p11_sweep(p, &asked);
        if (!p11_refuses_template(rv))
            break;
    }
    if (rv != CKR_OK)
        return ckr_set(err, rv,
                       "the HSM did not generate an RSA pair of %u bits (C_GenerateKeyPair)",
                       wish->bits);
    if (!p11_public_key(&p->hsm, public, &spki, err)) {
        p11_unmake(p, private);
        p11_unmake(p, public);
        return false;
    }
    *pair = (struct hsm_pair){.private_handle = private, .public_handle = public, .spki = spki};
    return true;
}

bool p11_make_pair(struct hsm *hsm, uint32_t bits, const char *label, struct hsm_pair *pair,
                   struct err *err)
{
    struct pair_wish wish = {.bits = bits, .label = label};

    return make_pair(p11_of(hsm), &wish, pair, err);
}

bool p11_make_token_pair(struct hsm *hsm, uint32_t bits, const char *label, struct hsm_pair *pair,
                         struct err *err)
{
    struct pair_wish wish = {.bits = bits, .label = label, .token = true};

    return make_pair(p11_of(hsm), &wish, pair, err);
}

bool p11_load_public(struct hsm *hsm, const struct bytes *spki, const char *label, uint64_t *handle,
                     struct err *err)
{
    const struct p11_asked asked = {label, strlen(label), false};
    struct p11 *p = p11_of(hsm);
    CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;
    struct bytes modulus = {0}, exponent = {0};
    struct p11_attrs t;
    CK_RV rv;
    bool ok = spki_to_rsa(spki, &modulus, &exponent, err);

    if (!ok)
        goto out;
    begin(p, &t, label, false);
    p11_attrs_number(&t, CKA_CLASS, CKO_PUBLIC_KEY);
    p11_attrs_number(&t, CKA_KEY_TYPE, CKK_RSA);
    p11_attrs_add(&t, CKA_MODULUS, modulus.data, modulus.len);
    p11_attrs_add(&t, CKA_PUBLIC_EXPONENT, exponent.data, exponent.len);
    p11_attrs_flags(&t, KEY_CLASS_PUBLIC, KEY_WRAP, 0);
    rv = p->fn->C_CreateObject(p->session, t.attr, t.count, &made);
    rv = p11_made(p, rv, made, &asked);
    ok = rv == CKR_OK;
    if (ok)
        *handle = made;
    else
        ckr_set(err, rv, "the HSM did not accept the public key (C_CreateObject)");
out:
    bytes_free(&modulus);
    bytes_free(&exponent);
    return ok;
}

/* --- commit and destroy --- */

/* If the token would silently overwrite a key with the same id, checks that the id is free. */
static bool check_id(struct p11 *p, CK_OBJECT_HANDLE temporary, const uint8_t *id, size_t id_len,
                     struct err *err)
{
    struct p11_attrs with = {0};
    struct p11_object o;
    CK_ULONG class;
    uint64_t *others;
    size_t count;

    if (!(p->overwrites || p->dialect.one_per_id) || id_len == 0)
        return true;
    if (!p11_read(p, temporary, &o, err))
        return false;
    if (!p11_number(&o, P11_CLASS, &class))
        return err_set(err, ERR_DATA, "the HSM does not report the class of the temporary key");
    p11_attrs_bool(&with, CKA_TOKEN, true);
    p11_attrs_number(&with, CKA_CLASS, class);
    p11_attrs_add(&with, CKA_ID, id, id_len);
    if (!p11_find(p, &with, &others, &count, err))
        return false;
    free(others);
    if (count > 0)
        return err_set(err, ERR_CONFLICT, "this HSM would overwrite the key that has this id");
    return true;
}

bool p11_commit(struct hsm *hsm, uint64_t temporary, const uint8_t *label, size_t label_len,
                const uint8_t *id, size_t id_len, uint64_t *final, struct err *err)
{
    struct p11 *p = p11_of(hsm);
    uint32_t guards = p11_temp_deferred(p, (CK_OBJECT_HANDLE)temporary) & ~p->dialect.omit;
    const struct p11_asked asked = {label, label_len, true};
    CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;
    unsigned row = 0, extras;
    CK_RV rv = CKR_GENERAL_ERROR;

    if (!check_id(p, (CK_OBJECT_HANDLE)temporary, id, id_len, err))
        return false;
    while (p11_extras_next(P11_COPYABLE | P11_MODIFIABLE, &row, &extras)) {
        struct p11_attrs t = {0};
        p11_attrs_bool(&t, CKA_TOKEN, true);
        p11_attrs_add(&t, CKA_LABEL, label, label_len);
        p11_attrs_add(&t, CKA_ID, id, id_len);
        if ((guards & KEY_MODIFIABLE) && (extras & P11_MODIFIABLE))
            p11_attrs_bool(&t, CKA_MODIFIABLE, false);
        if ((guards & KEY_COPYABLE) && (extras & P11_COPYABLE))
            p11_attrs_bool(&t, CKA_COPYABLE, false);
        rv = p->fn->C_CopyObject(p->session, (CK_OBJECT_HANDLE)temporary, t.attr, t.count, &made);
        if (!guards || !p11_refuses_template(rv))
            break;
    }
    rv = p11_made(p, rv, made, &asked);
    if (rv != CKR_OK)
        return ckr_set(err, rv, "the HSM did not confirm that the key is stored (C_CopyObject)");
    *final = made;
    return true;
}

static bool fail_destroy(CK_RV rv, uint64_t handle, struct err *err)
{
    return ckr_set(err, rv, "object %llu was not destroyed (C_DestroyObject)",
                   (unsigned long long)handle);
}

bool p11_destroy(struct hsm *hsm, uint64_t handle, struct err *err)
{
    CK_RV rv = p11_unmake(p11_of(hsm), (CK_OBJECT_HANDLE)handle);

    return rv == CKR_OK || fail_destroy(rv, handle, err);
}

bool p11_remove(struct hsm *hsm, const struct key_desc *is, struct err *err)
{
    struct p11 *p = p11_of(hsm);
    CK_RV rv = CKR_OK;
    bool gone;

    if (!handles_check(hsm, is, &gone, err))
        return false;
    if (!gone)
        rv = p->fn->C_DestroyObject(p->session, (CK_OBJECT_HANDLE)is->handle);
    if (rv != CKR_OK && rv != CKR_OBJECT_HANDLE_INVALID)
        return fail_destroy(rv, is->handle, err);
    p11_gone(p, (CK_OBJECT_HANDLE)is->handle);
    return true;
}

static CK_RV set_one(struct p11 *p, uint64_t handle, const struct p11_attrs *t)
{
    return p->fn->C_SetAttributeValue(p->session, (CK_OBJECT_HANDLE)handle, (CK_ATTRIBUTE *)t->attr,
                                      t->count);
}

/* One attribute a call: a token that refuses one may take the others. */
static CK_RV set_date(struct p11 *p, uint64_t handle, CK_ATTRIBUTE_TYPE type, const char *date)
{
    struct p11_attrs t = {0};

    if (!date[0])
        return CKR_OK;
    p11_attrs_add(&t, type, date, strlen(date));
    return set_one(p, handle, &t);
}

bool p11_tighten(struct hsm *hsm, const struct key_desc *is, const struct tightening *to,
                 struct err *err)
{
    struct p11 *p = p11_of(hsm);
    CK_RV rv = CKR_OK, dates[2];
    bool gone;

    if (!handles_check(hsm, is, &gone, err))
        return false;
    if (gone)
        return err_set(err, ERR_NO_INPUT, "object %llu no longer exists",
                       (unsigned long long)is->handle);
    p11_seen_forget(p, (CK_OBJECT_HANDLE)is->handle);
    for (size_t i = 0; i < KEY_FLAGS && rv == CKR_OK; i++)
        if ((to->off | to->on) & p11_flags[i].flag) {
            struct p11_attrs t = {0};
            p11_attrs_bool(&t, p11_flags[i].type, (to->on & p11_flags[i].flag) != 0);
            rv = set_one(p, is->handle, &t);
        }
    dates[0] = rv == CKR_OK ? set_date(p, is->handle, CKA_START_DATE, to->start) : rv;
    dates[1] = dates[0] == CKR_OK ? set_date(p, is->handle, CKA_END_DATE, to->end) : dates[0];
    return dates[1] == CKR_OK || ckr_set(err, dates[1],
                                         "the HSM does not set an attribute of the key "
                                         "(C_SetAttributeValue)");
}
