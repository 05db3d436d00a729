/* SPDX-License-Identifier: Apache-2.0 */
/* hsm/evidence_form.h and hsm/evidence_key.h: what a ciphertext is bound to, byte for byte, and
 * what is never sealed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/sha.h>
#include <string.h>

#include "base/secret.h"
#include "hsm/evidence_key.h"

static const struct evidence_subject subject = {
    HSM_PROOF_DIGEST, 3, 4, "00112233445566778899aabbccddeeff", 0x01020304, false};

static void context_is_these_octets(void **state)
{
    static const char head[] = "hsmferry-evidence/1\0"
                               "00112233445566778899aabbccddeeff\1\2\3\4"
                               "sha256-digest\0\0\0";
    uint8_t challenge[EVIDENCE_TEXT], context[EVIDENCE_CONTEXT];

    (void)state;
    memset(challenge, 0x5a, sizeof challenge);
    evidence_context(&subject, challenge, context);
    assert_int_equal(sizeof head - 1 + EVIDENCE_TEXT, EVIDENCE_CONTEXT);
    assert_memory_equal(context, head, sizeof head - 1);
    assert_memory_equal(context + sizeof head - 1, challenge, sizeof challenge);
}

/* All but the handles, which differ between the two HSMs. */
static void context_binds_each_field(void **state)
{
    struct evidence_subject others[] = {subject, subject, subject, subject, subject};
    uint8_t challenge[EVIDENCE_TEXT] = {1}, context[EVIDENCE_CONTEXT], other[EVIDENCE_CONTEXT];

    (void)state;
    others[0].proof = HSM_PROOF_HMAC;
    others[1].migration[EVIDENCE_MIGRATION - 1] = '0';
    others[2].number++;
    others[3].open = true;
    others[4].key = others[4].evidence_key = 9;
    evidence_context(&subject, challenge, context);
    for (size_t i = 0; i < 4; i++) {
        evidence_context(&others[i], challenge, other);
        assert_memory_not_equal(context, other, sizeof context);
    }
    evidence_context(&others[4], challenge, other);
    assert_memory_equal(context, other, sizeof context);
    challenge[EVIDENCE_TEXT - 1] ^= 1;
    evidence_context(&subject, challenge, other);
    assert_memory_not_equal(context, other, sizeof context);
}

static void only_digests_and_macs_are_sealed(void **state)
{
    (void)state;
    for (enum hsm_proof proof = 0; proof < HSM_PROOFS; proof++)
        assert_int_equal(evidence_seals(proof),
                         proof == HSM_PROOF_DIGEST || proof == HSM_PROOF_HMAC);
}

/* --- an HSM of which each answer is known: it "encrypts" by adding one --- */

static enum { BY_KEY, KEYLESS, SHORT } answers;

static bool stub_prove(struct hsm *hsm, enum hsm_proof proof, uint64_t handle,
                       const struct bytes *challenge, struct bytes *answer, struct err *err)
{
    uint8_t text[EVIDENCE_TEXT + 1], digest[SHA256_DIGEST_LENGTH];

    (void)hsm, (void)proof;
    memcpy(text, challenge->data, EVIDENCE_TEXT);
    text[EVIDENCE_TEXT] = (uint8_t)handle;
    SHA256(text, EVIDENCE_TEXT + (answers != KEYLESS), digest);
    return bytes_set(answer, digest, sizeof digest - (answers == SHORT), err);
}

static bool stub_encrypt(struct hsm *hsm, uint64_t key, const struct bytes *context,
                         const struct secret *text, struct evidence_cipher *cipher, struct err *err)
{
    (void)hsm, (void)key, (void)context, (void)err;
    for (size_t i = 0; i < EVIDENCE_TEXT; i++)
        cipher->ciphertext[i] = (uint8_t)(text->data[i] + 1);
    return true;
}

static bool stub_decrypt(struct hsm *hsm, uint64_t key, const struct bytes *context,
                         const struct evidence_cipher *cipher, struct secret *text, struct err *err)
{
    (void)hsm, (void)key, (void)context, (void)err;
    for (size_t i = 0; i < EVIDENCE_TEXT; i++)
        text->data[i] = (uint8_t)(cipher->ciphertext[i] - 1);
    text->len = EVIDENCE_TEXT;
    return true;
}

static struct hsm *stub(void)
{
    static const struct hsm_driver driver = {
        .prove = stub_prove, .encrypt = stub_encrypt, .decrypt = stub_decrypt};
    static struct hsm hsm = {&driver};

    return &hsm;
}

static void answers_without_a_key_are_not_evidence(void **state)
{
    struct evidence_subject of = subject;
    struct bytes answer = {0};
    struct err err = {0};

    (void)state;
    for (unsigned open = 0; open < 2; open++) {
        struct evidence_cipher good = {0}, cipher = {{9}, {9}, {9}}, before = cipher;
        of.open = open;
        answers = BY_KEY; /* the control */
        assert_true(evidence_key_seal(stub(), &of, &good, &err));
        assert_true(evidence_key_unseal(stub(), &of, &good, &answer, &err));
        bytes_free(&answer);
        for (answers = KEYLESS; answers <= SHORT; answers++) {
            assert_false(evidence_key_seal(stub(), &of, &cipher, &err));
            assert_int_equal(err.code, ERR_DATA);
            assert_memory_equal(&cipher, &before, sizeof cipher);
            assert_false(evidence_key_unseal(stub(), &of, &good, &answer, &err));
            assert_int_equal(err.code, ERR_DATA);
            assert_null(answer.data);
        }
    }
}

/* An HSM that decrypts anything still has to hold the key. */
static void another_key_is_refused_without_a_tag(void **state)
{
    struct evidence_subject of = subject;
    struct bytes answer = {0};
    struct err err = {0};

    (void)state;
    answers = BY_KEY;
    for (unsigned open = 0; open < 2; open++) {
        struct evidence_cipher cipher = {0};
        of.open = open;
        of.key = 3;
        assert_true(evidence_key_seal(stub(), &of, &cipher, &err));
        of.key = 5;
        assert_false(evidence_key_unseal(stub(), &of, &cipher, &answer, &err));
        assert_int_equal(err.code, ERR_DATA);
        assert_null(answer.data);
        of.key = 3;
        cipher.ciphertext[0]++;
        assert_false(evidence_key_unseal(stub(), &of, &cipher, &answer, &err));
        cipher.ciphertext[0]--; /* the control */
        assert_true(evidence_key_unseal(stub(), &of, &cipher, &answer, &err));
        assert_int_equal(answer.len, open ? EVIDENCE_TEXT : 0);
        bytes_free(&answer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(context_is_these_octets),
        cmocka_unit_test(context_binds_each_field),
        cmocka_unit_test(only_digests_and_macs_are_sealed),
        cmocka_unit_test(answers_without_a_key_are_not_evidence),
        cmocka_unit_test(another_key_is_refused_without_a_tag),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
