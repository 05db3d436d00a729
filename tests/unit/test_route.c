/* SPDX-License-Identifier: Apache-2.0 */
/* base/route.h finds the host in the command of an agent, as ssh(1) would. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/route.h"

enum { WORDS = 12 };

static const struct {
    const char *argv[WORDS];
    const char *text; /* NULL: no ssh, or no host */
} cases[] = {
    {{"/usr/bin/ssh", "hsm-host", "/agent"}, "ssh hsm-host"},
    {{"/usr/bin/ssh", "hsm@hsm-host", "/agent", "-p", "9"}, "ssh hsm@hsm-host"},
    {{"/opt/ssh", "-T", "-e", "none", "-p", "2222", "h", "x"}, "ssh h, port 2222"},
    {{"/opt/ssh", "-Tp2222", "-oBatchMode=yes", "h"}, "ssh h, port 2222"},
    {{"/opt/ssh", "-l", "ada", "-i", "/secret/key", "h"}, "ssh ada@h"},
    {{"/opt/ssh", "-o", "-p", "h"}, "ssh h"},
    {{"/opt/ssh", "h\x1b[2J"}, "ssh h\\x1b[2J"},
    {{"/opt/ssh", "-p"}, NULL},
    {{"/opt/ssh", "-T"}, NULL},
    {{"/opt/ssh"}, NULL},
    {{"/usr/bin/env", "ssh", "h"}, NULL},
    {{"/opt/sshx", "h"}, NULL},
    {{NULL}, NULL},
};

static void test_hosts(void **state)
{
    char text[80];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (route_text(cases[i].argv, text, sizeof text) != (cases[i].text != NULL))
            fail_msg("case %zu: %s", i, text);
        assert_string_equal(text, cases[i].text ? cases[i].text : "");
    }
    assert_false(route_text(NULL, text, sizeof text));
}

static void test_long_words(void **state)
{
    char word[600], text[40];
    const char *const argv[] = {"/ssh", word, NULL};

    (void)state;
    for (size_t i = 0; i < sizeof word - 1; i++)
        word[i] = 'h';
    word[sizeof word - 1] = '\0';
    assert_true(route_text(argv, text, sizeof text));
    assert_true(text[39] == '\0');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hosts),
        cmocka_unit_test(test_long_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
