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

#include "ceremony/proof.h"
#include "hsm/fidelity.h"
#include "tests/fake/fake.h"

/* Thirteen bytes, the same padded as SoftHSM does, and cut by one. */
#define VALUE  "000102030405060708090a0b0c"
#define PADDED VALUE "000000"
#define CUT    "000102030405060708090a0b"
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
    const struct proof_pair pair = {t->hsm[0], t->key[0].handle, &t->spki, t->hsm[1],
                                    t->key[1].handle};
    enum hsm_proof which;

    return proof_run(&pair, proofs, &which, &t->err);
}

/* As a token that tells no length, no check value and no public half: the least that there is. */
static bool same_rights(struct two *t)
{
    struct key_desc found = t->key[1];
    uint32_t asked = t->key[0].flags;
    const struct fidelity_pair pair = {&t->key[0], &asked, &found, false};

    found.length = found.bits = found.check_value_len = 0;
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
    t.key[0].length = 64; /* a whole block: more would be hashed first */
    t.key[1].length = 0;
    assert_int_equal(proof_exact(hmac, &t.key[0], &t.key[1]), hmac);
    unmake(&t);
}

/* A destination that lost the key, and says again what it said when it had it. */
static void recorded_answer_fits_one_challenge(void **state)
{
    struct two t = make("keys=aes16:k:value=" KEY, "keys=aes16:k:value=" KEY ";lie=prove:0:replay");
    uint8_t fixed[16] = "sixteen octets..";
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
        cmocka_unit_test(recorded_answer_fits_one_challenge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
