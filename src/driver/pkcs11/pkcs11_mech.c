/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/pkcs11/pkcs11_mech.h"

#include <string.h>

#include <openssl/rand.h>

#include "driver/pkcs11/pkcs11_attr.h"
#include "driver/pkcs11/pkcs11_key.h"
#include "driver/pkcs11/pkcs11_read.h"
#include "driver/pkcs11/pkcs11_seen.h"
#include "driver/pkcs11/pkcs11_spki.h"
#include "driver/pkcs11/pkcs11_temp.h"
#include "driver/pkcs11/pkcs11_template.h"
#include "hsm/spki.h"
#include "hsm/wrap_alg.h"

enum { IV_LEN = 16, RSA_AES_BITS = 256 };

/* CK_RSA_AES_KEY_WRAP_PARAMS of PKCS #11 3.0, section 6.1.14 */
struct rsa_aes {
    CK_ULONG aes_bits;
    CK_RSA_PKCS_OAEP_PARAMS *oaep;
};

/* A CK_MECHANISM and the parameter that it points to. */
struct call {
    CK_MECHANISM mechanism;
    CK_RSA_PKCS_OAEP_PARAMS oaep;
    struct rsa_aes rsa_aes;
    uint8_t iv[IV_LEN];
};

static void set_oaep(struct call *c, uint32_t hash_len)
{
    static const struct {
        uint32_t len;
        CK_MECHANISM_TYPE hash;
        CK_RSA_PKCS_MGF_TYPE mgf;
    } rows[] = {{20, CKM_SHA_1, CKG_MGF1_SHA1},
                {32, CKM_SHA256, CKG_MGF1_SHA256},
                {48, CKM_SHA384, CKG_MGF1_SHA384},
                {64, CKM_SHA512, CKG_MGF1_SHA512}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].len == hash_len)
            c->oaep =
                (CK_RSA_PKCS_OAEP_PARAMS){rows[i].hash, rows[i].mgf, CKZ_DATA_SPECIFIED, NULL, 0};
    c->mechanism.pParameter = &c->oaep;
    c->mechanism.ulParameterLen = sizeof c->oaep;
}

static void set_iv(struct call *c, const void *iv, size_t len)
{
    if (iv)
        memcpy(c->iv, iv, len);
    c->mechanism.pParameter = c->iv;
    c->mechanism.ulParameterLen = len;
}

static void set_call(struct call *c, struct p11_mech mech)
{
    const struct wrap_alg *alg = wrap_alg(mech.alg);

    *c = (struct call){.mechanism = {mech.number, NULL, 0}};
    switch (mech.parameter) {
    case DIALECT_OAEP:
        set_oaep(c, alg->hash_len);
        break;
    case DIALECT_RSA_AES:
        set_oaep(c, alg->hash_len);
        c->rsa_aes = (struct rsa_aes){RSA_AES_BITS, &c->oaep};
        c->mechanism.pParameter = &c->rsa_aes;
        c->mechanism.ulParameterLen = sizeof c->rsa_aes;
        break;
    case DIALECT_RANDOM_IV:
        set_iv(c, NULL, IV_LEN);
        break;
    case DIALECT_INITIAL_VALUE:
        set_iv(c, alg->value, alg->value_len);
        break;
    case DIALECT_NONE:
    case DIALECT_KDF_NONE: /* of a derivation */
    case DIALECT_KDF_SHA256:
        break;
    }
}

/* Octets that precede the ciphertext: the length of the IV, or 0. */
static size_t prefix_of(struct p11_mech mech)
{
    return mech.parameter == DIALECT_RANDOM_IV ? IV_LEN : 0;
}

struct p11_mech p11_mech_of(enum hsm_alg alg, const struct dialect_mechanism *mechanism)
{
    return (struct p11_mech){alg, (CK_MECHANISM_TYPE)mechanism->number, mechanism->parameter};
}

CK_RV p11_mech_wrap(struct p11 *p, struct p11_mech mech, CK_OBJECT_HANDLE wrapping,
                    CK_OBJECT_HANDLE key, struct bytes *wrapped_key)
{
    uint8_t buffer[HSM_BLOB_MAX];
    size_t prefix = prefix_of(mech);
    CK_ULONG room = sizeof buffer - prefix, len = room;
    struct call c;
    CK_RV rv;

    set_call(&c, mech);
    if (prefix && RAND_bytes(c.iv, sizeof c.iv) != 1)
        return CKR_HOST_MEMORY;
    memcpy(buffer, c.iv, prefix);
    /* No call to query the length first: some tokens return a wrong one. */
    rv = p->fn->C_WrapKey(p->session, &c.mechanism, wrapping, key, buffer + prefix, &len);
    if (rv != CKR_OK)
        return rv;
    if (len == 0 || len > room)
        return CKR_WRAPPED_KEY_LEN_RANGE;
    return bytes_set(wrapped_key, buffer, prefix + len, NULL) ? CKR_OK : CKR_HOST_MEMORY;
}

/* The parts of one attempt to unwrap. */
struct attempt {
    struct p11_mech mech;
    CK_OBJECT_HANDLE unwrapping;
    const struct bytes *wrapped_key;
    const struct hsm_template *template;
    bool with_length;          /* send CKA_VALUE_LEN of a secret, if the template has a length */
    const struct bytes *point; /* of an EC key, for NSS; NULL: not sent */
    unsigned extras;
    /* memory that the template points to: */
    CK_MECHANISM_TYPE allowed[KEY_ALLOWED_MAX];
    struct p11_attrs nested[KEY_TEMPLATES];
};

/* Adds the key's constraints, but only those that it has: some tokens know none of them. */
static void set_constraints(struct p11_attrs *t, struct attempt *a)
{
    const struct key_constraints *constraints = a->template->constraints;
    size_t count = constraints->allowed_count <= KEY_ALLOWED_MAX ? constraints->allowed_count : 0;

    if (constraints->start[0])
        p11_attrs_add(t, CKA_START_DATE, constraints->start, KEY_DATE_SIZE - 1);
    if (constraints->end[0])
        p11_attrs_add(t, CKA_END_DATE, constraints->end, KEY_DATE_SIZE - 1);
    for (size_t i = 0; i < count; i++)
        a->allowed[i] = constraints->allowed[i];
    if (count && !(t->omit & DIALECT_OMIT_ALLOWED))
        p11_attrs_add(t, CKA_ALLOWED_MECHANISMS, a->allowed, count * sizeof a->allowed[0]);
    if (a->template->class == KEY_CLASS_PRIVATE && constraints->subject_len &&
        constraints->subject_len <= KEY_SUBJECT_MAX)
        p11_attrs_add(t, CKA_SUBJECT, constraints->subject, constraints->subject_len);
    p11_templates_add(t, constraints, a->nested);
}

static bool set_template(const struct p11 *p, struct p11_attrs *t, struct attempt *a)
{
    const struct hsm_template *template = a->template;
    CK_OBJECT_CLASS class;
    CK_KEY_TYPE type;

    *t = (struct p11_attrs){.omit = p->dialect.omit};
    if (!p11_class_number(template->class, &class) || !p11_kind_number(template->kind, &type))
        return false;
    p11_attrs_number(t, CKA_CLASS, class);
    p11_attrs_number(t, CKA_KEY_TYPE, type);
    p11_attrs_bool(t, CKA_TOKEN, false);
    p11_attrs_add(t, CKA_LABEL, template->label, template->label_len);
    p11_attrs_add(t, CKA_ID, template->id, template->id_len);
    p11_attrs_flags(t, template->class, template->flags, a->extras);
    if (a->with_length && template->length && template->class == KEY_CLASS_SECRET)
        p11_attrs_number(t, CKA_VALUE_LEN, template->length);
    if (a->point)
        p11_attrs_add(t, P11_CKA_NSS_DB, a->point->data, a->point->len);
    if (template->constraints && (a->extras & P11_CONSTRAINTS))
        set_constraints(t, a);
    return true;
}

static CK_RV try_unwrap(struct p11 *p, struct attempt *a, CK_OBJECT_HANDLE *handle)
{
    const struct p11_asked asked = {a->template->label, a->template->label_len, false};
    size_t prefix = prefix_of(a->mech);
    CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;
    struct p11_attrs t;
    struct call c;
    CK_RV rv;

    if (a->wrapped_key->len <= prefix)
        return CKR_WRAPPED_KEY_LEN_RANGE;
    if (!set_template(p, &t, a))
        return CKR_TEMPLATE_INCONSISTENT;
    set_call(&c, a->mech);
    memcpy(c.iv, a->wrapped_key->data, prefix);
    rv = p->fn->C_UnwrapKey(p->session, &c.mechanism, a->unwrapping, a->wrapped_key->data + prefix,
                            a->wrapped_key->len - prefix, t.attr, t.count, &made);
    rv = p11_made(p, rv, made, &asked);
    if (rv == CKR_OK)
        *handle = made;
    return rv;
}

/* Some tokens accept an attribute in the template and ignore it; others do not accept it. Sets each
 * attribute without which the key would be less protected than the template requires. Returns false
 * if that fails too. */
static bool enforce(struct p11 *p, CK_OBJECT_HANDLE handle, uint32_t flags)
{
    const uint32_t off = KEY_USES | KEY_EXTRACTABLE, on = KEY_SENSITIVE;
    struct key_desc is;
    uint32_t loose;
    bool ok = true;

    if (!p11_seen_new(p, handle, &is))
        return false;
    loose = ((is.flags & ~flags & off) | (~is.flags & flags & on)) & is.flags_known;
    loose |= ((~flags & off) | (flags & on)) & ~is.flags_known & p->dialect.set_afterwards;
    if (loose)
        p11_seen_forget(p, handle);
    for (size_t i = 0; i < KEY_FLAGS; i++)
        if (loose & p11_flags[i].flag) {
            struct p11_attrs t = {0};
            p11_attrs_bool(&t, p11_flags[i].type, (p11_flags[i].flag & on) != 0);
            ok = p->fn->C_SetAttributeValue(p->session, handle, t.attr, t.count) == CKR_OK && ok;
        }
    return ok;
}

/* Adds the public half of a key on a curve as a bare point, for tokens that require it. */
static bool set_point(struct attempt *a, struct bytes *point)
{
    const struct hsm_template *template = a->template;
    const bool ec = template->kind == KEY_KIND_EC;

    if (a->point || template->class != KEY_CLASS_PRIVATE || !template->spki ||
        !(ec || (key_kind_is(template->kind, KEY_FAMILY_PAIR) && template->kind != KEY_KIND_RSA &&
                 !key_kind_has_numbers(template->kind))) ||
        !(ec ? spki_to_point(template->spki, point) : spki_read_set(template->spki, point) != NULL))
        return false;
    a->point = point;
    return true;
}

/* One attempt as the dialect requires. If the dialect makes no statement and the token reports the
 * template as incomplete, tries again with more: NSS requires the public half of an EC key, some
 * vendors the length of a secret, which others refuse. */
static CK_RV try_with_more(struct p11 *p, const struct attempt *first, CK_OBJECT_HANDLE *handle)
{
    const enum dialect_rule length = p->dialect.value_length, ec = p->dialect.ec_point;
    struct attempt a = *first;
    struct bytes point = {0};
    CK_RV rv;

    if (length != DIALECT_UNSAID)
        a.with_length = length == DIALECT_REQUIRED;
    if (ec == DIALECT_REQUIRED)
        set_point(&a, &point);
    rv = try_unwrap(p, &a, handle);
    if (rv == CKR_TEMPLATE_INCOMPLETE && (length == DIALECT_UNSAID || ec == DIALECT_UNSAID)) {
        a.with_length = a.with_length || length == DIALECT_UNSAID;
        if (ec == DIALECT_UNSAID)
            set_point(&a, &point);
        rv = try_unwrap(p, &a, handle);
    }
    bytes_free(&point);
    return rv;
}

CK_RV p11_mech_unwrap(struct p11 *p, struct p11_mech mech, CK_OBJECT_HANDLE unwrapping,
                      const struct bytes *wrapped_key, const struct hsm_template *template,
                      bool with_length, CK_OBJECT_HANDLE *handle)
{
    struct attempt a = {.mech = mech,
                        .unwrapping = unwrapping,
                        .wrapped_key = wrapped_key,
                        .template = template,
                        .with_length = with_length};
    unsigned may = P11_COPYABLE | P11_MODIFIABLE, row = 0;
    CK_RV rv = CKR_GENERAL_ERROR;

    if (p->dialect.secrecy != DIALECT_REFUSED)
        may |= P11_SECRECY;
    if (template->constraints)
        may |= P11_CONSTRAINTS;
    while (p11_extras_next(may, &row, &a.extras)) {
        rv = try_with_more(p, &a, handle);
        /* Secrecy that the token ignored cannot be set on a key that is not modifiable; secrecy
         * takes precedence. */
        if (rv == CKR_OK && !enforce(p, *handle, template->flags) && (a.extras & P11_MODIFIABLE) &&
            !(template->flags & KEY_MODIFIABLE)) {
            p11_unmake(p, *handle);
            continue;
        }
        if (!p11_refuses_template(rv))
            break;
    }
    return rv;
}
