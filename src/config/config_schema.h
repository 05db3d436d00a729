/* SPDX-License-Identifier: Apache-2.0 */
/* The ceremony file as it is written: libcyaml fills these structures, and config.c interprets
 * them. */
#ifndef HSMFERRY_CONFIG_CONFIG_SCHEMA_H
#define HSMFERRY_CONFIG_CONFIG_SCHEMA_H

#include <stdint.h>

#include <cyaml/cyaml.h>

enum { RAW_TITLE_MAX = 200, RAW_DEFAULT_LIMIT = 120, RAW_SEALERS_MAX = 8 };

/* A yes or no that can also be missing. */
enum raw_answer { RAW_ABSENT, RAW_NO, RAW_YES };

/* Who asks for a PIN. */
enum raw_pin_entry { RAW_HERE = 1, RAW_ASK_PASSWORD };

/* A list of texts. */
struct raw_list {
    char **items;
    uint32_t count;
};

/* A line of the script. It may be written as its URI alone. */
struct raw_key {
    char *uri;
    uint32_t *expect;
};

struct raw_officer {
    char *name;
    char *role;
};

struct raw_side {
    char *api;
    char *module;
    char *parameters;
    char *dialect;
    char *module_sha256;
    char *token;
    struct raw_list environment;
    uint32_t *time_limit; /* seconds */
    struct raw_list agent;
    uint32_t environment_trusted, agent_trusted, destroys;
    uint32_t pin_entry; /* enum raw_pin_entry; 0: absent */
};

/* The key that signs the report: a key of one side, or of a separate device. */
struct raw_signer {
    uint32_t side; /* 1 + enum side; 0: absent */
    struct raw_side device;
    char *key; /* NULL: the report remains unsigned */
    char *officer;
};

/* A key that signs the files of one side. */
struct raw_sealer {
    uint32_t side; /* 1 + enum side */
    char *sha256;
};

enum raw_order { RAW_STRICT = 1, RAW_ONE_BUNDLE };

struct raw_sealed {
    uint32_t order;    /* enum raw_order; 0: absent */
    uint32_t *expires; /* hours; NULL: absent */
    struct raw_sealer *signers;
    uint32_t signer_count;
};

/* A key that comes as a file of a key service. */
struct raw_arriving {
    char *kind;
    uint32_t *uses;    /* enum key_flag */
    char *public_key;  /* NULL: absent */
    char *check_value; /* likewise */
};

/* A new key that both HSMs derive. */
struct raw_derive {
    char *old, *as; /* URIs: of the old key, and the name of the new one */
    uint32_t *uses; /* enum key_flag */
};

enum raw_unproven { RAW_REFUSE = 1, RAW_WAIVER };

enum raw_kdf { RAW_KDF_REQUIRED = 1, RAW_KDF_OPTIONAL };

struct raw_versions {
    char *pattern;
    uint32_t by;   /* enum versions_rule; 0: absent */
    uint32_t take; /* always the newest */
};

struct raw_policy {
    uint32_t rsa_bits;     /* 0: absent */
    uint32_t *oaep_hashes; /* bits as in struct policy */
    uint32_t *transports;  /* enum transport_kind; NULL: absent */
    uint32_t transport_count;
    uint32_t kdf;     /* enum raw_kdf; 0: absent */
    uint32_t quantum; /* enum quantum_rule; 0: absent */
    uint32_t sensitive, extractable, unauthenticated, cmac;
    uint32_t unproven; /* enum raw_unproven */
    uint32_t canary;   /* 1 + enum canary_rule; 0: absent */
    uint32_t writes_before_review;
    uint32_t taken;                /* 1 + enum taken_rule; 0: absent */
    char *renamed_to;              /* NULL: absent */
    struct raw_versions *versions; /* likewise */
    uint32_t confinement;          /* 1 + enum confinement_rule; 0: absent */
    uint32_t *gates;
    uint32_t *two_officers;
};

struct raw_config {
    char *title;
    uint32_t rehearsal;
    uint32_t pace;      /* enum pace; 0: absent */
    uint32_t *sessions; /* NULL: absent */
    uint32_t syslog;
    struct raw_officer *officers;
    uint32_t officer_count;
    struct raw_side source, destination;
    struct raw_key *keys;
    uint32_t key_count;
    struct raw_policy policy;
    struct raw_signer signer;
    struct raw_sealed *sealed;     /* NULL: absent */
    struct raw_arriving *arriving; /* likewise */
    struct raw_derive *derive;     /* likewise */
    char *report_folder;
};

/* Of a struct raw_config; of a struct raw_key, which may be written as its first field alone. */
extern const cyaml_schema_value_t config_schema, config_key_schema;

#endif
