/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hsm/wire.h: every message comes out as it went in, and every field that is not within the
 * contract is refused by name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "link/frame.h"
#include "link/wire.h"
#include "link/wire_evidence.h"

static char unsafe[] = "a\x1b[2Jb"; /* would clear the screen */
static char long_text[2048];

/* Packs and unpacks, as it happens between two processes. */
static struct bytes packed(const ProtobufCMessage *msg)
{
    struct bytes frame = {0};
    struct err err;

    assert_true(wire_pack(msg, &frame, &err));
    return frame;
}

static void check_refusal(bool ok, const struct err *err, const char *field)
{
    if (ok)
        fail_msg("%s was taken", field);
    assert_int_equal(err->code, ERR_DATA);
    if (!strstr(err->what, field))
        fail_msg("\"%s\" does not name %s", err->what, field);
}

/* --- keys --- */

static struct key_desc good_key(void)
{
    struct key_desc key = {
        .handle = UINT64_C(0xfedcba9876543210),
        .class = KEY_CLASS_PRIVATE,
        .kind = KEY_KIND_EC,
        .bits = 256,
        .length = 77,
        .flags = KEY_SIGN | KEY_TOKEN,
        .flags_known = KEY_SIGN | KEY_TOKEN | KEY_SENSITIVE,
        .curve = "P-256",
        .type_name = "CKK_EC",
        .unread = "unwrap template: CKR_DEVICE_ERROR",
        .has_public = true,
        .kcv = {1, 0, 3},
        .kcv_len = 3,
    };
    key_set_label(&key, "a\0\xff\x1b[2J", 8);
    key_set_id(&key, "\1\0", 2);
    memset(key.spki_sha256, 0xa5, sizeof key.spki_sha256);
    key_set_dates(&key, "20260131", 8, "", 0);
    key_set_allowed(&key, (const uint64_t[]){0x40, 0x0d}, 2);
    key_set_subject(&key, "\x30\0", 2);
    key.constraints.known |= KEY_TEMPLATE;
    key.constraints.templates[KEY_TEMPLATE_WRAP] = (struct key_template){.others = 5};
    key.constraints.templates[KEY_TEMPLATE_UNWRAP] = (struct key_template){
        KEY_SENSITIVE | KEY_EXTRACTABLE, KEY_SENSITIVE, KEY_CLASS_SECRET, KEY_KIND_AES, 0};
    return key;
}

static struct key_desc key_there_and_back(const struct key_desc *key)
{
    Pb__Key msg;
    struct wire_constraints constraints;
    struct key_desc back;
    struct err err = {0};

    wire_put_key(key, &msg, &constraints);
    struct bytes frame = packed(&msg.base);
    Pb__Key *got = pb__key__unpack(NULL, frame.len, frame.data);
    assert_non_null(got);
    if (!wire_get_key(got, &back, &err))
        fail_msg("%s", err.what);
    pb__key__free_unpacked(got, NULL);
    bytes_free(&frame);
    return back;
}

static void check_same_key(const struct key_desc *a, const struct key_desc *b)
{
    assert_int_equal(a->handle, b->handle);
    assert_int_equal(a->class, b->class);
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->bits, b->bits);
    assert_int_equal(a->length, b->length);
    assert_int_equal(a->flags, b->flags);
    assert_int_equal(a->flags_known, b->flags_known);
    assert_string_equal(a->curve, b->curve);
    assert_string_equal(a->type_name, b->type_name);
    assert_string_equal(a->unread, b->unread);
    assert_int_equal(a->label_len, b->label_len);
    assert_memory_equal(a->label, b->label, sizeof a->label);
    assert_int_equal(a->id_len, b->id_len);
    assert_memory_equal(a->id, b->id, sizeof a->id);
    assert_int_equal(a->has_public, b->has_public);
    assert_memory_equal(a->spki_sha256, b->spki_sha256, sizeof a->spki_sha256);
    assert_int_equal(a->kcv_len, b->kcv_len);
    assert_memory_equal(a->kcv, b->kcv, sizeof a->kcv);
    assert_memory_equal(&a->constraints, &b->constraints, sizeof a->constraints);
}

static void key_comes_back(void **state)
{
    (void)state;
    static uint8_t longest[UINT16_MAX];
    struct key_desc key = good_key();

    struct key_desc back = key_there_and_back(&key);
    check_same_key(&key, &back);

    key = (struct key_desc){.handle = 1};
    back = key_there_and_back(&key);
    check_same_key(&key, &back);

    memset(longest, 'x', sizeof longest); /* longer than a label is kept: cut, length known */
    key_set_label(&key, longest, sizeof longest);
    key_set_id(&key, longest, KEY_ID_MAX + 1);
    back = key_there_and_back(&key);
    check_same_key(&key, &back);
}

static void key_refused(const Pb__Key *msg, const char *field)
{
    struct key_desc out;
    struct err err = {0};

    memset(&out, 0x5a, sizeof out);
    const struct key_desc before = out;
    check_refusal(wire_get_key(msg, &out, &err), &err, field);
    assert_memory_equal(&out, &before, sizeof out);
}

static void bad_key_is_refused(void **state)
{
    (void)state;
    struct key_desc key = good_key();
    struct wire_constraints constraints;
    Pb__Terms t;
    Pb__Key good, m;

    wire_put_key(&key, &good, &constraints);
    m = good, t = constraints.msg, m.terms = &t;
    t = constraints.msg, t.known = KEY_CONSTRAINTS + 1, key_refused(&m, "known terms");
    t = constraints.msg, t.start = (char *)"2026013", key_refused(&m, "date");
    t = constraints.msg, t.end = (char *)"2026o131", key_refused(&m, "date");
    t = constraints.msg, t.allowed_count = 3, key_refused(&m, "allowed");
    t = constraints.msg, t.allowed_count = UINT16_MAX + 1, key_refused(&m, "allowed");
    t = constraints.msg, t.subject_len = 3, key_refused(&m, "subject");
    t = constraints.msg, t.n_templates = KEY_TEMPLATES - 1, key_refused(&m, "templates");
    t = constraints.msg;
    Pb__KeyTemplate *inner = &constraints.template[KEY_TEMPLATE_UNWRAP], as_it_was = *inner;
    inner->named = 1u << KEY_FLAGS, key_refused(&m, "template names"), *inner = as_it_was;
    inner->flags = KEY_WRAP, key_refused(&m, "flags in a key's template"), *inner = as_it_was;
    inner->class_ = KEY_CLASSES, key_refused(&m, "class in a key's"), *inner = as_it_was;
    inner->kind = KEY_KINDS, key_refused(&m, "kind in a key's"), *inner = as_it_was;
    m = good, m.handle = 0, key_refused(&m, "handle");
    m = good, m.class_ = KEY_CLASSES, key_refused(&m, "class");
    m = good, m.kind = KEY_KINDS, key_refused(&m, "kind");
    m = good, m.kind = UINT32_MAX, key_refused(&m, "kind");
    m = good, m.flags_known = 1u << KEY_FLAGS, key_refused(&m, "known flags");
    m = good, m.flags |= KEY_DERIVE, key_refused(&m, "flags");
    m = good, m.curve = unsafe, key_refused(&m, "curve");
    m = good, m.curve = long_text, key_refused(&m, "curve");
    m = good, m.type_name = unsafe, key_refused(&m, "type");
    m = good, m.type_name = long_text, key_refused(&m, "type");
    m = good, m.unread = unsafe, key_refused(&m, "unread");
    m = good, m.label_len++, key_refused(&m, "label");
    m = good, m.label_len = 0, key_refused(&m, "label");
    m = good, m.label_len = UINT16_MAX + 1, key_refused(&m, "label");
    m = good, m.label.len = KEY_LABEL_MAX + 1, key_refused(&m, "label");
    m = good, m.id_len++, key_refused(&m, "id");
    m = good, m.id_len = UINT32_MAX, key_refused(&m, "id");
    m = good, m.id.len = KEY_ID_MAX + 1, key_refused(&m, "id");
    m = good, m.spki_sha256.len = 31, key_refused(&m, "fingerprint");
    m = good, m.spki_sha256.len = 33, key_refused(&m, "fingerprint");
    m = good, m.check_value.len = 2, key_refused(&m, "check value");
    m = good, m.check_value.len = 4, key_refused(&m, "check value");
}

/* --- slots, info, offers, pairs --- */

static void slot_refused(const Pb__Slot *msg, const char *field)
{
    struct hsm_slot out;
    struct err err = {0};
    check_refusal(wire_get_slot(msg, &out, &err), &err, field);
}

static void slot_is_checked(void **state)
{
    (void)state;
    const struct hsm_slot slot = {
        .id = UINT64_MAX,
        .flags = HSM_SLOT_TOKEN_PRESENT | HSM_TOKEN_RNG,
        .description = "slot",
        .label = "hsm-\\x1b",
        .manufacturer = "maker",
        .model = "model",
        .serial = "8f3c",
        .hardware = "1.0",
        .firmware = "2.0",
        .store = "3f1c 8:1 42",
    };
    struct hsm_slot back;
    struct err err = {0};
    Pb__Slot good, m;

    wire_put_slot(&slot, &good);
    struct bytes frame = packed(&good.base);
    Pb__Slot *got = pb__slot__unpack(NULL, frame.len, frame.data);
    assert_true(wire_get_slot(got, &back, &err));
    assert_memory_equal(&back, &slot, sizeof slot);
    pb__slot__free_unpacked(got, NULL);
    bytes_free(&frame);

    m = good, m.flags = 1u << HSM_SLOT_FLAGS, slot_refused(&m, "flags");
    m = good, m.description = unsafe, slot_refused(&m, "description");
    m = good, m.description = long_text, slot_refused(&m, "description");
    m = good, m.label = unsafe, slot_refused(&m, "label");
    m = good, m.label = long_text, slot_refused(&m, "label");
    m = good, m.manufacturer = unsafe, slot_refused(&m, "manufacturer");
    m = good, m.manufacturer = long_text, slot_refused(&m, "manufacturer");
    m = good, m.model = unsafe, slot_refused(&m, "model");
    m = good, m.model = long_text, slot_refused(&m, "model");
    m = good, m.serial = unsafe, slot_refused(&m, "serial");
    m = good, m.serial = long_text, slot_refused(&m, "serial");
    m = good, m.hardware = unsafe, slot_refused(&m, "hardware");
    m = good, m.hardware = long_text, slot_refused(&m, "hardware");
    m = good, m.firmware = unsafe, slot_refused(&m, "firmware");
    m = good, m.firmware = long_text, slot_refused(&m, "firmware");
    m = good, m.store = unsafe, slot_refused(&m, "store");
    m = good, m.store = long_text, slot_refused(&m, "store");
}

static void info_refused(const Pb__Info *msg, const char *field)
{
    struct hsm_info out;
    struct err err = {0};
    check_refusal(wire_get_info(msg, &out, &err), &err, field);
}

static void info_is_checked(void **state)
{
    (void)state;
    struct hsm_info info = {
        .about =
            {
                "pkcs11",
                "Implementation of PKCS11",
                "SoftHSM",
                "2.6",
                "2.40",
                {"softhsm", HSM_DIALECT_TRIED, {0xa5, [31] = 0x5a}, KEY_EXTRACTABLE},
                "1.0",
                {"/usr/libexec/hsmferry-agent", {1}},
                {"/usr/lib/softhsm/libsofthsm2.so", {2, [31] = 3}},
                "vault",
                "hsm, uid 992",
            },
        .loading = "its own path",
        .confinement = "no new privileges",
        .loaded_count = HSM_LOADED_MAX,
        .loaded_more = true,
    };
    struct hsm_info back;
    struct wire_files files;
    Pb__File file;
    Pb__File *refs[HSM_LOADED_MAX + 1];
    struct err err = {0};
    Pb__Info good, m;
    char none[] = "";

    for (size_t i = 0; i < HSM_LOADED_MAX; i++)
        info.loaded[i] = (struct hsm_file){"/usr/lib/libsqlite3.so.0", {(uint8_t)i, [31] = 4}};
    wire_put_info(&info, &good, &files);
    struct bytes frame = packed(&good.base);
    Pb__Info *got = pb__info__unpack(NULL, frame.len, frame.data);
    assert_true(wire_get_info(got, &back, &err));
    assert_memory_equal(&back, &info, sizeof info);
    pb__info__free_unpacked(got, NULL);
    bytes_free(&frame);

    m = good, m.api = unsafe, info_refused(&m, "api");
    m = good, m.api = long_text, info_refused(&m, "api");
    m = good, m.library = unsafe, info_refused(&m, "library");
    m = good, m.library = long_text, info_refused(&m, "library");
    m = good, m.manufacturer = unsafe, info_refused(&m, "manufacturer");
    m = good, m.manufacturer = long_text, info_refused(&m, "manufacturer");
    m = good, m.version = unsafe, info_refused(&m, "version");
    m = good, m.version = long_text, info_refused(&m, "version");
    m = good, m.api_version = unsafe, info_refused(&m, "API version");
    m = good, m.api_version = long_text, info_refused(&m, "API version");
    m = good, m.dialect = unsafe, info_refused(&m, "dialect");
    m = good, m.dialect = long_text, info_refused(&m, "dialect");
    m = good, m.dialect_status = HSM_DIALECT_STATUSES, info_refused(&m, "dialect's status");
    m = good, m.dialect_sha256.len = 31, info_refused(&m, "dialect's hash");
    m = good, m.dialect = none, info_refused(&m, "dialect's hash");
    m = good, m.not_enforced = 1u << KEY_FLAGS, info_refused(&m, "not enforced");
    m = good, m.agent_version = unsafe, info_refused(&m, "agent's version");
    m = good, m.agent = unsafe, info_refused(&m, "agent's path");
    m = good, m.agent = long_text, info_refused(&m, "agent's path");
    m = good, m.agent_sha256.len = 33, info_refused(&m, "hash of a file");
    m = good, m.module = long_text, info_refused(&m, "module's path");
    m = good, m.module = none, info_refused(&m, "hash of a file");
    m = good, m.host = unsafe, info_refused(&m, "agent's host");
    m = good, m.host = long_text, info_refused(&m, "agent's host");
    m = good, m.user = unsafe, info_refused(&m, "agent's user");
    m = good, m.user = long_text, info_refused(&m, "agent's user");
    m = good, m.loading = unsafe, info_refused(&m, "loading");
    m = good, m.loading = long_text, info_refused(&m, "loading");
    m = good, m.confinement = unsafe, info_refused(&m, "confinement");
    m = good, m.confinement = long_text, info_refused(&m, "confinement");
    for (size_t i = 0; i <= HSM_LOADED_MAX; i++)
        refs[i] = &files.msg[0];
    m = good, m.loaded = refs, m.n_loaded = HSM_LOADED_MAX + 1, info_refused(&m, "33 loaded");
    refs[HSM_LOADED_MAX - 1] = &file;
    m = good, m.loaded = refs;
    file = files.msg[0], file.path = unsafe, info_refused(&m, "loaded library's path");
    file = files.msg[0], file.path = long_text, info_refused(&m, "loaded library's path");
    file = files.msg[0], file.path = none, info_refused(&m, "without a path");
    file = files.msg[0], file.sha256.len = 31, info_refused(&m, "hash of a file");
    file = files.msg[0], file.sha256.len = 0, info_refused(&m, "hash of a file");
    file = files.msg[0], assert_true(wire_get_info(&m, &back, &err)); /* control */
}

struct capabilities_message {
    Pb__Offers msg;
    struct wire_offers offers;
    Pb__Offer *one_more[HSM_ALGS + 1];
};

static void put_capabilities(const struct hsm_capabilities *caps, struct capabilities_message *to)
{
    wire_put_capabilities(caps, &to->offers, &to->msg);
    for (size_t i = 0; i <= HSM_ALGS; i++)
        to->one_more[i] = &to->offers.msgs[i % HSM_ALGS];
    to->msg.alg = to->one_more;
}

static void capabilities_refused(const Pb__Offers *msg, const char *field)
{
    struct hsm_capabilities out;
    struct err err = {0};
    check_refusal(wire_get_capabilities(msg, &out, &err), &err, field);
}

static void capabilities_are_checked(void **state)
{
    (void)state;
    struct hsm_capabilities caps = {
        .proofs = 1u << HSM_PROOF_DIGEST,
        .exact_length = HSM_YES,
        .takes_length = HSM_NO,
        .can_copy = true,
        .one_per_id = true,
        .lost_templates = 1u << KEY_TEMPLATE_DERIVE,
        .lost_constraints = KEY_DATES,
        .lost_flags = KEY_MODIFIABLE,
        .unreadable = KEY_LOCAL,
        .mute_templates = 1u << KEY_TEMPLATE_WRAP,
        .limits = {256, 512, 1024, 4096, "P-256 P-384"},
    };
    strcpy(caps.op_calls[HSM_COMMIT], "C_CopyObject");
    strcpy(caps.proof_calls[HSM_PROOF_ECDH], "C_DeriveKey");
    caps.evidence = (struct hsm_capability){.wrap = true,
                                            .unwrap = true,
                                            .mechanism = 0x1087,
                                            .wrap_call = "C_Encrypt",
                                            .unwrap_call = "C_Decrypt",
                                            .reason = "tried"};
    caps.alg[HSM_ECDH_P521] =
        (struct hsm_capability){.wrap = true, .kdfs = 1U << HSM_KDF_NONE, .reason = "tried"};
    caps.alg[HSM_AES_KWP] = (struct hsm_capability){
        .wrap = true, .mechanism = 0x210a, .wrap_call = "C_WrapKey", .reason = "tried"};
    struct hsm_capabilities back;
    struct err err = {0};
    struct capabilities_message good;
    Pb__Offers m;

    put_capabilities(&caps, &good);
    struct bytes frame = packed(&good.msg.base);
    Pb__Offers *got = pb__offers__unpack(NULL, frame.len, frame.data);
    assert_true(wire_get_capabilities(got, &back, &err));
    assert_memory_equal(&back.alg, &caps.alg, sizeof caps.alg);
    assert_memory_equal(&back.evidence, &caps.evidence, sizeof caps.evidence);
    assert_int_equal(back.proofs, caps.proofs);
    assert_int_equal(back.exact_length, HSM_YES);
    assert_int_equal(back.takes_length, HSM_NO);
    assert_true(back.can_copy);
    assert_true(back.one_per_id);
    assert_int_equal(back.lost_templates, caps.lost_templates);
    assert_int_equal(back.lost_constraints, KEY_DATES);
    assert_int_equal(back.lost_flags, KEY_MODIFIABLE);
    assert_int_equal(back.unreadable, KEY_LOCAL);
    assert_int_equal(back.mute_templates, caps.mute_templates);
    assert_memory_equal(&back.limits, &caps.limits, sizeof back.limits);
    assert_memory_equal(&back.proof_calls, &caps.proof_calls, sizeof caps.proof_calls);
    assert_memory_equal(&back.op_calls, &caps.op_calls, sizeof caps.op_calls);
    pb__offers__free_unpacked(got, NULL);
    bytes_free(&frame);

    m = good.msg, m.n_alg = HSM_ALGS - 1, capabilities_refused(&m, "algorithms");
    m = good.msg, m.n_proof_words = HSM_PROOFS - 1, capabilities_refused(&m, "proofs");
    m = good.msg, m.n_act_words = HSM_OPS - 1, capabilities_refused(&m, "acts");
    good.offers.words[HSM_COMMIT] = unsafe, capabilities_refused(&good.msg, "act");
    put_capabilities(&caps, &good);
    m = good.msg, m.n_alg = HSM_ALGS + 1, capabilities_refused(&m, "algorithms");
    m = good.msg, m.proofs = 1u << HSM_PROOFS, capabilities_refused(&m, "proofs");
    m = good.msg, m.lost_templates = 1u << KEY_TEMPLATES,
    capabilities_refused(&m, "lost templates");
    m = good.msg, m.lost_terms = KEY_SUBJECT, capabilities_refused(&m, "lost terms");
    m = good.msg, m.lost_flags = 1u << KEY_FLAGS, capabilities_refused(&m, "lost flags");
    m = good.msg, m.unreadable = 1u << KEY_FLAGS, capabilities_refused(&m, "unreadable flags");
    m = good.msg, m.mute_templates = 1u << KEY_TEMPLATES,
    capabilities_refused(&m, "mute templates");
    char long_list[HSM_CURVES_MAX + 1];
    memset(long_list, 'P', HSM_CURVES_MAX);
    long_list[HSM_CURVES_MAX] = '\0';
    m = good.msg, m.curves = long_list, capabilities_refused(&m, "curves");
    m = good.msg, m.exact_length = HSM_YES + 1, capabilities_refused(&m, "exact_length");
    m = good.msg, m.takes_length = 9, capabilities_refused(&m, "takes_length");
    good.offers.msgs[2].wrap_words = unsafe, capabilities_refused(&good.msg, "offer");
    good.offers.msgs[2].wrap_words = long_text, capabilities_refused(&good.msg, "offer");
    put_capabilities(&caps, &good);
    good.offers.msgs[HSM_ALGS - 1].unwrap_words = unsafe, capabilities_refused(&good.msg, "offer");
    put_capabilities(&caps, &good);
    good.offers.msgs[0].reason = unsafe, capabilities_refused(&good.msg, "reason");
    good.offers.msgs[0].reason = long_text, capabilities_refused(&good.msg, "reason");
    put_capabilities(&caps, &good);
    good.offers.evidence.reason = unsafe, capabilities_refused(&good.msg, "reason");
    m = good.msg, m.evidence = NULL, assert_true(wire_get_capabilities(&m, &back, &err));
    assert_false(back.evidence.wrap); /* an agent that says nothing of it cannot do it */
}

/* --- evidence --- */

static const struct evidence_subject some_subject = {
    HSM_PROOF_HMAC, 3, 4, "00112233445566778899aabbccddeeff", 7, false};

static void evidence_refused(const Pb__Evidence *msg, bool unseal, const char *field)
{
    struct evidence_subject of;
    struct evidence_cipher parts;
    struct err err = {0};
    check_refusal(wire_get_evidence(msg, unseal, &of, &parts, &err), &err, field);
}

static void evidence_comes_back(void **state)
{
    (void)state;
    struct evidence_cipher sent = {{1, 2}, {3, 4}, {5, 6}}, back;
    struct evidence_subject of = some_subject, got;
    Pb__Evidence msg;
    Pb__Cipher cipher;
    struct err err;

    for (unsigned i = 0; i < 4; i++) {
        const bool unseal = i & 1;
        of.open = i & 2;
        wire_put_evidence(&of, &sent, unseal, &msg, &cipher);
        struct bytes frame = packed(&msg.base);
        Pb__Evidence *unpacked = pb__evidence__unpack(NULL, frame.len, frame.data);
        assert_true(wire_get_evidence(unpacked, unseal, &got, &back, &err));
        assert_int_equal(got.proof, of.proof);
        assert_int_equal(got.key, of.key);
        assert_int_equal(got.evidence_key, of.evidence_key);
        assert_string_equal(got.migration, of.migration);
        assert_int_equal(got.number, of.number);
        assert_int_equal(got.open, of.open);
        assert_int_equal(back.challenge[0], unseal || !of.open ? 1 : 0);
        assert_int_equal(back.ciphertext[1], unseal ? 6 : 0);
        pb__evidence__free_unpacked(unpacked, NULL);
        bytes_free(&frame);
    }
}

static void evidence_is_checked(void **state)
{
    (void)state;
    struct evidence_cipher parts = {0}, out;
    char short_id[] = "0011", upper[] = "00112233445566778899AABBCCDDEEFF";
    Pb__Evidence good, m;
    Pb__Cipher cipher, c;
    struct err err;

    wire_put_evidence(&some_subject, &parts, true, &good, &cipher);
    m = good, m.proof = HSM_PROOFS, evidence_refused(&m, true, "proof");
    m = good, m.key = 0, evidence_refused(&m, true, "handle");
    m = good, m.evidence_key = 0, evidence_refused(&m, true, "evidence key's handle");
    m = good, m.migration = short_id, evidence_refused(&m, true, "migration id");
    m = good, m.migration = upper, evidence_refused(&m, true, "migration id");
    m = good, m.cipher = NULL, evidence_refused(&m, true, "evidence");
    m.cipher = NULL, evidence_refused(&m, false, "evidence");
    m = good, m.cipher = &c;
    c = cipher, c.challenge.len--, evidence_refused(&m, true, "challenge");
    c = cipher, c.iv.len = 0, evidence_refused(&m, true, "IV");
    c = cipher, c.iv.len--, evidence_refused(&m, true, "IV");
    c = cipher, c.ciphertext.len--, evidence_refused(&m, true, "ciphertext"); /* a short tag */
    c = cipher, c.ciphertext.len -= EVIDENCE_TAG, evidence_refused(&m, true, "ciphertext");
    c = cipher, evidence_refused(&m, false, "IV"); /* the relay chooses no IV */
    c.iv.len = 0, evidence_refused(&m, false, "ciphertext");
    c.ciphertext.len = 0, m.open = true, evidence_refused(&m, false, "challenge");
    c = cipher, c.iv.len--;
    check_refusal(wire_get_cipher(&c, &out, &err), &err, "IV");
    check_refusal(wire_get_cipher(NULL, &out, &err), &err, "evidence");
    assert_true(wire_get_cipher(&cipher, &out, &err)); /* control */
}

static void pair_is_checked(void **state)
{
    (void)state;
    static uint8_t der[HSM_BLOB_MAX + 1] = {0x30};
    Pb__Pair good = PB__PAIR__INIT, m;
    struct hsm_pair out;
    struct err err = {0};

    good.private_handle = 7;
    good.spki = (ProtobufCBinaryData){.len = HSM_BLOB_MAX, .data = der};
    assert_true(wire_get_pair(&good, &out, &err));
    assert_int_equal(out.private_handle, 7);
    assert_int_equal(out.public_handle, 0);
    assert_int_equal(out.spki.len, HSM_BLOB_MAX);
    bytes_free(&out.spki);

    m = good, m.private_handle = 0;
    check_refusal(wire_get_pair(&m, &out, &err), &err, "private key's handle");
    m = good, m.spki.len = 0;
    check_refusal(wire_get_pair(&m, &out, &err), &err, "public key");
    m = good, m.spki.len = HSM_BLOB_MAX + 1;
    check_refusal(wire_get_pair(&m, &out, &err), &err, "public key");
}

/* --- requests --- */

static void sample_is_checked(void **state)
{
    (void)state;
    const struct key_sample sample = {KEY_KIND_EC, 13, 2048, "P-256"};
    char long_name[KEY_CURVE_MAX + 1];
    struct key_sample out;
    Pb__MakeKey good, m;
    struct err err = {0};

    wire_put_sample(&sample, &good);
    assert_true(wire_get_sample(&good, &out, &err));
    assert_int_equal(out.kind, KEY_KIND_EC);
    assert_int_equal(out.length, 13);
    assert_int_equal(out.bits, 2048);
    assert_string_equal(out.curve, "P-256");
    m = good, m.kind = KEY_KINDS;
    check_refusal(wire_get_sample(&m, &out, &err), &err, "kind");
    m = good, m.curve = unsafe;
    check_refusal(wire_get_sample(&m, &out, &err), &err, "curve");
    memset(long_name, 'a', KEY_CURVE_MAX);
    long_name[KEY_CURVE_MAX] = '\0';
    m = good, m.curve = long_name;
    check_refusal(wire_get_sample(&m, &out, &err), &err, "curve");
}

static void where_is_checked(void **state)
{
    (void)state;
    const struct hsm_where where = {
        "nss", "sql:/a path/\xc3\xa4", "configdir='x'", "/a/dialect.yaml", "0123", true, NULL,
        NULL};
    struct hsm_where back;
    struct err err = {0};
    Pb__Where good, m;

    wire_put_where(&where, &good);
    struct bytes frame = packed(&good.base);
    Pb__Where *got = pb__where__unpack(NULL, frame.len, frame.data);
    assert_true(wire_get_where(got, &back, &err));
    assert_string_equal(back.api, where.api);
    assert_string_equal(back.module, where.module);
    assert_string_equal(back.params, where.params);
    assert_string_equal(back.dialect, where.dialect);
    assert_string_equal(back.module_sha256, where.module_sha256);
    assert_true(back.environment_trusted);
    assert_null(back.variables);
    pb__where__free_unpacked(got, NULL);
    bytes_free(&frame);

    m = good, m.api = long_text;
    check_refusal(wire_get_where(&m, &back, &err), &err, "api");
    m = good, m.module = long_text;
    check_refusal(wire_get_where(&m, &back, &err), &err, "module");
    m = good, m.params = long_text;
    check_refusal(wire_get_where(&m, &back, &err), &err, "params");
    m = good, m.dialect = long_text;
    check_refusal(wire_get_where(&m, &back, &err), &err, "dialect");
}

static void template_refused(const Pb__Template *msg, const char *field)
{
    struct hsm_template out;
    struct key_constraints constraints;
    struct bytes spki;
    struct err err = {0};
    check_refusal(wire_get_template(msg, &out, &spki, &constraints, &err), &err, field);
}

static void template_is_checked(void **state)
{
    (void)state;
    static uint8_t der[] = {0x30, 0x03, 0x02, 0x01, 0x00};
    struct bytes public = {der, sizeof der}, spki;
    struct key_desc key = good_key();
    const struct hsm_template t = {
        .class = KEY_CLASS_SECRET,
        .kind = KEY_KIND_GENERIC,
        .length = 13,
        .flags = KEY_SENSITIVE | KEY_SIGN,
        .label = (const uint8_t *)"l\0l",
        .label_len = 3,
        .id = (const uint8_t *)"\1",
        .id_len = 1,
        .spki = &public,
        .constraints = &key.constraints,
    };
    struct hsm_template back;
    struct key_constraints constraints;
    struct err err = {0};
    Pb__Template good, m;
    struct wire_constraints of;

    wire_put_template(&t, &good, &of);
    struct bytes frame = packed(&good.base);
    Pb__Template *got = pb__template__unpack(NULL, frame.len, frame.data);
    assert_true(wire_get_template(got, &back, &spki, &constraints, &err));
    assert_int_equal(back.class, t.class);
    assert_int_equal(back.kind, t.kind);
    assert_int_equal(back.length, t.length);
    assert_int_equal(back.flags, t.flags);
    assert_int_equal(back.label_len, 3);
    assert_memory_equal(back.label, t.label, 3);
    assert_int_equal(back.id_len, 1);
    assert_memory_equal(back.id, t.id, 1);
    assert_true(bytes_equal(back.spki, &public));
    assert_memory_equal(back.constraints, &key.constraints, sizeof key.constraints);
    pb__template__free_unpacked(got, NULL);
    bytes_free(&frame);

    m = good, m.spki.len = 0;
    assert_true(wire_get_template(&m, &back, &spki, &constraints, &err));
    assert_null(back.spki);
    m = good, m.terms = NULL;
    assert_true(wire_get_template(&m, &back, &spki, &constraints, &err));
    assert_null(back.constraints);

    template_refused(NULL, "template");
    m = good, m.class_ = KEY_CLASSES, template_refused(&m, "class");
    m = good, m.kind = KEY_KINDS, template_refused(&m, "kind");
    m = good, m.flags = 1u << KEY_FLAGS, template_refused(&m, "flags");
    m = good, m.label.len = KEY_LABEL_MAX + 1, template_refused(&m, "label");
    m = good, m.id.len = KEY_ID_MAX + 1, template_refused(&m, "id");
    m = good, m.spki.len = HSM_BLOB_MAX + 1, template_refused(&m, "public key");
}

static void single_fields_are_checked(void **state)
{
    (void)state;
    static uint8_t data[300];
    ProtobufCBinaryData msg = {.len = 5, .data = data};
    struct bytes out = {0};
    struct secret pin = {0};
    struct err err = {0};
    enum hsm_alg alg;
    enum hsm_proof proof;

    assert_true(wire_get_bytes(&msg, 5, 5, "blob", &out, &err));
    assert_int_equal(out.len, 5);
    check_refusal(wire_get_bytes(&msg, 6, 9, "blob", &out, &err), &err, "blob");
    check_refusal(wire_get_bytes(&msg, 0, 4, "blob", &out, &err), &err, "blob");
    bytes_free(&out);

    assert_true(wire_get_handle(1, "handle", &err));
    check_refusal(wire_get_handle(0, "handle", &err), &err, "handle");
    assert_true(wire_get_alg(HSM_ALGS - 1, &alg, &err));
    check_refusal(wire_get_alg(HSM_ALGS, &alg, &err), &err, "algorithm");
    assert_true(wire_get_proof(HSM_PROOFS - 1, &proof, &err));
    check_refusal(wire_get_proof(HSM_PROOFS, &proof, &err), &err, "proof");
    assert_true(wire_get_label("hsmferry:1", &err));
    check_refusal(wire_get_label(unsafe, &err), &err, "label");
    check_refusal(wire_get_label(long_text, &err), &err, "label");

    memcpy(data, "1234", 4);
    msg.len = 4;
    assert_true(wire_get_pin(&msg, &pin, &err));
    assert_int_equal(pin.len, 4);
    assert_memory_equal(pin.data, "1234", 4);
    secret_free(&pin);
    msg.len = SECRET_PIN_MAX + 1;
    check_refusal(wire_get_pin(&msg, &pin, &err), &err, "PIN");
    msg.len = 0;
    assert_true(wire_get_pin(&msg, &pin, &err));
    assert_null(pin.data);
}

/* --- failures --- */

static void failure_comes_back(void **state)
{
    (void)state;
    struct err sent, back, err = {0};
    Pb__Error msg;

    err_set_hsm(&sent, ERR_DENIED, 0x6a, "CKR_KEY_UNEXTRACTABLE", "\"k\" may not leave");
    err_now(&sent, "nothing has changed");
    err_next(&sent, "ask its owner");
    wire_put_err(&sent, &msg);
    struct bytes frame = packed(&msg.base);
    Pb__Error *got = pb__error__unpack(NULL, frame.len, frame.data);
    assert_true(wire_get_err(got, &back, &err));
    assert_int_equal(back.code, ERR_DENIED);
    assert_int_equal(back.hsm_code, 0x6a);
    assert_string_equal(back.hsm_name, sent.hsm_name);
    assert_string_equal(back.what, sent.what);
    assert_string_equal(back.now, sent.now);
    assert_string_equal(back.next, sent.next);
    pb__error__free_unpacked(got, NULL);
    bytes_free(&frame);
}

/* A hostile agent's sentence reaches the officer, but not as it was meant. */
static void hostile_failure_is_made_safe(void **state)
{
    (void)state;
    Pb__Error msg = PB__ERROR__INIT;
    struct err back, err = {0};

    msg.code = ERR_HSM;
    msg.hsm_name = unsafe;
    msg.what = unsafe;
    msg.now = long_text;
    msg.next = unsafe;
    assert_true(wire_get_err(&msg, &back, &err));
    assert_string_equal(back.what, "a\\x1b[2Jb");
    assert_string_equal(back.hsm_name, "a\\x1b[2Jb");
    assert_string_equal(back.next, "a\\x1b[2Jb");
    assert_true(strlen(back.now) < sizeof back.now);

    msg.what = (char *)protobuf_c_empty_string; /* an officer is never shown nothing */
    assert_true(wire_get_err(&msg, &back, &err));
    assert_true(back.what[0] != '\0');

    msg.code = ERR_NONE;
    check_refusal(wire_get_err(&msg, &back, &err), &err, "failure");
    msg.code = ERR_CODES;
    check_refusal(wire_get_err(&msg, &back, &err), &err, "failure");
}

/* --- the whole frame --- */

static void too_long_a_message_is_not_packed(void **state)
{
    (void)state;
    static uint8_t big[FRAME_MAX];
    Pb__Reply reply = PB__REPLY__INIT;
    struct bytes frame = {0};
    struct err err = {0};

    reply.result_case = PB__REPLY__RESULT_BLOB;
    reply.blob = (ProtobufCBinaryData){.len = sizeof big, .data = big};
    check_refusal(wire_pack(&reply.base, &frame, &err), &err, "too long");
    assert_null(frame.data);
}

static void calls_have_names(void **state)
{
    (void)state;
    assert_string_equal(wire_call_name(PB__REQUEST__CALL_UNWRAP), "unwrap");
    assert_string_equal(wire_call_name((Pb__Request__CallCase)99), "unknown call");
}

static void read_reply(const Pb__Reply *reply)
{
    struct err reported, err;
    struct key_desc key;
    struct hsm_slot slot;

    if (reply->result_case == PB__REPLY__RESULT_ERROR)
        wire_get_err(reply->error, &reported, &err);
    else if (reply->result_case == PB__REPLY__RESULT_KEY)
        wire_get_key(reply->key, &key, &err);
    else if (reply->result_case == PB__REPLY__RESULT_SLOTS)
        for (size_t i = 0; i < reply->slots->n_slots; i++)
            wire_get_slot(reply->slots->slots[i], &slot, &err);
}

/* Whatever bytes arrive, they are read or refused; the sanitizers watch. */
static void altered_bytes_do_no_harm(void **state)
{
    (void)state;
    struct key_desc key = good_key();
    Pb__Reply reply = PB__REPLY__INIT;
    struct wire_constraints constraints;
    Pb__Key msg;
    unsigned understood = 0, refused = 0;

    wire_put_key(&key, &msg, &constraints);
    reply.id = 1;
    reply.result_case = PB__REPLY__RESULT_KEY;
    reply.key = &msg;
    struct bytes frame = packed(&reply.base);
    for (size_t i = 0; i < frame.len; i++)
        for (unsigned value = 0; value < 256; value++) {
            uint8_t kept = frame.data[i];
            frame.data[i] = (uint8_t)value;
            Pb__Reply *got = pb__reply__unpack(NULL, frame.len, frame.data);
            frame.data[i] = kept;
            if (!got) {
                refused++;
                continue;
            }
            understood++;
            read_reply(got);
            pb__reply__free_unpacked(got, NULL);
        }
    assert_true(understood > 0 && refused > 0);
    bytes_free(&frame);
}

static void test_wanted(void **state)
{
    (void)state;
    const struct hsm_wanted wanted = {HSM_TAKES, 3, 5, 1U << HSM_PROOF_KCV_CMAC, KEY_ALLOWED, true};
    struct hsm_wanted back;
    struct err err = {0};
    Pb__Wanted m;

    wire_put_wanted(&wanted, &m);
    assert_true(wire_get_wanted(&m, &back, &err));
    assert_true(hsm_wanted_has(&wanted, &back) && hsm_wanted_has(&back, &wanted));
    assert_false(hsm_wanted_has(&wanted, &hsm_wanted_all));
    assert_true(hsm_wanted_has(&hsm_wanted_all, &wanted));
    m.role = HSM_ROLES;
    assert_false(wire_get_wanted(&m, &back, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wanted),
        cmocka_unit_test(key_comes_back),
        cmocka_unit_test(bad_key_is_refused),
        cmocka_unit_test(slot_is_checked),
        cmocka_unit_test(info_is_checked),
        cmocka_unit_test(capabilities_are_checked),
        cmocka_unit_test(evidence_comes_back),
        cmocka_unit_test(evidence_is_checked),
        cmocka_unit_test(pair_is_checked),
        cmocka_unit_test(sample_is_checked),
        cmocka_unit_test(where_is_checked),
        cmocka_unit_test(template_is_checked),
        cmocka_unit_test(single_fields_are_checked),
        cmocka_unit_test(failure_comes_back),
        cmocka_unit_test(hostile_failure_is_made_safe),
        cmocka_unit_test(too_long_a_message_is_not_packed),
        cmocka_unit_test(calls_have_names),
        cmocka_unit_test(altered_bytes_do_no_harm),
    };
    memset(long_text, 'x', sizeof long_text - 1);
    return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
