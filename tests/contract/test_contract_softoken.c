/* SPDX-License-Identifier: Apache-2.0 */
/* The contract's suite on NSS's softoken through PKCS#11, and between it and SoftHSM. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "tests/contract/bench.h"
#include "tests/contract/contract.h"
#include "tests/softhsm/place.h"
#include "tests/softhsm/tokens.h"

#define PIN "4711-user"

/* The slot of the key database; slot 1 holds no keys. */
enum { SLOT_KEYS = 2 };

static const char *softoken(void)
{
    static const char *const places[] = {
        "/usr/lib/x86_64-linux-gnu/libsoftokn3.so", "/usr/lib/aarch64-linux-gnu/libsoftokn3.so",
        "/usr/lib64/libsoftokn3.so", "/usr/lib/x86_64-linux-gnu/nss/libsoftokn3.so"};

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (access(places[i], R_OK) == 0)
            return places[i];
    return NULL;
}

static bool make_database(const char *folder)
{
    char command[512];

    text_print(command, sizeof command,
               "cd '%s' && echo '%s' >pin && certutil -N -d sql:. -f pin >/dev/null 2>&1", folder,
               PIN);
    return system(command) == 0;
}

static bool set_up(struct contract_place *place)
{
    *place = (struct contract_place){.slot = SLOT_KEYS,
                                     .pin = PIN,
                                     .speaks = "nss-softoken",
                                     .folder = "/tmp/hsmferry-softoken.XXXXXX"};
    if (!mkdtemp(place->folder))
        return false;
    text_print(place->where.api, sizeof place->where.api, "pkcs11");
    text_print(place->where.module, sizeof place->where.module, "%s", softoken());
    text_print(
        place->where.params, sizeof place->where.params,
        "configdir='sql:%s' certPrefix='' keyPrefix='' secmod='secmod.db' flags=", place->folder);
    return make_database(place->folder);
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

/* softoken itself would replace the first key by the second, and say that all is well. */
static void key_with_the_same_id_is_not_overwritten(void **state)
{
    struct bench *b = *state;
    struct object *first = known_key("aes32"), *second = known_key("aes16");
    uint64_t kept, temporary, final;

    bench_open(b);
    bench_login(b);
    kept = bench_import_token(b, first);
    temporary = bench_import(b, second);
    MUST_FAIL(b,
              b->hsm->driver->commit(b->hsm, temporary, second->desc.label, second->desc.label_len,
                                     first->desc.id, first->desc.id_len, &final, &b->err),
              ERR_CONFLICT);
    bench_prove(b, kept, first);
    MUST(b, b->hsm->driver->commit(b->hsm, temporary, second->desc.label, second->desc.label_len,
                                   second->desc.id, second->desc.id_len, &final, &b->err));
    object_free(first);
    object_free(second);
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
        cmocka_unit_test_prestate_setup_teardown(key_with_the_same_id_is_not_overwritten, start,
                                                 finish, (void *)hsm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
    const char *build = getenv("abs_top_builddir");
    char agent[4096], quick[4096];
    int failed = 0;

    if (!softoken() || system("certutil --help >/dev/null 2>&1") == 127 << 8)
        return 77;
    text_print(agent, sizeof agent, "%s/hsmferry-agent", build ? build : ".");
    text_print(quick, sizeof quick, "%s/tests/faults/quick/hsmferry-agent", build ? build : ".");
    const struct contract_hsm piped = {"softoken-behind-an-agent", NULL, agent, set_up, tear_down};
    const struct contract_hsm softhsm = {"softhsm-of-a-pair", NULL, quick, softhsm_set_up,
                                         softhsm_tear_down};
    const struct contract_hsm one_of_two = {"softoken-of-a-pair", NULL, quick, set_up, tear_down};

    failed += contract_run(&piped);
    failed += contract_run_pair(&one_of_two, &one_of_two);
    if (tokens_module()) {
        failed += contract_run_pair(&softhsm, &one_of_two);
        failed += contract_run_pair(&one_of_two, &softhsm);
    }
    failed += run_own_tests(&piped);
    return failed != 0;
}
