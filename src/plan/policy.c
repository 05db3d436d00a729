/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/policy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/bytes.h"
#include "base/text.h"
#include "hsm/leave.h"
#include "plan/rsa_check.h"
#include "protocol/gate.h"

const char *confinement_rule_name(enum confinement_rule rule)
{
    return rule == CONFINEMENT_REQUIRED ? "required" : "when-possible";
}

const char *quantum_rule_name(enum quantum_rule rule)
{
    static const char *const names[] = {"any", "preferred", "required"};

    return names[rule];
}

const char *canary_rule_name(enum canary_rule rule)
{
    static const char *const names[] = {"required", "when-possible", "none"};
    return (unsigned)rule < sizeof names / sizeof names[0] ? names[rule] : "?";
}

const char *versions_rule_name(enum versions_rule rule)
{
    static const char *const names[] = {"all", "number", "date"};

    return names[rule];
}

const char *taken_rule_name(enum taken_rule rule)
{
    static const char *const names[] = {"skip", "stop", "rename"};
    return (unsigned)rule < sizeof names / sizeof names[0] ? names[rule] : "?";
}

struct policy policy_default(void)
{
    return (struct policy){
        .rsa_bits = 3072,
        .transports = 1U << HSM_RSA_OAEP_SHA256 | 1U << HSM_RSA_OAEP_SHA1,
        .sensitive = true,
        .extractable = false,
        .writes_before_review = true,
        .gates = 1U << GATE_REVIEW | 1U << GATE_FINGERPRINT,
    };
}

bool policy_allows_transport(const struct policy *policy, enum transport_kind kind)
{
    bool named = policy->order.count == 0;

    for (unsigned i = 0; i < policy->order.count; i++)
        named |= policy->order.at[i] == kind;
    return named && (kind != TRANSPORT_RSA_OAEP || policy->transports) &&
           (policy->quantum != QUANTUM_REQUIRED || transport_is_post_quantum(kind));
}

void policy_transports_text(const struct policy *policy, char *out, size_t size)
{
    size_t len = 0;

    if (policy->order.count == 0)
        text_print(out, size, "the strongest of both sides");
    for (unsigned i = 0; i < policy->order.count; i++)
        len += text_print(out + len, size - len, "%s%s", i ? ", " : "",
                          transport_kinds[policy->order.at[i]].name);
}

void policy_rsa_only(struct policy *policy)
{
    policy->order.count = 1;
    policy->order.at[0] = TRANSPORT_RSA_OAEP;
}

/* Equally strong ones stay in the order of their enumeration. */
static void sort_by_strength(const struct policy *policy, enum transport_kind *kinds,
                             unsigned count)
{
    for (unsigned i = 1; i < count; i++) {
        const enum transport_kind kind = kinds[i];
        unsigned at = i;
        for (; at > 0 && transport_strength(kinds[at - 1], policy->rsa_bits) <
                             transport_strength(kind, policy->rsa_bits);
             at--)
            kinds[at] = kinds[at - 1];
        kinds[at] = kind;
    }
}

/* Those that withstand a quantum computer come first; each of both groups stays in its order. */
static void put_quantum_first(enum transport_kind *kinds, unsigned count)
{
    unsigned first = 0;

    for (unsigned i = 0; i < count; i++) {
        const enum transport_kind kind = kinds[i];
        if (!transport_is_post_quantum(kind))
            continue;
        for (unsigned at = i; at > first; at--)
            kinds[at] = kinds[at - 1];
        kinds[first++] = kind;
    }
}

unsigned policy_transports(const struct policy *policy, enum transport_kind out[TRANSPORTS])
{
    unsigned count = 0;

    for (unsigned i = 0; i < TRANSPORTS; i++) {
        const enum transport_kind kind =
            policy->order.count > i ? policy->order.at[i] : (enum transport_kind)i;
        if ((policy->order.count == 0 || i < policy->order.count) &&
            policy_allows_transport(policy, kind))
            out[count++] = kind;
    }
    if (policy->order.count == 0)
        sort_by_strength(policy, out, count);
    if (policy->quantum != QUANTUM_ANY)
        put_quantum_first(out, count);
    return count;
}

bool policy_equal(const struct policy *a, const struct policy *b)
{
    return a->rsa_bits == b->rsa_bits && a->transports == b->transports &&
           memcmp(&a->order, &b->order, sizeof a->order) == 0 && a->quantum == b->quantum &&
           a->kdf_required == b->kdf_required && a->sensitive == b->sensitive &&
           a->extractable == b->extractable && a->waive_unproven == b->waive_unproven &&
           a->unauthenticated == b->unauthenticated && a->cmac == b->cmac &&
           a->canary == b->canary && a->writes_before_review == b->writes_before_review &&
           a->confinement == b->confinement && a->taken == b->taken &&
           strcmp(a->rename, b->rename) == 0 && a->versions.rule == b->versions.rule &&
           strcmp(a->versions.pattern, b->versions.pattern) == 0 && a->gates == b->gates &&
           a->two_officers == b->two_officers;
}

static uint32_t hash_of(enum hsm_alg alg)
{
    return 1U << (wrap_alg(alg)->family == WRAP_RSA_AES ? wrap_alg(alg)->outer : alg);
}

bool policy_allows(const struct policy *policy, enum hsm_alg alg)
{
    return (policy->transports & hash_of(alg)) &&
           policy_allows_transport(policy, TRANSPORT_RSA_OAEP);
}

void policy_only(struct policy *policy, enum hsm_alg alg)
{
    policy->transports = hash_of(alg);
    policy_rsa_only(policy);
}

uint32_t policy_want_flags(const struct policy *policy, const struct key_desc *key)
{
    const uint32_t kept = KEY_USES | KEY_WRAP_WITH_TRUSTED | KEY_ALWAYS_AUTHENTICATE;
    const uint32_t freedoms = KEY_MODIFIABLE | KEY_COPYABLE | KEY_DESTROYABLE;
    uint32_t flags = KEY_PRIVATE | KEY_TOKEN;

    flags |= key->flags & key->flags_known & kept;
    flags |= freedoms & (key->flags | ~key->flags_known);
    if (policy->sensitive || !key_is_not(key, KEY_SENSITIVE))
        flags |= KEY_SENSITIVE;
    if (policy->extractable && key_is(key, KEY_EXTRACTABLE))
        flags |= KEY_EXTRACTABLE;
    return flags;
}

/* Of a pair that is neither RSA nor EC, the parameter set must be one that is known here. */
static bool is_migrated(const struct key_desc *key)
{
    if (key->kind == KEY_KIND_RSA || key->kind == KEY_KIND_EC)
        return true;
    if (key_kind_is(key->kind, KEY_FAMILY_PAIR))
        return key_set_named(key->curve) != NULL;
    return !key_kind_is(key->kind, KEY_FAMILY_NONE);
}

static bool kind_may_leave(const struct key_desc *key, struct err *err)
{
    char type[KEY_TYPE_TEXT];

    if (key->kind == KEY_KIND_EC && strcmp(key->curve, KEY_CURVE_EXPLICIT) == 0)
        return err_set(err, ERR_DATA,
                       "explicit EC parameters in place of a curve's name: no proof is known "
                       "for such keys");
    return is_migrated(key) ||
           err_set(err, ERR_DATA, "unsupported type: %s", key_type_text(key, type));
}

static bool name_fits(const struct key_desc *key, struct err *err)
{
    if (key->label_len > KEY_LABEL_MAX)
        return err_set(err, ERR_DATA, "its label of %u bytes is longer than %d", key->label_len,
                       KEY_LABEL_MAX);
    if (key->id_len > KEY_ID_MAX)
        return err_set(err, ERR_DATA, "its id of %u bytes is longer than %d", key->id_len,
                       KEY_ID_MAX);
    return true;
}

static bool templates_fit(const struct key_desc *key, struct err *err)
{
    for (enum key_template_use use = 0; use < KEY_TEMPLATES; use++)
        if (key->constraints.templates[use].others)
            return err_set(err, ERR_DATA,
                           "its %s holds %" PRIu32 " attributes that cannot be read or carried, so "
                           "they would get lost",
                           key_template_name(use), key->constraints.templates[use].others);
    return true;
}

static bool was_read(const struct key_desc *key, struct err *err)
{
    return !key->unread[0] ||
           err_set(err, ERR_HSM,
                   "the source fails to read what may bind it, so that could get lost (%s)",
                   key->unread);
}

/* The guards of secrets have no meaning for public objects. */
uint32_t policy_public_flags(const struct key_desc *key)
{
    const uint32_t unguarded =
        KEY_TOKEN | KEY_EXTRACTABLE | KEY_MODIFIABLE | KEY_COPYABLE | KEY_DESTROYABLE;

    return unguarded | (key->flags & key->flags_known & (KEY_USES | KEY_PRIVATE));
}

bool policy_public_may_go(const struct key_desc *key, struct err *err)
{
    char type[KEY_TYPE_TEXT];

    if (key->class == KEY_CLASS_PUBLIC &&
        (!key_kind_is(key->kind, KEY_FAMILY_PAIR) || !is_migrated(key) || !key->has_public))
        return err_set(err, ERR_DATA, "unsupported type: %s", key_type_text(key, type));
    return was_read(key, err) && templates_fit(key, err) && name_fits(key, err);
}

bool policy_may_leave(const struct key_desc *key, struct err *err)
{
    if (key->class == KEY_CLASS_DATA)
        return err_set(err, ERR_DATA, "a data object: no HSM encrypts those under a key");
    if (!key_is_movable_class(key))
        return err_set(err, ERR_DATA, "not a key that can be moved (%s)",
                       key_class_name(key->class));
    if (!kind_may_leave(key, err))
        return false;
    if (!leave_check(key, NULL, err)) /* a transport key is never trusted (CKA_TRUSTED) */
        return false;
    if (key_is(key, KEY_ALWAYS_AUTHENTICATE))
        return err_set(err, ERR_DATA, "asks for its PIN at every use, so it cannot be proven");
    if (!was_read(key, err))
        return false;
    if (key->constraints.known & KEY_DATES_HIDDEN)
        return err_set(err, ERR_DATA,
                       "the source cannot read this key's dates, so they would get lost");
    if (key->constraints.allowed_count > KEY_ALLOWED_MAX)
        return err_set(err, ERR_DATA, "it names %u allowed mechanisms; at most %d can be preserved",
                       key->constraints.allowed_count, KEY_ALLOWED_MAX);
    return templates_fit(key, err) && name_fits(key, err);
}

/* SP 800-89 5.3.3, as OpenSSL implements it: size, parity, small factors, and not a power of a
 * prime. */
static bool passes_public_check(EVP_PKEY *pkey)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
    bool ok = ctx && EVP_PKEY_public_check(ctx) == 1;

    EVP_PKEY_CTX_free(ctx);
    return ok;
}

static bool check_rsa_numbers(EVP_PKEY *pkey, uint32_t bits, struct err *err)
{
    BIGNUM *n = NULL, *e = NULL;
    bool ok = false;

    if (!EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &n) ||
        !EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e))
        err_set(err, ERR_DATA, "the transport public key has no readable numbers");
    else if ((uint32_t)BN_num_bits(n) != bits)
        err_set(err, ERR_DATA, "the transport public key has %d bits, the policy wants %u",
                BN_num_bits(n), bits);
    else if (!BN_is_odd(n))
        err_set(err, ERR_DATA, "the transport public key has an even modulus");
    else if (!BN_is_word(e, 65537))
        err_set(err, ERR_DATA, "the transport public key has an exponent other than 65537");
    else
        ok = rsa_check_modulus(n, "transport public key", err) &&
             (passes_public_check(pkey) ||
              err_set(err, ERR_DATA, "the transport public key fails OpenSSL's check of it"));
    BN_free(n);
    BN_free(e);
    return ok;
}

bool policy_check_transport(const struct policy *policy, const uint8_t *spki, size_t len,
                            struct err *err)
{
    const unsigned char *end = spki;
    unsigned char *again = NULL;
    int again_len;
    bool ok = false;
    EVP_PKEY *pkey = d2i_PUBKEY(NULL, &end, (long)len);

    if (!pkey) {
        err_set(err, ERR_DATA, "the transport public key is not a SubjectPublicKeyInfo");
        goto out;
    }
    if (end != spki + len) {
        err_set(err, ERR_DATA, "the transport public key has %zu bytes after its end",
                (size_t)(spki + len - end));
        goto out;
    }
    /* DER has one encoding for each value; any other encoding could hide data. */
    again_len = i2d_PUBKEY(pkey, &again);
    if (again_len < 0 || !bytes_equal(&(struct bytes){again, (size_t)again_len},
                                      &(struct bytes){(uint8_t *)(uintptr_t)spki, len})) {
        err_set(err, ERR_DATA, "the transport public key is not in DER's one form");
        goto out;
    }
    if (EVP_PKEY_get_base_id(pkey) != EVP_PKEY_RSA) {
        err_set(err, ERR_DATA, "the transport public key is not an RSA key");
        goto out;
    }
    ok = check_rsa_numbers(pkey, policy->rsa_bits, err);
out:
    OPENSSL_free(again);
    EVP_PKEY_free(pkey);
    return ok || err_next(err, "Do not continue with this destination until you know who changed "
                               "the key, or how it was generated.");
}
