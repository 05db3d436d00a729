/* SPDX-License-Identifier: Apache-2.0 */
#include "config/config_schema.h"

#include "hsm/hsm.h"
#include "hsm/uri.h"
#include "plan/policy.h"
#include "protocol/event.h"
#include "protocol/gate.h"
#include "protocol/officer.h"
#include "protocol/pace.h"
#include "protocol/side.h"

enum { LINE_MAX_LEN = HSM_PATH_MAX - 1, LIST_MAX = 64, KEYS_MAX = 4096 };

/* Fields of a mapping: text; a value that may be missing; a list of texts. */
#define TEXT(key, type, member, max)                                                               \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER, type, member, 1, max)
#define OPTIONAL_TEXT(key, type, member, min, max)                                                 \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, type, member, min, max)
#define TEXTS(key, type, member, max)                                                              \
    CYAML_FIELD_SEQUENCE_COUNT(key, CYAML_FLAG_POINTER_NULL | CYAML_FLAG_OPTIONAL, type,           \
                               member.items, member.count, &text, 0, max)

static const cyaml_schema_value_t text = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 1, URI_WHOLE_MAX - 1)};

static const cyaml_strval_t answers[] = {{"yes", RAW_YES}, {"no", RAW_NO}};
static const cyaml_strval_t sizes[] = {{"2048", 2048}, {"3072", 3072}, {"4096", 4096}};
static const cyaml_strval_t hashes[] = {
    {"sha256", 1 << HSM_RSA_OAEP_SHA256},
    {"sha1", 1 << HSM_RSA_OAEP_SHA1},
};
static const cyaml_strval_t transports[] = {
    {"ecdh-p521", TRANSPORT_ECDH_P521},         {"ml-kem-1024", TRANSPORT_ML_KEM_1024},
    {"ecdh-p384+ml-kem-768", TRANSPORT_HYBRID}, {"ecdh-p384", TRANSPORT_ECDH_P384},
    {"ml-kem-768", TRANSPORT_ML_KEM_768},       {"ecdh-p256", TRANSPORT_ECDH_P256},
    {"rsa-oaep", TRANSPORT_RSA_OAEP},
};
static const cyaml_schema_value_t transport = {
    CYAML_VALUE_ENUM(CYAML_FLAG_STRICT, uint32_t, transports, CYAML_ARRAY_LEN(transports))};
static const cyaml_strval_t kdfs[] = {
    {"required", RAW_KDF_REQUIRED},
    {"optional", RAW_KDF_OPTIONAL},
};
static const cyaml_strval_t quanta[] = {
    {"preferred", QUANTUM_PREFERRED},
    {"required", QUANTUM_REQUIRED},
};
static const cyaml_strval_t canaries[] = {
    {"required", 1 + CANARY_REQUIRED},
    {"when-possible", 1 + CANARY_WHEN_POSSIBLE},
    {"none", 1 + CANARY_NONE},
};
static const cyaml_strval_t confinements[] = {
    {"required", 1 + CONFINEMENT_REQUIRED},
    {"when-possible", 1 + CONFINEMENT_WHEN_POSSIBLE},
};
static const cyaml_strval_t taken[] = {
    {"skip", 1 + TAKEN_SKIP},
    {"stop", 1 + TAKEN_STOP},
    {"rename", 1 + TAKEN_RENAME},
};
static const cyaml_strval_t gates[] = {
    {"devices", 1 << GATE_DEVICES},
    {"review", 1 << GATE_REVIEW},
    {"fingerprint", 1 << GATE_FINGERPRINT},
    {"key", 1 << GATE_KEY},
};

static const cyaml_strval_t paces[] = {{"step", PACE_STEP}, {"key", PACE_KEY}, {"run", PACE_RUN}};

static const cyaml_schema_field_t officer_fields[] = {
    TEXT("name", struct raw_officer, name, 100),
    OPTIONAL_TEXT("role", struct raw_officer, role, 1, 60),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t officer = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_officer, officer_fields)};

static const cyaml_strval_t entries[] = {{"here", RAW_HERE}, {"ask-password", RAW_ASK_PASSWORD}};

static const cyaml_schema_field_t side_fields[] = {
    TEXT("api", struct raw_side, api, 15),
    TEXT("module", struct raw_side, module, LINE_MAX_LEN),
    OPTIONAL_TEXT("parameters", struct raw_side, parameters, 0, LINE_MAX_LEN),
    OPTIONAL_TEXT("dialect", struct raw_side, dialect, 1, LINE_MAX_LEN),
    OPTIONAL_TEXT("module-sha256", struct raw_side, module_sha256, 64, 64),
    TEXT("token", struct raw_side, token, URI_WHOLE_MAX - 1),
    TEXTS("environment", struct raw_side, environment, LIST_MAX),
    CYAML_FIELD_UINT_PTR("time-limit", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct raw_side,
                         time_limit),
    TEXTS("agent", struct raw_side, agent, LIST_MAX),
    CYAML_FIELD_ENUM("environment-trusted", CYAML_FLAG_STRICT | CYAML_FLAG_OPTIONAL,
                     struct raw_side, environment_trusted, answers, CYAML_ARRAY_LEN(answers)),
    CYAML_FIELD_ENUM("agent-trusted", CYAML_FLAG_STRICT | CYAML_FLAG_OPTIONAL, struct raw_side,
                     agent_trusted, answers, CYAML_ARRAY_LEN(answers)),
    CYAML_FIELD_ENUM("pin-entry", CYAML_FLAG_STRICT | CYAML_FLAG_OPTIONAL, struct raw_side,
                     pin_entry, entries, CYAML_ARRAY_LEN(entries)),
    CYAML_FIELD_ENUM("destroys", CYAML_FLAG_STRICT | CYAML_FLAG_OPTIONAL, struct raw_side, destroys,
                     answers, CYAML_ARRAY_LEN(answers)),
    CYAML_FIELD_END,
};

static const cyaml_strval_t sides[] = {{"source", 1 + SIDE_SOURCE},
                                       {"destination", 1 + SIDE_DESTINATION}};

static const cyaml_schema_field_t signer_fields[] = {
    CYAML_FIELD_ENUM("side", CYAML_FLAG_STRICT | CYAML_FLAG_OPTIONAL, struct raw_signer, side,
                     sides, CYAML_ARRAY_LEN(sides)),
    CYAML_FIELD_MAPPING("device", CYAML_FLAG_OPTIONAL, struct raw_signer, device, side_fields),
    TEXT("key", struct raw_signer, key, URI_WHOLE_MAX - 1),
    OPTIONAL_TEXT("officer", struct raw_signer, officer, 1, 60),
    CYAML_FIELD_END,
};

static const cyaml_strval_t orders[] = {{"strict", RAW_STRICT}, {"one-bundle", RAW_ONE_BUNDLE}};

static const cyaml_schema_field_t sealer_fields[] = {
    CYAML_FIELD_ENUM("side", CYAML_FLAG_STRICT, struct raw_sealer, side, sides,
                     CYAML_ARRAY_LEN(sides)),
    CYAML_FIELD_STRING_PTR("sha256", CYAML_FLAG_POINTER, struct raw_sealer, sha256, 1, 64),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t sealer = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_sealer, sealer_fields)};

static const cyaml_schema_field_t sealed_fields[] = {
    CYAML_FIELD_ENUM("order", CYAML_FLAG_STRICT | CYAML_FLAG_OPTIONAL, struct raw_sealed, order,
                     orders, CYAML_ARRAY_LEN(orders)),
    CYAML_FIELD_UINT_PTR("expires", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct raw_sealed,
                         expires),
    CYAML_FIELD_SEQUENCE_COUNT("signers", CYAML_FLAG_POINTER_NULL | CYAML_FLAG_OPTIONAL,
                               struct raw_sealed, signers, signer_count, &sealer, 0,
                               RAW_SEALERS_MAX),
    CYAML_FIELD_END,
};

static const cyaml_strval_t uses[] = {
    {"encrypt", KEY_ENCRYPT}, {"decrypt", KEY_DECRYPT}, {"sign", KEY_SIGN},
    {"verify", KEY_VERIFY},   {"wrap", KEY_WRAP},       {"unwrap", KEY_UNWRAP},
    {"derive", KEY_DERIVE},
};

static const cyaml_schema_field_t arriving_fields[] = {
    TEXT("kind", struct raw_arriving, kind, KEY_TYPE_TEXT - 1),
    CYAML_FIELD_FLAGS_PTR("uses", CYAML_FLAG_STRICT | CYAML_FLAG_POINTER, struct raw_arriving, uses,
                          uses, CYAML_ARRAY_LEN(uses)),
    OPTIONAL_TEXT("public-key", struct raw_arriving, public_key, 1, EVENT_PATH_MAX - 1),
    OPTIONAL_TEXT("check-value", struct raw_arriving, check_value, 6, 6),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t derive_fields[] = {
    TEXT("old", struct raw_derive, old, URI_WHOLE_MAX - 1),
    TEXT("as", struct raw_derive, as, URI_WHOLE_MAX - 1),
    CYAML_FIELD_FLAGS_PTR("uses", CYAML_FLAG_STRICT | CYAML_FLAG_POINTER, struct raw_derive, uses,
                          uses, CYAML_ARRAY_LEN(uses)),
    CYAML_FIELD_END,
};

static const cyaml_strval_t unproven[] = {{"refuse", RAW_REFUSE}, {"waiver", RAW_WAIVER}};

static const cyaml_strval_t orders_of_versions[] = {{"number", VERSIONS_BY_NUMBER},
                                                    {"date", VERSIONS_BY_DATE}};
static const cyaml_strval_t takes[] = {{"newest", 1}};

static const cyaml_schema_field_t versions_fields[] = {
    TEXT("pattern", struct raw_versions, pattern, POLICY_RENAME_MAX - 1),
    CYAML_FIELD_ENUM("by", CYAML_FLAG_STRICT | CYAML_FLAG_OPTIONAL, struct raw_versions, by,
                     orders_of_versions, CYAML_ARRAY_LEN(orders_of_versions)),
    CYAML_FIELD_ENUM("take", CYAML_FLAG_STRICT, struct raw_versions, take, takes,
                     CYAML_ARRAY_LEN(takes)),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t policy_fields[] = {
    CYAML_FIELD_ENUM("rsa-bits", CYAML_FLAG_STRICT | CYAML_FLAG_OPTIONAL, struct raw_policy,
                     rsa_bits, sizes, CYAML_ARRAY_LEN(sizes)),
    CYAML_FIELD_FLAGS_PTR("oaep-hashes",
                          CYAML_FLAG_STRICT | CYAML_FLAG_OPTIONAL | CYAML_FLAG_POINTER,
                          struct raw_policy, oaep_hashes, hashes, CYAML_ARRAY_LEN(hashes)),
    CYAML_FIELD_SEQUENCE_COUNT("transports", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                               struct raw_policy, transports, transport_count, &transport, 1,
                               TRANSPORTS),
    CYAML_FIELD_ENUM("kdf", CYAML_FLAG_STRICT | CYAML_FLAG_OPTIONAL, struct raw_policy, kdf, kdfs,
                     CYAML_ARRAY_LEN(kdfs)),
    CYAML_FIELD_ENUM("post-quantum", CYAML_FLAG_STRICT | CYAML_FLAG_OPTIONAL, struct raw_policy,
                     quantum, quanta, CYAML_ARRAY_LEN(quanta)),
    CYAML_FIELD_ENUM("sensitive", CYAML_FLAG_STRICT | CYAML_FLAG_OPTIONAL, struct raw_policy,
                     sensitive, answers, CYAML_ARRAY_LEN(answers)),
    CYAML_FIELD_ENUM("extractable", CYAML_FLAG_STRICT | CYAML_FLAG_OPTIONAL, struct raw_policy,
                     extractable, answers, CYAML_ARRAY_LEN(answers)),
    CYAML_FIELD_ENUM("allow-unauthenticated-envelope", CYAML_FLAG_STRICT | CYAML_FLAG_OPTIONAL,
                     struct raw_policy, unauthenticated, answers, CYAML_ARRAY_LEN(answers)),
    CYAML_FIELD_ENUM("cmac-check-values", CYAML_FLAG_STRICT | CYAML_FLAG_OPTIONAL,
                     struct raw_policy, cmac, answers, CYAML_ARRAY_LEN(answers)),
    CYAML_FIELD_ENUM("unproven", CYAML_FLAG_STRICT | CYAML_FLAG_OPTIONAL, struct raw_policy,
                     unproven, unproven, CYAML_ARRAY_LEN(unproven)),
    CYAML_FIELD_ENUM("canary", CYAML_FLAG_STRICT | CYAML_FLAG_OPTIONAL, struct raw_policy, canary,
                     canaries, CYAML_ARRAY_LEN(canaries)),
    CYAML_FIELD_ENUM("taken-name", CYAML_FLAG_STRICT | CYAML_FLAG_OPTIONAL, struct raw_policy,
                     taken, taken, CYAML_ARRAY_LEN(taken)),
    OPTIONAL_TEXT("renamed-to", struct raw_policy, renamed_to, 1, POLICY_RENAME_MAX - 1),
    CYAML_FIELD_MAPPING_PTR("versions", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct raw_policy,
                            versions, versions_fields),
    CYAML_FIELD_ENUM("writes-before-review", CYAML_FLAG_STRICT | CYAML_FLAG_OPTIONAL,
                     struct raw_policy, writes_before_review, answers, CYAML_ARRAY_LEN(answers)),
    CYAML_FIELD_ENUM("confinement", CYAML_FLAG_STRICT | CYAML_FLAG_OPTIONAL, struct raw_policy,
                     confinement, confinements, CYAML_ARRAY_LEN(confinements)),
    CYAML_FIELD_FLAGS_PTR("gates", CYAML_FLAG_STRICT | CYAML_FLAG_OPTIONAL | CYAML_FLAG_POINTER,
                          struct raw_policy, gates, gates, CYAML_ARRAY_LEN(gates)),
    CYAML_FIELD_FLAGS_PTR("two-officers",
                          CYAML_FLAG_STRICT | CYAML_FLAG_OPTIONAL | CYAML_FLAG_POINTER,
                          struct raw_policy, two_officers, gates, CYAML_ARRAY_LEN(gates)),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t key_fields[] = {
    TEXT("uri", struct raw_key, uri, URI_WHOLE_MAX - 1),
    CYAML_FIELD_UINT_PTR("expect", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct raw_key,
                         expect),
    CYAML_FIELD_END,
};
const cyaml_schema_value_t config_key_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_key, key_fields)};

static const cyaml_schema_field_t config_fields[] = {
    TEXT("title", struct raw_config, title, RAW_TITLE_MAX),
    CYAML_FIELD_ENUM("rehearsal", CYAML_FLAG_STRICT, struct raw_config, rehearsal, answers,
                     CYAML_ARRAY_LEN(answers)),
    CYAML_FIELD_ENUM("pace", CYAML_FLAG_STRICT | CYAML_FLAG_OPTIONAL, struct raw_config, pace,
                     paces, CYAML_ARRAY_LEN(paces)),
    CYAML_FIELD_UINT_PTR("sessions", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct raw_config,
                         sessions),
    CYAML_FIELD_ENUM("syslog", CYAML_FLAG_STRICT | CYAML_FLAG_OPTIONAL, struct raw_config, syslog,
                     answers, CYAML_ARRAY_LEN(answers)),
    CYAML_FIELD_SEQUENCE_COUNT("officers", CYAML_FLAG_POINTER_NULL | CYAML_FLAG_OPTIONAL,
                               struct raw_config, officers, officer_count, &officer, 0,
                               OFFICERS_MAX),
    CYAML_FIELD_MAPPING("source", CYAML_FLAG_OPTIONAL, struct raw_config, source, side_fields),
    CYAML_FIELD_MAPPING("destination", CYAML_FLAG_OPTIONAL, struct raw_config, destination,
                        side_fields),
    CYAML_FIELD_SEQUENCE_COUNT("keys", CYAML_FLAG_POINTER_NULL | CYAML_FLAG_OPTIONAL,
                               struct raw_config, keys, key_count, &config_key_schema, 0, KEYS_MAX),
    CYAML_FIELD_MAPPING("policy", CYAML_FLAG_OPTIONAL, struct raw_config, policy, policy_fields),
    CYAML_FIELD_MAPPING("sign-report", CYAML_FLAG_OPTIONAL, struct raw_config, signer,
                        signer_fields),
    CYAML_FIELD_MAPPING_PTR("sealed", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct raw_config,
                            sealed, sealed_fields),
    CYAML_FIELD_MAPPING_PTR("arriving", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct raw_config,
                            arriving, arriving_fields),
    CYAML_FIELD_MAPPING_PTR("derive", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct raw_config,
                            derive, derive_fields),
    TEXT("report-folder", struct raw_config, report_folder, EVENT_PATH_MAX - 1),
    CYAML_FIELD_END,
};

const cyaml_schema_value_t config_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct raw_config, config_fields)};
