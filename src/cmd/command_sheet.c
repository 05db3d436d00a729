/* SPDX-License-Identifier: Apache-2.0 */
/* hsmferry sheet REPORT: the report on paper, for the people who were there to sign. */
#include <openssl/evp.h>
#include <stdio.h>
#include <sysexits.h>

#include "base/text.h"
#include "cmd/command.h"
#include "cmd/message.h"
#include "report/signing_sheet.h"
#include "report/verify.h"

/* Nobody shall sign what is not in order. */
static bool print_sheet(const struct bytes *report, struct yaml_tree **tree, struct err *err)
{
    uint8_t sha256[SHA256_SIZE];

    if (!verify_seal(report, err) || !verify_schema(report, tree, err) || !verify_logic(*tree, err))
        return err_next(err, "Ask hsmferry verify; sign no sheet of this report.");
    if (EVP_Q_digest(NULL, "SHA256", NULL, report->data, report->len, sha256, NULL) != 1)
        return err_set(err, ERR_FAILED, "There is no memory for a SHA-256");
    sheet_print(yaml_tree_root(*tree), sha256, stdout);
    return true;
}

int command_sheet(const struct invocation *in)
{
    struct bytes report = {0};
    struct yaml_tree *tree = NULL;
    struct err err = {0};
    bool ok = verify_load(in->words[0], VERIFY_REPORT_MAX, &report, &err) &&
              print_sheet(&report, &tree, &err);

    yaml_tree_free(tree);
    bytes_free(&report);
    return ok ? EX_OK : command_failed(&err);
}
