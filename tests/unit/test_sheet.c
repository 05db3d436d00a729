/* SPDX-License-Identifier: Apache-2.0 */
/* What is on a sheet, of reports that have more or less in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report/signing_sheet.h"
#include "report/yaml_tree.h"

static const char head[] =
    "summary: {stamp: \"REHEARSAL\", outcome: \"partial\", migrated: 1, refused: 1, failed: 0,\n"
    "  exit-code: 3, rehearsal: \"yes\", sentence: \"s\", signed: \"UNSIGNED\", left-over: 0,\n"
    "  exceptions: 0, ended: \"2026-11-23T12:00:09.000Z\"%s}\n"
    "keys:\n"
    "- {number: 1, label: \"\", id: \"\", class: \"secret\", type: \"AES 256\",\n"
    "  outcome: \"migrated\", route: \"envelope\", attributes: [], check-values: []%s}\n"
    "- {number: 2, label: \"two\", id: \"\", class: \"secret\", type: \"AES 256\",\n"
    "  outcome: \"refused\", reason: \"a reason that is too long for its column\",\n"
    "  route: \"none\", attributes: [], check-values: []}\n"
    "companions: []\n"
    "by-nature: \"n\"\n"
    "ceremony: {title: \"T\", id: \"00\", file: \"f\", officers: []%s}\n"
    "tool: {name: \"hsmferry\", version: \"1\", host: \"h\"}\n"
    "signature: {}\n"
    "source: {label: \"a\", serial: \"1\"}\n"
    "destination: {label: \"b\", serial: \"2\"}\n"
    "negotiation: {more-envelopes: []}\n"
    "canaries: []\n"
    "transport-key: {}\n"
    "gates: %s\n"
    "steps: []\n"
    "proofs: []\n"
    "inventory: {source: {}, destination: {}}\n"
    "warnings: []\n"
    "exceptions: []\n"
    "errors: []\n"
    "journal: {records: 1, head: \"00\"}\n"
    "%s";

/* A report with more members of summary, first key and ceremony, with these gates and parts. */
struct more {
    const char *summary, *key, *ceremony, *gates, *parts;
};

static char *print(const struct more *more, const struct sheet_form *form)
{
    static const uint8_t sha256[32];
    char text[8192], *out = NULL;
    struct err err = {0};
    struct yaml_tree *tree;
    size_t len;
    FILE *file = open_memstream(&out, &len);

    snprintf(text, sizeof text, head, more->summary, more->key, more->ceremony, more->gates,
             more->parts);
    assert_true(yaml_tree_read((const uint8_t *)text, strlen(text), false, &tree, &err));
    assert_true(sheet_print(yaml_tree_root(tree), &(struct sheet_about){.sha256 = sha256}, form,
                            file, &err));
    assert_int_equal(fclose(file), 0);
    yaml_tree_free(tree);
    return out;
}

static void has(const char *sheet, const char *words)
{
    if (!strstr(sheet, words))
        fail_msg("\"%s\" is not in\n%s", words, sheet);
}

static void has_not(const char *sheet, const char *words)
{
    if (strstr(sheet, words))
        fail_msg("\"%s\" is in\n%s", words, sheet);
}

static const struct more older = {"", "", "", "[]", ""};

static void test_what_is_not_there_is_left_out(void **state)
{
    char *sheet = print(&older, &sheet_text);

    (void)state;
    assert_null(strstr(sheet, "script"));
    assert_null(strstr(sheet, "SCRIPT"));
    assert_null(strstr(sheet, "pace"));
    assert_null(strstr(sheet, "PIN"));
    assert_null(strstr(sheet, "ERRORS"));
    has(sheet, "    1 (no label)            AES 256                migrated  no check value\n");
    has(sheet, "    2 two                   AES 256                refused   reason below\n");
    has(sheet, "  1 key          refused: a reason that is too long for its column: key 2\n");
    has(sheet, "none: nothing was asked");
    free(sheet);
}

static void test_script(void **state)
{
    static const struct more more = {
        ", script: \"deviated\"", ", script-line: 1", "", "[]",
        "script:\n"
        "  lines:\n"
        "  - {line: 1, uri: \"pkcs11:object=one\", found: 1}\n"
        "  - {line: 2, uri: \"pkcs11:object=x*\", expect: 3, found: 2}\n"
        "  keys: [{line: 1, key: 1}]\n"
        "  incomplete: [{key: 2, outcome: \"refused\", reason: \"why\"}]\n"
        "  deviations:\n"
        "  - {what: \"left-out\", label: \"x\", text: \"x: AES 256\"}\n"
        "  - {what: \"count\", line: 2, text: \"line 2\"}\n"
        "pins:\n"
        "- {at: \"2026-11-23T12:00:01.000Z\", side: \"source\", token: \"old\", serial: \"1\",\n"
        "  officer: \"Ada\", role: \"source officer\"}\n"
        "- {at: \"2026-11-23T12:00:02.000Z\", side: \"relay\", token: \"new\", serial: \"2\",\n"
        "  file: \"/pin\"}\n"};
    char *sheet = print(&more, &sheet_text);

    (void)state;
    has(sheet, "DEVIATED: this is not the ceremony");
    has(sheet, "  line 2         pkcs11:object=x*, expected: 3, found: 2\n");
    has(sheet, "named by line 1: key 1\n");
    has(sheet, "NOT NAMED BY THE CEREMONY FILE: key 2\n");
    has(sheet, "  LEFT OUT       x: AES 256\n");
    has(sheet, "  OTHER NUMBER   line 2\n");
    has(sheet, "  1 missing key  refused: why: missing key 2\n");
    has(sheet, "of token old, serial 1 (source), asked of Ada, source officer,");
    has(sheet,
        "of token new, serial 2 (to sign the report), from the file\n                 /pin, 2026");
    free(sheet);
}

static void test_pace(void **state)
{
    static const struct more more = {
        "", "",
        ", pace: {chosen: [{seq: 1, at: \"2026-11-23T12:00:01.000Z\", pace: \"step\",\n"
        "  step: \"make-pair\"}], waits: [{seq: 2, ms: 1250}], waited-ms: 1250}",
        "[]", ""};
    char *sheet = print(&more, &sheet_text);

    (void)state;
    has(sheet, "one step at a time, chosen 2026-11-23 12:00:01Z before the\n");
    has(sheet, "step: make the transport pair\n");
    has(sheet, "1.2 s in all, before 1 step\n");
    free(sheet);
}

/* A long run of confirmations is one line on paper, and a line each on the page. */
static void test_runs_of_confirmations(void **state)
{
    static const struct more more = {
        "", "", "",
        "[{gate: \"review\", state: \"waived\", at: \"2026-11-23T12:00:00.000Z\"},\n"
        " {gate: \"key\", state: \"confirmed\", key: 1, officer: \"Ada\",\n"
        "  at: \"2026-11-23T12:00:01.000Z\"},\n"
        " {gate: \"key\", state: \"open\", key: 2, question: \"type two\"},\n"
        " {gate: \"key\", state: \"confirmed\", key: 2, officer: \"Ada\",\n"
        "  at: \"2026-11-23T12:00:02.000Z\"},\n"
        " {gate: \"key\", state: \"confirmed\", key: 3, officer: \"Bob\",\n"
        "  at: \"2026-11-23T12:00:03.000Z\"}]",
        ""};
    char *text = print(&more, &sheet_text), *html = print(&more, &sheet_html);

    (void)state;
    has(text, "review of the keys           waived       the ceremony file");
    has(text, "migration of 2 keys, 1 to 2  confirmed    Ada");
    has(text, "migration of key 3           confirmed    Bob");
    has(html, "migration of key 1<");
    has(html, "migration of key 2<");
    has(html, "type two<");
    free(text);
    free(html);
}

/* What was waived for which keys, without the review of a plan that was replaced. */
static void test_waivers(void **state)
{
    static const struct more more = {
        "", "", "",
        "[{gate: \"review\", state: \"waived\", at: \"2026-11-23T11:00:00.000Z\", void: \"yes\",\n"
        "  keys: \"all\", key-count: 2},\n"
        " {gate: \"review\", state: \"open\", question: \"type a\", void: \"yes\"},\n"
        " {gate: \"review\", state: \"waived\", at: \"2026-11-23T12:00:00.000Z\",\n"
        "  keys: \"all\", key-count: 1, labels: [\"\"]},\n"
        " {gate: \"key\", state: \"waived\", at: \"2026-11-23T12:00:01.000Z\",\n"
        "  keys: \"all\", key-count: 1, labels: [\"\"]}]",
        ""};
    char *text = print(&more, &sheet_text), *html = print(&more, &sheet_html);

    (void)state;
    has(text, "  1 key          waived by the ceremony file: review of the keys, migration of\n"
              "                 each key: key 1\n"
              "                 (no label)\n");
    has(html, "waived by the ceremony file: review of the keys, migration of each key: key 1<");
    has_not(text, "11:00:00");
    has_not(html, "11:00:00");
    free(text);
    free(html);
}

/* From where each setting comes; an older report does not say. */
static void test_policy(void **state)
{
    static const struct more more = {
        "", "", "", "[]",
        "policy: [{name: \"rsa-bits\", value: \"2048\", from: \"screen\"},\n"
        " {name: \"canary\", value: \"none\", from: \"file\"},\n"
        " {name: \"review\", value: \"gate waits\", from: \"default\"},\n"
        " {name: \"new-rule\", value: \"<b>\", from: \"default\"}]\n"};
    static const struct more old = {"", "", "", "[]",
                                    "policy: [{name: \"rsa-bits\", value: \"2048\"}]\n"};
    char *text = print(&more, &sheet_text), *html = print(&more, &sheet_html);
    char *before = print(&old, &sheet_text);

    (void)state;
    has(text, "POLICY\n"
              "  ON THE SCREEN  RSA bits of the transport key: 2048\n"
              "  from the file  test keys: none\n"
              "  by default     review: gate waits; new-rule: <b>\n");
    has(html, ">RSA bits of the transport key: 2048<");
    has(html, "new-rule: &lt;b&gt;");
    has(before, "  in force       RSA bits of the transport key: 2048\n");
    free(text);
    free(html);
    free(before);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_not_there_is_left_out),
        cmocka_unit_test(test_script),
        cmocka_unit_test(test_pace),
        cmocka_unit_test(test_runs_of_confirmations),
        cmocka_unit_test(test_waivers),
        cmocka_unit_test(test_policy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
