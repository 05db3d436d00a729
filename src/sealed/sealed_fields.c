/* SPDX-License-Identifier: Apache-2.0 */
/* A new member of a sealed file is one row here. tests/unit/test_sealed.c changes each of them. */
#include "sealed/sealed_fields.h"

#include <string.h>

#include "protocol/name.h"

/* --- names --- */

static const char *alg_word(unsigned alg)
{
    return alg == SEALED_ALG_NONE ? "none" : hsm_alg_name(alg);
}

static const char *proof_word(unsigned proof)
{
    return proof == HSM_PROOFS ? "none" : hsm_proof_name(proof);
}

static const char *flag_word(unsigned bit)
{
    return key_flag_name(UINT32_C(1) << bit);
}

static const char *template_word(unsigned bit)
{
    return key_template_name(bit);
}

static const char *constraint_word(unsigned bit)
{
    static const char *const names[] = {"dates", "allowed", "subject", "dates-hidden", "template"};

    return name_of(names, sizeof names / sizeof *names, bit);
}
enum { CONSTRAINT_BITS = 5 };

static const char *truth_word(unsigned truth)
{
    static const char *const names[] = {"unknown", "no", "yes"};

    return name_of(names, sizeof names / sizeof *names, truth);
}
enum { TRUTHS = 3 };

enum { OPS = HSM_MAKE_EVIDENCE_KEY + 1 }; /* of a transport in files */

static const char *op_word(unsigned op)
{
    static const char *const names[OPS] = {
        [HSM_MAKE_PAIR] = "make-pair",
        [HSM_LOAD_PUBLIC] = "load-public",
        [HSM_MAKE_KEK] = "make-kek",
        [HSM_COMMIT] = "commit",
        [HSM_READ_PUBLIC] = "read-public",
        [HSM_MAKE_PUBLIC] = "make-public",
        [HSM_MAKE_EVIDENCE_KEY] = "make-evidence-key",
    };
    return name_of(names, OPS, op);
}

static const char *format_word(unsigned format)
{
    return sealed_format_name(format);
}

static const char *yes_word(unsigned yes)
{
    return yes ? "rehearsal" : "production";
}

/* --- rows --- */

/* offsetof() of a member and its size. */
#define AT(type, member) offsetof(struct type, member), sizeof((struct type *)0)->member
#define FIELD(name, kind, type, member)                                                            \
    {                                                                                              \
        name, kind, AT(type, member), 0, NULL, 0, 0, false, NULL                                   \
    }
#define TEXT(name, type, member)   FIELD(name, SEALED_TEXT, type, member)
#define YES(name, type, member)    FIELD(name, SEALED_YES, type, member)
#define NUMBER(name, type, member) FIELD(name, SEALED_NUMBER, type, member)
#define HEX(name, type, member)    FIELD(name, SEALED_HEX, type, member)
#define TIME(name, type, member)   FIELD(name, SEALED_TIME, type, member)
#define WORD(name, type, member, word, words)                                                      \
    {                                                                                              \
        name, SEALED_WORD, AT(type, member), words, word, 0, 0, false, NULL                        \
    }
#define BITS(name, type, member, word, bits)                                                       \
    {                                                                                              \
        name, SEALED_BITS, AT(type, member), bits, word, 0, 0, false, NULL                         \
    }
#define FLAGS(name, type, member) BITS(name, type, member, flag_word, KEY_FLAGS)
#define BYTES(name, type, member, most)                                                            \
    {                                                                                              \
        name, SEALED_BYTES, AT(type, member), most, NULL, 0, 0, false, NULL                        \
    }
#define COUNTED(name, kind, type, member, most, number, before)                                    \
    {                                                                                              \
        name, kind, AT(type, member), most, NULL, AT(type, number), before, NULL                   \
    }
#define MAP(name, type, member, fields)                                                            \
    {                                                                                              \
        name, SEALED_MAP, AT(type, member), 0, NULL, 0, 0, false, &fields                          \
    }
#define LIST(name, type, member, most, number, fields)                                             \
    {                                                                                              \
        name, SEALED_LIST, offsetof(struct type, member), sizeof((struct type *)0)->member[0],     \
            most, NULL, AT(type, number), false, &fields                                           \
    }
#define ROWS(name, type, member, word, rows, fields)                                               \
    {                                                                                              \
        name, SEALED_ROWS, offsetof(struct type, member), sizeof((struct type *)0)->member[0],     \
            rows, word, 0, 0, false, &fields                                                       \
    }
#define TABLE(fields)                                                                              \
    {                                                                                              \
        fields, sizeof(fields) / sizeof *(fields)                                                  \
    }

/* --- the head --- */

static const struct sealed_field device_fields[] = {
    TEXT("manufacturer", sealed_device, manufacturer),
    TEXT("model", sealed_device, model),
    TEXT("serial", sealed_device, serial),
    TEXT("label", sealed_device, label),
};
static const struct sealed_table device = TABLE(device_fields);

static const struct sealed_field head_fields[] = {
    WORD("format", sealed_head, format, format_word, SEALED_FORMATS),
    WORD("stage", sealed_head, stage, sealed_stage_name, SEALED_STAGES),
    WORD("order", sealed_head, order, sealed_order_name, SEALED_ORDERS),
    TEXT("migration", sealed_head, migration),
    HEX("ceremony-sha256", sealed_head, ceremony),
    HEX("offer-sha256", sealed_head, offer),
    HEX("answers-sha256", sealed_head, answers),
    WORD("kind", sealed_head, rehearsal, yes_word, 2),
    MAP("source", sealed_head, device[SIDE_SOURCE], device),
    MAP("destination", sealed_head, device[SIDE_DESTINATION], device),
    NUMBER("keys-count", sealed_head, keys),
    TIME("written", sealed_head, written_ms),
    TIME("expires", sealed_head, expires_ms),
};
const struct sealed_table sealed_head_table = TABLE(head_fields);

/* --- the offer --- */

static const struct sealed_field template_fields[] = {
    FLAGS("named", key_template, named),
    FLAGS("set", key_template, flags),
    WORD("class", key_template, class, key_class_name, KEY_CLASSES),
    WORD("type", key_template, kind, key_kind_name, KEY_KINDS),
    NUMBER("others", key_template, others),
};
static const struct sealed_table template = TABLE(template_fields);

static const struct sealed_field parameter_fields[] = {
    TEXT("name", sealed_parameter, name),
    TEXT("value", sealed_parameter, value),
};
static const struct sealed_table parameter = TABLE(parameter_fields);

static const struct sealed_field transport_fields[] = {
    TEXT("name", sealed_transport, name),
    BYTES("public-key", sealed_transport, spki, SEALED_SPKI_MAX),
    LIST("parameters", sealed_transport, parameters, SEALED_PARAMETERS_MAX, parameter_count,
         parameter),
};
static const struct sealed_table transport = TABLE(transport_fields);

static const struct sealed_field pair_fields[] = {
    TEXT("label", sealed_offer, pair.label),
    FLAGS("flags", sealed_offer, pair.flags),
    FLAGS("flags-known", sealed_offer, pair.flags_known),
    COUNTED("allowed", SEALED_NUMBERS, sealed_offer, pair.allowed, KEY_ALLOWED_MAX,
            pair.allowed_count, false),
    MAP("unwrap-template", sealed_offer, pair.unwrap, template),
};
static const struct sealed_table pair = TABLE(pair_fields);

static const struct sealed_field about_fields[] = {
    TEXT("api", sealed_about, api),
    TEXT("library", sealed_about, library),
    TEXT("manufacturer", sealed_about, manufacturer),
    TEXT("version", sealed_about, version),
    TEXT("api-version", sealed_about, api_version),
    TEXT("dialect", sealed_about, dialect),
    TEXT("hardware", sealed_about, hardware),
    TEXT("firmware", sealed_about, firmware),
    TEXT("agent-version", sealed_about, agent_version),
};
static const struct sealed_table about = TABLE(about_fields);

static const struct sealed_field algorithm_fields[] = {
    YES("wrap", hsm_capability, wrap),
    YES("unwrap", hsm_capability, unwrap),
    NUMBER("mechanism", hsm_capability, mechanism),
    TEXT("wrap-call", hsm_capability, wrap_call),
    TEXT("unwrap-call", hsm_capability, unwrap_call),
    TEXT("reason", hsm_capability, reason),
};
static const struct sealed_table algorithm = TABLE(algorithm_fields);

static const struct sealed_field call_fields[] = {
    {"call", SEALED_TEXT, 0, HSM_CALL_MAX, 0, NULL, 0, 0, false, NULL},
};
static const struct sealed_table call = TABLE(call_fields);

static const struct sealed_field limits_fields[] = {
    NUMBER("secret-max", hsm_limits, secret_max),
    NUMBER("digest-max", hsm_limits, digest_max),
    NUMBER("rsa-min", hsm_limits, rsa_min),
    NUMBER("rsa-max", hsm_limits, rsa_max),
    TEXT("curves", hsm_limits, curves),
    BITS("kinds", hsm_limits, kinds, key_kind_name, KEY_KINDS),
};
static const struct sealed_table limits = TABLE(limits_fields);

static const struct sealed_field capabilities_fields[] = {
    ROWS("algorithms", hsm_capabilities, alg, hsm_alg_name, HSM_AES_CBC_PAD + 1, algorithm),
    MAP("evidence", hsm_capabilities, evidence, algorithm),
    BITS("proofs", hsm_capabilities, proofs, hsm_proof_name, HSM_PROOFS),
    WORD("exact-length", hsm_capabilities, exact_length, truth_word, TRUTHS),
    WORD("takes-length", hsm_capabilities, takes_length, truth_word, TRUTHS),
    ROWS("operations", hsm_capabilities, op_calls, op_word, OPS, call),
    ROWS("proof-calls", hsm_capabilities, proof_calls, hsm_proof_name, HSM_PROOFS, call),
    YES("can-copy", hsm_capabilities, can_copy),
    YES("one-per-id", hsm_capabilities, one_per_id),
    BITS("lost-templates", hsm_capabilities, lost_templates, template_word, KEY_TEMPLATES),
    BITS("lost-constraints", hsm_capabilities, lost_constraints, constraint_word, CONSTRAINT_BITS),
    FLAGS("lost-flags", hsm_capabilities, lost_flags),
    FLAGS("unreadable", hsm_capabilities, unreadable),
    BITS("mute-templates", hsm_capabilities, mute_templates, template_word, KEY_TEMPLATES),
    MAP("limits", hsm_capabilities, limits, limits),
};
static const struct sealed_table capabilities = TABLE(capabilities_fields);

static const struct sealed_field offer_fields[] = {
    LIST("transports", sealed_offer, transports, SEALED_TRANSPORTS_MAX, transport_count, transport),
    {"pair", SEALED_MAP, 0, sizeof(struct sealed_offer), 0, NULL, 0, 0, false, &pair},
    MAP("arriving", sealed_offer, arriving, template),
    MAP("about", sealed_offer, about, about),
    MAP("capabilities", sealed_offer, can, capabilities),
    TEXT("remark", sealed_offer, remark),
};

/* --- the bundle --- */

static const struct sealed_field wrapped_fields[] = {
    WORD("algorithm", sealed_wrapped, alg, alg_word, SEALED_ALG_NONE + 1),
    BYTES("wrapped", sealed_wrapped, wrapped, SEALED_WRAPPED_MAX),
};
static const struct sealed_table wrapped = TABLE(wrapped_fields);

static const struct sealed_field bundle_fields[] = {
    TEXT("transport", sealed_bundle, transport),
    HEX("transport-sha256", sealed_bundle, transport_sha256),
    MAP("kek", sealed_bundle, kek, wrapped),
    MAP("evidence-key", sealed_bundle, evidence, wrapped),
};

static const struct sealed_field evidence_fields[] = {
    WORD("proof", sealed_evidence, proof, proof_word, HSM_PROOFS + 1),
    BYTES("challenge", sealed_evidence, challenge, SEALED_ANSWER_MAX),
    BYTES("answer", sealed_evidence, answer.clear, SEALED_ANSWER_MAX),
    BYTES("iv", sealed_evidence, answer.iv, SEALED_IV_SIZE),
    BYTES("ciphertext", sealed_evidence, answer.ciphertext, SEALED_ANSWER_MAX),
};
static const struct sealed_table evidence = TABLE(evidence_fields);

static const struct sealed_field constraints_fields[] = {
    BITS("known", key_constraints, known, constraint_word, CONSTRAINT_BITS),
    TEXT("start", key_constraints, start),
    TEXT("end", key_constraints, end),
    NUMBER("allowed-count", key_constraints, allowed_count),
    COUNTED("allowed", SEALED_NUMBERS, key_constraints, allowed, KEY_ALLOWED_MAX, allowed_count,
            true),
    NUMBER("subject-length", key_constraints, subject_len),
    COUNTED("subject", SEALED_OCTETS, key_constraints, subject, KEY_SUBJECT_MAX, subject_len, true),
    MAP("wraps", key_constraints, templates[KEY_TEMPLATE_WRAP], template),
    MAP("unwraps", key_constraints, templates[KEY_TEMPLATE_UNWRAP], template),
    MAP("derives", key_constraints, templates[KEY_TEMPLATE_DERIVE], template),
};
static const struct sealed_table constraints = TABLE(constraints_fields);

static const struct sealed_field key_fields[] = {
    NUMBER("number", sealed_key, number),
    WORD("role", sealed_key, role, sealed_role_name, SEALED_ROLES),
    NUMBER("companion-of", sealed_key, companion_of),
    COUNTED("label", SEALED_LABEL, sealed_key, desc.label, KEY_LABEL_MAX, desc.label_len, false),
    COUNTED("id", SEALED_OCTETS, sealed_key, desc.id, KEY_ID_MAX, desc.id_len, false),
    WORD("class", sealed_key, desc.class, key_class_name, KEY_CLASSES),
    WORD("type", sealed_key, desc.kind, key_kind_name, KEY_KINDS),
    TEXT("type-name", sealed_key, desc.type_name),
    NUMBER("bits", sealed_key, desc.bits),
    NUMBER("length", sealed_key, desc.length),
    TEXT("curve", sealed_key, desc.curve),
    FLAGS("flags", sealed_key, desc.flags),
    FLAGS("flags-known", sealed_key, desc.flags_known),
    YES("has-public", sealed_key, desc.has_public),
    HEX("public-sha256", sealed_key, desc.spki_sha256),
    TEXT("unread", sealed_key, desc.unread),
    MAP("constraints", sealed_key, desc.constraints, constraints),
    FLAGS("want-flags", sealed_key, want_flags),
    WORD("route", sealed_key, route, key_route_name, ROUTE_PUBLIC + 1),
    WORD("algorithm", sealed_key, alg, alg_word, SEALED_ALG_NONE + 1),
    BYTES("public-half", sealed_key, public_half, SEALED_PUBLIC_MAX),
    BYTES("wrapped", sealed_key, wrapped, SEALED_WRAPPED_MAX),
    LIST("proofs", sealed_key, proofs, SEALED_PROOFS_MAX, proof_count, evidence),
    MAP("open", sealed_key, open, evidence),
};
const struct sealed_table sealed_key_table = TABLE(key_fields);

/* --- the acknowledgement --- */

static const struct sealed_field trial_fields[] = {
    WORD("type", trial, sample.kind, key_kind_name, KEY_KINDS),
    NUMBER("length", trial, sample.length),
    NUMBER("bits", trial, sample.bits),
    TEXT("curve", trial, sample.curve),
    WORD("algorithm", trial, alg, hsm_alg_name, SEALED_ALG_NONE),
    WORD("state", trial, state, canary_state_name, CANARY_STATES),
    TEXT("reason", trial, reason),
};
static const struct sealed_table trial = TABLE(trial_fields);

static const struct sealed_field ack_fields[] = {
    LIST("trials", sealed_ack, trials, TRIALS_MAX, trial_count, trial),
};

/* --- the receipt --- */

static const struct sealed_field receipt_fields[] = {
    WORD("pair", sealed_receipt, pair, sealed_pair_name, SEALED_PAIR_STATES),
    TEXT("reason", sealed_receipt, reason),
};

static const struct sealed_field result_fields[] = {
    NUMBER("number", sealed_result, number),
    WORD("outcome", sealed_result, outcome, key_outcome_name, KEY_UNPROVEN + 1),
    MAP("open", sealed_result, open, evidence),
    WORD("proof", sealed_result, proof, proof_word, HSM_PROOFS + 1),
    TEXT("text", sealed_result, text),
};
const struct sealed_table sealed_result_table = TABLE(result_fields);

/* --- files --- */

const struct sealed_table sealed_tables[SEALED_FORMATS] = {
    [SEALED_OFFER] = TABLE(offer_fields),
    [SEALED_BUNDLE] = TABLE(bundle_fields),
    [SEALED_ACK] = TABLE(ack_fields),
    [SEALED_RECEIPT] = TABLE(receipt_fields),
};

static const struct sealed_field manifest_fields[] = {
    NUMBER("octets", sealed_manifest, octets),
    HEX("sha256", sealed_manifest, sha256),
};
const struct sealed_table sealed_manifest_table = TABLE(manifest_fields);

const char *sealed_list_name(enum sealed_format format)
{
    static const char *const names[SEALED_FORMATS] = {
        [SEALED_BUNDLE] = "keys",
        [SEALED_RECEIPT] = "results",
    };
    return names[format];
}

const struct sealed_table *sealed_list_table(enum sealed_format format)
{
    static const struct sealed_table *const tables[SEALED_FORMATS] = {
        [SEALED_BUNDLE] = &sealed_key_table,
        [SEALED_RECEIPT] = &sealed_result_table,
    };
    return tables[format];
}

uint64_t sealed_get(const void *member, size_t size)
{
    uint64_t wide;
    uint32_t word;
    uint16_t half;
    uint8_t octet;

    switch (size) {
    case sizeof wide:
        return memcpy(&wide, member, size), wide;
    case sizeof word:
        return memcpy(&word, member, size), word;
    case sizeof half:
        return memcpy(&half, member, size), half;
    default:
        return memcpy(&octet, member, sizeof octet), octet;
    }
}

bool sealed_set(void *member, size_t size, uint64_t number)
{
    uint32_t word = (uint32_t)number;
    uint16_t half = (uint16_t)number;
    uint8_t octet = (uint8_t)number;

    switch (size) {
    case sizeof number:
        memcpy(member, &number, size);
        return true;
    case sizeof word:
        memcpy(member, &word, size);
        return word == number;
    case sizeof half:
        memcpy(member, &half, size);
        return half == number;
    default:
        memcpy(member, &octet, sizeof octet);
        return octet == number;
    }
}
