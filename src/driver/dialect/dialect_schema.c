/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/dialect/dialect_schema.h"

#include "driver/dialect/dialect.h"
#include "hsm/key.h"

enum { LINE_MAX_LEN = 500, TEXTS_MAX = 32, PATTERN_MAX = 60 };

#define TEXT(key, type, member, max)                                                               \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER, type, member, 1, max)
#define OPTIONAL_TEXT(key, type, member, max)                                                      \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, type, member, 1, max)
#define WORD(key, type, member, words)                                                             \
    CYAML_FIELD_ENUM(key, CYAML_FLAG_STRICT, type, member, words, CYAML_ARRAY_LEN(words))
#define OPTIONAL_WORD(key, type, member, words)                                                    \
    CYAML_FIELD_ENUM(key, CYAML_FLAG_STRICT | CYAML_FLAG_OPTIONAL, type, member, words,            \
                     CYAML_ARRAY_LEN(words))
#define OPTIONAL_WORDS(key, type, member, words)                                                   \
    CYAML_FIELD_FLAGS(key, CYAML_FLAG_STRICT | CYAML_FLAG_OPTIONAL, type, member, words,           \
                      CYAML_ARRAY_LEN(words))

static const cyaml_strval_t answers[] = {{"no", HSM_NO}, {"yes", HSM_YES}};
static const cyaml_strval_t statuses[] = {
    {"tried", HSM_DIALECT_TRIED},
    {"documents", HSM_DIALECT_DOCUMENTS},
};
static const cyaml_strval_t trusts[] = {
    {"behaviour", RAW_TRUST_BEHAVIOUR},
    {"file", RAW_TRUST_FILE},
};
static const cyaml_strval_t rules[] = {
    {"required", DIALECT_REQUIRED},
    {"refused", DIALECT_REFUSED},
};
static const cyaml_strval_t parameters[] = {
    {"none", DIALECT_NONE},
    {"initial-value", DIALECT_INITIAL_VALUE},
    {"random-iv", DIALECT_RANDOM_IV},
    {"oaep", DIALECT_OAEP},
    {"rsa-aes", DIALECT_RSA_AES},
    {"kdf-none", DIALECT_KDF_NONE},
    {"kdf-sha256", DIALECT_KDF_SHA256},
};

/* The words of key_flag_name(). */
static const cyaml_strval_t omits[] = {
    {"derive", KEY_DERIVE},
    {"sign-recover", KEY_SIGN_RECOVER},
    {"verify-recover", KEY_VERIFY_RECOVER},
    {"private", KEY_PRIVATE},
    {"modifiable", KEY_MODIFIABLE},
    {"copyable", KEY_COPYABLE},
    {"wrap-with-trusted", KEY_WRAP_WITH_TRUSTED},
    {"always-authenticate", KEY_ALWAYS_AUTHENTICATE},
    {"allowed-mechanisms", DIALECT_OMIT_ALLOWED},
    {"wrap-template", DIALECT_OMIT_WRAP},
    {"unwrap-template", DIALECT_OMIT_UNWRAP},
    {"derive-template", DIALECT_OMIT_DERIVE},
};
static const cyaml_strval_t guards[] = {
    {"sensitive", KEY_SENSITIVE},
    {"extractable", KEY_EXTRACTABLE},
};
static const cyaml_strval_t unenforced[] = {
    {"extractable", KEY_EXTRACTABLE},
    {"wrap-with-trusted", KEY_WRAP_WITH_TRUSTED},
};
static const cyaml_strval_t unreadable[] = {
    {"encrypt", KEY_ENCRYPT},
    {"decrypt", KEY_DECRYPT},
    {"sign", KEY_SIGN},
    {"sign-recover", KEY_SIGN_RECOVER},
    {"verify", KEY_VERIFY},
    {"verify-recover", KEY_VERIFY_RECOVER},
    {"wrap", KEY_WRAP},
    {"unwrap", KEY_UNWRAP},
    {"derive", KEY_DERIVE},
    {"private", KEY_PRIVATE},
    {"sensitive", KEY_SENSITIVE},
    {"extractable", KEY_EXTRACTABLE},
    {"always-sensitive", KEY_ALWAYS_SENSITIVE},
    {"never-extractable", KEY_NEVER_EXTRACTABLE},
    {"local", KEY_LOCAL},
};

static const cyaml_schema_value_t text = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 1, LINE_MAX_LEN)};

static const cyaml_schema_field_t pattern_fields[] = {
    OPTIONAL_TEXT("manufacturer", struct raw_pattern, manufacturer, PATTERN_MAX),
    OPTIONAL_TEXT("library", struct raw_pattern, library, PATTERN_MAX),
    OPTIONAL_TEXT("model", struct raw_pattern, model, PATTERN_MAX),
    OPTIONAL_TEXT("api-version", struct raw_pattern, api_version, 15),
    OPTIONAL_TEXT("version", struct raw_pattern, version, PATTERN_MAX),
    OPTIONAL_TEXT("firmware", struct raw_pattern, firmware, PATTERN_MAX),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t pattern = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_pattern, pattern_fields)};

static const cyaml_schema_field_t mechanism_fields[] = {
    TEXT("mechanism", struct raw_mechanism, mechanism, DIALECT_WORD_MAX - 1),
    TEXT("number", struct raw_mechanism, number, 18),
    WORD("parameters", struct raw_mechanism, parameters, parameters),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t mechanism = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_mechanism, mechanism_fields)};

#define TRIES(key, number)                                                                         \
    CYAML_FIELD_SEQUENCE_COUNT(key, CYAML_FLAG_POINTER_NULL | CYAML_FLAG_OPTIONAL,                 \
                               struct raw_algorithms, alg[number].items, alg[number].count,        \
                               &mechanism, 0, DIALECT_TRIES_MAX)
static const cyaml_schema_field_t algorithm_fields[] = {
    TRIES("rsa-oaep-sha256", HSM_RSA_OAEP_SHA256),
    TRIES("rsa-oaep-sha1", HSM_RSA_OAEP_SHA1),
    TRIES("aes-kwp", HSM_AES_KWP),
    TRIES("aes-kw", HSM_AES_KW),
    TRIES("aes-cbc-pad", HSM_AES_CBC_PAD),
    TRIES("rsa-aes-sha256", HSM_RSA_AES_SHA256),
    TRIES("rsa-aes-sha1", HSM_RSA_AES_SHA1),
    TRIES("ecdh-p521", HSM_ECDH_P521),
    TRIES("ecdh-p384", HSM_ECDH_P384),
    TRIES("ecdh-p256", HSM_ECDH_P256),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t template_fields[] = {
    OPTIONAL_WORD("value-length", struct raw_template, value_length, rules),
    OPTIONAL_WORD("ec-point", struct raw_template, ec_point, rules),
    OPTIONAL_WORD("secrecy", struct raw_template, secrecy, rules),
    OPTIONAL_WORDS("omit", struct raw_template, omit, omits),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t believed_fields[] = {
    WORD("exact-length", struct raw_believed, exact_length, answers),
    WORD("takes-length", struct raw_believed, takes_length, answers),
    WORD("copies", struct raw_believed, copies, answers),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t place = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 1, LINE_MAX_LEN)};

static const cyaml_schema_field_t confine_fields[] = {
    CYAML_FIELD_SEQUENCE_COUNT("write", CYAML_FLAG_POINTER, struct raw_confine, write, write_count,
                               &place, 0, FENCE_PLACES_MAX),
    WORD("network", struct raw_confine, network, answers),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t dialect_fields[] = {
    TEXT("name", struct raw_dialect, name, 31),
    TEXT("title", struct raw_dialect, title, PATTERN_MAX),
    WORD("status", struct raw_dialect, status, statuses),
    CYAML_FIELD_SEQUENCE_COUNT("sources", CYAML_FLAG_POINTER, struct raw_dialect, sources,
                               source_count, &text, 1, TEXTS_MAX),
    CYAML_FIELD_SEQUENCE_COUNT("notes", CYAML_FLAG_POINTER_NULL | CYAML_FLAG_OPTIONAL,
                               struct raw_dialect, notes, note_count, &text, 0, TEXTS_MAX),
    CYAML_FIELD_SEQUENCE_COUNT("recognised", CYAML_FLAG_POINTER, struct raw_dialect, patterns,
                               pattern_count, &pattern, 1, DIALECT_PATTERNS_MAX),
    OPTIONAL_WORD("fallback", struct raw_dialect, fallback, answers),
    OPTIONAL_WORD("trust", struct raw_dialect, trust, trusts),
    CYAML_FIELD_MAPPING_PTR("believed", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                            struct raw_dialect, believed, believed_fields),
    CYAML_FIELD_MAPPING("algorithms", CYAML_FLAG_DEFAULT, struct raw_dialect, algorithms,
                        algorithm_fields),
    OPTIONAL_WORD("try-standard", struct raw_dialect, try_standard, answers),
    CYAML_FIELD_MAPPING("template", CYAML_FLAG_OPTIONAL, struct raw_dialect, template,
                        template_fields),
    OPTIONAL_WORDS("set-afterwards", struct raw_dialect, set_afterwards, guards),
    OPTIONAL_WORDS("not-enforced", struct raw_dialect, not_enforced, unenforced),
    OPTIONAL_WORDS("not-readable", struct raw_dialect, not_readable, unreadable),
    CYAML_FIELD_UINT("secret-max", CYAML_FLAG_OPTIONAL, struct raw_dialect, secret_max),
    CYAML_FIELD_SEQUENCE_COUNT("curves", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                               struct raw_dialect, curves, curve_count, &text, 1,
                               DIALECT_CURVES_MAX),
    OPTIONAL_WORD("one-key-per-id", struct raw_dialect, one_per_id, answers),
    CYAML_FIELD_MAPPING_PTR("confine", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct raw_dialect,
                            confine, confine_fields),
    OPTIONAL_WORD("loads-siblings", struct raw_dialect, loads_siblings, answers),
    CYAML_FIELD_SEQUENCE_COUNT("environment", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                               struct raw_dialect, variables, variable_count, &text, 1,
                               DIALECT_VARIABLES_MAX),
    CYAML_FIELD_END,
};

const cyaml_schema_value_t dialect_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct raw_dialect, dialect_fields)};
