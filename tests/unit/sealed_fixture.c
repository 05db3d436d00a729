/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/sealed_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

#include "sealed/sealed_write.h"

static void must(bool holds, const struct err *err)
{
    char line[1024];

    if (holds)
        return;
    fprintf(stderr, "fixture: %s\n", err_line(err, line, sizeof line));
    abort();
}

static void fill(struct bytes *to, size_t len, uint8_t first)
{
    struct err err;

    must(bytes_make(to, len, &err), &err);
    for (size_t i = 0; i < len; i++)
        to->data[i] = (uint8_t)(first + 7 * i);
}

static struct sealed_device device(const char *name)
{
    struct sealed_device d = {.manufacturer = "Example Corp", .model = "HSM 2"};

    snprintf(d.serial, sizeof d.serial, "serial-%s", name);
    snprintf(d.label, sizeof d.label, "%s \\x1b", name);
    return d;
}

static void fill_head(enum sealed_format format, enum sealed_stage stage, struct sealed_head *head)
{
    bool first = format == SEALED_BUNDLE && stage != SEALED_STAGE_KEYS;

    *head = (struct sealed_head){
        .format = format,
        .stage = stage,
        .order = stage == SEALED_STAGE_ALL ? SEALED_ONE_BUNDLE : SEALED_STRICT,
        .migration = "0123456789abcdef0123456789abcdef",
        .rehearsal = true,
        .device = {device("source"), device("destination")},
        .keys = format == SEALED_OFFER ? 0 : 1,
        .written_ms = (FIXTURE_NOW_S - 60) * INT64_C(1000),
        .expires_ms = (FIXTURE_NOW_S + 3600) * INT64_C(1000),
    };
    memset(head->ceremony, 0x11, SHA256_SIZE);
    if (format != SEALED_OFFER) {
        memset(head->offer, 0x22, SHA256_SIZE);
        memset(head->answers, first ? 0x22 : 0x33, SHA256_SIZE);
    }
}

static struct key_template template(void)
{
    return (struct key_template){.named = KEY_SENSITIVE | KEY_EXTRACTABLE,
                                 .flags = KEY_SENSITIVE,
                                 .class = KEY_CLASS_SECRET,
                                 .kind = KEY_KIND_AES,
                                 .others = 1};
}

static void fill_capabilities(struct hsm_capabilities *can)
{
    *can = (struct hsm_capabilities){
        .proofs = 1 << HSM_PROOF_AES_ECB | 1 << HSM_PROOF_RSA_SIGN,
        .exact_length = HSM_YES,
        .takes_length = HSM_NO,
        .can_copy = true,
        .one_per_id = true,
        .lost_templates = 1 << KEY_TEMPLATE_WRAP,
        .lost_constraints = KEY_DATES,
        .lost_flags = KEY_ENCRYPT,
        .unreadable = KEY_COPYABLE,
        .mute_templates = 1 << KEY_TEMPLATE_DERIVE,
        .limits = {.secret_max = 512,
                   .digest_max = 64,
                   .rsa_min = 1024,
                   .rsa_max = 4096,
                   .curves = "P-256 P-384",
                   .kinds = 1 << KEY_KIND_AES | 1 << KEY_KIND_EC},
    };
    can->evidence = (struct hsm_capability){.wrap = true,
                                            .mechanism = 0x1087,
                                            .wrap_call = "C_Encrypt",
                                            .unwrap_call = "C_Decrypt",
                                            .reason = "tried \"too\""};
    for (unsigned i = 0; i <= HSM_AES_CBC_PAD; i++) { /* no other is in an offer */
        can->alg[i] = (struct hsm_capability){.wrap = true, .unwrap = true, .mechanism = 0x210a};
        snprintf(can->alg[i].wrap_call, sizeof can->alg[i].wrap_call, "C_WrapKey %u", i);
        snprintf(can->alg[i].unwrap_call, sizeof can->alg[i].unwrap_call, "C_UnwrapKey %u", i);
        snprintf(can->alg[i].reason, sizeof can->alg[i].reason, "tried \"%u\"", i);
    }
    for (unsigned i = 0; i <= HSM_MAKE_EVIDENCE_KEY; i++)
        snprintf(can->op_calls[i], HSM_CALL_MAX, "C_GenerateKey %u", i);
    for (unsigned i = 0; i < HSM_PROOFS; i++)
        snprintf(can->proof_calls[i], HSM_CALL_MAX, "C_Sign %u", i);
}

static void fill_offer(struct sealed_offer *offer)
{
    struct bytes spki = {0};
    struct err err;

    fill(&spki, 422, 1);
    must(sealed_add_rsa(offer, &spki, HSM_RSA_OAEP_SHA256, 3072, &err), &err);
    bytes_free(&spki);
    snprintf(offer->pair.label, sizeof offer->pair.label, "hsmferry:0123456789abcdef");
    offer->pair.flags = KEY_UNWRAP | KEY_SENSITIVE;
    offer->pair.flags_known = KEY_UNWRAP | KEY_SENSITIVE | KEY_EXTRACTABLE;
    offer->pair.allowed_count = 1;
    offer->pair.allowed[0] = 9;
    offer->pair.unwrap = template();
    offer->arriving = template();
    offer->about = (struct sealed_about){"pkcs11",  "SoftHSM", "SoftHSM", "2.6", "2.40",
                                         "softhsm", "2.6",     "2.6",     "1.0"};
    fill_capabilities(&offer->can);
    snprintf(offer->remark, sizeof offer->remark, "bring it back by noon");
}

void fixture_file(enum sealed_format format, enum sealed_stage stage, struct sealed_file *file)
{
    memset(file, 0, sizeof *file);
    fill_head(format, stage, &file->head);
    switch (format) {
    case SEALED_OFFER:
        fill_offer(&file->offer);
        break;
    case SEALED_BUNDLE:
        snprintf(file->bundle.transport, sizeof file->bundle.transport, SEALED_RSA_OAEP);
        memset(file->bundle.transport_sha256, 0x44, SHA256_SIZE);
        file->bundle.kek.alg = HSM_RSA_OAEP_SHA256;
        fill(&file->bundle.kek.wrapped, 384, 3);
        file->bundle.evidence.alg = HSM_AES_KWP;
        fill(&file->bundle.evidence.wrapped, 40, 5);
        file->head.keys = stage == SEALED_STAGE_CANARY ? 1 : FIXTURE_KEYS;
        if (stage == SEALED_STAGE_KEYS)
            file->head.keys--;
        break;
    case SEALED_ACK:
        file->ack.trial_count = file->head.keys;
        file->ack.trials[0] = (struct trial){
            .sample = {.kind = KEY_KIND_AES, .length = 32, .bits = 256, .curve = "P-256"},
            .alg = HSM_AES_KWP,
            .state = CANARY_FAILED,
            .reason = "not the same key"};
        break;
    default:
        file->head.keys = 2;
        file->receipt.pair = SEALED_PAIR_LEFT;
        snprintf(file->receipt.reason, sizeof file->receipt.reason, "CKR_DEVICE_ERROR");
        break;
    }
}

static void fill_evidence(struct sealed_evidence *evidence, enum hsm_proof proof, bool clear)
{
    evidence->proof = proof;
    fill(&evidence->challenge, 32, 9);
    if (clear) {
        fill(&evidence->answer.clear, 64, 11);
        return;
    }
    fill(&evidence->answer.iv, SEALED_IV_SIZE, 13);
    fill(&evidence->answer.ciphertext, 48, 15);
}

static void fill_desc(struct key_desc *desc)
{
    static const uint64_t allowed[] = {9, 0x40};

    desc->bits = 256;
    desc->length = 32;
    desc->flags = KEY_SIGN | KEY_EXTRACTABLE;
    desc->flags_known = KEY_SIGN | KEY_EXTRACTABLE | KEY_SENSITIVE;
    snprintf(desc->curve, sizeof desc->curve, "P-256");
    snprintf(desc->type_name, sizeof desc->type_name, "CKK_AES");
    snprintf(desc->unread, sizeof desc->unread, "CKA_TRUSTED: CKR_DEVICE_ERROR");
    key_set_label(desc,
                  "r\xc3\xb6"
                  "ot \"ca\"\x01",
                  11);
    key_set_id(desc, "\x01\x02", 2);
    key_set_dates(desc, "20260101", 8, "20270101", 8);
    key_set_allowed(desc, allowed, 2);
    key_set_subject(desc, "0\x02\x05", 3);
    for (unsigned i = 0; i < KEY_TEMPLATES; i++)
        desc->constraints.templates[i] = template();
}

void fixture_key(uint32_t number, struct sealed_key *key)
{
    static const enum key_class classes[] = {KEY_CLASS_SECRET, KEY_CLASS_PRIVATE,
                                             KEY_CLASS_CERTIFICATE, KEY_CLASS_SECRET};
    static const enum key_kind kinds[] = {KEY_KIND_AES, KEY_KIND_RSA, KEY_KIND_NONE,
                                          KEY_KIND_GENERIC};

    memset(key, 0, sizeof *key);
    fill_desc(&key->desc);
    key->desc.class = classes[number - 1];
    key->desc.kind = kinds[number - 1];
    key->want_flags = KEY_SIGN | KEY_SENSITIVE;
    key->number = number == 1 ? 1 : number - 1;
    key->role = number == 1 ? SEALED_TEST_KEY : number == 3 ? SEALED_COMPANION : SEALED_KEY;
    key->companion_of = number == 3 ? 1 : 0;
    key->route = number == 3 ? ROUTE_PUBLIC : ROUTE_ENVELOPE;
    key->alg = number == 3 ? SEALED_ALG_NONE : HSM_AES_KWP;
    key->open.proof = HSM_PROOFS;
    if (number == 2 || number == 3)
        fill(&key->public_half, 294, 17);
    if (number == 2)
        EVP_Digest(key->public_half.data, 294, key->desc.spki_sha256, NULL, EVP_sha256(), NULL);
    key->desc.has_public = number == 2;
    if (number == 3)
        return;
    fill(&key->wrapped, 40, (uint8_t)(19 + number));
    key->proof_count = 1;
    fill_evidence(&key->proofs[0],
                  number == 1   ? HSM_PROOF_AES_ECB
                  : number == 2 ? HSM_PROOF_RSA_SIGN
                                : HSM_PROOF_HMAC,
                  number != 4);
    fill_evidence(&key->open, number == 2 ? HSM_PROOF_RSA_SIGN : HSM_PROOF_AES_ECB, false);
    if (number != 4) {
        bytes_free(&key->open.answer.iv);
        bytes_free(&key->open.answer.ciphertext);
    }
}

void fixture_result(uint32_t number, struct sealed_result *result)
{
    memset(result, 0, sizeof *result);
    result->number = number;
    result->outcome = number == 1 ? KEY_MIGRATED : KEY_FAILED;
    result->proof = number == 1 ? HSM_PROOF_RSA_SIGN : HSM_PROOFS;
    fill_evidence(&result->open, number == 1 ? HSM_PROOF_RSA_SIGN : HSM_PROOF_HMAC, number == 1);
    if (number != 1)
        snprintf(result->text, sizeof result->text, "CKR_ATTRIBUTE_VALUE_INVALID");
}

void fixture_write(const char *path, const struct sealed_file *file, uint8_t sha256[SHA256_SIZE])
{
    uint32_t first = file->head.stage == SEALED_STAGE_KEYS ? 2 : 1;
    struct sealed_writer *w;
    struct err err;

    must(sealed_begin(path, file, &w, &err), &err);
    for (uint32_t i = 0; i < file->head.keys; i++) {
        struct sealed_key key;
        struct sealed_result result;

        if (file->head.format == SEALED_BUNDLE) {
            fixture_key(first + i, &key);
            must(sealed_add_key(w, &key, &err), &err);
            sealed_key_free(&key);
        }
        if (file->head.format == SEALED_RECEIPT) {
            fixture_result(1 + i, &result);
            must(sealed_add_result(w, &result, &err), &err);
            sealed_result_free(&result);
        }
    }
    must(sealed_finish(w, sha256, &err), &err);
}

struct sealed_expected fixture_expected(const struct sealed_file *file)
{
    const struct sealed_head *head = &file->head;
    bool offer = head->format == SEALED_OFFER;

    return (struct sealed_expected){
        .format = head->format,
        .stages = 1U << head->stage,
        .order = head->order,
        .rehearsal = head->rehearsal,
        .ceremony = head->ceremony,
        .migration = head->migration,
        .offer = offer ? NULL : head->offer,
        .answers = offer ? NULL : head->answers,
        .device = {&head->device[SIDE_SOURCE], &head->device[SIDE_DESTINATION]},
        .expires_ms = head->expires_ms,
        .not_before_ms = head->written_ms,
        .now_ms = FIXTURE_NOW_S * INT64_C(1000),
    };
}

/* --- files --- */

static char folder[64];

int fixture_make_folder(void **state)
{
    const char *tmp = getenv("TMPDIR");

    (void)state;
    snprintf(folder, sizeof folder, "%.40s/sealed-XXXXXX", tmp ? tmp : "/tmp");
    return mkdtemp(folder) ? 0 : -1;
}

int fixture_empty_folder(void **state)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;

    (void)state;
    while (dir && (entry = readdir(dir)))
        unlinkat(dirfd(dir), entry->d_name, 0);
    return dir ? closedir(dir) : -1;
}

int fixture_remove_folder(void **state)
{
    return fixture_empty_folder(state) == 0 ? rmdir(folder) : -1;
}

const char *fixture_path(const char *name)
{
    enum { PATHS = 4 };
    static char paths[PATHS][128];
    static unsigned last;
    char *path = paths[last++ % PATHS];

    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

struct bytes fixture_load(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct bytes text = {0};
    struct err err = {0};

    must(fd >= 0 && file_read(fd, path, 1 << 24, &text, &err), &err);
    close(fd);
    return text;
}

void fixture_save(const char *path, const void *data, size_t len)
{
    struct err err = {0};
    int fd;

    unlink(path);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    must(fd >= 0 && write(fd, data, len) == (ssize_t)len, &err);
    close(fd);
}
