/* SPDX-License-Identifier: Apache-2.0 */
/* What a source does, on a key file: through a pipe to the real agent, because the driver gives
 * OpenSSL another allocator, and this process uses OpenSSL itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/pem.h>

#include "base/text.h"
#include "tests/contract/bench.h"
#include "tests/contract/contract.h"

enum { SLOT = 1 };

/* Writes the key as encrypted PKCS#8 in PEM. */
static bool put(struct contract_place *place, const struct object *known)
{
    FILE *file = fopen(place->where.module, "w");
    bool ok = file && PEM_write_PKCS8PrivateKey(file, known->pkey, EVP_aes_256_cbc(), place->pin,
                                                (int)strlen(place->pin), NULL, NULL) == 1;

    return file && fclose(file) == 0 && ok;
}

static bool set_up(struct contract_place *place)
{
    EVP_PKEY *pkey = EVP_EC_gen("P-256");
    const struct object first = {.pkey = pkey};
    bool ok;

    *place = (struct contract_place){.slot = SLOT,
                                     .pin = "4711-user",
                                     .lacks = "aes generic hmac",
                                     .put = put,
                                     .folder = "/tmp/hsmferry-keyfile.XXXXXX"};
    umask(077);
    if (!mkdtemp(place->folder))
        return false;
    text_print(place->where.api, sizeof place->where.api, "openssl");
    text_print(place->where.module, sizeof place->where.module, "%s/keys.pem", place->folder);
    ok = pkey && put(place, &first);
    EVP_PKEY_free(pkey);
    return ok;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st, (void)type, (void)where;
    return remove(path);
}

static void tear_down(struct contract_place *place)
{
    nftw(place->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* The file is exchanged while the session lasts; before that, its key answers (the control). */
static void a_changed_file_is_refused(void **state)
{
    struct bench *b = *state;
    struct object *known = known_key("ec256"), *other = known_key("ec256");
    const uint8_t digest[32] = {1};
    const struct bytes challenge = {(uint8_t *)digest, sizeof digest};
    struct bytes answer = {0};
    uint64_t handle;

    bench_open(b);
    bench_login(b);
    handle = bench_import(b, known);
    MUST(b, b->hsm->driver->prove(b->hsm, HSM_PROOF_ECDSA, handle, &challenge, &answer, &b->err));
    assert_true(put(&b->place, other));
    bytes_free(&answer);
    MUST_FAIL(b,
              b->hsm->driver->prove(b->hsm, HSM_PROOF_ECDSA, handle, &challenge, &answer, &b->err),
              ERR_CONFLICT);
    assert_null(answer.data);
    object_free(known);
    object_free(other);
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

static int run_own_tests(const struct contract_hsm *hsm)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate_setup_teardown(a_changed_file_is_refused, start, finish,
                                                 (void *)hsm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
    const char *build = getenv("abs_top_builddir");
    char agent[4096];

    text_print(agent, sizeof agent, "%s/hsmferry-agent", build ? build : ".");
    const struct contract_hsm piped = {"openssl-behind-an-agent", NULL, agent, set_up, tear_down};

    return contract_run_source(&piped) + run_own_tests(&piped) != 0;
}
