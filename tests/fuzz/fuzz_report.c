/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports (record/verify.h) and the sheet that is printed of them. Of an input as it is, the seal
 * is checked; the rest is read with the seal that it should bear.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include "base/text.h"
#include "report/signing_sheet.h"
#include "report/verify.h"
#include "tests/fuzz/fuzz.h"

static const char seal_form[] = "seal: {lines: %zu, sha256: \"%s\"}\n";

/* The seal of len bytes, without the program's own code. */
static int seal_of(const uint8_t *body, size_t len, char *out, size_t size)
{
    uint8_t sha256[SHA256_SIZE];
    char hex[2 * SHA256_SIZE + 1];
    size_t lines = 0;

    for (size_t i = 0; i < len; i++)
        lines += body[i] == '\n';
    text_hex(SHA256(body, len, sha256), sizeof sha256, hex);
    return snprintf(out, size, seal_form, lines, hex);
}

static void check_seal(const struct bytes *report)
{
    struct err err = {0};
    char seal[128];
    size_t body = report->len - 1;

    while (body > 0 && report->data[body - 1] != '\n')
        body--;
    size_t len = (size_t)seal_of(report->data, body, seal, sizeof seal);
    bool sealed = len == report->len - body && memcmp(report->data + body, seal, len) == 0;
    fuzz_must(verify_seal(report, &err) == sealed, "a report is sealed by its last line, or not");
    if (!sealed)
        fuzz_must_report(&err);
}

static void check_sheet(const struct yaml_tree *tree, const struct sheet_form *form)
{
    static const uint8_t sha256[SHA256_SIZE];
    char *sheet = NULL;
    size_t size = 0;
    struct err err;
    FILE *out = open_memstream(&sheet, &size);

    fuzz_must(out != NULL, "this host has memory for a sheet");
    sheet_print(yaml_tree_root(tree), &(struct sheet_about){.sha256 = sha256}, form, out, &err);
    fclose(out);
    for (char *line = strtok(sheet, "\n\f"); line; line = strtok(NULL, "\n\f")) {
        fuzz_must(fuzz_is_harmless(line), "a sheet is harmless on a terminal");
        fuzz_must(form->roomy || text_width(line) <= SHEET_COLUMNS,
                  "a sheet of text is no wider than paper");
    }
    free(sheet);
}

static void check_report(const uint8_t *data, size_t len)
{
    const struct bytes report = {(uint8_t *)data, len};
    struct yaml_tree *tree = NULL;
    struct err err = {0};

    check_seal(&report);
    if (!verify_schema(&report, &tree, &err)) {
        fuzz_must_report(&err);
        fuzz_must(tree == NULL, "a report of another form is no tree");
        return;
    }
    if (!verify_logic(tree, &err))
        fuzz_must_report(&err);
    check_sheet(tree, &sheet_text);
    check_sheet(tree, &sheet_html);
    yaml_tree_free(tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    uint8_t *sealed = malloc(len + 128);
    const uint8_t *last = len > 0 ? memrchr(data, '\n', len - 1) : NULL;
    size_t body = last ? (size_t)(last - data) + 1 : 0;

    fuzz_must(sealed != NULL, "this host has memory for a report");
    if (len > 0) /* verify_load() refuses an empty one */
        check_seal(&(struct bytes){(uint8_t *)data, len});
    if (body > 0) {
        memcpy(sealed, data, body);
        check_report(sealed, body + (size_t)seal_of(sealed, body, (char *)sealed + body, 128));
    }
    free(sealed);
    return 0;
}
