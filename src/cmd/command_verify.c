/* SPDX-License-Identifier: Apache-2.0 */
/* hsmferry verify REPORT: for an auditor, on a host without HSMs. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/file.h"
#include "base/text.h"
#include "cmd/command.h"
#include "cmd/message.h"
#include "report/signing.h"
#include "report/verify.h"

/* One line for each question: what was asked, and how it stands. */
static bool print_answer(bool ok, const char *what, const char *words)
{
    printf("[%s] %-9s  %s\n", ok ? " ok " : "FAIL", what, words);
    return ok;
}

static void print_open(const char *what, const char *words)
{
    printf("[    ] %-9s  %s\n", what, words);
}

static void print_digest(const struct yaml_tree *tree)
{
    char words[80];

    snprintf(words, sizeof words, "%s lines before it, sha256 %.19s...",
             node_text(yaml_tree_root(tree), "seal.lines"),
             node_text(yaml_tree_root(tree), "seal.sha256"));
    print_answer(true, "seal", words);
}

/* Whose report this is, in the words of the report. */
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
    printf("  %s, exit code %s: %s migrated, %s refused, %s failed\n",
           node_text(summary, "outcome"), node_text(summary, "exit-code"),
           node_text(summary, "migrated"), node_text(summary, "refused"),
           node_text(summary, "failed"));
}

/* Signatures beside the report say that somebody with the key beside them signed it; who that is,
 * only a key from elsewhere can say. */
static bool verify_beside(const struct invocation *in, const struct bytes *report,
                          const struct yaml_tree *tree, struct err *err)
{
    const struct node *key = node_at(yaml_tree_root(tree), "signature.key");
    struct signing_files files;
    char words[FILE_SHOWN + 64], name[FILE_SHOWN];
    unsigned number = 1;

    for (; number <= SIGNING_MAX && signing_find(in->words[0], number, &files); number++) {
        if (!verify_signature_files(report, files.signature, files.public_key, err))
            return print_answer(false, "signature", err->what);
        snprintf(words, sizeof words, "%u: by the key in %s; is that theirs?", number,
                 file_shown(files.public_key, name));
        print_answer(true, "signature", words);
    }
    if (number > 1)
        return true;
    print_open("signature",
               "UNSIGNED here: none was given (--signature, --key), none is beside it");
    if (key)
        print_open("", "though a key was named that signs it: see \"signature\" in it");
    return true;
}

static bool verify(const struct invocation *in, const struct bytes *report, struct yaml_tree **tree,
                   struct err *err)
{
    char words[64];

    if (!verify_seal(report, err))
        return print_answer(false, "seal", err->what);
    if (!verify_schema(report, tree, err))
        return print_answer(false, "form", err->what);
    print_digest(*tree);
    snprintf(words, sizeof words, "%s, to the last byte",
             node_text(yaml_tree_root(*tree), "format"));
    print_answer(true, "form", words);
    if (!verify_logic(*tree, err))
        return print_answer(false, "logic", err->what);
    print_answer(true, "logic", "steps, gates, proofs, digests and counts agree");
    if (!in->journal)
        print_open("journal", "not looked at: none was given (--journal)");
    else if (verify_journal(report, in->journal, err))
        print_answer(true, "journal", "its chain holds, and it makes this very report");
    else
        return print_answer(false, "journal", err->what);
    if (!in->signature)
        return verify_beside(in, report, *tree, err);
    if (verify_signature_files(report, in->signature, in->key, err))
        print_answer(true, "signature", "by the key that was given, over this very file");
    else
        return print_answer(false, "signature", err->what);
    return true;
}

int command_verify(const struct invocation *in)
{
    struct bytes report = {0};
    struct yaml_tree *tree = NULL;
    struct err err = {0};
    int code = EX_OK;

    if (!in->signature != !in->key)
        return command_misused("--signature and --key go together", "");
    if (!verify_load(in->words[0], VERIFY_REPORT_MAX, &report, &err))
        return command_failed(&err);
    if (verify(in, &report, &tree, &err)) {
        print_ceremony(yaml_tree_root(tree));
        puts("\nThis report is whole and agrees with itself.");
    } else {
        puts("\nDo not rely on this report.");
        code = err.code == ERR_DATA ? EX_DATAERR : err_exit(err.code);
    }
    yaml_tree_free(tree);
    bytes_free(&report);
    return code;
}
