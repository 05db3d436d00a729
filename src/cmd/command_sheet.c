/* SPDX-License-Identifier: Apache-2.0 */
/* hsmferry sheet REPORT: the report for people, above all for those who were there to sign. */
#include <openssl/evp.h>
#include <stdio.h>
#include <sysexits.h>

#include "base/file.h"
#include "base/text.h"
#include "cmd/command.h"
#include "cmd/message.h"
#include "report/signing.h"
#include "report/signing_sheet.h"
#include "report/verify.h"

enum { SENTENCE = FILE_SHOWN + ERR_WHAT_MAX + 64 };

/* The signatures next to the report, a sentence each. */
struct sentences {
    char text[SIGNING_MAX][SENTENCE];
    const char *list[SIGNING_MAX + 1];
};

static void find_signatures(const char *path, const struct bytes *report, struct sentences *found)
{
    struct signing_files files;
    char name[FILE_SHOWN];

    for (unsigned n = 0; n < SIGNING_MAX && signing_find(path, n + 1, &files); n++) {
        struct err why = {0};
        bool ok = verify_signature_files(report, files.signature, files.public_key, &why);
        text_print(found->text[n], SENTENCE, "signature %u, %s the key in %s%s%s", n + 1,
                   ok ? "valid under" : "NOT VALID under", file_shown(files.public_key, name),
                   ok ? "" : ": ", why.what);
        found->list[n] = found->text[n];
    }
    if (!found->list[0])
        found->list[0] = "no signature is next to the report";
}

/* Nobody shall sign what is not in order. */
static bool print_sheet(const struct invocation *in, const struct bytes *report,
                        struct yaml_tree **tree, struct err *err)
{
    uint8_t sha256[SHA256_SIZE];
    struct sentences signatures = {0};

    if (!verify_seal(report, err) || !verify_schema(report, tree, err) || !verify_logic(*tree, err))
        return err_next(err, "Run hsmferry verify; do not sign a sheet of this report.");
    if (EVP_Q_digest(NULL, "SHA256", NULL, report->data, report->len, sha256, NULL) != 1)
        return err_set(err, ERR_FAILED, "There is no memory for a SHA-256");
    find_signatures(in->words[0], report, &signatures);
    return sheet_print(yaml_tree_root(*tree),
                       &(struct sheet_about){.sha256 = sha256, .signatures = signatures.list},
                       in->html ? &sheet_html : &sheet_text, stdout, err);
}

int command_sheet(const struct invocation *in)
{
    struct bytes report = {0};
    struct yaml_tree *tree = NULL;
    struct err err = {0};
    bool ok = verify_load(in->words[0], VERIFY_REPORT_MAX, &report, &err) &&
              print_sheet(in, &report, &tree, &err);

    yaml_tree_free(tree);
    bytes_free(&report);
    return ok ? EX_OK : command_failed(&err);
}
