/* SPDX-License-Identifier: Apache-2.0 */
/* What a destination may do to a key, which check catches it, and that without this check it would
 * get through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dlfcn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "hsm/fidelity.h"
#include "tests/fake/fake.h"
#include "transfer/ahead.h"
#include "transfer/proof.h"

/* Thirteen bytes, the same padded as SoftHSM does, and cut by one. */
#define VALUE  "000102030405060708090a0b0c"
#define PADDED VALUE "000000"
#define CUT    "000102030405060708090a0b"
/* 63 bytes, 65, and the SHA-256 of the latter. */
#define EIGHT       "a5a5a5a5a5a5a5a5"
#define BLOCK       EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT "a5a5a5a5a5a5a5"
#define LONG        BLOCK "a5a5"
#define LONG_DIGEST "667f84020d981fcedce2816e4e9969a02d5c317a0aef56a6c588175820f82a81"
/* Two AES keys. */
#define KEY   "000102030405060708090a0b0c0d0e0f"
#define OTHER "ff0102030405060708090a0b0c0d0e0f"

/* Two HSMs that say that they hold the same key, "k". */
struct two {
    struct hsm *hsm[2];
    struct key_desc key[2];
    struct bytes spki;
    struct err err;
};

static struct hsm *enter(const char *params, struct key_desc *key, struct err *err)
{
    struct hsm_where where = {.api = "fake"};
    struct key_list list = {0};
    struct secret pin = {0};
    struct hsm *hsm;

    snprintf(where.params, sizeof where.params, "%s", params);
    assert_true(fake_driver.open(&where, &hsm, err));
    assert_true(secret_new(&pin, SECRET_PIN_MAX, err) && secret_set(&pin, "1234", 4, err));
    assert_true(fake_driver.login(hsm, FAKE_SLOT, &pin, err));
    assert_true(fake_driver.list(hsm, &list, err));
    for (size_t i = 0; i < list.count; i++)
        if (key_is_movable_class(&list.keys[i]))
            *key = list.keys[i];
    key_list_free(&list);
    secret_free(&pin);
    return hsm;
}

static struct two make(const char *source, const char *destination)
{
    struct two t = {0};

    t.hsm[0] = enter(source, &t.key[0], &t.err);
    t.hsm[1] = enter(destination, &t.key[1], &t.err);
    if (t.key[0].class == KEY_CLASS_PRIVATE)
        assert_true(fake_driver.public_key(t.hsm[0], t.key[0].handle, &t.spki, &t.err));
    return t;
}

static void unmake(struct two *t)
{
    fake_driver.close(t->hsm[0]);
    fake_driver.close(t->hsm[1]);
    bytes_free(&t->spki);
}

static bool proves(struct two *t, uint32_t proofs)
{
    const struct proof_pair pair = {t->hsm[0],        t->key[0].handle, &t->spki, t->hsm[1],
                                    t->key[1].handle, t->key[1].class,  {0},      false};
    enum hsm_proof which;

    return proof_run(&pair, proofs, &which, &t->err);
}

/* As a token that tells no length, no check value and no public half: the least that there is. */
static bool same_rights(struct two *t)
{
    struct key_desc found = t->key[1];
    uint32_t asked = t->key[0].flags;
    const struct fidelity_pair pair = {&t->key[0], &asked, &found, false};

    found.length = found.bits = found.kcv_len = 0;
    found.has_public = false;
    return fidelity_check(&pair, &t->err);
}

static void each_check_catches_what_the_other_lets_through(void **state)
{
    static const struct {
        const char *source, *destination;
        enum hsm_proof proof;
        bool rights, proven;
    } rows[] = {
        /* the controls: nothing was done to it */
        {"keys=aes16:k:value=" KEY, "keys=aes16:k:value=" KEY, HSM_PROOF_AES_ECB, true, true},
        {"keys=generic13:k:value=" VALUE, "keys=generic13:k:value=" VALUE, HSM_PROOF_DIGEST, true,
         true},
        /* swapped, padded, cut: the rights are right */
        {"keys=aes16:k:value=" KEY, "keys=aes16:k:value=" OTHER, HSM_PROOF_AES_ECB, true, false},
        {"keys=rsa2048:k:+public", "keys=rsa2048:k:+public", HSM_PROOF_RSA_SIGN, true, false},
        {"keys=ec256:k:+public", "keys=ec256:k:+public", HSM_PROOF_ECDSA, true, false},
        {"keys=ec256:k:+derive:+public", "keys=ec256:k:+derive:+public", HSM_PROOF_ECDH, true,
         false},
        {"keys=rsa2048:k:+unwrap:+public", "keys=rsa2048:k:+unwrap:+public", HSM_PROOF_RSA_UNWRAP,
         true, false},
        {"keys=generic13:k:value=" VALUE, "keys=generic16:k:value=" PADDED, HSM_PROOF_DIGEST, true,
         false},
        {"keys=generic13:k:value=" VALUE, "keys=generic12:k:value=" CUT, HSM_PROOF_DIGEST, true,
         false},
        /* looser: it is the key */
        {"keys=aes16:k:value=" KEY, "keys=aes16:k:-sensitive:value=" KEY, HSM_PROOF_AES_ECB, false,
         true},
        {"keys=aes16:k:value=" KEY, "keys=aes16:k:+derive:value=" KEY, HSM_PROOF_AES_ECB, false,
         true},
        {"keys=aes16:k:-modifiable:value=" KEY, "keys=aes16:k:value=" KEY, HSM_PROOF_AES_ECB, false,
         true},
        {"keys=aes16:k:-extractable:value=" KEY, "keys=aes16:k:value=" KEY, HSM_PROOF_AES_ECB,
         false, true},
        {"keys=aes16:k:value=" KEY, "keys=aes16:k:-private:value=" KEY, HSM_PROOF_AES_ECB, false,
         true},
        {"keys=aes16:k:value=" KEY, "keys=aes16:k:+sign:value=" KEY, HSM_PROOF_AES_ECB, false,
         true},
        {"keys=aes16:k:value=" KEY, "keys=aes16:k:+trusted:value=" KEY, HSM_PROOF_AES_ECB, false,
         true},
        {"keys=aes16:k:+wrap-with-trusted:value=" KEY, "keys=aes16:k:value=" KEY, HSM_PROOF_AES_ECB,
         false, true},
        {"keys=aes16:k:+always-authenticate:value=" KEY, "keys=aes16:k:value=" KEY,
         HSM_PROOF_AES_ECB, false, true},
        /* another kind of the same value */
        {"keys=aes16:k:value=" KEY, "keys=generic16:k:value=" KEY, HSM_PROOF_DIGEST, false, true},
    };
    (void)state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct two t = make(rows[i].source, rows[i].destination);
        if (same_rights(&t) != rows[i].rights)
            fail_msg("row %zu: rights: %s", i, t.err.what);
        if (proves(&t, 1U << rows[i].proof) != rows[i].proven)
            fail_msg("row %zu: proof: %s", i, t.err.what);
        unmake(&t);
    }
}

/* RFC 2104: HMAC fills a short key up with zeros itself. So this proof does not count where nobody
 * tells the length. */
static void hmac_alone_does_not_see_padding(void **state)
{
    const uint32_t hmac = 1U << HSM_PROOF_HMAC;
    struct two t = make("keys=generic13:k:value=" VALUE, "keys=generic16:k:value=" PADDED);
    (void)state;

    assert_true(proves(&t, hmac)); /* the control: it lets the padded secret through */
    t.key[1].length = 0;
    assert_int_equal(proof_exact(hmac, &t.key[0], &t.key[1]), 0);
    assert_int_equal(proof_exact(hmac | 1, &t.key[0], &t.key[1]), 1);
    t.key[1].length = t.key[0].length;
    assert_int_equal(proof_exact(hmac, &t.key[0], &t.key[1]), hmac);
    unmake(&t);
}

/* The same RFC: a key longer than the block is hashed first. Its digest, kept in its place, answers
 * alike; so does a key of a whole block that ends in zeros, without them. */
static void hmac_alone_does_not_see_a_digest(void **state)
{
    static const struct {
        const char *source, *destination;
    } rows[] = {
        {"keys=generic65:k:value=" LONG, "keys=generic32:k:value=" LONG_DIGEST},
        {"keys=generic64:k:value=" BLOCK "00", "keys=generic63:k:value=" BLOCK},
    };
    const uint32_t hmac = 1U << HSM_PROOF_HMAC;
    (void)state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct two t = make(rows[i].source, rows[i].destination);
        assert_true(proves(&t, hmac)); /* the control */
        assert_false(proves(&t, 1U << HSM_PROOF_DIGEST));
        for (unsigned reported = 0; reported < 2; reported++) {
            t.key[1].length = reported ? t.key[1].length : 0;
            assert_int_equal(proof_exact(hmac, &t.key[0], &t.key[1]), 0);
        }
        unmake(&t);
    }
}

/* --- HSMs that need no key ------------------------------------------------------------------- */

/* What anybody answers who has no key. */
struct impostor {
    struct hsm hsm;
    unsigned asked;
    uint8_t last[32]; /* its answer */
};

static bool answer_without_key(struct hsm *hsm, enum hsm_proof proof, uint64_t handle,
                               const struct bytes *challenge, struct bytes *answer, struct err *err)
{
    struct impostor *it = (struct impostor *)hsm;
    unsigned len = sizeof it->last;
    uint8_t digest_info[19] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                               0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
    uint8_t block[256];

    it->asked++;
    memset(it->last, 0x5a, sizeof it->last);
    switch (proof) {
    case HSM_PROOF_AES_ECB: /* says what it heard */
        memcpy(it->last, challenge->data, sizeof it->last);
        break;
    case HSM_PROOF_AES_DECRYPT: /* or always the same */
        break;
    case HSM_PROOF_DIGEST:
        SHA256(challenge->data, challenge->len, it->last);
        break;
    case HSM_PROOF_HMAC:
        HMAC(EVP_sha256(), "", 0, challenge->data, challenge->len, it->last, &len);
        break;
    case HSM_PROOF_RSA_SIGN: /* with e = 1 a signature is what is signed (RFC 8017 9.2) */
        memset(block, 0xff, sizeof block);
        block[0] = 0, block[1] = 1;
        block[sizeof block - 32 - sizeof digest_info - 1] = 0;
        memcpy(block + sizeof block - 32 - sizeof digest_info, digest_info, sizeof digest_info);
        memcpy(block + sizeof block - 32, challenge->data, 32);
        return bytes_set(answer, block, sizeof block, err);
    default:
        return err_set(err, ERR_UNSUPPORTED, "no such proof");
    }
    (void)handle;
    return bytes_set(answer, it->last, sizeof it->last, err);
}

static const struct hsm_driver impostor_driver = {.name = "impostor", .prove = answer_without_key};

/* Both sides have the same fault, and agree. Comparing alone would let them through. */
static void agreeing_without_a_key_is_no_proof(void **state)
{
    static const enum hsm_proof proofs[] = {HSM_PROOF_AES_ECB, HSM_PROOF_AES_DECRYPT,
                                            HSM_PROOF_DIGEST, HSM_PROOF_HMAC};
    (void)state;

    for (size_t i = 0; i < sizeof proofs / sizeof proofs[0]; i++) {
        struct impostor a = {.hsm.driver = &impostor_driver}, b = a;
        const struct proof_pair pair = {&a.hsm, 1, NULL, &b.hsm, 1, KEY_CLASS_SECRET, {0}, false};
        struct err err = {0};
        enum hsm_proof which;
        assert_false(proof_run(&pair, 1U << proofs[i], &which, &err));
        assert_int_equal(err.code, ERR_DATA);
        assert_non_null(strstr(err.what, "no key at all"));
        assert_int_equal(a.asked + b.asked, 2);
        assert_memory_equal(a.last, b.last, sizeof a.last); /* the control */
    }
}

/* An RSA public key whose exponent is 1: everybody can sign and decrypt under it. */
static EVP_PKEY *everybodys_key(void)
{
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY *real = EVP_RSA_gen(2048), *made = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    BIGNUM *n = NULL, *e = BN_new();
    OSSL_PARAM *params;

    assert_true(EVP_PKEY_get_bn_param(real, OSSL_PKEY_PARAM_RSA_N, &n) && BN_one(e));
    assert_true(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) &&
                OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e));
    params = OSSL_PARAM_BLD_to_param(build);
    assert_true(EVP_PKEY_fromdata_init(ctx) == 1 &&
                EVP_PKEY_fromdata(ctx, &made, EVP_PKEY_PUBLIC_KEY, params) == 1);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(real);
    BN_free(n);
    BN_free(e);
    return made;
}

static bool openssl_verifies(EVP_PKEY *pkey, const struct bytes *digest, const struct bytes *sig)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
    bool ok = ctx && EVP_PKEY_verify_init(ctx) == 1 &&
              EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
              EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1 &&
              EVP_PKEY_verify(ctx, sig->data, sig->len, digest->data, digest->len) == 1;

    EVP_PKEY_CTX_free(ctx);
    return ok;
}

/* What passed is these very bytes. */
static void another_public_key_has_not_passed(const struct bytes *spki)
{
    uint8_t passed[SHA256_DIGEST_LENGTH];
    struct proof_challenge challenge;
    struct err err = {0};

    SHA256(spki->data, spki->len - 1, passed);
    assert_false(proof_challenge(HSM_PROOF_RSA_SIGN, spki, passed, &challenge, &err));
    assert_non_null(strstr(err.what, "anybody could answer"));
    SHA256(spki->data, spki->len, passed); /* the control */
    assert_true(proof_challenge(HSM_PROOF_RSA_SIGN, spki, passed, &challenge, &err));
    proof_challenge_free(&challenge);
}

static void a_public_key_of_everybody_is_refused(void **state)
{
    struct impostor a = {.hsm.driver = &impostor_driver}, b = a;
    uint8_t fixed[32] = {1, 2, 3};
    struct bytes spki = {0}, digest = {fixed, sizeof fixed}, signature = {0};
    const struct proof_pair pair = {&a.hsm, 1, &spki, &b.hsm, 1, KEY_CLASS_PRIVATE, {0}, false};
    EVP_PKEY *pkey = everybodys_key();
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(pkey, &der);
    struct err err = {0};
    enum hsm_proof which;
    (void)state;

    /* the control: OpenSSL takes what the impostor signs under it */
    assert_true(answer_without_key(&a.hsm, HSM_PROOF_RSA_SIGN, 1, &digest, &signature, &err));
    assert_true(openssl_verifies(pkey, &digest, &signature));
    assert_true(len > 0 && bytes_set(&spki, der, (size_t)len, &err));
    for (enum hsm_proof proof = HSM_PROOF_RSA_SIGN; proof <= HSM_PROOF_RSA_UNWRAP; proof++) {
        if (proof == HSM_PROOF_ECDSA)
            continue;
        assert_false(proof_run(&pair, 1U << proof, &which, &err));
        assert_int_equal(err.code, ERR_DATA);
        assert_non_null(strstr(err.what, "anybody could answer"));
    }
    another_public_key_has_not_passed(&spki);
    OPENSSL_free(der);
    EVP_PKEY_free(pkey);
    bytes_free(&spki);
    bytes_free(&signature);
}

/* --- the check of a public half ----------------------------------------------------------------
 */

/* In place of OpenSSL's, which does it. */
static unsigned checks;

int EVP_PKEY_public_check(EVP_PKEY_CTX *ctx)
{
    int (*real)(EVP_PKEY_CTX *) =
        (int (*)(EVP_PKEY_CTX *))(uintptr_t)dlsym(RTLD_NEXT, "EVP_PKEY_public_check");

    checks++;
    assert_non_null(real);
    return real(ctx);
}

/* It takes longer than a signature, so once for all proofs of a key. The control: proofs that know
 * nothing of each other check it each time. */
static void a_public_half_is_checked_once(void **state)
{
    static const struct {
        const char *keys;
        uint32_t proofs;
    } kinds[] = {{"keys=rsa2048:k:+sign:+public", 1U << HSM_PROOF_RSA_SIGN},
                 {"keys=ec256:k:+sign:+public", 1U << HSM_PROOF_ECDSA}};
    (void)state;

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct two t = make(kinds[i].keys, kinds[i].keys);
        const struct proof_pair pair = {t.hsm[0],        t.key[0].handle,   &t.spki, t.hsm[0],
                                        t.key[0].handle, KEY_CLASS_PRIVATE, {0},     false};
        struct ahead *ahead = NULL;
        enum hsm_proof which;

        checks = 0;
        for (enum ahead_turn turn = 0; turn < AHEAD_TURNS; turn++)
            assert_true(ahead_run(&pair, &ahead, turn, kinds[i].proofs, &which, &t.err));
        assert_int_equal(checks, 1);
        ahead_free(&ahead);
        for (unsigned n = 0; n < AHEAD_TURNS; n++)
            assert_true(proof_run(&pair, kinds[i].proofs, &which, &t.err));
        assert_int_equal(checks, 1 + AHEAD_TURNS);
        unmake(&t);
    }
}

/* A key that has answered under its public half when that was searched for answers no second time;
 * the destination answers each time, and another key's answer is refused. The controls: without
 * that, a source that cannot answer is no source, and every turn is asked of the destination. */
static void what_the_source_has_shown_it_shows_once(void **state)
{
    static const char *const kinds[] = {"keys=rsa2048:k:+sign:+public",
                                        "keys=ec256:k:+sign:+public"};
    const uint32_t proofs = 1U << HSM_PROOF_RSA_SIGN | 1U << HSM_PROOF_ECDSA;
    const uint64_t nowhere = 4711;
    (void)state;

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct two t = make(kinds[i], kinds[i]);
        struct proof_pair pair = {t.hsm[1],        nowhere,           &t.spki, t.hsm[0],
                                  t.key[0].handle, KEY_CLASS_PRIVATE, {0},     true};
        struct ahead *ahead = NULL;
        enum hsm_proof which;

        for (enum ahead_turn turn = 0; turn < AHEAD_TURNS; turn++) {
            assert_true(ahead_run(&pair, &ahead, turn, proofs, &which, &t.err));
            assert_non_null(strstr(ahead_sentence(ahead, which), "as the source's own did before"));
        }
        ahead_free(&ahead);
        for (int other = 0; other < 2; other++) {
            pair.destination = t.hsm[other];
            pair.destination_key = other ? t.key[1].handle : nowhere;
            assert_false(ahead_run(&pair, &ahead, AHEAD_ARRIVED, proofs, &which, &t.err));
            assert_null(ahead);
        }
        assert_int_equal(t.err.code, ERR_DATA);
        pair.destination = t.hsm[0];
        pair.destination_key = t.key[0].handle;
        pair.source_shown = false;
        assert_false(ahead_run(&pair, &ahead, AHEAD_ARRIVED, proofs, &which, &t.err));
        unmake(&t);
    }
}

/* --- a source that lies ---------------------------------------------------------------------- */

/* It sends another private key than the one that it listed, and tells and proves with that one. Of
 * a secret nobody could tell; but a private key has a public half, which the officers saw. */
static void source_that_sends_another_key(void **state)
{
    static const char *const kinds[] = {"keys=rsa2048:k:+sign:+public",
                                        "keys=ec256:k:+sign:+public"};
    (void)state;

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct two t = make(kinds[i], kinds[i]);
        struct key_desc listed = t.key[0];
        struct bytes now = {0};
        const struct proof_pair pair = {t.hsm[1],        t.key[1].handle,   &now, t.hsm[1],
                                        t.key[1].handle, KEY_CLASS_PRIVATE, {0},  false};
        enum hsm_proof which;

        assert_true(proof_public(t.hsm[0], &listed, &(struct proof_half){0}, &now, &t.err));
        assert_true(bytes_equal(&now, &t.spki));
        bytes_free(&now);
        listed.handle = t.key[1].handle;
        assert_false(proof_public(t.hsm[1], &listed, &(struct proof_half){0}, &now, &t.err));
        assert_int_equal(t.err.code, ERR_DATA);
        bytes_free(&now);
        /* the control: without that check, all is proven */
        assert_true(fake_driver.public_key(t.hsm[1], listed.handle, &now, &t.err));
        assert_true(
            proof_run(&pair, 1U << HSM_PROOF_RSA_SIGN | 1U << HSM_PROOF_ECDSA, &which, &t.err));
        bytes_free(&now);
        unmake(&t);
    }
}

/* --- answers of yesterday -------------------------------------------------------------------- */

/* A destination that lost the key, and says again what it said when it had it. */
static void recorded_answer_fits_one_challenge(void **state)
{
    struct two t = make("keys=aes16:k:value=" KEY, "keys=aes16:k:value=" KEY ";lie=prove:0:replay");
    uint8_t fixed[] = "sixteen octets.";
    const struct bytes challenge = {fixed, sizeof fixed};
    struct bytes a = {0}, b = {0};
    (void)state;

    assert_true(
        fake_driver.prove(t.hsm[1], HSM_PROOF_AES_ECB, t.key[1].handle, &challenge, &a, &t.err));
    assert_true(
        fake_driver.prove(t.hsm[1], HSM_PROOF_AES_ECB, t.key[1].handle, &challenge, &b, &t.err));
    assert_true(bytes_equal(&a, &b)); /* the control: the same challenge would let it through */
    assert_false(proves(&t, 1U << HSM_PROOF_AES_ECB));
    assert_int_equal(t.err.code, ERR_DATA);
    bytes_free(&a);
    bytes_free(&b);
    unmake(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_check_catches_what_the_other_lets_through),
        cmocka_unit_test(hmac_alone_does_not_see_padding),
        cmocka_unit_test(hmac_alone_does_not_see_a_digest),
        cmocka_unit_test(agreeing_without_a_key_is_no_proof),
        cmocka_unit_test(a_public_key_of_everybody_is_refused),
        cmocka_unit_test(a_public_half_is_checked_once),
        cmocka_unit_test(what_the_source_has_shown_it_shows_once),
        cmocka_unit_test(source_that_sends_another_key),
        cmocka_unit_test(recorded_answer_fits_one_challenge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
