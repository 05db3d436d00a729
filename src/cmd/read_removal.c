/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/read_removal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "journal/event_log.h"
#include "journal/journal.h"
#include "report/signing.h"
#include "report/verify.h"

/* --- is it the report of a migration? --- */

static bool refuse(struct err *err, const char *what, const char *next)
{
    err_set(err, ERR_DENIED, "%s", what);
    err_now(err, "Nothing was destroyed");
    return err_next(err, "%s", next);
}

/* Files of two rooms begin with their format, too, and a receipt says of keys that they arrived. */
static bool is_no_report(const struct bytes *file, struct err *err)
{
    static const char receipt[] = "format: \"hsmferry-receipt/";

    return file->len >= sizeof receipt - 1 &&
           memcmp(file->data, receipt, sizeof receipt - 1) == 0 &&
           !refuse(err, "a receipt is no report: the other room says so, and nothing here shows it",
                   "Name the report of a ceremony that has proven the keys on both HSMs");
}

static bool is_of_migration(const struct node *report, struct err *err)
{
    if (node_at(report, "ceremony.removal"))
        return refuse(err, "this is the report of a removal, which carried no key",
                      "Name the report of the ceremony that migrated the keys");
    if (node_at(report, "ceremony.visit"))
        return refuse(err, "this is the report of one room: nobody there had both HSMs before them",
                      "Keys that were migrated between two rooms are destroyed by hand, with the "
                      "reports of both rooms");
    if (node_at(report, "ceremony.sealed-for"))
        return refuse(err,
                      "this report is about keys that were sealed for a key service: nothing "
                      "proves that they arrived",
                      "Destroy them by hand, once the service has shown them");
    if (!node_text(report, "source.label")[0] || !node_text(report, "destination.label")[0])
        return refuse(err, "this report does not describe both HSMs",
                      "Name the report of the ceremony that migrated the keys");
    return true;
}

/* --- its keys --- */

/* Hexadecimal digits, in groups or not. Returns how many octets; 0: they are none. */
static size_t read_hex(const char *text, uint8_t *to, size_t room)
{
    char digits[2 * KEY_LABEL_MAX + 1];
    size_t count = 0, len = room;

    for (; *text && count < sizeof digits - 1; text++)
        if (*text != ' ')
            digits[count++] = *text;
    digits[count] = '\0';
    return !*text && text_unhex(digits, to, &len) ? len : 0;
}

/* The label is its own bytes, unless they are next to it. */
static void read_name(const struct node *key, struct key_desc *to)
{
    uint8_t label[KEY_LABEL_MAX], id[KEY_ID_MAX];
    const char *text = node_text(key, "label");

    if (node_at(key, "label-hex"))
        key_set_label(to, label, read_hex(node_text(key, "label-hex"), label, sizeof label));
    else
        key_set_label(to, text, strlen(text));
    if (node_at(key, "label-length"))
        to->label_len = (uint16_t)node_number(key, "label-length");
    key_set_id(to, id, read_hex(node_text(key, "id"), id, sizeof id));
}

static void read_name_on_source(const struct node *key, struct removal_key *to)
{
    const struct node *source = node_at(key, "on-source");
    struct key_desc is = {0};

    if (!source)
        return;
    read_name(source, &is);
    to->renamed = true;
    to->from = plan_name_of(&is);
}

/* Up to format 2, a public half is a mapping with its words. */
static void read_half(const struct node *key, struct key_desc *to)
{
    static const char *const members[] = {"public-key", "source-public-key",
                                          "source-public-key.sha256"};

    for (size_t i = 0; i < 3 && !to->has_public; i++)
        to->has_public =
            read_hex(node_text(key, members[i]), to->spki_sha256, SHA256_SIZE) == SHA256_SIZE;
}

static void read_checks(const struct node *key, struct removal_key *to)
{
    const struct node *values = node_at(key, "check-values");

    for (const struct node *v = values ? values->first : NULL; v; v = v->next)
        for (enum kcv_method method = KCV_ECB; method <= KCV_CMAC; method++)
            if (node_is(v, "method", kcv_method_name(method)))
                to->check[method].len =
                    (uint32_t)read_hex(node_text(v, node_at(v, "both") ? "both" : "source"),
                                       to->check[method].octets, KCV_MAX);
}

/* Only what was migrated, and proven three times, may be removed. */
static void judge(const struct node *key, struct removal_key *to)
{
    static const struct {
        const char *outcome, *why;
    } others[] = {
        {"unproven", "the report says that it is unproven: nobody knows that its copy is this key"},
        {"sealed", "it was sealed as a file, and nothing shows that it arrived"},
        {"reported migrated", "only the other room says that it arrived"},
    };
    const char *outcome = node_text(key, "outcome");

    if (strcmp(outcome, key_outcome_name(KEY_MIGRATED)) == 0)
        return;
    text_print(to->refused, sizeof to->refused, "the report does not say that it was migrated: %s",
               outcome);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strcmp(outcome, others[i].outcome) == 0)
            text_print(to->refused, sizeof to->refused, "%s", others[i].why);
}

static void read_key(const struct node *key, struct removal_key *to)
{
    *to = (struct removal_key){0};
    for (enum key_class class = 0; class < KEY_CLASSES; class ++)
        if (node_is(key, "class", key_class_name(class)))
            to->was.class = class;
    text_print(to->type, sizeof to->type, "%s", node_text(key, "type"));
    read_name(key, &to->was);
    read_name_on_source(key, to);
    read_half(key, &to->was);
    read_checks(key, to);
    if (node_at(key, "companion-of"))
        to->owner = (uint32_t)node_number(key, "companion-of");
    judge(key, to);
}

/* The public objects that accompany a key are kept when it is retired. */
static bool read_keys(const struct node *report, struct removal_job *job, struct err *err)
{
    const struct node *keys = node_at(report, "keys"), *companions = node_at(report, "companions");
    size_t most = keys->count + companions->count;

    job->keys = calloc(most + 1, sizeof *job->keys);
    if (!job->keys)
        return err_set(err, ERR_FAILED, "There is no memory for the keys of a report");
    for (const struct node *key = keys->first; key; key = key->next)
        read_key(key, &job->keys[job->count++]);
    for (const struct node *key = companions->first; key && job->what == REMOVAL_UNDO;
         key = key->next)
        read_key(key, &job->keys[job->count++]);
    return true;
}

static void read_device(const struct node *report, enum side side, struct removal_device *to)
{
    const struct node *hsm = node_at(report, side_name(side));

    text_print(to->label, sizeof to->label, "%s", node_text(hsm, "label"));
    text_print(to->serial, sizeof to->serial, "%s", node_text(hsm, "serial"));
    text_print(to->manufacturer, sizeof to->manufacturer, "%s", node_text(hsm, "manufacturer"));
}

/* --- its signatures --- */

static bool digest_key(const struct bytes *pem, uint8_t sha256[SHA256_SIZE])
{
    BIO *bio = BIO_new_mem_buf(pem->data, (int)pem->len);
    char *name = NULL, *header = NULL;
    unsigned char *der = NULL;
    long len = 0;
    bool ok = bio && PEM_read_bio(bio, &name, &header, &der, &len) == 1 &&
              EVP_Q_digest(NULL, "SHA256", NULL, der, (size_t)len, sha256, NULL) == 1;

    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(der);
    BIO_free(bio);
    ERR_clear_error();
    return ok;
}

static void find_signers(const char *path, const struct bytes *report, struct removal_signers *to)
{
    struct signing_files files;
    struct bytes pem = {0};
    struct err ignored = {0};

    to->count = 0;
    for (unsigned n = 1; n <= REMOVAL_SIGNERS_MAX && signing_find(path, n, &files); n++) {
        if (verify_signature_files(report, files.signature, files.public_key, &ignored) &&
            verify_load(files.public_key, VERIFY_SIGNATURE_MAX, &pem, &ignored))
            to->count += digest_key(&pem, to->sha256[to->count]);
        bytes_free(&pem);
    }
}

bool removal_read(const char *path, enum removal what, struct removal_job *job,
                  uint8_t sha256[SHA256_SIZE], struct removal_signers *signers, struct err *err)
{
    struct bytes report = {0};
    struct yaml_tree *tree = NULL;
    bool ok = verify_load(path, VERIFY_REPORT_MAX, &report, err) && !is_no_report(&report, err) &&
              err->code == ERR_NONE;

    *job = (struct removal_job){.what = what};
    if (ok && !(verify_seal(&report, err) && verify_schema(&report, &tree, err) &&
                verify_logic(tree, err))) {
        err_now(err, "Nothing was destroyed");
        err_next(err, "Run hsmferry verify; rely on no report that does not pass");
        ok = false;
    }
    if (ok && EVP_Q_digest(NULL, "SHA256", NULL, report.data, report.len, sha256, NULL) != 1)
        ok = err_set(err, ERR_FAILED, "There is no memory for a SHA-256");
    if (ok) {
        const struct node *root = yaml_tree_root(tree);
        ok = is_of_migration(root, err) && read_keys(root, job, err);
        for (enum side side = SIDE_SOURCE; ok && side <= SIDE_DESTINATION; side++)
            read_device(root, side, &job->device[side]);
        job->of_rehearsal = node_is(root, "summary.rehearsal", "yes");
        find_signers(path, &report, signers);
    }
    yaml_tree_free(tree);
    bytes_free(&report);
    return ok;
}

/* --- an interrupted removal --- */

/* Nobody can read a key any more that is destroyed: the journal has its description. */
static void take_planned(struct removal_key *key, const struct event *e)
{
    const struct key_desc report = key->was;

    key->begun |= e->planned.kept;
    key->destroyed |= e->planned.kept;
    if (!key_same_name(&e->planned.desc, &report))
        return;
    key->was = e->planned.desc;
    key->was.handle = 0;
    key->was.has_public = report.has_public;
    memcpy(key->was.spki_sha256, report.spki_sha256, sizeof report.spki_sha256);
}

static void take_event(struct removal_job *job, const struct event *e)
{
    struct removal_key *key = e->key > 0 && e->key <= job->count ? &job->keys[e->key - 1] : NULL;

    if (!key)
        return;
    if (e->kind == EVENT_PLANNED)
        take_planned(key, e);
    else if (e->kind == EVENT_STEP && e->step.id == STEP_DESTROY_KEY) {
        key->begun = true;
        key->destroyed |= e->step.state == EVENT_OK;
    }
}

bool removal_take_over(const char *journal, const uint8_t sha256[SHA256_SIZE],
                       struct removal_job *job, struct err *err)
{
    struct event_log log = {0};
    struct event e;
    bool torn, same = false, ok = journal_read(journal, &log, &torn, err);

    for (size_t at = 0; ok && event_log_next(&log, UINT64_MAX, &at, &e);) {
        if (e.kind == EVENT_BEGIN) {
            same = removal_of(e.begin.removal) == job->what &&
                   memcmp(e.begin.report_sha256, sha256, SHA256_SIZE) == 0;
            text_print(job->left, sizeof job->left, "%s", e.begin.id);
        }
        take_event(job, &e);
    }
    event_log_free(&log);
    if (!ok || same)
        return ok;
    err_set(err, ERR_CONFLICT, "the interrupted removal was of another report, or of another kind");
    err_now(err, "Nothing was destroyed");
    return err_next(err, "Name the report that its journal names");
}
