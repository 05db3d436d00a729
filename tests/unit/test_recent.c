/* SPDX-License-Identifier: Apache-2.0 */
/* The file of the last two HSMs: what is written is read back, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/recent.h"

static char folder[] = "/tmp/hsmferry-recent-XXXXXX";
static char file[128];

static char *const variables[] = {(char[]){"SOFTHSM2_CONF=/etc/x"}, NULL};

static struct config named(void)
{
    struct config config = {.title = "x"};
    struct err err;

    for (unsigned i = 0; i < 2; i++) {
        struct config_side *side = &config.side[i];
        snprintf(side->where.api, sizeof side->where.api, "%s", i ? "nss" : "pkcs11");
        snprintf(side->where.module, sizeof side->where.module, "%s",
                 i ? "sql:/var/lib/pki" : "/usr/lib/a module.so");
        assert_true(
            uri_parse(i ? "pkcs11:token=NSS" : "pkcs11:token=old;serial=01?pin-source=file:/p",
                      &side->token, &err));
    }
    config.side[0].environment = (char **)variables;
    return config;
}

static int set_up(void **state)
{
    (void)state;
    snprintf(file, sizeof file, "%s/hsmferry/recent", mkdtemp(folder));
    return setenv("XDG_STATE_HOME", folder, 1);
}

static int tear_down(void **state)
{
    char made[128];

    (void)state;
    unlink(file);
    snprintf(made, sizeof made, "%s/hsmferry", folder);
    return rmdir(made) + rmdir(folder);
}

static void written_is_read(void **state)
{
    struct config config = named();
    struct recent recent;
    struct stat st;
    struct err err;
    int fd = recent_open();

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_true(recent_read(fd, &recent, &err)); /* a new file is empty */
    assert_int_equal(recent.count, 0);
    assert_true(recent_write(fd, &config, &err));
    assert_true(recent_read(fd, &recent, &err));
    assert_int_equal(recent.count, 2);
    assert_string_equal(recent.side[0].where.module, "/usr/lib/a module.so");
    assert_string_equal(recent.side[0].environment[0], variables[0]);
    assert_null(recent.side[0].environment[1]);
    assert_string_equal(recent.side[0].token.text, "pkcs11:token=old;serial=01");
    assert_string_equal(recent.side[0].token.pin_file, ""); /* nobody's PIN, nor where it is */
    assert_string_equal(recent.side[1].where.module, "sql:/var/lib/pki");
    recent_free(&recent);
    config.side[1].agent = (char **)variables; /* a program is not chosen on the screen */
    snprintf(config.side[0].where.module, sizeof config.side[0].where.module, "/other.so");
    assert_true(recent_write(fd, &config, &err));
    assert_true(recent_read(fd, &recent, &err));
    assert_string_equal(recent.side[0].where.module, "/usr/lib/a module.so");
    recent_free(&recent);
    close(fd);
}

#define SOURCE      "api pkcs11\nmodule /a.so\ntoken pkcs11:token=a\n"
#define DESTINATION "api nss\nmodule sql:/b\ntoken pkcs11:token=b\n"

static void nothing_else_is(void **state)
{
    static const struct {
        const char *text;
        bool ok;
    } rows[] = {
        {"hsmferry-recent/1\n" SOURCE DESTINATION, true}, /* the control */
        {"hsmferry-recent/1\n" SOURCE DESTINATION "\n\n\n", true},
        {"hsmferry-recent/2\n" SOURCE DESTINATION, false},
        {SOURCE DESTINATION, false},
        {"hsmferry-recent/1\n" SOURCE, false},
        {"hsmferry-recent/1\n" SOURCE DESTINATION DESTINATION, false},
        {"hsmferry-recent/1\n" SOURCE DESTINATION "api nss\n", false},
        {"hsmferry-recent/1\napi pkcs11\napi pkcs11\nmodule /a\ntoken pkcs11:token=a\n" DESTINATION,
         false},
        {"hsmferry-recent/1\napi pkcs11\ntoken pkcs11:token=a\n" DESTINATION, false},
        {"hsmferry-recent/1\nmodule /a\napi pkcs11\ntoken pkcs11:token=a\n" DESTINATION, false},
        {"hsmferry-recent/1\napi pkcs11\nmodule a.so\ntoken pkcs11:token=a\n" DESTINATION, false},
        {"hsmferry-recent/1\napi pkcs11\nmodule /a\033[2J\ntoken pkcs11:token=a\n" DESTINATION,
         false},
        {"hsmferry-recent/1\napi fake\nmodule /a\ntoken pkcs11:token=a\n" DESTINATION, false},
        {"hsmferry-recent/1\nagent /bin/sh\n" SOURCE DESTINATION, false},
        {"hsmferry-recent/1\nenvironment LD_PRELOAD=/a.so\n" SOURCE DESTINATION, false},
        {"hsmferry-recent/1\nenvironment MY_PIN=1234\n" SOURCE DESTINATION, false},
        {"hsmferry-recent/1\nenvironment X\n" SOURCE DESTINATION, false},
        {"hsmferry-recent/1\nsha256 12\n" SOURCE DESTINATION, false},
        {"hsmferry-recent/1\ndialect a/b\n" SOURCE DESTINATION, false},
        {"hsmferry-recent/1\napi pkcs11\nmodule /a\ntoken pkcs11:token=a?pin-value=1\n" DESTINATION,
         false},
        {"hsmferry-recent/1\napi pkcs11\nmodule /a\ntoken "
         "pkcs11:token=a?pin-source=file:/p\n" DESTINATION,
         false},
        {"hsmferry-recent/1\napi pkcs11\nmodule /a\ntoken pkcs11:object=k\n" DESTINATION, false},
        {"hsmferry-recent/1\napi pkcs11\nmodule /a\ntoken pkcs11:\n" DESTINATION, false},
    };
    struct recent recent;
    struct err err;
    int fd = recent_open();

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(ftruncate(fd, 0), 0);
        assert_int_equal(pwrite(fd, rows[i].text, strlen(rows[i].text), 0), strlen(rows[i].text));
        if (recent_read(fd, &recent, &err) != rows[i].ok)
            fail_msg("row %zu: %s", i, rows[i].text);
        assert_int_equal(recent.count, rows[i].ok ? 2 : 0);
        recent_free(&recent);
    }
    assert_int_equal(ftruncate(fd, RECENT_SIZE + 1), 0); /* zeros, and too long */
    assert_false(recent_read(fd, &recent, &err));
    assert_int_equal(ftruncate(fd, 0), 0);
    close(fd);
}

static void only_this_users_file_is_used(void **state)
{
    char other[160];
    int fd = recent_open();

    (void)state;
    close(fd);
    assert_int_equal(chmod(file, 0644), 0);
    assert_int_equal(recent_open(), -1);
    assert_int_equal(chmod(file, 0600), 0);
    snprintf(other, sizeof other, "%s.other", file);
    assert_int_equal(link(file, other), 0);
    assert_int_equal(recent_open(), -1);
    assert_int_equal(unlink(file), 0);
    assert_int_equal(symlink(other, file), 0);
    assert_int_equal(recent_open(), -1);
    assert_int_equal(unlink(file), 0);
    assert_int_equal(rename(other, file), 0);
    fd = recent_open(); /* the control */
    assert_true(fd >= 0);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_is_read),
        cmocka_unit_test(nothing_else_is),
        cmocka_unit_test(only_this_users_file_is_used),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
