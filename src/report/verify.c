/* SPDX-License-Identifier: Apache-2.0 */
#include "report/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "journal/journal.h"
#include "report/json_schema.h"
#include "report/report.h"
#include "report/verify_rules.h"
#include "report/yaml_writer.h"

static bool read_whole(int fd, struct bytes *to, const char *shown, struct err *err)
{
    size_t at = 0;

    while (at < to->len) {
        ssize_t n = read(fd, to->data + at, to->len - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set_errno(err, ERR_IO, errno, "%s cannot be read", shown);
        if (n == 0)
            return err_set(err, ERR_DATA, "%s was truncated while it was read", shown);
        at += (size_t)n;
    }
    return true;
}

bool verify_load(const char *path, size_t max, struct bytes *to, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    char shown[FILE_SHOWN];
    struct stat st;
    bool ok;

    file_shown(path, shown);
    if (fd < 0)
        return err_set_errno(err, errno == ENOENT ? ERR_NO_INPUT : ERR_IO, errno,
                             "%s cannot be opened", shown);
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        ok = err_set(err, ERR_DATA, "%s is not a regular file", shown);
    else if (st.st_size == 0 || (size_t)st.st_size > max)
        ok = err_set(err, ERR_DATA, "%s is %s", shown, st.st_size ? "too large" : "empty");
    else
        ok = bytes_make(to, (size_t)st.st_size, err) && read_whole(fd, to, shown, err);
    close(fd);
    return ok;
}

bool verify_seal(const struct bytes *report, struct err *err)
{
    char expected[WRITER_SEAL_SIZE];
    uint8_t sha256[SHA256_SIZE];
    size_t body = report->len, lines = 0;

    do
        body--;
    while (body > 0 && report->data[body - 1] != '\n');
    for (size_t i = 0; i < body; i++)
        lines += report->data[i] == '\n';
    if (EVP_Q_digest(NULL, "SHA256", NULL, report->data, body, sha256, NULL) != 1)
        return err_set(err, ERR_FAILED, "There is no memory for a SHA-256");
    writer_seal_line(lines, sha256, expected);
    if (report->len - body == strlen(expected) &&
        memcmp(report->data + body, expected, strlen(expected)) == 0)
        return true;
    if (report->len - body < 5 || memcmp(report->data + body, "seal:", 5) != 0)
        return err_set(err, ERR_DATA, "line %zu: the last line is not the report's seal",
                       lines + 1);
    return err_set(err, ERR_DATA,
                   "line %zu: the seal is not that of the %zu lines before it: something was "
                   "changed after the report was written",
                   lines + 1, lines);
}

/* The schema of the report's format; NULL: unknown format. */
static const struct json_schema *schema_of(const struct node *report, struct err *err)
{
    const struct node *format = node_at(report, "format");
    char known[32];

    for (unsigned i = 0; format && i < RECORD_FORMAT; i++) {
        snprintf(known, sizeof known, "hsmferry-audit/%u", i + 1);
        if (node_is(report, "format", known))
            return &json_schema_reports[i];
    }
    err_set(err, ERR_DATA,
            "line %u: this hsmferry knows the formats hsmferry-audit/1 to %d, and this is none of "
            "them: use the one that wrote it, or a later one",
            format ? format->line : 1, RECORD_FORMAT);
    return NULL;
}

static bool check_form(const struct yaml_tree *report, struct err *err)
{
    const struct json_schema *its = schema_of(yaml_tree_root(report), err);
    struct yaml_tree *schema = NULL;
    bool ok = its && yaml_tree_read(its->json, its->len, false, &schema, err) &&
              json_schema_check(yaml_tree_root(schema), yaml_tree_root(report), err);

    yaml_tree_free(schema);
    return ok;
}

/* From format 3 on, keys have a profile. */
static bool join_profiles(struct yaml_tree *tree, struct err *err)
{
    return !node_at(yaml_tree_root(tree), "profiles") ||
           (yaml_tree_inherit(tree, "keys", "profile", "profiles", err) &&
            yaml_tree_inherit(tree, "companions", "profile", "profiles", err));
}

bool verify_schema(const struct bytes *report, struct yaml_tree **out, struct err *err)
{
    struct yaml_tree *tree = NULL;
    bool ok = yaml_tree_read(report->data, report->len, true, &tree, err) &&
              check_form(tree, err) && join_profiles(tree, err);

    if (ok)
        *out = tree;
    else
        yaml_tree_free(tree);
    return ok;
}

static bool check_steps(const struct node *report, const struct rule_steps *steps, struct err *err)
{
    for (size_t i = 0; i < verify_rule_count; i++)
        if (verify_rules[i].check_steps && !verify_rules[i].check_steps(report, steps, err))
            return false;
    return true;
}

bool verify_logic(const struct yaml_tree *tree, struct err *err)
{
    const struct node *report = yaml_tree_root(tree);
    struct rule_steps steps;
    bool ok = rule_steps_of_report(report, &steps, err);

    for (size_t i = 0; ok && i < verify_rule_count; i++)
        ok = verify_rules[i].check ? verify_rules[i].check(report, err)
                                   : verify_rules[i].check_steps(report, &steps, err);
    rule_steps_free(&steps);
    return ok;
}

/* Does the file hold these bytes, and no more? *line: the number of the first line that differs. */
static bool is_same_file(int fd, const struct bytes *bytes, size_t *line)
{
    uint8_t chunk[65536];
    size_t at = 0;
    ssize_t n;

    *line = 1;
    while ((n = pread(fd, chunk, sizeof chunk, (off_t)at)) > 0)
        for (ssize_t i = 0; i < n; i++, at++) {
            if (at == bytes->len || chunk[i] != bytes->data[at])
                return false;
            *line += chunk[i] == '\n';
        }
    return n == 0 && at == bytes->len;
}

/* Compares the report with the one that this journal makes. */
static bool check_again(const struct bytes *report, struct event_log *log, struct err *err)
{
    int fd = memfd_create("report", MFD_CLOEXEC);
    size_t line;
    bool ok;

    if (fd < 0)
        return err_set_errno(err, ERR_FAILED, errno, "There is no memory for a report");
    ok = report_write(log, fd, err) &&
         (is_same_file(fd, report, &line) ||
          err_set(err, ERR_DATA, "line %zu is not what this journal says", line));
    close(fd);
    return ok;
}

/* Is the journal that of the report? *steps: those in it. */
static bool read_journal(const struct bytes *report, const char *journal, const char *name,
                         struct rule_steps *steps, struct err *err)
{
    struct event_log log = {0};
    bool torn, ok = journal_read(journal, &log, &torn, err);

    if (ok && log.len == 0)
        ok = err_set(err, ERR_DATA, "The journal %s contains no event", journal);
    if (ok && name[0]) /* whatever it is called today */
        text_print(log.name, sizeof log.name, "%s", name);
    ok = ok && check_again(report, &log, err) && rule_steps_of_journal(&log, steps, err);
    event_log_free(&log);
    return ok;
}

/* From format 3 on, the steps of keys are in the journal only. */
bool verify_journal(const struct bytes *report, struct yaml_tree **tree, const char *journal,
                    struct err *err)
{
    const struct node *root = yaml_tree_root(*tree);
    bool short_steps = node_at(root, "profiles") != NULL, ok;
    struct rule_steps steps = {0};
    char name[sizeof((struct event_log *)0)->name];

    text_print(name, sizeof name, "%s", node_text(root, "journal.file"));
    yaml_tree_free(*tree);
    *tree = NULL;
    ok = read_journal(report, journal, name, &steps, err) && verify_schema(report, tree, err) &&
         (!short_steps || check_steps(yaml_tree_root(*tree), &steps, err));
    rule_steps_free(&steps);
    return ok;
}

/* A public key needs no passphrase; OpenSSL would ask for one on the terminal if the file claims to
 * be encrypted. */
static int no_passphrase(char *buffer, int size, int writing, void *ctx)
{
    (void)buffer, (void)size, (void)writing, (void)ctx;
    return -1;
}

/* OpenSSL accepts an EC key with explicit curve parameters: on a group of a few points almost
 * anything is a valid signature. */
static bool may_sign(const EVP_PKEY *key)
{
    char curve[64];
    size_t len;

    return EVP_PKEY_is_a(key, "RSA") ||
           (EVP_PKEY_is_a(key, "EC") &&
            EVP_PKEY_get_group_name(key, curve, sizeof curve, &len) == 1);
}

static EVP_PKEY *read_key(const struct bytes *pem)
{
    BIO *bio = BIO_new_mem_buf(pem->data, (int)pem->len);
    EVP_PKEY *key = bio ? PEM_read_bio_PUBKEY(bio, NULL, no_passphrase, NULL) : NULL;

    BIO_free(bio);
    return key;
}

bool verify_signature(const struct bytes *report, const struct bytes *signature,
                      const struct bytes *pem, struct err *err)
{
    EVP_PKEY *key = read_key(pem);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = false;

    if (!key)
        err_set(err, ERR_DATA, "The file of the public key is not a PEM public key");
    else if (!may_sign(key) || !ctx ||
             EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) != 1)
        err_set(err, ERR_DATA, "The public key is not of a type that signs reports");
    else
        ok = EVP_DigestVerify(ctx, signature->data, signature->len, report->data, report->len) ==
                 1 ||
             err_set(err, ERR_DATA, "The signature is not valid for this report and this key");
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return ok;
}

bool verify_signature_files(const struct bytes *report, const char *signature, const char *pem,
                            struct err *err)
{
    struct bytes made = {0}, key = {0};
    bool ok = verify_load(signature, VERIFY_SIGNATURE_MAX, &made, err) &&
              verify_load(pem, VERIFY_SIGNATURE_MAX, &key, err) &&
              verify_signature(report, &made, &key, err);

    bytes_free(&made);
    bytes_free(&key);
    return ok;
}
