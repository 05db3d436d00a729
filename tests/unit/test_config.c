/* SPDX-License-Identifier: Apache-2.0 */
/* config.h: good ceremony files, and each way in which one can be wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"

static char folder[] = "/tmp/hsmferry-config.XXXXXX";
static char path[64];  /* of the ceremony file */
static char self[512]; /* this program: something that looks like a module */

#define FINGERPRINT    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define NO_FINGERPRINT "x123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* SELF becomes the program, FOLDER the folder. */
static const char good[] =
    "# a comment\n"
    "title: Root CA move 2026\n"                                                /* 2 */
    "rehearsal: yes\n"                                                          /* 3 */
    "officers:\n"                                                               /* 4 */
    "  - name: Ada Lovelace\n"                                                  /* 5 */
    "    role: source officer\n"                                                /* 6 */
    "  - {name: Zo\xc3\xab, role: destination officer}\n"                       /* 7 */
    "source:\n"                                                                 /* 8 */
    "  api: pkcs11\n"                                                           /* 9 */
    "  module: SELF\n"                                                          /* 10 */
    "  token: \"pkcs11:token=hsm-old;serial=8f?pin-source=file:/run/p%20in\"\n" /* 11 */
    "  environment: [\"SOFTHSM2_CONF=/etc/softhsm2.conf\", A_1=]\n"             /* 12 */
    "  time-limit: 30\n"                                                        /* 13 */
    "destination:\n"                                                            /* 14 */
    "  api: nss\n"                                                              /* 15 */
    "  module: sql:FOLDER\n"                                                    /* 16 */
    "  parameters: \"\"\n"                                                      /* 17 */
    "  token: pkcs11:token=hsm-new\n"                                           /* 18 */
    "keys:\n"                                                                   /* 19 */
    "  - \"pkcs11:object=root-ca;type=private\"\n"                              /* 20 */
    "  - pkcs11:object=tls-*\n"                                                 /* 21 */
    "policy:\n"                                                                 /* 22 */
    "  rsa-bits: 4096\n"                                                        /* 23 */
    "  oaep-hashes: [sha1]\n"                                                   /* 24 */
    "  sensitive: no\n"                                                         /* 25 */
    "  extractable: yes\n"                                                      /* 26 */
    "  gates: [review, key]\n"                                                  /* 27 */
    "report-folder: reports\n";                                                 /* 28 */

static int make_folder(void **state)
{
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);

    (void)state;
    if (len < 0 || !mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/ceremony.yaml", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

/* text with the first `from` replaced by `to`; freed by the caller. */
static char *replaced(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    char *out;

    if (!at)
        fail_msg("not in the good file: %s", from);
    if (asprintf(&out, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)) < 0)
        fail();
    return out;
}

static void put(const char *text, size_t len, mode_t mode)
{
    FILE *file;

    unlink(path);
    file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
}

/* Puts the good file with one change. */
static void put_changed(const char *from, const char *to)
{
    char *text[3] = {replaced(good, from, to)};

    text[1] = strstr(text[0], "SELF") ? replaced(text[0], "SELF", self) : strdup(text[0]);
    text[2] = strstr(text[1], "FOLDER") ? replaced(text[1], "FOLDER", folder) : strdup(text[1]);
    put(text[2], strlen(text[2]), 0600);
    for (int i = 0; i < 3; i++)
        free(text[i]);
}

static struct config *loaded(void)
{
    struct config *config = NULL;
    struct err err = {0};

    if (!config_load(path, CONFIG_TO_RUN, &config, &err))
        fail_msg("%s", err.what);
    return config;
}

/* The message must hold part; at: "line:column", or NULL where there is none. */
static void assert_refused(const char *name, enum err_code code, const char *at, const char *part)
{
    struct config *config = NULL;
    char expected[128], line[1024];
    struct err err = {0};

    if (config_load(path, CONFIG_TO_RUN, &config, &err))
        fail_msg("%s: was taken", name);
    assert_null(config);
    err_line(&err, line, sizeof line);
    snprintf(expected, sizeof expected, "%s:%s: ", path, at ? at : "");
    if (err.code != code || !strstr(line, part) ||
        (at && strncmp(line, expected, strlen(expected))))
        fail_msg("%s: %s", name, line);
    assert_string_equal(err.now, "Nothing was started");
    assert_null(strstr(line, "1234"));
}

static void test_good(void **state)
{
    struct config *c;
    char expected[128];

    (void)state;
    put_changed("", "");
    c = loaded();
    assert_string_equal(c->path, path);
    assert_string_equal(c->title, "Root CA move 2026");
    assert_true(c->rehearsal);
    assert_int_equal(c->officer_count, 2);
    assert_string_equal(c->officers[0].name, "Ada Lovelace");
    assert_string_equal(c->officers[0].role, "source officer");
    assert_string_equal(c->officers[1].name, "Zo\xc3\xab");
    assert_string_equal(c->officers[1].role, "destination officer");
    assert_string_equal(c->side[0].where.api, "pkcs11");
    assert_string_equal(c->side[0].where.module, self);
    assert_string_equal(c->side[0].where.params, "");
    assert_string_equal(c->side[0].token.pin_file, "/run/p in");
    assert_string_equal(c->side[0].token.text, "pkcs11:token=hsm-old;serial=8f");
    assert_string_equal(c->side[0].environment[0], "SOFTHSM2_CONF=/etc/softhsm2.conf");
    assert_string_equal(c->side[0].environment[1], "A_1=");
    assert_null(c->side[0].environment[2]);
    assert_null(c->side[0].agent);
    assert_int_equal(c->side[0].limit_ms, 30000);
    assert_string_equal(c->side[1].where.api, "nss");
    assert_null(c->side[1].environment[0]);
    assert_int_equal(c->side[1].limit_ms, 120000);
    assert_int_equal(c->key_count, 2);
    assert_true(c->keys[1].object.pattern);
    assert_int_equal(c->expect[1], 0);
    assert_int_equal(c->script.count, 2);
    assert_string_equal(c->script.lines[1].uri, "pkcs11:object=tls-*");
    assert_int_equal(c->script.policy.rsa_bits, 4096);
    assert_int_equal(c->policy.rsa_bits, 4096);
    assert_int_equal(c->policy.transports, 1 << HSM_RSA_OAEP_SHA1);
    assert_false(c->policy.sensitive);
    assert_true(c->policy.extractable);
    assert_int_equal(c->policy.gates, 1 << GATE_REVIEW | 1 << GATE_KEY);
    snprintf(expected, sizeof expected, "%s/reports", folder);
    assert_string_equal(c->report_folder, expected);
    config_free(c);
}

static void test_transports(void **state)
{
    struct config *c;

    (void)state;
    put_changed("extractable: yes",
                "extractable: yes\n  post-quantum: required\n  kdf: required\n"
                "  transports: [ml-kem-768, \"ecdh-p384+ml-kem-768\", ecdh-p521]");
    c = loaded();
    assert_int_equal(c->policy.order.count, 3);
    assert_int_equal(c->policy.order.at[0], TRANSPORT_ML_KEM_768);
    assert_int_equal(c->policy.order.at[1], TRANSPORT_HYBRID);
    assert_int_equal(c->policy.order.at[2], TRANSPORT_ECDH_P521);
    assert_int_equal(c->policy.quantum, QUANTUM_REQUIRED);
    assert_true(c->policy.kdf_required);
    config_free(c);
    put_changed("extractable: yes", "post-quantum: preferred\n  transports: [ecdh-p256]");
    c = loaded(); /* what is preferred need not be there */
    assert_int_equal(c->policy.quantum, QUANTUM_PREFERRED);
    config_free(c);
}

static void test_defaults(void **state)
{
    const struct policy policy = policy_default();
    struct config *c;

    (void)state;
    put_changed(strstr(good, "keys:"), "keys:\nreport-folder: /var/reports\n");
    c = loaded();
    assert_int_equal(c->key_count, 0);
    assert_true(policy_equal(&c->policy, &policy));
    assert_string_equal(c->report_folder, "/var/reports");
    config_free(c);
    put_changed(strstr(good, "keys:"), "policy: {gates: []}\nreport-folder: /var/reports\n");
    c = loaded();
    assert_int_equal(c->policy.gates, 0);
    assert_int_equal(c->policy.rsa_bits, policy.rsa_bits);
    config_free(c);
}

/* What editors on other systems make of it. */
static void test_line_ends(void **state)
{
    struct config *c;

    (void)state;
    put_changed("# a comment\ntitle: Root CA move 2026\n",
                "\xef\xbb\xbftitle: Root CA move 2026\n");
    config_free(loaded());
    put_changed("# a comment\ntitle: Root CA move 2026\n",
                "\xef\xbb\xbf# comment\r\ntitle:\tRoot CA move 2026\t\r\n");
    c = loaded();
    assert_string_equal(c->title, "Root CA move 2026");
    config_free(c);
}

/* A key's whole URI, as p11tool prints it: what it says of the token is asked of the token, too. */
static void test_whole_uris_of_keys(void **state)
{
    struct config *c;

    (void)state;
    put_changed("tls-*", "tls;model=SoftHSM%20v2;manufacturer=x;serial=8f;token=hsm-old;slot-id=7");
    c = loaded();
    assert_memory_equal(c->side[0].token.model.data, "SoftHSM v2", 10);
    assert_true(c->side[0].token.manufacturer.given && c->side[0].token.slot_id == 7);
    assert_string_equal(c->side[0].token.text, "pkcs11:token=hsm-old;serial=8f");
    config_free(c);
    put_changed("root-ca;type=private\"\n", "a;model=b\"\n  - \"pkcs11:object=c;model=d\"\n");
    assert_refused("models that contradict", ERR_CONFIG, "21:5", "names another token");
}

struct wrong {
    const char *from, *to; /* the change in the good file */
    const char *at;        /* where the message points */
    const char *part;      /* what it says, among other things */
};

static void assert_wrong(const struct wrong *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        put_changed(cases[i].from, cases[i].to);
        assert_refused(cases[i].to, ERR_CONFIG, cases[i].at, cases[i].part);
    }
}
#define ASSERT_WRONG(cases) assert_wrong(cases, sizeof cases / sizeof cases[0])

static void test_yaml(void **state)
{
    static const struct wrong cases[] = {
        {"title: Root", "title: \"a\" Root", "2:12", "this is not YAML"},
        {"folder: reports", "folder: \"reports", "29:1", "this is not YAML"},
        {"title: Root CA", "title: Root: CA", "2:12", "put quotes around"},
        {"  api: pkcs11", "\tapi: pkcs11", "9:1", "Indent with spaces"},
        {"  api: pkcs11", " \tapi: pkcs11", "9:2", "Indent with spaces"},
        {"Root CA",
         "Root\x01"
         "CA",
         "2:12", "plain UTF-8"},
        {"Root CA",
         "Root\xff"
         "CA",
         "2:12", "plain UTF-8"},
        {"Root CA move 2026", "\"Root\\0CA\"", "2:8", "must be one line"},
        {"Root CA move 2026", "\"Root\\x1b[2J\"", "2:8", "must be one line"},
        {"Root CA move 2026", "|\n  Root\n  CA\n", "2:8", "must be one line"},
        {"title: Root", "title: &a Root", "2:8", "anchors and aliases"},
        {"  - pkcs11:object=tls-*", "  - *tls", "21:5", "put quotes around one that begins"},
        {"# a comment", "# a\u202e comment", "1:4", "cannot be shown (byte 0xe2)"},
        {"# a comment", "# \xc3\xab\xc3\xab \u200b", "1:6", "cannot be shown (byte 0xe2)"},
        {"Root CA move 2026", "\"Root\\u202e\"", "2:8", "must be one line"},
        {"Root CA move 2026", "\"Root\\tCA\"", "2:8", "must be one line"},
        {"Root CA move 2026", "\"Root\\xA0CA\"", "2:8", "must be one line"},
        {"officers:\n", "officers: &a\n", "4:11", "anchors and aliases"},
        {"source:\n", "source: &a\n", "8:9", "anchors and aliases"},
        {"yes\n", "!!bool yes\n", "3:12", "tags (!)"},
        {"reports\n", "reports\n---\ntitle: b\n", "29:1", "a second document"},
        {"reports\n", "reports\n...\n---\n", "30:1", "a second document"},
    };

    (void)state;
    ASSERT_WRONG(cases);
}

static void test_schema(void **state)
{
    static const struct wrong cases[] = {
        {"rehearsal: yes", "rehersal: yes", "3:1",
         "no key \"rehersal\"; the nearest is \"rehearsal\""},
        {"  module: SELF", "  modul: SELF", "10:3",
         "\"source\" has no key \"modul\"; the nearest is "
         "\"module\". Nothing was started. The known keys there are api"},
        {"    role:", "    rank:", "6:5", "an entry of \"officers\" has no key \"rank\""},
        {"title: Root", "zzzzzz: 1\ntitle: Root", "2:1", "no key \"zzzzzz\""},
        {"title: Root", "\"a\\\\b\": 1\ntitle: Root", "2:1", "no key \"a\\\\b\""},
        {"rehearsal:", "Title: a\nrehearsal:", "3:1", "the nearest is \"title\""},
        {"rehearsal:", "title: a\nrehearsal:", "3:1", "\"title\" occurs twice here"},
        {"  api: nss", "  api: nss\n  api: nss", "16:3", "\"api\" occurs twice here"},
        {"    role:", "    name: B\n    role:", "6:5", "\"name\" occurs twice here"},
        {"title: Root", "? [a]\n: b\ntitle: Root", "2:3", "a key must be a word"},
        {"rehearsal: yes", "rehearsal: maybe", "3:12", "\"rehearsal\" must be one of: yes, no"},
        {"rehearsal: yes", "rehearsal: Yes", "3:12", "must be one of: yes, no"},
        {"rehearsal: yes", "rehearsal: yes\npace: walk", "4:7",
         "\"pace\" must be one of: step, key, run"},
        {"rehearsal: yes", "rehearsal: yes\npace: first-key", "4:7", "must be one of: step, key"},
        {"rehearsal: yes", "rehearsal: yes\nsessions: 0", "4:11", "\"sessions\" must be 1 to 16"},
        {"rehearsal: yes", "rehearsal: yes\nsessions: 17", "4:11", "\"sessions\" must be 1 to 16"},
        {"rehearsal: yes", "rehearsal: yes\nsyslog: perhaps", "4:9", "\"syslog\" must be one of"},
        {"rehearsal: yes", "rehearsal: true", "3:12", "must be one of: yes, no"},
        {"rehearsal: yes", "rehearsal: 2", "3:12", "must be one of: yes, no"},
        {"rehearsal: yes", "rehearsal:", "3:11", "must be one of: yes, no"},
        {"rehearsal: yes", "rehearsal: [yes]", "3:12", "\"rehearsal\" must be a word"},
        {"rehearsal: yes\n", "", "2:1", "the document lacks \"rehearsal\""},
        {"title: Root CA move 2026\n", "", "2:1", "the document lacks \"title\""},
        {"{name: Zo\xc3\xab, ", "{", "7:5", "an entry of \"officers\" lacks \"name\""},
        {"  token: pkcs11:token=hsm-new\n", "", "15:3", "\"destination\" lacks \"token\""},
        {"report-folder: reports\n", "", "2:1", "lacks \"report-folder\""},
        {"Root CA move 2026", "\"\"", "2:8", "\"title\" must not be empty"},
        {"Root CA move 2026", "{a: b}", "2:8", "\"title\" must be one piece of text"},
        {"Root CA move 2026", "[[[[[[[[[[[[[[[[[[a]]]]]]]]]]]]]]]]]]", "2:8", "one piece of text"},
        {"source:\n  api: pkcs11\n", "source: pkcs11\nx:\n", "8:9", "\"source\" must be lines"},
        {"  - name: Ada Lovelace\n    role: source officer\n", "  - Ada\n", "5:5",
         "an entry of \"officers\" must be lines of the form"},
        {"  - pkcs11:object=tls-*", "  - object: tls-*", "21:5",
         "an entry of \"keys\" has no key \"object\""},
        {"  - pkcs11:object=tls-*", "  - [a]", "21:5", "an entry of \"keys\" must be"},
        {"  - pkcs11:object=tls-*", "  - {expect: 4}", "21:5",
         "an entry of \"keys\" lacks \"uri\""},
        {"  - pkcs11:object=tls-*", "  - {uri: \"pkcs11:object=tls-*\", expect: four}", "21:42",
         "\"expect\" must be a whole number"},
        {"  - pkcs11:object=tls-*", "  - {uri: \"pkcs11:object=tls-*\", expect: 0}", "21:42",
         "expected to name 1 to"},
        {"  - pkcs11:object=tls-*", "  - {uri: \"pkcs11:object=tls\", expect: 4}", "21:40",
         "no pattern"},
        {"tls-*\n", "tls-*\n  -\n", "22:4", "an entry of \"keys\" must not be empty"},
        {"environment: [\"SOFT", "environment: \"A=1\" #[\"SOFT", "12:16", "must be a list"},
        {"30\n", "30s\n", "13:15", "\"time-limit\" must be a whole number"},
        {"30\n", "030\n", "13:15", "must be a whole number"},
        {"30\n", "-30\n", "13:15", "must be a whole number"},
        {"30\n", "0x30\n", "13:15", "must be a whole number"},
        {"30\n", "18446744073709551646\n", "13:15", "must be a whole number"},
        {"30\n", "0\n", "13:15", "must be 1 to 3600 seconds"},
        {"30\n", "3601\n", "13:15", "must be 1 to 3600 seconds"},
        {"4096", "1024", "23:13", "\"rsa-bits\" must be one of: 2048, 3072, 4096"},
        {"[sha1]", "[sha1, md5]", "24:23",
         "an entry of \"oaep-hashes\" must be one of: sha256, sha1"},
        {"[sha1]", "[]", "24:16", "at least one hash"},
        {"[sha1]", "sha1", "24:16", "must be a list of words"},
        {"extractable: yes", "taken-name: overwrite", "26:15", "must be one of: skip, stop"},
        {"extractable: yes", "taken-name: rename", "26:15", "\"renamed-to\" must say"},
        {"extractable: yes", "renamed-to: \"{label}-2\"", "26:15", "belongs to"},
        {"extractable: yes", "versions: {pattern: pay-9, take: newest}", "26:23", "must hold {n}"},
        {"extractable: yes", "unproven: maybe", "26:13", "\"unproven\" must be one of"},
        {"extractable: yes", "transports: ml-kem-768", "26:15", "must be a list"},
        {"extractable: yes", "transports: [ml-kem-512]", "26:16",
         "must be one of: ecdh-p521, ml-kem-1024, ecdh-p384+ml-kem-768, ecdh-p384, ml-kem-768, "},
        {"extractable: yes", "transports: [ml-kem-768, ml-kem-768]", NULL,
         "ml-kem-768 is named twice"},
        {"extractable: yes", "post-quantum: yes", "26:17",
         "\"post-quantum\" must be one of: preferred, required"},
        {"extractable: yes", "transports: [ecdh-p521, rsa-oaep]\n  post-quantum: required", NULL,
         "names none that withstands a quantum computer"},
        {"report-folder", "sealed: {order: loose}\nreport-folder", "28:17",
         "\"order\" must be one of: strict, one-bundle"},
        {"report-folder", "sealed: {expires: 0}\nreport-folder", "28:19",
         "must be 1 to 8760 hours"},
        {"report-folder", "sealed: {expires: 8761}\nreport-folder", "28:19", "must be 1 to 8760"},
        {"report-folder", "sealed: {signers: [{side: source}]}\nreport-folder", "28:20",
         "lacks \"sha256\""},
        {"report-folder", "sealed: {signers: [{side: both, sha256: x}]}\nreport-folder", "28:27",
         "must be one of: source, destination"},
        {"report-folder", "sealed: {signers: [{side: source, sha256: 00}]}\nreport-folder", "28:20",
         "must be 64 hexadecimal digits"},
        {"report-folder",
         "sealed: {signers: [{side: source, sha256: " NO_FINGERPRINT "}]}\nreport-folder", "28:20",
         "must be 64 hexadecimal digits"},
        {"[review, key]", "[review, [key]]", "27:19", "an entry of \"gates\" must be a word"},
    };
    char longest[512] = "title: ";

    (void)state;
    ASSERT_WRONG(cases);
    memset(longest + 7, 'x', 200);
    put_changed("title: Root CA move 2026", longest);
    config_free(loaded());
    longest[207] = 'x';
    put_changed("title: Root CA move 2026", longest);
    assert_refused("long title", ERR_CONFIG, "2:8", "\"title\" is longer than 200 bytes");
}

static void test_meaning(void **state)
{
    static const struct wrong cases[] = {
        /* officers who must be there */
        {"rehearsal: yes\nofficers:\n  - name: Ada Lovelace\n    role: source officer\n",
         "rehearsal: no\nofficers:\n", "5:3", "needs an officer whose role is \"source officer\""},
        /* PINs */
        {"  token: \"pkcs11", "  pin: 1234\n  token: \"pkcs11", "11:3", "A PIN has no place"},
        {"  token: \"pkcs11", "  Password: 1234\n  token: \"pkcs11", "11:3", "A PIN has no place"},
        {"pin-source=file:/run/p%20in", "pin-value=1234", "11:10", "puts a PIN into a file"},
        {"A_1=", "USER_PIN=1234", "12:53", "A PIN has no place"},
        {"A_1=", "n3fips_password=a:1234", "12:53", "A PIN has no place"},
        {"  token: \"pkcs11", "  pin-entry: 1234\n  token: \"pkcs11", "11:14",
         "\"pin-entry\" must be one of: here, ask-password"},
        {"  time-limit: 30", "  time-limit: 30\n  pin-entry: ask-password", "14:14",
         "the token line names a file for the PIN"},
        {"pin-source=file:/run/p%20in", "pin-source=|/bin/cat", "11:10", "must be file:"},
        /* modules */
        {"module: SELF", "module: libsofthsm2.so", "10:11", "path must be absolute"},
        {"module: SELF", "module: /nonexistent.so", "10:11", "No such file or directory"},
        {"module: SELF", "module: /etc/passwd", "10:11", "/etc/passwd is not a shared library"},
        {"module: SELF", "module: /dev/null", "10:11", "is not a shared library"},
        {"module: SELF", "module: /tmp", "10:11", "is not a shared library"},
        {"sql:FOLDER", "FOLDER", "16:11", "sql:/absolute/path"},
        {"sql:FOLDER", "sql:relative", "16:11", "sql:/absolute/path"},
        {"sql:FOLDER", "sql:/nonexistent", "16:11", "there is no folder"},
        {"api: pkcs11", "api: pkcs12", "9:8", "\"api\" must be one of: pkcs11, nss, openssl"},
        {"api: pkcs11\n  module: SELF", "api: openssl\n  module: server.p12", "10:11",
         "key file's path must be absolute"},
        {"api: nss", "api: openssl", "15:8", "a key file (openssl) can only be the source"},
        {"api: nss", "api: openssl\n  agent: [/usr/bin/ssh, host]", "15:8", "only be the source"},
        /* agents */
        {"  time-limit: 30", "  agent: [ssh, host]", "13:11", "must be an absolute path"},
        {"  time-limit: 30", "  dialect: ../luna", "13:12",
         "a dialect must be a name, or the absolute"},
        {"  time-limit: 30", "  dialect: \"\"", "13:12", "must not be empty"},
        {"parameters: \"\"", "dialect: luna", "17:12", "only PKCS#11 has dialects"},
        {"  time-limit: 30", "  agent: [\"\"]", "13:11", "must not be empty"},
        /* environments */
        {"A_1=", "A", "12:53", "must be NAME=value"},
        {"A_1=", "=a", "12:53", "must be NAME=value"},
        {"A_1=", "1A=a", "12:53", "must be NAME=value"},
        {"A_1=", "\"A B=a\"", "12:53", "must be NAME=value"},
        {"A_1=", "SOFTHSM2_CONF=", "12:53", "SOFTHSM2_CONF is set twice"},
        {"A_1=", "LD_PRELOAD=/a.so", "12:53", "LD_PRELOAD can load other code"},
        {"A_1=", "LD_AUDIT=/a.so", "12:53", "LD_AUDIT can load other code"},
        /* URIs */
        {"token=hsm-old", "tokn=hsm-old", "11:10", "character 8: \"tokn\" is not"},
        {"hsm-new", "hsm-*", "18:10", "only \"object\" may have"},
        {"hsm-new", "hsm-new;object=a", "18:10", "only a token may be named"},
        {"hsm-new", "hsm-new;type=private", "18:10", "only a token may be named"},
        {"tls-*", "tls/*", "21:5", "as %2F"},
        {"tls-*", "tls?pin-source=file:/a", "21:5", "pin-source belongs to the token line"},
        {"tls-*", "tls;token=hsm-new", "21:5", "names another token"},
        {"tls-*", "tls;token=hsm-old;serial=8e", "21:5", "names another token"},
    };

    (void)state;
    ASSERT_WRONG(cases);
    /* The controls of some of them. */
    put_changed("tls-*", "tls;serial=8f;token=hsm-old");
    config_free(loaded());
    put_changed("tls-*", "tls;token=hsm-old");
    config_free(loaded());
    put_changed("  time-limit: 30", "  agent: [/usr/bin/ssh, host, \"\\u00e9 b\"]");
    config_free(loaded());
}

/* With an agent of its own, a side's module is where that agent is, and it may speak other APIs. */
static void test_agent(void **state)
{
    struct config *c;

    (void)state;
    put_changed("  api: pkcs11\n  module: SELF",
                "  api: other\n  module: C:/hsm.dll\n  agent: [/usr/bin/ssh, host, agent]");
    c = loaded();
    assert_string_equal(c->side[0].agent[2], "agent");
    assert_null(c->side[0].agent[3]);
    assert_string_equal(c->side[0].where.module, "C:/hsm.dll");
    config_free(c);
}

/* What may reach a module, and who may look at its pin. 64 digits stand for any SHA-256. */
static void test_environment(void **state)
{
#define PIN "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    static const struct wrong cases[] = {
        {"A_1=", "LD_LIBRARY_PATH=/opt", "12:53", "LD_LIBRARY_PATH can load other code"},
        {"A_1=", "OPENSSL_CONF=/a", "12:53", "OPENSSL_CONF can load other code"},
        {"A_1=", "NSS_DEFAULT_DB_TYPE=dbm", "12:53", "changes what NSS does"},
        {"A_1=", "TPM2_PKCS11_TCTI=/a.so", "12:53", "no library"},
        {"A_1=", "HOME=/a", "12:53", "is for programs, not for a module"},
        {"A_1=]\n", "OPENSSL_ENGINES=/a]\n  environment-trusted: yes\n", "12:53",
         "can load other code"},
        {"A_1=]\n", "LD_AUDIT=/a]\n  agent: [/usr/bin/env]\n", "12:53", "can load other code"},
        {"A_1=]\n", "PKCS11SPY=/a]\n  module-sha256: " PIN "\n", "12:53", "loads another module"},
        {"parameters: \"\"", "environment: [A=1]", "17:17", "NSS needs no variable"},
        {"A_1=]\n", "A_1=]\n  environment-trusted: maybe\n", "13:24", "environment-trusted"},
        {"A_1=]\n", "A_1=]\n  agent: [/bin/sh]\n  module-sha256: " PIN "\n", "13:10",
         "the agent that is to check module-sha256 is itself not checked"},
        {"A_1=]\n", "A_1=]\n  agent: [/bin/sh]\n  agent-trusted: no\n  module-sha256: " PIN "\n",
         "13:10", "itself not checked"},
    };
    static const struct {
        const char *from, *to;
    } fine[] = {
        {"A_1=", "TPM2_PKCS11_TCTI=device:/dev/tpmrm0"},
        {"A_1=", "PKCS11SPY=/a.so"}, /* in a rehearsal */
        {"A_1=]\n", "HOME=/a]\n  agent: [/usr/bin/ssh, host]\n"},
        {"A_1=]\n", "A_1=]\n  agent: [/bin/sh]\n  agent-trusted: yes\n  module-sha256: " PIN "\n"},
        {"parameters: \"\"", "environment: [A=1]\n  environment-trusted: yes"},
    };

    (void)state;
    ASSERT_WRONG(cases);
    for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++) {
        put_changed(fine[i].from, fine[i].to);
        config_free(loaded());
    }
    /* In no rehearsal: PINs are written there in clear. */
    char *text[] = {replaced(good, "rehearsal: yes", "rehearsal: no"), NULL, NULL, NULL};
    text[1] = replaced(text[0], "A_1=", "PKCS11SPY_OUTPUT=/a");
    text[2] = replaced(text[1], "SELF", self);
    text[3] = replaced(text[2], "FOLDER", folder);
    put(text[3], strlen(text[3]), 0600);
    assert_refused("a spy in no rehearsal", ERR_CONFIG, "12:53", "writes PINs in plaintext");
    for (int i = 0; i < 4; i++)
        free(text[i]);
#undef PIN
}

static void test_same_token(void **state)
{
    static const char *const same = "destination:\n  api: pkcs11\n  module: SELF\n"
                                    "  token: pkcs11:serial=%38f;token=hsm-old\n"
                                    "  environment: [\"SOFTHSM2_CONF=/etc/softhsm2.conf\", A_1=]\n"
                                    "report-folder: r\n";
    char *text = replaced(good, strstr(good, "destination:"), same);
    char *half = replaced(text, "SELF", self), *whole = replaced(half, "SELF", self);
    char *other = replaced(whole, "serial=%38f", "serial=%39f");

    (void)state;
    put(whole, strlen(whole), 0600);
    assert_refused("same", ERR_CONFIG, "17:10", "source and destination are the same token");
    put(other, strlen(other), 0600);
    config_free(loaded());
    free(text);
    free(half);
    free(whole);
    free(other);
}

static void test_sizes(void **state)
{
    char *big = calloc(1, CONFIG_SIZE_MAX + 2);
    size_t len;

    (void)state;
    unlink(path);
    assert_refused("missing", ERR_CONFIG, NULL, "There is no file");
    put("", 0, 0600);
    assert_refused("empty", ERR_CONFIG, NULL, "is empty");
    put("# nothing\n\n", 11, 0600);
    assert_refused("only a comment", ERR_CONFIG, NULL, "is empty");
    put("---\n", 4, 0600);
    assert_refused("empty document", ERR_CONFIG, "2:1", "the document must be lines");

    memset(big, '#', CONFIG_SIZE_MAX + 1);
    put(big, CONFIG_SIZE_MAX + 1, 0600);
    assert_refused("huge", ERR_CONFIG, NULL, "is larger than 64 KiB");
    put(big, CONFIG_SIZE_MAX, 0600);
    assert_refused("large", ERR_CONFIG, NULL, "is empty");
    memset(big, '[', CONFIG_SIZE_MAX);
    put(big, CONFIG_SIZE_MAX, 0600);
    assert_refused("deep", ERR_CONFIG, "1:1", "the document must be lines");
    len = (size_t)sprintf(big, "keys:");
    while (len < CONFIG_SIZE_MAX - 4)
        len += (size_t)sprintf(big + len, "\n- a");
    put(big, len, 0600);
    assert_refused("many keys", ERR_CONFIG, "4098:3", "\"keys\" has more than 4096 entries");
    free(big);
}

static void test_trust(void **state)
{
    char real[80];

    (void)state;
    put_changed("", "");
    assert_int_equal(chmod(path, 0644), 0);
    config_free(loaded());
    assert_int_equal(chmod(path, 0664), 0);
    assert_refused("group", ERR_DENIED, NULL, "can be changed by other users");
    assert_int_equal(chmod(path, 0602), 0);
    assert_refused("others", ERR_DENIED, NULL, "chmod go-w");
    assert_int_equal(chmod(path, 0600), 0);
    if (geteuid() == 0) {
        assert_int_equal(chown(path, 1, (gid_t)-1), 0);
        assert_refused("owner", ERR_DENIED, NULL, "belongs to another user");
    }
    snprintf(real, sizeof real, "%s/real.yaml", folder);
    assert_int_equal(rename(path, real), 0);
    assert_int_equal(symlink(real, path), 0);
    assert_refused("link", ERR_DENIED, NULL, "symbolic link");
    assert_int_equal(unlink(real), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_refused("folder", ERR_DENIED, NULL, "not a regular file");
    assert_int_equal(rmdir(path), 0);
}

/* Each change of the good file that means something is seen. */
static void test_equal(void **state)
{
    static const struct {
        const char *from, *to;
    } cases[] = {
        {"2026", "2027"},
        {"rehearsal: yes", "rehearsal: no"},
        {"rehearsal: yes", "rehearsal: yes\npace: step"},
        {"rehearsal: yes", "rehearsal: yes\npace: run"},
        {"rehearsal: yes", "rehearsal: yes\nsessions: 4"},
        {"rehearsal: yes", "rehearsal: yes\nsyslog: yes"},
        {"Ada", "Bea"},
        {"source officer", "witness"},
        {"  - {name: Zo\xc3\xab, role: destination officer}\n", ""},
        {"[review, key]\n", "[review, key]\n  two-officers: [key]\n"},
        {"8f?", "8e?"},
        {"p%20in", "pin"},
        {"A_1=", "A_1=1"},
        {", A_1=", ""},
        {"30", "31"},
        {"  time-limit: 30", "  time-limit: 30\n  agent: [/bin/agent]"},
        {"  time-limit: 30", "  time-limit: 30\n  dialect: luna"},
        {"  time-limit: 30", "  time-limit: 30\n  environment-trusted: yes"},
        {"  time-limit: 30", "  time-limit: 30\n  agent-trusted: yes"},
        {"parameters: \"\"", "parameters: a"},
        {"hsm-new", "hsm"},
        {"hsm-new", "hsm-new\n  pin-entry: ask-password"},
        {"root-ca;type=private", "root-ca"},
        {"  - pkcs11:object=tls-*\n", ""},
        {"4096", "3072"},
        {"[sha1]", "[sha256]"},
        {"sensitive: no", "sensitive: yes"},
        {"extractable: yes", "extractable: no"},
        {"extractable: yes", "extractable: yes\n  allow-unauthenticated-envelope: yes"},
        {"extractable: yes", "extractable: yes\n  cmac-check-values: yes"},
        {"extractable: yes", "extractable: yes\n  canary: when-possible"},
        {"extractable: yes", "extractable: yes\n  writes-before-review: no"},
        {"  - pkcs11:object=tls-*", "  - {uri: \"pkcs11:object=tls-*\", expect: 4}"},
        {"extractable: yes", "extractable: yes\n  confinement: required"},
        {"extractable: yes", "extractable: yes\n  transports: [ml-kem-768, ecdh-p384]"},
        {"extractable: yes", "extractable: yes\n  kdf: required"},
        {"extractable: yes", "extractable: yes\n  post-quantum: preferred"},
        {"extractable: yes", "extractable: yes\n  post-quantum: required"},
        {"[review, key]", "[key]"},
        {"folder: reports", "folder: report"},
        {"report-folder", "sealed: {order: strict}\nreport-folder"},
    };
    struct config *a, *b;

    (void)state;
    put_changed("", "");
    a = loaded();
    put_changed("# a comment\n", "\n\n");
    b = loaded();
    assert_true(config_equal(a, b));
    config_free(b);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put_changed(cases[i].from, cases[i].to);
        b = loaded();
        if (config_equal(a, b) || config_equal(b, a))
            fail_msg("%s", cases[i].to);
        config_free(b);
    }
    config_free(a);
}

/* Files that differ only in one line of the section. */
static void test_sealed(void **state)
{
    static const char section[] = "sealed:\n  order: strict\n  expires: 24\n  signers:\n"
                                  "    - {side: source, sha256: " FINGERPRINT "}\nreport-folder";
    static const struct {
        const char *from, *to;
    } cases[] = {
        {"order: strict", "order: one-bundle"},
        {"expires: 24", "expires: 25"},
        {"side: source", "side: destination"},
        {"sha256: 0", "sha256: 1"},
        {"  signers:\n    - {side: source, sha256: " FINGERPRINT "}\n", ""},
    };
    struct config *a, *b;

    (void)state;
    put_changed("report-folder", section);
    a = loaded();
    assert_true(a->sealed.wanted && !a->sealed.one_bundle);
    assert_int_equal(a->sealed.hours, 24);
    assert_int_equal(a->sealed.signer_count, 1);
    assert_int_equal(a->sealed.signers[0].side, SIDE_SOURCE);
    assert_int_equal(a->sealed.signers[0].sha256[1], 0x23);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *other = replaced(section, cases[i].from, cases[i].to);
        put_changed("report-folder", other);
        b = loaded();
        if (config_equal(a, b) || config_equal(b, a))
            fail_msg("%s", cases[i].to);
        config_free(b);
        free(other);
    }
    config_free(a);
    put_changed("report-folder", "sealed: {}\nreport-folder");
    a = loaded();
    assert_true(a->sealed.wanted && !a->sealed.one_bundle);
    assert_int_equal(a->sealed.hours, CONFIG_SEALED_HOURS);
    assert_int_equal(a->sealed.signer_count, 0);
    config_free(a);
}

static void test_write(void **state)
{
    static const struct {
        const char *from, *to;
    } cases[] = {
        {"", ""},
        {"keys:\n  - \"pkcs11:object=root-ca;type=private\"\n  - pkcs11:object=tls-*\n", ""},
        {"  - name: Ada Lovelace\n    role: source officer\n"
         "  - {name: Zo\xc3\xab, role: destination officer}\n",
         ""},
        {"  - pkcs11:object=tls-*", "  - {uri: \"pkcs11:object=tls-*\", expect: 4}"},
        {"  - pkcs11:object=tls-*", "  -\n    uri: \"pkcs11:\"\n    expect: 4"},
        {"[review, key]\n", "[review, key]\n  two-officers: [review, fingerprint]\n"},
        {"[review, key]", "[]"},
        {"extractable: yes", "allow-unauthenticated-envelope: yes"},
        {"extractable: yes", "cmac-check-values: yes"},
        {"extractable: yes", "canary: when-possible"},
        {"extractable: yes", "confinement: required"},
        {"extractable: yes", "canary: none"},
        {"extractable: yes", "writes-before-review: no"},
        {"[sha1]", "[sha256, sha1]"},
        {"parameters: \"\"", "parameters: \"configDir='sql:/a b' # \\\\ \\\" no\""},
        {"A_1=", "\"A=*x: [\\u00e9, \\U0001f511] # 'y' \\\"z\\\" %41 \\\\\""},
        {"  time-limit: 30", "  dialect: /etc/my hsm.yaml"},
        {"  time-limit: 30", "  environment-trusted: yes\n  agent-trusted: yes"},
        {"  time-limit: 30",
         "  agent: [/usr/bin/ssh, \"-o a=b\", \"yes\", \"~\", \"012\", \"&a\"]"},
        {"title: Root CA move 2026", "title: \"no\""},
        {"report-folder", "sealed: {}\nreport-folder"},
        {"report-folder", "sealed:\n  order: one-bundle\n  expires: 1\n  signers:\n"
                          "    - {side: destination, sha256: " FINGERPRINT "}\nreport-folder"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct config *a, *b;
        struct err err = {0};
        put_changed(cases[i].from, cases[i].to);
        a = loaded();
        if (!config_write(a, path, true, &err))
            fail_msg("%s: %s", cases[i].to, err.what);
        b = loaded();
        assert_true(config_equal(a, b));
        config_free(a);
        config_free(b);
    }
}

/* The number of files in the folder. */
static int files(void)
{
    struct dirent **names = NULL;
    int count = scandir(folder, &names, NULL, NULL);

    for (int i = 0; i < count; i++)
        free(names[i]);
    free(names);
    return count - 2; /* without . and .. */
}

static void test_write_refused(void **state)
{
    static char nowhere[] = "/nonexistent.so";
    struct config *config;
    struct stat before, after;
    struct err err = {0};
    char missing[80];

    (void)state;
    put_changed("", "");
    config = loaded();
    assert_int_equal(stat(path, &before), 0);
    assert_false(config_write(config, path, false, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_string_equal(err.now, "Nothing was written");

    config->title[0] = '\0';
    assert_false(config_write(config, path, true, &err));
    assert_int_equal(err.code, ERR_CONFIG);
    assert_non_null(strstr(err.what, "ceremony.yaml:2:8: \"title\" must not be empty"));
    strcpy(config->title, "a\xff");
    assert_false(config_write(config, path, true, &err));
    assert_int_equal(err.code, ERR_CONFIG);
    strcpy(config->title, "a\nb");
    assert_false(config_write(config, path, true, &err));
    assert_non_null(strstr(err.what, "must be one line"));
    strcpy(config->title, "a");
    strcpy(config->side[0].where.module, nowhere);
    assert_false(config_write(config, path, true, &err));
    assert_non_null(strstr(err.what, nowhere));
    strcpy(config->side[0].where.module, self);
    snprintf(missing, sizeof missing, "%s/no/ceremony.yaml", folder);
    assert_false(config_write(config, missing, false, &err));
    assert_int_equal(err.code, ERR_IO);

    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    assert_int_equal(files(), 1);

    /* The control: now it can be written. */
    free(config->side[1].environment); /* an empty list */
    config->side[1].environment = NULL;
    assert_true(config_write(config, path, true, &err));
    assert_int_equal(stat(path, &after), 0);
    assert_int_not_equal(before.st_ino, after.st_ino);
    assert_int_equal(unlink(path), 0);
    assert_true(config_write(config, path, false, &err));
    assert_int_equal(files(), 1);
    config_free(config);
}

/* The example of the manual page, on a machine that has neither of its HSMs. */
/* The example of this name; the caller frees it. NULL: not run by make check. */
static struct config *example(const char *name)
{
    const char *top = getenv("abs_top_srcdir");
    char at[512], text[4096] = "", *half, *whole;
    struct config *config;
    FILE *file;

    snprintf(at, sizeof at, "%s/examples/%s", top ? top : ".", name);
    file = fopen(at, "r");
    if (!file && !top)
        return NULL;
    assert_non_null(file);
    assert_true(fread(text, 1, sizeof text - 1, file) > 0);
    fclose(file);
    half = replaced(text, "/usr/lib/softhsm/libsofthsm2.so", self);
    whole = replaced(half, "/var/lib/pki/hsm-new", folder);
    put(whole, strlen(whole), 0600);
    config = loaded();
    free(half);
    free(whole);
    return config;
}

static void test_example(void **state)
{
    struct config *config = example("ceremony.yaml");

    (void)state;
    if (!config)
        skip();
    assert_int_equal(config->key_count, 2);
    assert_false(config->sealed.wanted);
    config_free(config);
}

static void test_sealed_example(void **state)
{
    struct config *config = example("sealed.yaml");

    (void)state;
    if (!config)
        skip();
    assert_true(config->sealed.wanted && !config->sealed.one_bundle);
    assert_int_equal(config->sealed.hours, 48);
    assert_int_equal(config->sealed.signer_count, 2);
    config_free(config);
}

/* A file with a key from a key service. */
static struct config *load_arriving(const char *keys, const char *arriving, enum config_use use)
{
    char text[1024], name[] = "/tmp/config.XXXXXX";
    struct config *config = NULL;
    struct err err = {0};
    int fd = mkstemp(name);

    snprintf(text, sizeof text,
             "title: t\nrehearsal: yes\ndestination: {api: fake, agent: [/bin/true], module: x, "
             "token: \"pkcs11:\"}\nkeys: [\"pkcs11:%s\"]\n%s\nreport-folder: r\n",
             keys, arriving);
    assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
    if (!config_load(name, use, &config, &err))
        config = NULL;
    unlink(name);
    return config;
}

static void test_arriving(void **state)
{
    static const char one[] = "object=k;id=%01",
                      aes[] = "arriving: {kind: AES 256, uses: [encrypt]}";
    static const struct {
        const char *keys, *arriving;
    } wrong[] = {
        {"object=k*", aes},
        {"id=%01", aes},
        {"object=k;type=private", aes},
        {one, "arriving: {kind: AES 255, uses: [encrypt]}"},
        {one, "arriving: {kind: AES, uses: [encrypt]}"},
        {one, "arriving: {kind: DES3 168, uses: [encrypt]}"},
        {one, "arriving: {kind: DSA 2048, uses: [sign]}"},
        {one, "arriving: {kind: EC, uses: [sign], public-key: p}"},
        {one, "arriving: {kind: secret 0, uses: [sign]}"},
        {one, "arriving: {kind: AES 256, uses: [encrypt], public-key: p}"},
        {one, "arriving: {kind: AES 256, uses: [decrypt], check-value: \"010203\"}"},
        {one, "arriving: {kind: AES 256, uses: [encrypt], check-value: 01020x}"},
        {one, "arriving: {kind: AES 256, uses: [burn]}"},
        {one, ""},
    };
    struct config *config = load_arriving(
        one, "arriving: {kind: AES 256, uses: [encrypt, decrypt], check-value: 0aFF03}",
        CONFIG_AT_DESTINATION);

    (void)state;
    assert_non_null(config);
    assert_true(config->arriving.wanted);
    assert_int_equal(config->arriving.key.length, 32);
    assert_int_equal(config->arriving.key.flags & KEY_USES, KEY_ENCRYPT | KEY_DECRYPT);
    assert_memory_equal(config->arriving.key.kcv, "\x0a\xff\x03", 3);
    assert_memory_equal(config->arriving.key.label, "k", 1);
    assert_memory_equal(config->arriving.key.id, "\x01", 1);
    config_free(config);
    config = load_arriving(one, "arriving: {kind: RSA 2048, uses: [sign]}", CONFIG_AT_DESTINATION);
    assert_non_null(config); /* nothing proves it, which is for the policy to judge */
    assert_int_equal(config->arriving.public_key[0], '\0');
    config_free(config);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        if (load_arriving(wrong[i].keys, wrong[i].arriving, CONFIG_AT_DESTINATION))
            fail_msg("%s %s", wrong[i].keys, wrong[i].arriving);
    assert_null(load_arriving(one, aes, CONFIG_TO_RUN)); /* no second HSM has the key */
    assert_null(load_arriving(one, aes, CONFIG_AT_SOURCE));
}

static void test_arriving_example(void **state)
{
    const char *top = getenv("abs_top_srcdir");
    struct config *config = NULL, *again = NULL;
    char name[PATH_MAX];
    struct err err = {0};

    (void)state;
    if (!top)
        skip();
    snprintf(name, sizeof name, "%s/examples/arriving.yaml", top);
    assert_true(config_load(name, CONFIG_TO_COMPARE, &config, &err));
    assert_int_equal(config->arriving.key.bits, 3072);
    assert_non_null(strstr(config->arriving.public_key, "/examples/code-sign.pem"));
    assert_true(config_load(name, CONFIG_TO_COMPARE, &again, &err));
    assert_true(config_equal(config, again));
    again->arriving.key.flags |= KEY_DECRYPT;
    assert_false(config_equal(config, again));
    config_free(again);
    config_free(config);
}

static void test_derive(void **state)
{
    const char *top = getenv("abs_top_srcdir");
    struct config *config = NULL, *again = NULL;
    char name[PATH_MAX];
    struct err err = {0};

    (void)state;
    if (!top)
        skip();
    snprintf(name, sizeof name, "%s/examples/derive.yaml", top);
    assert_true(config_load(name, CONFIG_TO_COMPARE, &config, &err));
    assert_true(config->derive.wanted);
    assert_int_equal(config->derive.uses, KEY_ENCRYPT | KEY_DECRYPT);
    assert_memory_equal(config->derive.name.label, "archive-2026", 12);
    assert_int_equal(config->key_count, 1);
    assert_int_equal(config->policy.order.count, 3);
    assert_int_equal(config->policy.canary, CANARY_NONE);
    assert_true(config_load(name, CONFIG_TO_COMPARE, &again, &err));
    assert_true(config_equal(config, again));
    again->derive.uses |= KEY_WRAP;
    assert_false(config_equal(config, again));
    config_free(again);
    config_free(config);
    assert_false(config_load(name, CONFIG_TO_SEAL, &config, &err));
}

static void test_long_folder(void **state)
{
    char line[EVENT_PATH_MAX + 32] = "folder: /";
    char *folder_at = line + 8;

    (void)state;
    memset(folder_at + 1, 'x', EVENT_PATH_MAX - 2);
    put_changed("folder: reports", line);
    config_free(loaded());
    *folder_at = 'x'; /* relative, so longer in truth */
    put_changed("folder: reports", line);
    assert_refused("long", ERR_CONFIG, "28:16", "the folder's path is too long");
    folder_at[EVENT_PATH_MAX - 1] = 'x';
    put_changed("folder: reports", line);
    assert_refused("longer", ERR_CONFIG, "28:16", "longer than 1023 bytes");
}

/* Random damage to a good file: never a crash, and a refusal says where. */
static void test_random(void **state)
{
    static const char signs[] = "\n\t :-#[]{}\"'&*!|>%@`,?\\\0\x01\xff\xc3 az09=;/";
    unsigned refused = 0;

    (void)state;
    put_changed("", "");
    for (unsigned n = 0; n < 3000; n++) {
        struct config *config = NULL;
        struct err err = {0};
        char text[sizeof good];
        memcpy(text, good, sizeof good);
        for (int i = rand() % 4; i >= 0; i--)
            text[(size_t)rand() % (sizeof good - 1)] = signs[(size_t)rand() % (sizeof signs - 1)];
        put(text, sizeof good - 1 - (n % 8 ? 0 : (size_t)rand() % sizeof good), 0600);
        if (config_load(path, CONFIG_TO_RUN, &config, &err)) {
            config_free(config);
            continue;
        }
        refused++;
        assert_int_equal(err.code, ERR_CONFIG);
        assert_non_null(strstr(err.what, path));
    }
    assert_true(refused > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_transports),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_line_ends),
        cmocka_unit_test(test_whole_uris_of_keys),
        cmocka_unit_test(test_yaml),
        cmocka_unit_test(test_schema),
        cmocka_unit_test(test_meaning),
        cmocka_unit_test(test_agent),
        cmocka_unit_test(test_environment),
        cmocka_unit_test(test_same_token),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_long_folder),
        cmocka_unit_test(test_trust),
        cmocka_unit_test(test_equal),
        cmocka_unit_test(test_write),
        cmocka_unit_test(test_write_refused),
        cmocka_unit_test(test_example),
        cmocka_unit_test(test_sealed),
        cmocka_unit_test(test_sealed_example),
        cmocka_unit_test(test_arriving),
        cmocka_unit_test(test_arriving_example),
        cmocka_unit_test(test_derive),
        cmocka_unit_test(test_random),
    };

    srand(1);
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
