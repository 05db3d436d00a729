/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/contract/bench.h"

#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "link/remote.h"

enum { LIMIT_MS = 60000 };

void bench_must(bool ok, const struct err *err, const char *call, const char *file, int line)
{
    char text[1024];

    if (ok)
        return;
    print_error("%s\n%s\n", call, err_line(err, text, sizeof text));
    _fail(file, line);
}

void bench_must_fail(bool ok, const struct err *err, enum err_code want, const char *call,
                     const char *file, int line)
{
    if (!ok && err->code == want && err->what[0])
        return;
    print_error("%s\n%s with %s instead of failing with %s: %s\n", call,
                ok ? "succeeded" : "failed", err_code_name(err->code), err_code_name(want),
                err->what);
    _fail(file, line);
}

/* --- the HSM --- */

bool bench_start(struct bench *b, const struct contract_hsm *kind)
{
    *b = (struct bench){.kind = kind};
    return kind->set_up(&b->place);
}

static bool open_agent(struct bench *b)
{
    const char *const argv[] = {b->kind->agent, NULL};
    const char *environment[CONTRACT_ENV_MAX + 1] = {NULL};
    struct remote_setup setup = {
        .where = b->place.where,
        .argv = argv,
        .environment = environment,
        .limit_ms = LIMIT_MS,
        .abandon_fd = -1,
    };

    for (size_t i = 0, n = 0; i < CONTRACT_ENV_MAX; i++)
        if (b->place.environment[i][0])
            environment[n++] = b->place.environment[i];
    return remote_open(&setup, &b->hsm, &b->err);
}

void bench_open(struct bench *b)
{
    MUST(b,
         b->kind->agent ? open_agent(b) : b->kind->driver->open(&b->place.where, &b->hsm, &b->err));
}

void bench_login(struct bench *b)
{
    struct secret pin = {0};

    if (!b->hsm)
        bench_open(b);
    MUST(b, secret_new(&pin, SECRET_PIN_MAX, &b->err));
    MUST(b, secret_set(&pin, b->place.pin, strlen(b->place.pin), &b->err));
    bool ok = b->hsm->driver->login(b->hsm, b->place.slot, &pin, &b->err);
    secret_free(&pin);
    MUST(b, ok);
    MUST(b, b->hsm->driver->capabilities(b->hsm, &hsm_wanted_all, &b->caps, &b->err));
}

void bench_close(struct bench *b)
{
    if (b->hsm)
        b->hsm->driver->close(b->hsm);
    b->hsm = NULL;
    b->pair = b->kek = 0;
    object_free(b->kek_value);
    b->kek_value = NULL;
}

void bench_stop(struct bench *b)
{
    bench_close(b);
    b->kind->tear_down(&b->place);
}

struct inventory bench_inventory(struct bench *b)
{
    struct inventory now = {0};

    MUST(b, b->hsm->driver->handles(b->hsm, &now.handles, &now.count, &b->err));
    for (size_t i = 0; i < now.count; i++)
        assert_true(now.handles[i] > (i ? now.handles[i - 1] : 0));
    return now;
}

void bench_same_inventory(struct bench *b, struct inventory then)
{
    struct inventory now = bench_inventory(b);

    assert_int_equal(now.count, then.count);
    if (then.count > 0)
        assert_memory_equal(now.handles, then.handles, then.count * sizeof *then.handles);
    free(now.handles);
    free(then.handles);
}

/* --- keys whose values we know --- */

const char *const known_types[] = {
    "aes16",  "aes24",  "aes32",  "generic13", "generic16", "generic20", "generic64", "hmac20",
    "hmac28", "hmac32", "hmac48", "hmac64",    "rsa2048",   "ec256",     "ec384",     NULL};

bool bench_has(const struct bench *b, const char *type)
{
    for (const char *lacks = b->place.lacks; lacks && *lacks; lacks += strspn(lacks, " ")) {
        const size_t len = strcspn(lacks, " ");
        if (strncmp(type, lacks, len) == 0)
            return false;
        lacks += len;
    }
    return true;
}

enum {
    ORDINARY = KEY_PRIVATE | KEY_SENSITIVE | KEY_EXTRACTABLE | KEY_MODIFIABLE | KEY_COPYABLE |
               KEY_DESTROYABLE
};

/* Making RSA keys is slow, and one of each size is as good as many. */
static EVP_PKEY *known_rsa(unsigned bits)
{
    static struct {
        unsigned bits;
        EVP_PKEY *pkey;
    } kept;

    if (kept.bits != bits) {
        EVP_PKEY_free(kept.pkey);
        kept.pkey = EVP_RSA_gen(bits);
        kept.bits = bits;
    }
    EVP_PKEY_up_ref(kept.pkey);
    return kept.pkey;
}

/* An HMAC key is as long as the output of its hash. */
static enum key_kind known_secret_kind(const char *type, unsigned size)
{
    static const struct {
        const char *type;
        unsigned size;
        enum key_kind kind;
    } rows[] = {
        {"aes", 0, KEY_KIND_AES},           {"hmac", 20, KEY_KIND_HMAC_SHA1},
        {"hmac", 28, KEY_KIND_HMAC_SHA224}, {"hmac", 32, KEY_KIND_HMAC_SHA256},
        {"hmac", 48, KEY_KIND_HMAC_SHA384}, {"hmac", 64, KEY_KIND_HMAC_SHA512},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strncmp(type, rows[i].type, strlen(rows[i].type)) == 0 &&
            (rows[i].size == 0 || rows[i].size == size))
            return rows[i].kind;
    return KEY_KIND_GENERIC;
}

struct object *known_key(const char *type)
{
    unsigned size = (unsigned)atoi(type + strcspn(type, "0123456789"));
    struct key_desc desc = {.class = KEY_CLASS_SECRET, .flags = ORDINARY};
    uint8_t value[64];
    char curve[8];
    struct object *known;

    key_set_label(&desc, type, strlen(type));
    key_set_id(&desc, type + 1,
               strlen(type) - 1); /* its own: NSS keeps one key of a class and id */
    if (strncmp(type, "rsa", 3) == 0) {
        desc.class = KEY_CLASS_PRIVATE;
        desc.kind = KEY_KIND_RSA;
        desc.flags |= KEY_SIGN | KEY_DECRYPT;
        known = object_of(&desc, known_rsa(size));
    } else if (strncmp(type, "ec", 2) == 0) {
        desc.class = KEY_CLASS_PRIVATE;
        desc.kind = KEY_KIND_EC;
        desc.flags |= KEY_SIGN;
        snprintf(curve, sizeof curve, "P-%u", size % 1000);
        known = object_of(&desc, EVP_EC_gen(curve));
    } else {
        desc.kind = known_secret_kind(type, size);
        desc.flags |= desc.kind == KEY_KIND_AES ? KEY_ENCRYPT | KEY_DECRYPT : KEY_SIGN | KEY_VERIFY;
        assert_true(size <= sizeof value);
        assert_int_equal(RAND_bytes(value, (int)size), 1);
        value[size - 1] |= 1; /* no zero at the end, which padding could hide */
        known = object_new(&desc, value, size);
    }
    assert_non_null(known);
    return known;
}

struct bytes known_spki(const struct object *known)
{
    struct bytes spki = {0};
    uint8_t *der = NULL;

    int len = i2d_PUBKEY(known->pkey, &der);
    assert_true(len > 0);
    assert_true(bytes_set(&spki, der, (size_t)len, NULL));
    OPENSSL_free(der);
    return spki;
}

struct bytes known_certificate(const struct object *known, const char *name)
{
    struct bytes made = {0};
    X509 *x = X509_new();
    uint8_t *der = NULL;

    assert_non_null(x);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 0x1234);
    X509_gmtime_adj(X509_getm_notBefore(x), 0);
    X509_gmtime_adj(X509_getm_notAfter(x), 86400);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                               (const uint8_t *)strchr(name, '=') + 1, -1, -1, 0);
    X509_set_issuer_name(x, X509_get_subject_name(x));
    assert_int_equal(X509_set_pubkey(x, known->pkey), 1);
    assert_true(X509_sign(x, known->pkey, EVP_sha256()) > 0);
    int len = i2d_X509(x, &der);
    assert_true(len > 0 && bytes_set(&made, der, (size_t)len, NULL));
    OPENSSL_free(der);
    X509_free(x);
    return made;
}

static bool verify(struct hsm_signing signing, EVP_PKEY *pkey, const struct bytes *digest,
                   const uint8_t *sig, size_t len)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
    bool right = EVP_PKEY_verify_init(ctx) == 1 && crypto_pad(ctx, signing) &&
                 EVP_PKEY_verify(ctx, sig, len, digest->data, digest->len) == 1;
    EVP_PKEY_CTX_free(ctx);
    return right;
}

static bool verify_ecdsa(struct hsm_signing signing, EVP_PKEY *pkey, const struct bytes *digest,
                         const struct bytes *answer)
{
    int field = (EVP_PKEY_get_bits(pkey) + 7) / 8;
    uint8_t *der = NULL;

    if (answer->len != 2 * (size_t)field)
        return false;
    ECDSA_SIG *sig = ECDSA_SIG_new();
    ECDSA_SIG_set0(sig, BN_bin2bn(answer->data, field, NULL),
                   BN_bin2bn(answer->data + field, field, NULL));
    int len = i2d_ECDSA_SIG(sig, &der);
    bool right = len > 0 && verify(signing, pkey, digest, der, (size_t)len);
    OPENSSL_free(der);
    ECDSA_SIG_free(sig);
    return right;
}

bool known_answer_is_right(const struct object *known, enum hsm_proof proof,
                           const struct bytes *challenge, const struct bytes *answer)
{
    struct hsm_signing signing = hsm_signing_of(proof);
    struct bytes ours = {0};
    bool right;

    if (signing.hash)
        right = crypto_hashed(signing, challenge, &ours) &&
                (signing.ecdsa ? verify_ecdsa(signing, known->pkey, &ours, answer)
                               : verify(signing, known->pkey, &ours, answer->data, answer->len));
    else
        right = crypto_prove(proof, known, challenge, &ours) && bytes_equal(&ours, answer);
    bytes_free(&ours);
    return right;
}

static bool proof_fits(const struct object *known, enum hsm_proof proof)
{
    static const enum key_kind kinds[HSM_PROOFS] = {
        [HSM_PROOF_AES_ECB] = KEY_KIND_AES,     [HSM_PROOF_AES_DECRYPT] = KEY_KIND_AES,
        [HSM_PROOF_RSA_DECRYPT] = KEY_KIND_RSA, [HSM_PROOF_RSA_UNWRAP] = KEY_KIND_RSA,
        [HSM_PROOF_ECDH] = KEY_KIND_EC,
    };
    const enum key_kind is = known->desc.kind;
    struct hsm_signing signing = hsm_signing_of(proof);
    enum key_kind kind = signing.ecdsa              ? KEY_KIND_EC
                         : signing.hash == HSM_PURE ? KEY_KIND_OTHER
                         : signing.hash             ? KEY_KIND_RSA
                                                    : kinds[proof];

    if (proof == HSM_PROOF_DIGEST)
        return key_kind_is(is, KEY_FAMILY_VALUE);
    if (proof == HSM_PROOF_HMAC)
        return (is == KEY_KIND_GENERIC || is == KEY_KIND_HMAC_SHA256) &&
               known->value.len >= 32; /* SoftHSM's least */
    return kind == is;
}

/* --- bringing them in --- */

enum hsm_alg bench_oaep(const struct bench *b, bool wrap)
{
    static const enum hsm_alg order[] = {HSM_RSA_OAEP_SHA256, HSM_RSA_OAEP_SHA1};

    for (size_t i = 0; i < 2; i++)
        if (wrap ? b->caps.alg[order[i]].wrap : b->caps.alg[order[i]].unwrap)
            return order[i];
    return HSM_ALGS;
}

enum hsm_alg bench_envelope(const struct bench *b, bool wrap)
{
    static const enum hsm_alg order[] = {HSM_AES_KWP, HSM_AES_CBC_PAD};

    for (size_t i = 0; i < 2; i++)
        if (wrap ? b->caps.alg[order[i]].wrap : b->caps.alg[order[i]].unwrap)
            return order[i];
    return HSM_ALGS;
}

struct hsm_template bench_template(const struct object *known, struct bytes *spki)
{
    if (known->pkey)
        *spki = known_spki(known);
    return (struct hsm_template){
        .class = known->desc.class,
        .kind = known->desc.kind,
        .length = known->desc.length,
        .flags = known->desc.flags,
        .label = known->desc.label,
        .label_len = known->desc.label_len,
        .id = known->desc.id,
        .id_len = known->desc.id_len,
        .spki = known->pkey ? spki : NULL,
        .constraints = known->desc.constraints.known ? &known->desc.constraints : NULL,
    };
}

void bench_kek(struct bench *b)
{
    enum hsm_alg oaep = bench_oaep(b, false);
    struct hsm_pair pair = {0};
    struct bytes wrapped_key = {0};
    struct key_desc public = {.class = KEY_CLASS_PUBLIC, .kind = KEY_KIND_RSA};

    if (b->kek)
        return;
    b->envelope = bench_envelope(b, false);
    if (oaep == HSM_ALGS || b->envelope == HSM_ALGS)
        skip();
    MUST(b, b->hsm->driver->make_pair(b->hsm, 2048, "hsmferry:contract", &pair, &b->err));
    b->pair = pair.private_handle;
    struct object *rsa = object_new(&public, pair.spki.data, pair.spki.len);
    assert_non_null(rsa);
    b->kek_value = known_key("aes32");
    b->kek_value->desc.flags = KEY_UNWRAP | KEY_PRIVATE | KEY_SENSITIVE | KEY_DESTROYABLE;
    assert_true(crypto_wrap(oaep, rsa, &b->kek_value->value, &wrapped_key));
    struct hsm_template template = bench_template(b->kek_value, NULL);
    MUST(b,
         b->hsm->driver->unwrap(b->hsm, oaep, b->pair, &wrapped_key, &template, &b->kek, &b->err));
    object_free(rsa);
    bytes_free(&pair.spki);
    bytes_free(&wrapped_key);
}

/* On a source only: the private key of the token after a new login. */
static uint64_t put(struct bench *b, const struct object *known)
{
    struct key_list list = {0};
    uint64_t handle = 0;

    bench_close(b);
    assert_true(b->place.put(&b->place, known));
    bench_login(b);
    MUST(b, b->hsm->driver->list(b->hsm, &list, &b->err));
    for (size_t i = 0; i < list.count; i++)
        if (list.keys[i].class == KEY_CLASS_PRIVATE)
            handle = list.keys[i].handle;
    key_list_free(&list);
    assert_int_not_equal(handle, 0);
    return handle;
}

uint64_t bench_import(struct bench *b, const struct object *known)
{
    struct bytes value = {0}, wrapped_key = {0}, spki = {0};
    uint64_t handle;

    if (b->place.put)
        return put(b, known);
    bench_kek(b);
    assert_true(object_value(known, &value));
    assert_true(crypto_wrap(b->envelope, b->kek_value, &value, &wrapped_key));
    struct hsm_template template = bench_template(known, &spki);
    MUST(b, b->hsm->driver->unwrap(b->hsm, b->envelope, b->kek, &wrapped_key, &template, &handle,
                                   &b->err));
    assert_int_not_equal(handle, 0);
    bytes_free(&value);
    bytes_free(&wrapped_key);
    bytes_free(&spki);
    return handle;
}

uint64_t bench_import_token(struct bench *b, const struct object *known)
{
    const struct key_desc *d = &known->desc;
    uint64_t temporary = bench_import(b, known), final;

    MUST(b, b->hsm->driver->commit(b->hsm, temporary, d->label, d->label_len, d->id, d->id_len,
                                   &final, &b->err));
    assert_int_not_equal(final, 0);
    if (temporary != final)
        MUST(b, b->hsm->driver->destroy(b->hsm, temporary, &b->err));
    return final;
}

/* By the first proof that the HSM can give of this very key. */
void bench_prove(struct bench *b, uint64_t handle, const struct object *known)
{
    struct bytes challenge = {0}, answer = {0};
    enum hsm_proof proof;

    assert_true(bytes_make(&challenge, 32, NULL));
    assert_int_equal(RAND_bytes(challenge.data, 32), 1);
    for (proof = 0; proof < HSM_PROOFS; proof++) {
        if (!(b->caps.proofs & 1u << proof) || !proof_fits(known, proof))
            continue;
        if (b->hsm->driver->prove(b->hsm, proof, handle, &challenge, &answer, &b->err))
            break;
        MUST(b, b->err.code == ERR_UNSUPPORTED);
    }
    if (proof == HSM_PROOFS)
        fail_msg("no proof is offered for %s", key_kind_name(known->desc.kind));
    assert_true(known_answer_is_right(known, proof, &challenge, &answer));
    answer.data[0] ^= 1; /* and a wrong one is not taken for right */
    assert_false(known_answer_is_right(known, proof, &challenge, &answer));
    bytes_free(&challenge);
    bytes_free(&answer);
}
