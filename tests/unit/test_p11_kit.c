/* SPDX-License-Identifier: Apache-2.0 */
/* Modules by the name that p11-kit's configuration has for them. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/text.h"
#include "base/p11_kit.h"

struct place {
    char folder[2][64];
    const char *folders[3];
};

static void make_place(struct place *place)
{
    for (unsigned i = 0; i < 2; i++) {
        strcpy(place->folder[i], "/tmp/hsmferry-p11-kit-XXXXXX");
        assert_non_null(mkdtemp(place->folder[i]));
        place->folders[i] = place->folder[i];
    }
    place->folders[2] = NULL;
}

static void remove_place(struct place *place)
{
    char command[256];

    snprintf(command, sizeof command, "rm -r %s %s", place->folder[0], place->folder[1]);
    assert_int_equal(system(command), 0);
}

static void put(const struct place *place, unsigned i, const char *name, mode_t mode,
                const char *text)
{
    char path[PATH_MAX];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", place->folder[i], name);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
}

static void assert_resolves(const struct place *place, const char *name, const char *to)
{
    char module[1024];
    struct err err = {0};

    text_print(module, sizeof module, "%s", name);
    assert_true(p11_kit_resolve(module, sizeof module, place->folders, &err));
    assert_string_equal(module, to);
}

static void assert_refused(const struct place *place, const char *name, enum err_code code,
                           const char *why)
{
    char module[1024];
    struct err err = {0};

    text_print(module, sizeof module, "%s", name);
    assert_false(p11_kit_resolve(module, sizeof module, place->folders, &err));
    assert_int_equal(err.code, code);
    assert_non_null(strstr(err.what, why));
    assert_string_equal(module, name);
}

static void test_a_name_is_replaced(void **state)
{
    struct place place;

    (void)state;
    make_place(&place);
    put(&place, 0, "one.module", 0644, "# module: /no\n  module :  /lib/first.so \npriority: 1\n");
    put(&place, 1, "one.module", 0644, "module: /lib/hidden.so\n");
    put(&place, 1, "two.module", 0644, "module: /lib/a.so\nx-module: /lib/b.so\nmodule: /lib/c.so");
    assert_resolves(&place, "p11-kit:one", "/lib/first.so");
    assert_resolves(&place, "p11-kit:two", "/lib/c.so");
    assert_resolves(&place, "/lib/one.so", "/lib/one.so");
    assert_resolves(&place, "sql:/one", "sql:/one");
    remove_place(&place);
}

static void test_what_names_no_module(void **state)
{
    struct place place;

    (void)state;
    make_place(&place);
    put(&place, 0, "none.module", 0644, "priority: 1\nmodule:\n");
    put(&place, 0, "far.module", 0644, "module: /lib/a.so\nremote: |ssh host p11-kit remote a\n");
    put(&place, 0, "gone.module", 0644, "module: not-installed-anywhere.so\n");
    put(&place, 0, ".module", 0644, "module: /lib/a.so\n");
    assert_refused(&place, "p11-kit:none", ERR_CONFIG, "names no module file");
    assert_refused(&place, "p11-kit:far", ERR_CONFIG, "a program");
    assert_refused(&place, "p11-kit:gone", ERR_CONFIG, "is not there");
    assert_refused(&place, "p11-kit:other", ERR_CONFIG, "no module other");
    assert_refused(&place, "p11-kit:", ERR_CONFIG, "no module of that name");
    assert_refused(&place, "p11-kit:../x/one", ERR_CONFIG, "no module of that name");
    remove_place(&place);
}

/* Who can change the configuration can have any code run. */
static void test_who_can_change_it(void **state)
{
    struct place place;

    (void)state;
    make_place(&place);
    put(&place, 0, "one.module", 0664, "module: /lib/a.so\n");
    assert_refused(&place, "p11-kit:one", ERR_DENIED, "one.module");
    put(&place, 0, "one.module", 0644, "module: /lib/a.so\n");
    assert_resolves(&place, "p11-kit:one", "/lib/a.so");
    assert_int_equal(chmod(place.folder[0], 0777), 0);
    assert_refused(&place, "p11-kit:one", ERR_DENIED, place.folder[0]);
    remove_place(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_name_is_replaced),
        cmocka_unit_test(test_what_names_no_module),
        cmocka_unit_test(test_who_can_change_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
