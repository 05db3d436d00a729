/* SPDX-License-Identifier: Apache-2.0 */
/* The real agent with a real library that behaves badly: each way becomes a clear failure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"
#include "link/remote.h"

static char agent[4096];
static char said[512]; /* what the module printed, line after line */
static struct err err;

static void take_line(void *ctx, const char *line)
{
    size_t len = strlen(said);

    (void)ctx;
    text_print(said + len, sizeof said - len, "%s\n", line);
}

/* named: the module that the agent is started for; NULL: any. */
static bool open_named(const char *mood, const char *named, int limit_ms, struct hsm **hsm)
{
    const char *build = getenv("abs_top_builddir");
    const char *const argv[] = {agent, named ? "--module" : NULL, named, NULL};
    char odd[64];
    const char *const environment[] = {odd, NULL};
    struct remote_setup setup = {.where.api = "pkcs11",
                                 .argv = argv,
                                 .environment = environment,
                                 .limit_ms = limit_ms,
                                 .abandon_fd = -1,
                                 .vendor_output = take_line};

    text_print(agent, sizeof agent, "%s/hsmferry-agent", build ? build : ".");
    text_print(setup.where.module, sizeof setup.where.module, "%s/tests/modules/odd.so",
               build ? build : ".");
    text_print(odd, sizeof odd, "ODD=%s", mood);
    said[0] = '\0';
    err = (struct err){0};
    return remote_open(&setup, hsm, &err);
}

static bool open_odd(const char *mood, int limit_ms, struct hsm **hsm)
{
    return open_named(mood, NULL, limit_ms, hsm);
}

static void test_refused(void **state)
{
    static const struct {
        const char *mood;
        int limit_ms;
        enum err_code code;
        const char *says;
    } rows[] = {
        {"crash", 20000, ERR_GONE, "killed by signal 6"},
        {"exit", 20000, ERR_GONE, "ended"},
        {"hang", 500, ERR_GONE, "open"},
        {"refuse", 20000, ERR_HSM, "does not start"},
        {"incomplete", 20000, ERR_HSM, "incomplete list of functions"},
        {"null", 20000, ERR_HSM, "incomplete list of functions"},
        {"future", 20000, ERR_HSM, "incomplete list of functions"},
        {"listless", 20000, ERR_HSM, "C_GetFunctionList of"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct hsm *hsm = NULL;
        assert_false(open_odd(rows[i].mood, rows[i].limit_ms, &hsm));
        assert_int_equal(err.code, rows[i].code);
        if (!strstr(err.what, rows[i].says))
            fail_msg("%s: %s", rows[i].mood, err.what);
        assert_null(hsm);
    }
}

/* What it prints reaches neither the stream of messages nor the screen as it is. */
static void test_prints(void **state)
{
    struct hsm_slot_list list = {0};
    struct hsm *hsm;

    (void)state;
    assert_true(open_odd("", 20000, &hsm));
    assert_false(hsm->driver->slots(hsm, &list, &err));
    assert_int_equal(err.code, ERR_UNSUPPORTED);
    assert_string_equal(err.hsm_name, "CKR_FUNCTION_NOT_SUPPORTED");
    hsm->driver->close(hsm);
    assert_string_equal(said, "hello from the vendor\n\\x1b[2Jand on the other stream\n");
}

/* Whatever the console asks for, once it may be another's program: the code of another module does
 * not run. */
static void test_another_module(void **state)
{
    const char *build = getenv("abs_top_builddir");
    static const char *const others[] = {"", "/usr/lib/softhsm/libsofthsm2.so", "odd.so"};
    struct hsm *hsm = NULL;
    char odd[4096];

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_false(open_named("", others[i], 20000, &hsm));
        assert_int_equal(err.code, ERR_DENIED);
        assert_string_equal(said, "");
        assert_null(hsm);
    }
    text_print(odd, sizeof odd, "%s/tests/modules/odd.so", build ? build : ".");
    assert_true(open_named("", odd, 20000, &hsm)); /* the control */
    hsm->driver->close(hsm);
    assert_string_not_equal(said, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_prints),
        cmocka_unit_test(test_another_module),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
