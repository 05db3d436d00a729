/* SPDX-License-Identifier: Apache-2.0 */
/* The contract's suite on the fake HSM: in this process, and through a pipe to an agent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "tests/contract/agreement.h"
#include "tests/contract/bench.h"
#include "tests/contract/contract.h"
#include "tests/contract/evidence.h"
#include "tests/fake/fake.h"

/* All but one blob, which is wrapped in two calls. */
#define OFFERS                                                                                     \
    "offers=rsa-oaep-sha256,rsa-oaep-sha1,aes-kwp,aes-kw,aes-cbc-pad,ecdh-p521,ecdh-p384,ecdh-"    \
    "p256,ml-kem-1024,ml-kem-768,ecdh-p384+ml-kem-768"

static bool set_up(struct contract_place *place)
{
    *place =
        (struct contract_place){.slot = FAKE_SLOT, .pin = "4711", .folder = "/tmp/fake.XXXXXX"};
    text_print(place->where.api, sizeof place->where.api, "fake");
    text_print(place->where.params, sizeof place->where.params, "pin=4711;" OFFERS);
    if (!mkdtemp(place->folder))
        return false;
    text_print(place->where.module, sizeof place->where.module, "%s/token", place->folder);
    return true;
}

/* As SoftHSM is: no SHA-256 in OAEP, secrets padded, no length in a template. */
static bool set_up_poor(struct contract_place *place)
{
    bool ok = set_up(place);
    text_print(place->where.params, sizeof place->where.params,
               "pin=4711;offers=rsa-oaep-sha1,aes-kwp;exact=no;takes=no");
    return ok;
}

/* It has no guards of its own, so what is refused is refused by the agent. */
static bool set_up_loose(struct contract_place *place)
{
    bool ok = set_up(place);
    text_print(place->where.params, sizeof place->where.params, "pin=4711;loose=yes;" OFFERS);
    return ok;
}

/* It drops the second secret of a hybrid. */
static bool set_up_truncating(struct contract_place *place)
{
    bool ok = set_up(place);
    text_print(place->where.params, sizeof place->where.params,
               "pin=4711;lie=agree:0:truncate;" OFFERS);
    return ok;
}

static void tear_down(struct contract_place *place)
{
    unlink(place->where.module);
    rmdir(place->folder);
}

/* --- controls: without the agent, the same HSM does what the guards refuse --- */

static void wraps(struct bench *b, enum hsm_alg alg, const char *type, uint32_t less, uint32_t more,
                  bool by_itself)
{
    struct object *known = known_key(type);
    struct bytes wrapped_key = {0};
    uint64_t under;

    known->desc.flags = (known->desc.flags & ~less) | more;
    uint64_t handle = bench_import(b, known);
    MUST(b, b->hsm->driver->make_kek(b->hsm, 256, "under", &under, &b->err));
    MUST(b, b->hsm->driver->wrap(b->hsm, alg, by_itself ? handle : under, handle, &wrapped_key,
                                 &b->err));
    assert_true(wrapped_key.len > 0);
    bytes_free(&wrapped_key);
    object_free(known);
}

static void without_the_agent_all_of_it_happens(void **state)
{
    struct bench *b = *state;

    bench_login(b);
    wraps(b, HSM_AES_KWP, "aes32", KEY_EXTRACTABLE, 0, false);
    wraps(b, HSM_AES_KWP, "aes32", 0, KEY_WRAP_WITH_TRUSTED, false);
    wraps(b, HSM_AES_KWP, "aes32", 0, 0, true);
    wraps(b, HSM_AES_KW, "generic13", 0, 0, false);
}

/* The relay chooses the key under which answers are sealed, and encrypts what it likes. */
static void without_the_agent_evidence_leaks(void **state)
{
    struct bench *b = *state;
    struct object *known = known_key("generic64"), *planted = known_key("aes32");
    struct bytes challenge = {0}, answer = {0};
    struct evidence_cipher cipher = {.challenge = {1}};
    uint64_t evidence, second;

    bench_login(b);
    MUST(b, bytes_make(&challenge, 32, &b->err));
    challenge.data[0] = 1;
    MUST(b, b->hsm->driver->make_evidence_key(b->hsm, "evidence", &evidence, &b->err));
    MUST(b, b->hsm->driver->make_evidence_key(b->hsm, "evidence", &second, &b->err));
    MUST(b,
         b->hsm->driver->prove(b->hsm, HSM_PROOF_AES_ECB, evidence, &challenge, &answer, &b->err));
    uint64_t key = bench_import(b, known), ours = bench_import(b, planted);
    struct evidence_subject of = evidence_subject_of(HSM_PROOF_DIGEST, key, ours, false);
    MUST(b, b->hsm->driver->seal(b->hsm, &of, &cipher, &b->err));
    MUST(b, b->hsm->driver->unseal(b->hsm, &of, &cipher, &answer, &b->err)); /* it decrypts, too */
    bytes_free(&challenge);
    bytes_free(&answer);
    object_free(known);
    object_free(planted);
}

static int start(void **state)
{
    static struct bench bench;

    if (!bench_start(&bench, *state))
        return -1;
    *state = &bench;
    return 0;
}

static int finish(void **state)
{
    bench_stop(*state);
    return 0;
}

static int run_controls(const struct contract_hsm *hsm)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate_setup_teardown(without_the_agent_all_of_it_happens, start, finish,
                                                 (void *)hsm),
        cmocka_unit_test_prestate_setup_teardown(without_the_agent_evidence_leaks, start, finish,
                                                 (void *)hsm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

static int run_truncating(const struct contract_hsm *hsm)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate_setup_teardown(kem_truncating_control, start, finish,
                                                 (void *)hsm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
    const char *build = getenv("abs_top_builddir");
    char agent[4096];
    int failed = 0;

    text_print(agent, sizeof agent, "%s/tests/fake/hsmferry-agent-fake", build ? build : ".");
    const struct contract_hsm poor = {"poor-fake", &fake_driver, NULL, set_up_poor, tear_down};
    const struct contract_hsm loose = {"loose-fake", &fake_driver, NULL, set_up_loose, tear_down};
    const struct contract_hsm loose_piped = {"loose-fake-behind-a-pipe", NULL, agent, set_up_loose,
                                             tear_down};
    const struct contract_hsm truncating = {"truncating-fake", &fake_driver, NULL,
                                            set_up_truncating, tear_down};
    const struct contract_hsm piped = {"fake-behind-a-pipe", NULL, agent, set_up, tear_down};

    failed += run_controls(&loose);
    failed += run_truncating(&truncating);
    failed += contract_run_guards(&loose_piped);
    failed += contract_run(&poor);
    failed += contract_run(&piped);
    failed += contract_run_pair(&poor, &poor);
    failed += contract_run_pair(&poor, &piped);
    failed += contract_run_pair(&piped, &poor);
    return failed != 0;
}
