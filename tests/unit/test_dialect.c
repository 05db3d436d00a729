/* SPDX-License-Identifier: Apache-2.0 */
/* Dialects: each file that comes with the program, which one counts, and files that are wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "driver/dialect/dialect.h"
#include "hsm/key.h"

static char top[] = "/tmp/hsmferry-dialect.XXXXXX";
static struct dialect_folders folders; /* "own", "host" and "ours" in it */
static struct err err;

static void must(bool ok)
{
    if (!ok)
        fail_msg("%s", err.what);
}

static const char *path_of(unsigned folder, const char *name)
{
    static char path[2 * PATH_MAX];

    snprintf(path, sizeof path, "%s/%s.yaml", folders.path[folder], name);
    return path;
}

static void put(unsigned folder, const char *name, const char *text)
{
    FILE *file = fopen(path_of(folder, name), "w");

    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

/* A dialect for a library, with these lines more. */
static void put_for(unsigned folder, const char *name, const char *library, const char *lines)
{
    char text[1024];

    snprintf(text, sizeof text,
             "name: %s\ntitle: a test\nstatus: documents\nsources: [none]\n"
             "recognised: [{library: \"%s\"}]\nalgorithms: {}\n%s",
             name, library, lines);
    put(folder, name, text);
}

static int make_folders(void **state)
{
    static const char *const names[] = {"own", "host", "ours"};

    (void)state;
    strcpy(top + sizeof top - 7, "XXXXXX");
    if (!mkdtemp(top))
        return -1;
    folders.count = 3;
    for (unsigned i = 0; i < 3; i++) {
        snprintf(folders.path[i], PATH_MAX, "%s/%s", top, names[i]);
        if (mkdir(folders.path[i], 0700) != 0)
            return -1;
    }
    err = (struct err){0};
    return 0;
}

static int remove_folders(void **state)
{
    char command[64];

    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", top);
    return system(command);
}

/* --- the files that come with the program --- */

/* What a vendor's library and token say of themselves, and the dialect for that. */
static const struct {
    struct dialect_facts facts; /* in the order of the structure */
    const char *dialect;
} known[] = {
    {{"SoftHSM", "Implementation of PKCS11", "2.40", "SoftHSM project", "SoftHSM v2", "1.0", "1.0"},
     "softhsm"},
    {{"Mozilla Foundation", "NSS Internal Crypto Services", "3.0", "Mozilla Foundation", "NSS 3",
      "1.0", "1.0"},
     "nss-softoken"},
    {{"IBM", "Meta PKCS11 LIBRARY", "2.20", "IBM Corp.", "IBM SoftTok", "3.8", "1.11"},
     "opencryptoki"},
    {{"IBM", "openCryptoki", "3.2", "IBM", "Soft", "3.27", "3.27"}, "opencryptoki-3.27"},
    {{"SafeNet", "Chrystoki", "2.20", "SafeNet", "LunaSA 7.4.0", "1.0", "1.0"}, "luna"},
    {{"nCipher Corp. Ltd", "nCipher PKCS#11 1.0", "2.40", "nCipher Corp. Ltd", "", "1.0", "1.0"},
     "nshield"},
    {{"Cavium Networks", "Cavium PKCS#11 Interface", "2.40", "Cavium", "hsm1", "1.0", "1.0"},
     "aws-cloudhsm"},
    {{"Utimaco IS GmbH", "CryptoServer PKCS#11", "2.40", "Utimaco IS GmbH", "CryptoServer", "1.0",
      "1.0"},
     "utimaco"},
    {{"Yubico (www.yubico.com)", "YubiHSM PKCS#11 Library", "2.40", "Yubico (www.yubico.com)",
      "YubiHSM", "1.0", "1.0"},
     "yubihsm"},
    {{"Somebody", "Something", "2.40", "Somebody", "x", "1.0", "1.0"}, "generic-2.40"},
    {{"Kryoptic Project", "Kryoptic PKCS11 Module", "3.2", "Kryoptic Project", "v1", "1.0", "1.0"},
     "generic-3.x"},
};
enum { KNOWN = sizeof known / sizeof known[0] };

static struct dialect_folders shipped(void)
{
    struct dialect_folders f = {.count = 1};
    const char *source = getenv("abs_top_srcdir");

    snprintf(f.path[0], PATH_MAX, "%s/dialects", source ? source : ".");
    return f;
}

static void each_shipped_file_is_right(void **state)
{
    struct dialect_folders f = shipped();
    DIR *dir = opendir(f.path[0]);
    struct dirent *entry;
    unsigned count = 0;

    (void)state;
    assert_non_null(dir);
    while ((entry = readdir(dir))) {
        char path[2 * PATH_MAX], *end = strstr(entry->d_name, ".yaml");
        struct dialect d;
        if (!end)
            continue;
        snprintf(path, sizeof path, "%s/%s", f.path[0], entry->d_name);
        must(dialect_load(path, &d, &err));
        *end = '\0';
        assert_string_equal(d.is.name, entry->d_name);
        assert_false(d.believed); /* nothing that comes with the program is taken on trust */
        for (unsigned i = 0; i < KNOWN; i++)
            count += strcmp(known[i].dialect, d.is.name) == 0;
    }
    closedir(dir);
    assert_int_equal(count, KNOWN); /* each is recognised below, and none is missing */
}

static void shipped_dialects_are_recognised(void **state)
{
    struct dialect_folders f = shipped();

    (void)state;
    for (unsigned i = 0; i < KNOWN; i++) {
        struct dialect d;
        must(dialect_recognise(&f, &known[i].facts, &d, &err));
        assert_string_equal(d.is.name, known[i].dialect);
    }
}

static void tried_dialects_are_those_that_tests_run_on(void **state)
{
    static const char *const tried[] = {"softhsm", "nss-softoken", "opencryptoki",
                                        "opencryptoki-3.27"};
    struct dialect_folders f = shipped();

    (void)state;
    for (unsigned i = 0; i < KNOWN; i++) {
        enum hsm_dialect_status want = HSM_DIALECT_DOCUMENTS;
        struct dialect d;
        for (size_t j = 0; j < sizeof tried / sizeof tried[0]; j++)
            if (strcmp(known[i].dialect, tried[j]) == 0)
                want = HSM_DIALECT_TRIED;
        must(dialect_named(&f, known[i].dialect, &d, &err));
        assert_int_equal(d.is.status, want);
    }
}

static void a_file_says_what_the_driver_does(void **state)
{
    struct dialect_folders f = shipped();
    struct dialect d;

    (void)state;
    must(dialect_named(&f, "nss-softoken", &d, &err));
    assert_int_equal(d.mechanism_count[HSM_AES_KWP], 1);
    assert_int_equal(d.mechanism[HSM_AES_KWP][0].number, 0x210b);
    assert_int_equal(d.mechanism[HSM_AES_CBC_PAD][0].parameter, DIALECT_RANDOM_IV);
    assert_int_equal(d.ec_point, DIALECT_REQUIRED);
    assert_true(d.one_per_id);
    assert_int_equal(d.is.not_enforced, KEY_EXTRACTABLE | KEY_WRAP_WITH_TRUSTED);
    assert_int_equal(d.unreadable, KEY_LOCAL);
    must(dialect_named(&f, "opencryptoki", &d, &err));
    assert_int_equal(d.set_afterwards, KEY_SENSITIVE | KEY_EXTRACTABLE);
    assert_int_equal(d.secrecy, DIALECT_REFUSED);
    assert_int_equal(d.mechanism_count[HSM_AES_KWP], 0);
    must(dialect_named(&f, "luna", &d, &err));
    assert_int_equal(d.value_length, DIALECT_REQUIRED);
    assert_int_equal(d.mechanism[HSM_AES_KWP][0].number, 0x80000171);
    assert_string_equal(d.mechanism[HSM_AES_KWP][0].name, "CKM_AES_KWP");
    must(dialect_named(&f, "softhsm", &d, &err));
    assert_int_equal(d.value_length, DIALECT_REFUSED);
    assert_int_equal(d.mechanism[HSM_AES_KWP][0].number, 0x210a);
}

static void the_manuals_example_is_right(void **state)
{
    char page[1024], text[4096] = "", line[512];
    const char *source = getenv("abs_top_srcdir");
    bool inside = false;
    struct dialect d;
    FILE *file;

    (void)state;
    snprintf(page, sizeof page, "%s/man/hsmferry-dialect.5", source ? source : ".");
    file = fopen(page, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        inside = inside && strncmp(line, ".Ed", 3) != 0;
        if (inside)
            strncat(text, line, sizeof text - strlen(text) - 1);
        inside = inside || strncmp(line, ".Bd -literal", 12) == 0;
    }
    fclose(file);
    put(0, "my-hsm", text);
    must(dialect_named(&folders, "my-hsm", &d, &err));
    assert_int_equal(d.mechanism[HSM_AES_KWP][0].number, 0x80000042);
}

/* --- which one counts --- */

static const struct dialect_facts mine = {"Maker", "Library 1", "2.40", "Token maker",
                                          "Model", "3.18",      "2.4"};

static void check_recognised(const char *name)
{
    struct dialect d;

    must(dialect_recognise(&folders, &mine, &d, &err));
    assert_string_equal(d.is.name, name);
}

static void first_folder_wins(void **state)
{
    struct dialect d;

    (void)state;
    put_for(2, "vendor", "Library*", "");
    check_recognised("vendor");
    put_for(1, "hosts", "Library*", "");
    check_recognised("hosts");
    put_for(0, "users", "Library ?", "");
    check_recognised("users");
    must(dialect_named(&folders, "vendor", &d, &err));
}

/* A user's file hides the one of the same name, whatever it fits. */
static void same_name_hides(void **state)
{
    struct dialect d;

    (void)state;
    put_for(2, "vendor", "Library*", "");
    put_for(2, "other", "Library*", "fallback: yes\n");
    put_for(0, "vendor", "Nothing", "one-key-per-id: yes\n");
    check_recognised("other");
    must(dialect_named(&folders, "vendor", &d, &err));
    assert_true(d.one_per_id);
}

static void fallbacks_come_last(void **state)
{
    (void)state;
    put_for(0, "any", "*", "fallback: yes\n");
    check_recognised("any");
    put_for(2, "vendor", "Library*", "");
    check_recognised("vendor");
}

static void all_that_a_pattern_says_must_fit(void **state)
{
    static const struct {
        const char *pattern;
        bool fits;
    } rows[] = {
        {"{manufacturer: Maker}", true},
        {"{manufacturer: \"Token*\"}", true}, /* the token's */
        {"{manufacturer: Make}", false},
        {"{manufacturer: maker}", false},
        {"{manufacturer: Maker, model: Model}", true},
        {"{manufacturer: Maker, model: Modell}", false},
        {"{manufacturer: Nobody, model: Model}", false},
        {"{library: \"*1\", api-version: \"2.*\"}", true},
        {"{library: \"*1\", api-version: \"3.*\"}", false},
        {"{model: Nothing}, {model: \"M*\"}", true},
        {"{version: \"3.18\"}", true},
        {"{version: \"3.1\"}", false},
        {"{version: \"3.8 to 3.18\"}", true}, /* numbers, not text */
        {"{version: \"3.19 to 3.99\"}", false},
        {"{version: \"3.19 or later\"}", false},
        {"{version: \"3.17 or earlier\"}", false},
        {"{version: \"3.17 or earlier\"}, {version: \"3.18 or later\"}", true},
        {"{version: \"3.18 or earlier\", firmware: \"2.4 or later\"}", true},
        {"{version: \"3.18 or earlier\", firmware: \"2.5 or later\"}", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[512];
        struct dialect d;
        snprintf(text, sizeof text,
                 "name: x\ntitle: x\nstatus: tried\nsources: [x]\nrecognised: [%s]\n"
                 "algorithms: {}\n",
                 rows[i].pattern);
        put(0, "x", text);
        must(dialect_load(path_of(0, "x"), &d, &err));
        if (dialect_fits(&d, &mine) != rows[i].fits)
            fail_msg("%s", rows[i].pattern);
    }
}

static void check_refused(bool ok, enum err_code code, const char *says)
{
    assert_false(ok);
    if (err.code != code || !strstr(err.what, says))
        fail_msg("%s: %s", err_code_name(err.code), err.what);
    assert_true(err.next[0]);
    err = (struct err){0};
}

static void recognise_refused(enum err_code code, const char *says)
{
    struct dialect d;

    check_refused(dialect_recognise(&folders, &mine, &d, &err), code, says);
}

static void none_or_two_are_refused(void **state)
{
    (void)state;
    recognise_refused(ERR_CONFIG, "no dialect recognises this HSM");
    put_for(0, "one", "Library*", "");
    put_for(0, "two", "Library*", "");
    recognise_refused(ERR_CONFIG, "two dialects recognise this HSM: one and two");
}

static void named_refused(const char *name, enum err_code code, const char *says)
{
    struct dialect d;

    check_refused(dialect_named(&folders, name, &d, &err), code, says);
}

static void wrong_names_are_refused(void **state)
{
    char other[64];

    (void)state;
    named_refused("nothing", ERR_CONFIG, "there is no dialect nothing");
    named_refused("", ERR_CONFIG, "there is no dialect");
    named_refused("../ours/vendor", ERR_CONFIG, "there is no dialect");
    named_refused("\x1b[2J", ERR_CONFIG, "there is no dialect \\x1b[2J");
    named_refused("/nonexistent/x.yaml", ERR_CONFIG, "There is no file");
    put_for(0, "called", "Library*", "");
    snprintf(other, sizeof other, "%s/own/not.yaml", top);
    assert_int_equal(rename(path_of(0, "called"), other), 0);
    named_refused("not", ERR_CONFIG, "says that its name is called");
}

/* --- files that are wrong --- */

static const char good[] =
    "name: x\n"                                                                       /* 1 */
    "title: A test\n"                                                                 /* 2 */
    "status: tried\n"                                                                 /* 3 */
    "sources:\n"                                                                      /* 4 */
    "  - somewhere\n"                                                                 /* 5 */
    "recognised:\n"                                                                   /* 6 */
    "  - {manufacturer: Maker}\n"                                                     /* 7 */
    "algorithms:\n"                                                                   /* 8 */
    "  aes-kwp:\n"                                                                    /* 9 */
    "    - {mechanism: CKM_AES_KEY_WRAP_PAD, number: \"0x210a\", parameters: none}\n" /* 10 */
    "template:\n"                                                                     /* 11 */
    "  omit: [copyable, derive]\n"                                                    /* 12 */
    "set-afterwards: [sensitive]\n";                                                  /* 13 */

static void replace(const char *from, const char *to)
{
    char text[2048];
    const char *at = strstr(good, from);

    assert_non_null(at);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - good), good, to, at + strlen(from));
    put(0, "x", text);
}

static void variables_are_listed(void **state)
{
    struct dialect d;

    (void)state;
    put(0, "x", good);
    must(dialect_load(path_of(0, "x"), &d, &err));
    assert_false(d.lists_variables);
    assert_false(d.loads_siblings);
    replace("set-afterwards", "environment: [none]\nloads-siblings: yes\nset-afterwards");
    must(dialect_load(path_of(0, "x"), &d, &err));
    assert_true(d.lists_variables);
    assert_int_equal(d.variable_count, 0);
    assert_true(d.loads_siblings);
    replace("set-afterwards", "environment: [A_B, \"NFAST_*\"]\nset-afterwards");
    must(dialect_load(path_of(0, "x"), &d, &err));
    assert_int_equal(d.variable_count, 2);
    assert_string_equal(d.variable[1], "NFAST_*");
}

static void wrong_files_are_refused_with_their_place(void **state)
{
    static const struct {
        const char *from, *to, *says;
    } rows[] = {
        {"status: tried", "status: good", ":3:"},
        {"status: tried\n", "", "status"},
        {"title: A test\n", "titel: A test\n", ":2:1: "},
        {"{manufacturer: Maker}", "{version: \"3\"}", ":7:15: \"version\" must be written as"},
        {"{manufacturer: Maker}", "{version: \"3.8 or so\"}", "must be written as"},
        {"{manufacturer: Maker}", "{version: \"3.8 to 3.7\"}", "must be written as"},
        {"{manufacturer: Maker}", "{version: \"3.8 to 3.256\"}", "must be written as"},
        {"{manufacturer: Maker}", "{version: \"3.8 to 3.9x\"}", "must be written as"},
        {"{manufacturer: Maker}", "{firmware: \"v2.4\"}", "\"firmware\" must be written as"},
        {"title: A test\n", "title: A test\ntitle: B\n", ":3:1: "},
        {"name: x", "name: X", "\"name\" may contain only"},
        {"name: x", "name: ../x", ":1:7: \"name\" may contain only"},
        {"name: x", "name: &a x", ":1:"},
        {"{manufacturer: Maker}", "{}", ":7:5: at least one of manufacturer"},
        {"{manufacturer: Maker}", "{serial: 1}", ":7:6: "},
        {"\"0x210a\"", "\"210a\"", ":10:49: \"number\" must be written as"},
        {"\"0x210a\"", "\"0x\"", "\"number\" must be written as"},
        {"\"0x210a\"", "\"0x210g\"", "\"number\" must be written as"},
        {"\"0x210a\"", "\"0x12345678901234567\"", ":10:"},
        {"\"0x210a\"", "\"0x210b\"", ":10:49: this number is that of CKM_AES_KEY_WRAP_KWP"},
        {"CKM_AES_KEY_WRAP_PAD", "AES_KEY_WRAP_PAD", ":10:19: \"mechanism\" must be a name"},
        {"CKM_AES_KEY_WRAP_PAD", "\"CKM_\\e[2J\"", ":10:"},
        {"parameters: none", "parameters: oaep", ":10:71: aes-kwp does not take these parameters"},
        {"parameters: none", "parameters: rsa-aes",
         ":10:71: aes-kwp does not take these parameters"},
        {"parameters: none", "parameters: nothing", ":10:"},
        {"aes-kwp", "aes-gcm", ":9:3: "},
        {"[copyable, derive]", "[copyable, sensitive]", ":12:"},
        {"[copyable, derive]", "copyable", ":12:"},
        {"set-afterwards: [sensitive]", "set-afterwards: [modifiable]", ":13:"},
        {"set-afterwards", "trust: file\nset-afterwards", "\"believed\" belongs to"},
        {"set-afterwards",
         "believed: {exact-length: no, takes-length: no, copies: no}\n"
         "set-afterwards",
         ":13:11: \"believed\" belongs to"},
        {"set-afterwards", "trust: file\nbelieved: {copies: maybe}\nset-afterwards", ":14:"},
        {"set-afterwards", "environment: []\nset-afterwards", "too few entries"},
        {"set-afterwards", "environment: [\"*\"]\nset-afterwards", "takes names"},
        {"set-afterwards", "environment: [\"A*\"]\nset-afterwards", "takes names"},
        {"set-afterwards", "environment: [\"AB*C\"]\nset-afterwards", "takes names"},
        {"set-afterwards", "environment: [\"A=b\"]\nset-afterwards", "takes names"},
        {"set-afterwards", "environment: [FINE, OPENSSL_CONF]\nset-afterwards",
         ":13:21: OPENSSL_CONF can load other code"},
        {"set-afterwards", "environment: [\"LD_*\"]\nset-afterwards", "LD_* can load"},
        {"set-afterwards", "environment: [HOME]\nset-afterwards", "HOME is for programs"},
        {"set-afterwards", "loads-siblings: maybe\nset-afterwards", ":13:"},
        {"[sensitive]\n", "[sensitive\n", "not YAML"},
        {"[sensitive]\n", "[sensitive]\n---\nname: y\n", "document"},
        {"title: A test\n", "title: \"\xc2\x9b\"\n", ":2:"},
    };

    (void)state;
    put(0, "x", good);
    must(dialect_load(path_of(0, "x"), &(struct dialect){0}, &err));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct dialect d = {.omit = 77};
        replace(rows[i].from, rows[i].to);
        check_refused(dialect_load(path_of(0, "x"), &d, &err), ERR_CONFIG, rows[i].says);
        assert_int_equal(d.omit, 77);
    }
    /* and one that is in a folder is not passed over in silence */
    recognise_refused(ERR_CONFIG, "x.yaml:");
}

static void huge_and_empty_files_are_refused(void **state)
{
    struct dialect d;
    char *text = malloc(80 * 1024);

    (void)state;
    assert_non_null(text);
    memset(text, '#', 80 * 1024 - 1);
    text[80 * 1024 - 1] = '\0';
    put(0, "x", text);
    free(text);
    check_refused(dialect_load(path_of(0, "x"), &d, &err), ERR_CONFIG, "larger than 64 KiB");
    put(0, "x", "");
    check_refused(dialect_load(path_of(0, "x"), &d, &err), ERR_CONFIG, "x.yaml");
}

static void files_of_others_are_refused(void **state)
{
    (void)state;
    put(0, "x", good);
    assert_int_equal(chmod(path_of(0, "x"), 0620), 0);
    recognise_refused(ERR_DENIED, "can be changed by other users");
    named_refused("x", ERR_DENIED, "can be changed by other users");
    assert_int_equal(unlink(path_of(0, "x")), 0);
    assert_int_equal(symlink("/etc/passwd", path_of(0, "x")), 0);
    recognise_refused(ERR_DENIED, "is a symbolic link");
}

static void folders_are_the_users_first(void **state)
{
    struct dialect_folders f;

    (void)state;
    setenv("HOME", "/nowhere", 1); /* not asked */
    dialect_folders(&f);
    assert_int_equal(f.count, 3);
    assert_non_null(strstr(f.path[0], "/.config/hsmferry/dialects"));
    assert_null(strstr(f.path[0], "/nowhere"));
    assert_non_null(strstr(f.path[1], "/etc/hsmferry/dialects"));
    assert_non_null(strstr(f.path[2], "/hsmferry/dialects"));
}

int main(void)
{
#define IN_FOLDERS(test) cmocka_unit_test_setup_teardown(test, make_folders, remove_folders)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_shipped_file_is_right),
        cmocka_unit_test(shipped_dialects_are_recognised),
        cmocka_unit_test(tried_dialects_are_those_that_tests_run_on),
        cmocka_unit_test(a_file_says_what_the_driver_does),
        IN_FOLDERS(the_manuals_example_is_right),
        IN_FOLDERS(first_folder_wins),
        IN_FOLDERS(same_name_hides),
        IN_FOLDERS(fallbacks_come_last),
        IN_FOLDERS(all_that_a_pattern_says_must_fit),
        IN_FOLDERS(none_or_two_are_refused),
        IN_FOLDERS(wrong_names_are_refused),
        IN_FOLDERS(variables_are_listed),
        IN_FOLDERS(wrong_files_are_refused_with_their_place),
        IN_FOLDERS(huge_and_empty_files_are_refused),
        IN_FOLDERS(files_of_others_are_refused),
        cmocka_unit_test(folders_are_the_users_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
