/* SPDX-License-Identifier: Apache-2.0 */
/* hsmferry verify REPORT: for an auditor, on a host without HSMs. */
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include <openssl/evp.h>

#include "base/file.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "cmd/command.h"
#include "cmd/message.h"
#include "report/signing.h"
#include "report/verify.h"

/* How the answers are written: as lines of text, or into the list of a JSON document. */
struct answers {
    struct json_writer *json; /* NULL: as lines */
};

static void put_answer(const struct answers *a, const char *what, const char *mark,
                       const char *result, const char *words)
{
    if (!a->json) {
        printf("[%s] %-9s  %s\n", mark, what, words);
        return;
    }
    json_map(a->json, NULL);
    json_text(a->json, "check", what);
    json_text(a->json, "result", result);
    json_text(a->json, "text", words);
    json_end(a->json);
}

/* One answer for each question: what was asked, and how it stands. */
static bool print_answer(const struct answers *a, bool ok, const char *what, const char *words)
{
    put_answer(a, what, ok ? " ok " : "FAIL", ok ? "passed" : "failed", words);
    return ok;
}

static void print_open(const struct answers *a, const char *what, const char *words)
{
    put_answer(a, what, "    ", "not checked", words);
}

static void print_digest(const struct answers *a, const struct yaml_tree *tree)
{
    char words[80];

    snprintf(words, sizeof words, "%s lines before it, sha256 %.19s...",
             node_text(yaml_tree_root(tree), "seal.lines"),
             node_text(yaml_tree_root(tree), "seal.sha256"));
    print_answer(a, true, "seal", words);
}

/* Prints which ceremony this is, as the report states it. */
static void print_ceremony(const struct node *report)
{
    const struct node *summary = node_at(report, "summary");
    bool rehearsal = node_is(summary, "rehearsal", "yes");

    printf("\n%s: %s, %s\n", rehearsal ? "REHEARSAL" : "PRODUCTION",
           node_text(report, "ceremony.title"), node_text(summary, "ended"));
    printf("  from  %s, serial %s\n", node_text(report, "source.label"),
           node_text(report, "source.serial"));
    printf("  to    %s, serial %s\n", node_text(report, "destination.label"),
           node_text(report, "destination.serial"));
    for (const struct node *n = node_at(report, "ceremony.officers")->first; n; n = n->next)
        printf("  with  %s%s%s\n", node_text(n, "name"), node_text(n, "role")[0] ? ", " : "",
               node_text(n, "role"));
    if (node_at(summary, "script"))
        printf("  script: %s\n", node_text(summary, "script"));
    if (node_at(report, "ceremony.sealed-for"))
        printf("  sealed for %s: %s\n", node_text(report, "ceremony.sealed-for"),
               node_at(summary, "sealed") ? node_text(summary, "sealed") : "0");
    if (node_at(report, "ceremony.removal"))
        printf("  %s by the report %s: %s destroyed\n", node_text(report, "ceremony.removal"),
               node_text(report, "ceremony.report"), node_text(summary, "destroyed"));
    printf("  %s, exit code %s: %s migrated, %s%s%s refused, %s failed\n",
           node_text(summary, "outcome"), node_text(summary, "exit-code"),
           node_text(summary, "migrated"), node_text(summary, "aligned"),
           node_at(summary, "aligned") ? " aligned, " : "", node_text(summary, "refused"),
           node_text(summary, "failed"));
}

/* Signatures next to the report say that somebody with the key next to them signed it; who that is,
 * only a key from elsewhere can say. */
static bool verify_beside(const struct invocation *in, const struct answers *a,
                          const struct bytes *report, const struct yaml_tree *tree, struct err *err)
{
    const struct node *key = node_at(yaml_tree_root(tree), "signature.key");
    struct signing_files files;
    char words[FILE_SHOWN + 64], name[FILE_SHOWN];
    unsigned number = 1;

    for (; number <= SIGNING_MAX && signing_find(in->words[0], number, &files); number++) {
        if (!verify_signature_files(report, files.signature, files.public_key, err))
            return print_answer(a, false, "signature", err->what);
        snprintf(words, sizeof words, "%u: by the key in %s; is that theirs?", number,
                 file_shown(files.public_key, name));
        print_answer(a, true, "signature", words);
    }
    if (number > 1)
        return true;
    print_open(a, "signature",
               "UNSIGNED here: none was given (--signature, --key), none is next to it");
    if (key)
        print_open(a, a->json ? "signature" : "",
                   "though a key was named that signs it: see \"signature\" in it");
    return true;
}

/* Is this the ceremony file that was read? */
static bool check_ceremony(const char *path, const struct node *report, struct err *err)
{
    struct bytes file = {0};
    uint8_t sha256[SHA256_SIZE];
    char hex[2 * SHA256_SIZE + 1];
    bool ok = verify_load(path, CONFIG_SIZE_MAX, &file, err);

    if (ok && EVP_Q_digest(NULL, "SHA256", NULL, file.data, file.len, sha256, NULL) != 1)
        ok = err_set(err, ERR_FAILED, "There is no memory for a SHA-256");
    if (ok && !node_is(report, "ceremony.file-sha256", text_hex(sha256, sizeof sha256, hex)))
        ok = err_set(
            err, ERR_DATA, "the ceremony read another file: its sha256 is %.16s..., not %.16s...",
            node_at(report, "ceremony.file-sha256") ? node_text(report, "ceremony.file-sha256")
                                                    : "not reported",
            hex);
    bytes_free(&file);
    return ok;
}

static bool verify(const struct invocation *in, const struct answers *a, const struct bytes *report,
                   struct yaml_tree **tree, struct err *err)
{
    char words[64];

    if (!verify_seal(report, err))
        return print_answer(a, false, "seal", err->what);
    if (!verify_schema(report, tree, err))
        return print_answer(a, false, "form", err->what);
    print_digest(a, *tree);
    snprintf(words, sizeof words, "%s, to the last byte",
             node_text(yaml_tree_root(*tree), "format"));
    print_answer(a, true, "form", words);
    if (!verify_logic(*tree, err))
        return print_answer(a, false, "logic", err->what);
    print_answer(a, true, "logic", "steps, gates, proofs, digests and counts agree");
    if (in->ceremony) {
        bool same = check_ceremony(in->ceremony, yaml_tree_root(*tree), err);
        if (!print_answer(a, same, "ceremony", same ? "it is the file that was read" : err->what))
            return false;
    }
    if (!in->journal)
        print_open(a, "journal", "not examined: none was given (--journal)");
    else if (verify_journal(report, tree, in->journal, err))
        print_answer(
            a, true, "journal",
            "its hash chain is intact, it yields exactly this report, and its steps agree");
    else
        return print_answer(a, false, "journal", err->what);
    if (!in->signature)
        return verify_beside(in, a, report, *tree, err);
    if (verify_signature_files(report, in->signature, in->key, err))
        print_answer(a, true, "signature", "by the key that was given, over this file");
    else
        return print_answer(a, false, "signature", err->what);
    return true;
}

/* The same ceremony as members of the document. */
static void put_ceremony(struct json_writer *j, const struct node *report)
{
    static const char *const words[] = {"stamp", "outcome", "script", "begun", "ended"};
    static const char *const counts[] = {"exit-code", "migrated", "refused", "failed",
                                         "exceptions"};
    static const char *const sides[] = {"source", "destination"};
    const struct node *summary = node_at(report, "summary");

    json_map(j, "ceremony");
    json_text(j, "title", node_text(report, "ceremony.title"));
    json_text(j, "id", node_text(report, "ceremony.id"));
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        json_some(j, words[i], node_text(summary, words[i]));
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        json_number(j, counts[i], node_number(summary, counts[i]));
    if (node_at(summary, "sealed"))
        json_number(j, "sealed", node_number(summary, "sealed"));
    json_some(j, "sealed-for", node_text(report, "ceremony.sealed-for"));
    for (size_t i = 0; i < 2; i++) {
        json_map(j, sides[i]);
        json_text(j, "label", node_text(node_at(report, sides[i]), "label"));
        json_text(j, "serial", node_text(node_at(report, sides[i]), "serial"));
        json_end(j);
    }
    json_list(j, "officers");
    for (const struct node *n = node_at(report, "ceremony.officers")->first; n; n = n->next) {
        json_map(j, NULL);
        json_text(j, "name", node_text(n, "name"));
        json_text(j, "role", node_text(n, "role"));
        json_end(j);
    }
    json_end(j);
    json_end(j);
}

/* The exit code of a report that does not pass. */
static int code_of(const struct err *err)
{
    return err->code == ERR_DATA ? EX_DATAERR : err_exit(err->code);
}

static int verify_as_json(const struct invocation *in, const struct bytes *report,
                          struct yaml_tree **tree)
{
    struct json_writer j = {.out = stdout};
    const struct answers answers = {.json = &j};
    uint8_t sha256[SHA256_SIZE];
    struct err err = {0};
    char name[FILE_SHOWN];

    if (EVP_Q_digest(NULL, "SHA256", NULL, report->data, report->len, sha256, NULL) != 1) {
        err_set(&err, ERR_FAILED, "There is no memory for a SHA-256");
        return command_failed(&err);
    }
    json_map(&j, NULL);
    json_text(&j, "format", "hsmferry-verify/1");
    json_text(&j, "report", file_shown(in->words[0], name));
    json_hex(&j, "sha256", sha256, sizeof sha256);
    json_list(&j, "checks");
    bool ok = verify(in, &answers, report, tree, &err);
    json_end(&j);
    json_bool(&j, "passed", ok);
    json_number(&j, "exit-code", ok ? EX_OK : code_of(&err));
    if (ok)
        json_text(&j, "report-format", node_text(yaml_tree_root(*tree), "format"));
    if (ok)
        put_ceremony(&j, yaml_tree_root(*tree));
    json_end(&j);
    if (!ok)
        command_failed(&err);
    return ok ? EX_OK : code_of(&err);
}

static int verify_as_text(const struct invocation *in, const struct bytes *report,
                          struct yaml_tree **tree)
{
    const struct answers answers = {.json = NULL};
    struct err err = {0};

    if (!verify(in, &answers, report, tree, &err)) {
        puts("\nDo not rely on this report.");
        return code_of(&err);
    }
    print_ceremony(yaml_tree_root(*tree));
    puts("\nThis report is intact and consistent.");
    return EX_OK;
}

int command_verify(const struct invocation *in)
{
    struct bytes report = {0};
    struct yaml_tree *tree = NULL;
    struct err err = {0};
    int code;

    if (!in->signature != !in->key)
        return command_misused("--signature and --key must be used together", "");
    if (!verify_load(in->words[0], VERIFY_REPORT_MAX, &report, &err))
        return command_failed(&err);
    code = in->json ? verify_as_json(in, &report, &tree) : verify_as_text(in, &report, &tree);
    yaml_tree_free(tree);
    bytes_free(&report);
    return code;
}
