/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL plays the other side: it knows the evidence key, and the key that answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/contract/evidence.h"

#include <openssl/rand.h>
#include <openssl/sha.h>
#include <string.h>

#include "base/text.h"
#include "transfer/own_key.h"

static const char label[] = "hsmferry:evidence";

static const struct hsm_driver *driver(const struct bench *b)
{
    return b->hsm->driver;
}

struct evidence_subject evidence_subject_of(enum hsm_proof proof, uint64_t key,
                                            uint64_t evidence_key, bool open)
{
    return (struct evidence_subject){.proof = proof,
                                     .key = key,
                                     .evidence_key = evidence_key,
                                     .migration = "00112233445566778899aabbccddeeff",
                                     .number = 7,
                                     .open = open};
}

struct object *evidence_key_known(void)
{
    struct object *known = known_key("aes32");

    known->desc.flags = KEY_PRIVATE | KEY_SENSITIVE | KEY_DECRYPT | KEY_DESTROYABLE;
    return known;
}

/* --- OpenSSL's side --- */

static void known_answer(const struct object *known, enum hsm_proof proof,
                         const uint8_t challenge[EVIDENCE_TEXT], uint8_t answer[EVIDENCE_TEXT])
{
    const struct bytes asked = {(uint8_t *)challenge, EVIDENCE_TEXT};
    struct bytes got = {0};

    assert_true(crypto_prove(proof, known, &asked, &got));
    assert_int_equal(got.len, EVIDENCE_TEXT);
    memcpy(answer, got.data, got.len);
    bytes_free(&got);
}

void evidence_by_openssl(const struct object *evidence_key, const struct object *known,
                         const struct evidence_subject *of, struct evidence_cipher *out)
{
    uint8_t context[EVIDENCE_CONTEXT], challenge[EVIDENCE_TEXT], answer[EVIDENCE_TEXT];
    const struct bytes aad = {context, sizeof context};

    assert_int_equal(RAND_bytes(challenge, sizeof challenge), 1);
    assert_int_equal(RAND_bytes(out->iv, sizeof out->iv), 1);
    known_answer(known, of->proof, challenge, answer);
    if (of->open)
        SHA256(answer, sizeof answer, out->challenge);
    else
        memcpy(out->challenge, challenge, sizeof challenge);
    evidence_context(of, out->challenge, context);
    assert_true(crypto_gcm(evidence_key, true, &aad, of->open ? challenge : answer, out));
}

/* Is it evidence of the known key? */
static bool is_evidence_of(const struct object *evidence_key, const struct object *known,
                           const struct evidence_subject *of, const struct evidence_cipher *cipher)
{
    uint8_t context[EVIDENCE_CONTEXT], text[EVIDENCE_TEXT], answer[EVIDENCE_TEXT];
    uint8_t sha256[SHA256_SIZE];
    const struct bytes aad = {context, sizeof context};
    struct evidence_cipher in = *cipher;

    evidence_context(of, cipher->challenge, context);
    if (!crypto_gcm(evidence_key, false, &aad, text, &in))
        return false;
    known_answer(known, of->proof, of->open ? text : cipher->challenge, answer);
    SHA256(answer, sizeof answer, sha256);
    return of->open ? memcmp(sha256, cipher->challenge, sizeof sha256) == 0
                    : memcmp(answer, text, sizeof answer) == 0;
}

/* --- the HSM as source --- */

static uint64_t make(struct bench *b)
{
    uint64_t handle;

    MUST(b, driver(b)->make_evidence_key(b->hsm, label, &handle, &b->err));
    return handle;
}

static bool seals(const struct bench *b)
{
    return b->caps.evidence.wrap && bench_envelope(b, true) != HSM_ALGS &&
           bench_oaep(b, true) != HSM_ALGS;
}

static void evidence_key_is_for_encryption_only(void **state)
{
    struct bench *b = *state;
    struct key_desc key;
    uint32_t unread, among = KEY_USES | KEY_SENSITIVE | KEY_EXTRACTABLE | KEY_TOKEN;

    bench_login(b);
    assert_string_not_equal(b->caps.evidence.reason, "");
    assert_true(!b->caps.evidence.wrap || b->caps.evidence.wrap_call[0]);
    assert_true(!b->caps.evidence.unwrap || b->caps.evidence.unwrap_call[0]);
    if (!b->caps.evidence.wrap)
        skip();
    struct inventory before = bench_inventory(b);
    uint64_t handle = make(b);
    MUST(b, driver(b)->describe(b->hsm, handle, &key, &b->err));
    assert_int_equal(key.bits, EVIDENCE_BITS);
    assert_int_equal(key.flags & key.flags_known & among,
                     (KEY_ENCRYPT | KEY_SENSITIVE | KEY_EXTRACTABLE) & key.flags_known);
    MUST(b,
         own_key_check(b->hsm, handle, &own_source_evidence, b->caps.unreadable, &unread, &b->err));
    MUST(b, driver(b)->destroy(b->hsm, handle, &b->err));
    bench_same_inventory(b, before);
}

/* An AES key of the HSM's, whose value it showed to us under another one. */
static struct object *learn(struct bench *b, uint64_t wrapping, enum hsm_alg alg,
                            const struct object *by, uint64_t key)
{
    struct key_desc desc = {.class = KEY_CLASS_SECRET, .kind = KEY_KIND_AES};
    struct bytes wrapped_key = {0}, value = {0};

    MUST(b, driver(b)->wrap(b->hsm, alg, wrapping, key, &wrapped_key, &b->err));
    assert_true(crypto_unwrap(alg, by, &wrapped_key, &value));
    struct object *aes = object_new(&desc, value.data, value.len);
    assert_non_null(aes);
    bytes_free(&wrapped_key);
    bytes_free(&value);
    return aes;
}

static struct object *learn_evidence_key(struct bench *b, uint64_t handle)
{
    struct object *rsa = known_key("rsa2048"), *kek, *known;
    struct bytes spki = known_spki(rsa);
    uint64_t public, under;

    MUST(b, driver(b)->load_public(b->hsm, &spki, label, &public, &b->err));
    MUST(b, driver(b)->make_kek(b->hsm, 256, label, &under, &b->err));
    kek = learn(b, public, bench_oaep(b, true), rsa, under);
    known = learn(b, under, bench_envelope(b, true), kek, handle);
    assert_int_equal(known->value.len, EVIDENCE_BITS / 8);
    bytes_free(&spki);
    object_free(rsa);
    object_free(kek);
    return known;
}

static void seal_one(struct bench *b, const struct object *evidence_key, uint64_t evidence,
                     enum hsm_proof proof, const char *type)
{
    struct object *known = known_key(type);
    uint64_t handle = bench_import(b, known);

    for (unsigned open = 0; open < 2; open++) {
        const struct evidence_subject of = evidence_subject_of(proof, handle, evidence, open);
        struct evidence_cipher one = {.challenge = {1, 2, 3}}, other = one;
        MUST(b, driver(b)->seal(b->hsm, &of, &one, &b->err));
        MUST(b, driver(b)->seal(b->hsm, &of, &other, &b->err));
        assert_true(is_evidence_of(evidence_key, known, &of, &one));
        assert_true(is_evidence_of(evidence_key, known, &of, &other));
        assert_memory_not_equal(one.iv, other.iv, sizeof one.iv);
        one.ciphertext[3] ^= 1; /* and wrong evidence is not taken for right */
        assert_false(is_evidence_of(evidence_key, known, &of, &one));
    }
    MUST(b, driver(b)->destroy(b->hsm, handle, &b->err));
    object_free(known);
}

static void sealed_evidence_is_that_of_the_key(void **state)
{
    struct bench *b = *state;

    bench_login(b);
    if (!seals(b))
        skip();
    bench_kek(b);
    uint64_t evidence = make(b);
    struct object *evidence_key = learn_evidence_key(b, evidence);
    struct inventory before = bench_inventory(b);
    if (b->caps.proofs & 1u << HSM_PROOF_DIGEST)
        seal_one(b, evidence_key, evidence, HSM_PROOF_DIGEST, "generic13");
    if (b->caps.proofs & 1u << HSM_PROOF_HMAC)
        seal_one(b, evidence_key, evidence, HSM_PROOF_HMAC, "generic64");
    bench_same_inventory(b, before);
    object_free(evidence_key);
}

/* --- the HSM as destination --- */

struct unsealing {
    struct object *evidence_key, *known, *other;
    uint64_t evidence, key;
    enum hsm_proof proof;
};

static bool unseal(struct bench *b, const struct evidence_subject *of,
                   const struct evidence_cipher *cipher)
{
    struct bytes answer = {0};
    bool ok = driver(b)->unseal(b->hsm, of, cipher, &answer, &b->err);

    if (ok && of->open) {
        uint8_t sha256[SHA256_SIZE];
        assert_int_equal(answer.len, EVIDENCE_TEXT);
        SHA256(answer.data, answer.len, sha256);
        assert_memory_equal(sha256, cipher->challenge, sizeof sha256);
    } else {
        assert_null(answer.data); /* only that they are equal, or not, is said */
    }
    bytes_free(&answer);
    return ok;
}

enum attack {
    NONE, /* the control */
    OTHER_MIGRATION,
    OTHER_NUMBER,
    OTHER_KIND, /* an encrypted answer for an encrypted challenge, and the reverse */
    OTHER_CHALLENGE,
    OTHER_KEY, /* the right evidence of another key */
    SWAPPED,   /* the ciphertext of another challenge of the same key */
    ALTERED_IV,
    ALTERED_TEXT,
    ALTERED_TAG,
    NO_TAG,
    OTHER_EVIDENCE_KEY,
    ATTACKS
};

/* Evidence of the known key, then attacked. */
static bool attacked(struct bench *b, const struct unsealing *u, bool open, enum attack attack)
{
    struct evidence_subject of = evidence_subject_of(u->proof, u->key, u->evidence, open);
    struct object *stranger = evidence_key_known();
    struct evidence_cipher cipher, another;

    evidence_by_openssl(attack == OTHER_EVIDENCE_KEY ? stranger : u->evidence_key,
                        attack == OTHER_KEY ? u->other : u->known, &of, &cipher);
    evidence_by_openssl(u->evidence_key, u->known, &of, &another);
    of.migration[0] ^= attack == OTHER_MIGRATION;
    of.number += attack == OTHER_NUMBER;
    of.open ^= attack == OTHER_KIND;
    cipher.challenge[0] ^= attack == OTHER_CHALLENGE;
    cipher.iv[0] ^= attack == ALTERED_IV;
    cipher.ciphertext[0] ^= attack == ALTERED_TEXT;
    cipher.ciphertext[EVIDENCE_CIPHERTEXT - 1] ^= attack == ALTERED_TAG;
    if (attack == NO_TAG)
        memset(cipher.ciphertext + EVIDENCE_TEXT, 0, EVIDENCE_TAG);
    if (attack == SWAPPED)
        memcpy(cipher.ciphertext, another.ciphertext, sizeof cipher.ciphertext);
    object_free(stranger);
    return unseal(b, &of, &cipher);
}

static void unsealed_evidence_is_compared(void **state)
{
    struct bench *b = *state;
    struct unsealing u = {.proof = HSM_PROOF_DIGEST};
    char said[ERR_WHAT_MAX] = "";

    bench_login(b);
    if (!b->caps.evidence.unwrap || !(b->caps.proofs & 1u << u.proof))
        skip();
    u.evidence_key = evidence_key_known();
    u.known = known_key("generic13");
    u.other = known_key("generic13");
    u.evidence = bench_import(b, u.evidence_key);
    u.key = bench_import(b, u.known);
    for (unsigned open = 0; open < 2; open++)
        for (enum attack attack = 0; attack < ATTACKS; attack++) {
            bool ok = attacked(b, &u, open, attack);
            if (attack == NONE)
                MUST(b, ok);
            else
                MUST_FAIL(b, ok, ERR_DATA);
            if (attack != NONE && said[0])
                assert_string_equal(b->err.what, said); /* nothing is learnt from a difference */
            if (attack != NONE)
                memcpy(said, b->err.what, sizeof said);
        }
    object_free(u.evidence_key);
    object_free(u.known);
    object_free(u.other);
}

/* --- what the agent guards --- */

static void check_denied(struct bench *b, bool ok, const char *says)
{
    bench_must_fail(ok, &b->err, ERR_DENIED, says, __FILE__, __LINE__);
    assert_non_null(strstr(b->err.what, says));
    assert_int_equal(b->err.hsm_code, 0); /* the HSM was not asked */
}

static void evidence_key_encrypts_answers_only(void **state)
{
    struct bench *b = *state;
    struct object *known = known_key("generic64"), *aes = known_key("aes32");
    struct bytes challenge = {0}, answer = {0};
    struct evidence_cipher cipher = {0};
    struct evidence_subject of;
    uint64_t second;

    bench_login(b);
    if (!b->caps.evidence.wrap)
        skip();
    assert_true(bytes_make(&challenge, 32, NULL));
    challenge.data[0] = 1;
    uint64_t key = bench_import(b, known), ordinary = bench_import(b, aes), evidence = make(b);
    /* its key stream, block by block */
    check_denied(
        b, driver(b)->prove(b->hsm, HSM_PROOF_AES_ECB, evidence, &challenge, &answer, &b->err),
        "the evidence key may not answer");
    MUST(b, driver(b)->prove(b->hsm, HSM_PROOF_AES_ECB, ordinary, &challenge, &answer, &b->err));
    of = evidence_subject_of(HSM_PROOF_DIGEST, evidence, evidence, false);
    check_denied(b, driver(b)->seal(b->hsm, &of, &cipher, &b->err),
                 "the evidence key may not answer");
    /* what a relay could choose */
    of = evidence_subject_of(HSM_PROOF_AES_DECRYPT, ordinary, evidence, false);
    MUST_FAIL(b, driver(b)->seal(b->hsm, &of, &cipher, &b->err), ERR_UNSUPPORTED);
    /* a key that the relay knows */
    of = evidence_subject_of(HSM_PROOF_DIGEST, key, ordinary, false);
    check_denied(b, driver(b)->seal(b->hsm, &of, &cipher, &b->err),
                 "this session did not generate this evidence key");
    check_denied(b,
                 driver(b)->commit(b->hsm, evidence, key ? (const uint8_t *)"e" : NULL, 1, NULL, 0,
                                   &second, &b->err),
                 "the evidence key may not be committed");
    MUST_FAIL(b, driver(b)->make_evidence_key(b->hsm, label, &second, &b->err), ERR_DENIED);
    /* the control */
    of = evidence_subject_of(HSM_PROOF_DIGEST, key, evidence, false);
    MUST(b, driver(b)->seal(b->hsm, &of, &cipher, &b->err));
    MUST(b, driver(b)->destroy(b->hsm, evidence, &b->err));
    make(b);
    bytes_free(&challenge);
    bytes_free(&answer);
    object_free(known);
    object_free(aes);
}

static void evidence_key_leaves_under_the_kek_only(void **state)
{
    struct bench *b = *state;
    struct object *rsa = known_key("rsa2048"), *aes = known_key("aes32");
    struct bytes spki = known_spki(rsa), wrapped_key = {0};
    uint64_t public, kek, planted;

    bench_login(b);
    if (!seals(b))
        skip();
    uint64_t evidence = make(b);
    MUST(b, driver(b)->load_public(b->hsm, &spki, label, &public, &b->err));
    MUST(b, driver(b)->make_kek(b->hsm, 256, label, &kek, &b->err));
    aes->desc.flags =
        KEY_PRIVATE | KEY_SENSITIVE | KEY_WRAP | KEY_MODIFIABLE | KEY_COPYABLE | KEY_DESTROYABLE;
    planted = bench_import_token(b, aes);
    check_denied(
        b, driver(b)->wrap(b->hsm, bench_oaep(b, true), public, evidence, &wrapped_key, &b->err),
        "the evidence key is wrapped under the KEK only");
    check_denied(
        b,
        driver(b)->wrap(b->hsm, bench_envelope(b, true), planted, evidence, &wrapped_key, &b->err),
        "the evidence key is wrapped under the KEK only");
    /* the controls: the KEK under the same public key, and the evidence key under it */
    MUST(b, driver(b)->wrap(b->hsm, bench_oaep(b, true), public, kek, &wrapped_key, &b->err));
    MUST(b, driver(b)->wrap(b->hsm, bench_envelope(b, true), kek, evidence, &wrapped_key, &b->err));
    bytes_free(&wrapped_key);
    bytes_free(&spki);
    object_free(rsa);
    object_free(aes);
}

/* Unseals with an evidence key that has other flags. */
static bool unseal_with(struct bench *b, const struct unsealing *u, uint32_t more, bool token)
{
    struct object *loose = evidence_key_known();
    struct evidence_subject of;
    struct evidence_cipher cipher;

    loose->desc.flags |= more;
    if (token)
        loose->desc.flags |= KEY_MODIFIABLE | KEY_COPYABLE;
    uint64_t handle = token ? bench_import_token(b, loose) : bench_import(b, loose);
    of = evidence_subject_of(u->proof, u->key, handle, false);
    evidence_by_openssl(loose, u->known, &of, &cipher);
    bool ok = unseal(b, &of, &cipher);
    struct err kept = b->err;
    MUST(b, driver(b)->destroy(b->hsm, handle, &b->err));
    b->err = kept;
    object_free(loose);
    return ok;
}

static void evidence_key_of_the_destination_decrypts_only(void **state)
{
    struct bench *b = *state;
    struct unsealing u = {.proof = HSM_PROOF_DIGEST, .known = known_key("generic13")};

    bench_login(b);
    if (!b->caps.evidence.unwrap || !(b->caps.proofs & 1u << u.proof))
        skip();
    u.key = bench_import(b, u.known);
    check_denied(b, unseal_with(b, &u, KEY_ENCRYPT, false), "something else than decrypt");
    check_denied(b, unseal_with(b, &u, KEY_UNWRAP, false), "something else than decrypt");
    check_denied(b, unseal_with(b, &u, KEY_EXTRACTABLE, false), "could leave its HSM");
    check_denied(b, unseal_with(b, &u, 0, true), "not a temporary object of this session");
    MUST(b, unseal_with(b, &u, 0, false)); /* the control */
    object_free(u.known);
}

/* --- the lists --- */

const struct contract_row evidence_rows[3] = {
    {"evidence_key_is_for_encryption_only", evidence_key_is_for_encryption_only},
    {"sealed_evidence_is_that_of_the_key", sealed_evidence_is_that_of_the_key},
    {"unsealed_evidence_is_compared", unsealed_evidence_is_compared},
};

const struct contract_row evidence_guard_rows[3] = {
    {"evidence_key_encrypts_answers_only", evidence_key_encrypts_answers_only},
    {"evidence_key_leaves_under_the_kek_only", evidence_key_leaves_under_the_kek_only},
    {"evidence_key_of_the_destination_decrypts_only",
     evidence_key_of_the_destination_decrypts_only},
};
