/* SPDX-License-Identifier: Apache-2.0 */
/* hsmferry check-sealed REPORT: has a key service the key that was sealed for it? */
#include <stdio.h>
#include <sysexits.h>

#include <openssl/evp.h>

#include "base/text.h"
#include "cmd/command.h"
#include "cmd/message.h"
#include "report/verify.h"
#include "transfer/sealing.h"

/* What is said of each sealed key; hex: of the public key that the service reports. */
static void print_keys(const struct node *report, const char *hex)
{
    for (const struct node *key = node_at(report, "keys")->first; key; key = key->next) {
        const char *half = node_text(key, "source-public-key");
        if (!node_is(key, "outcome", "sealed"))
            continue;
        if (hex && node_is(key, "source-public-key", hex))
            printf("[ ok ] %s: proven, the service has this key\n", node_text(key, "label"));
        else
            printf("[    ] %s: unproven, %s\n", node_text(key, "label"),
                   !half[0] ? "it has no public key to compare"
                   : hex    ? "the public key is another one"
                            : "no public key was given (--public-key)");
    }
}

static size_t count_proven(const struct node *report, const char *hex, size_t *sealed)
{
    size_t proven = 0;

    *sealed = 0;
    for (const struct node *key = node_at(report, "keys")->first; key; key = key->next) {
        *sealed += node_is(key, "outcome", "sealed");
        proven +=
            hex && node_is(key, "outcome", "sealed") && node_is(key, "source-public-key", hex);
    }
    return proven;
}

/* A public key that is none of them is reason for alarm; without one, nothing is known. */
static bool judge(const struct node *report, const char *hex, struct err *err)
{
    size_t sealed, proven = count_proven(report, hex, &sealed);

    if (sealed == 0)
        return err_set(err, ERR_DATA, "This report has no sealed key");
    print_keys(report, hex);
    if (proven == 1)
        return true;
    if (!hex) {
        err_set(err, ERR_NO_INPUT, "Nothing proves that the service has these keys");
        return err_next(err, "Give the public key that it reports, with --public-key; of a secret "
                             "there is none, so try it before it is relied on there");
    }
    err_set(err, ERR_DATA, "The public key belongs to %s",
            proven ? "more than one of the sealed keys" : "none of the sealed keys");
    return err_next(err, "Do not use the service's key until you know its origin");
}

/* In a file of DER or PEM; as hexadecimal. */
static bool read_public(const char *path, char hex[2 * SHA256_SIZE + 1], struct err *err)
{
    struct bytes file = {0}, spki = {0};
    uint8_t sha256[SHA256_SIZE];
    bool ok = verify_load(path, SEALING_KEY_FILE_MAX, &file, err) &&
              sealing_read_public(&file, &spki, err);

    if (ok && EVP_Q_digest(NULL, "SHA256", NULL, spki.data, spki.len, sha256, NULL) != 1)
        ok = err_set(err, ERR_FAILED, "There is no memory for a SHA-256");
    if (ok)
        text_hex(sha256, sizeof sha256, hex);
    bytes_free(&file);
    bytes_free(&spki);
    return ok;
}

int command_check_sealed(const struct invocation *in)
{
    struct bytes report = {0};
    struct yaml_tree *tree = NULL;
    struct err err = {0};
    char hex[2 * SHA256_SIZE + 1];
    bool ok = verify_load(in->words[0], VERIFY_REPORT_MAX, &report, &err) &&
              verify_seal(&report, &err) && verify_schema(&report, &tree, &err) &&
              verify_logic(tree, &err) &&
              (!in->public_key || read_public(in->public_key, hex, &err)) &&
              judge(yaml_tree_root(tree), in->public_key ? hex : NULL, &err);

    yaml_tree_free(tree);
    bytes_free(&report);
    return ok ? EX_OK : command_failed(&err);
}
