/* SPDX-License-Identifier: Apache-2.0 */
/* A dialect's file as it is written: libcyaml fills these structures, and dialect_read.c interprets
 * them. */
#ifndef HSMFERRY_DRIVER_DIALECT_DIALECT_SCHEMA_H
#define HSMFERRY_DRIVER_DIALECT_DIALECT_SCHEMA_H

#include <stdint.h>

#include <cyaml/cyaml.h>

#include "hsm/facts.h"

struct raw_pattern {
    char *manufacturer, *library, *model, *api_version, *version, *firmware;
};

struct raw_mechanism {
    char *mechanism;
    char *number;
    uint32_t parameters; /* enum dialect_parameter */
};

struct raw_tries {
    struct raw_mechanism *items;
    uint32_t count;
};

/* One member for each enum hsm_alg, in its order. */
struct raw_algorithms {
    struct raw_tries alg[HSM_ALGS];
};

struct raw_template {
    uint32_t value_length, ec_point, secrecy; /* enum dialect_rule */
    uint32_t omit;
};

struct raw_believed {
    uint32_t exact_length, takes_length, copies; /* enum hsm_truth */
};

struct raw_confine {
    char **write;
    uint32_t write_count;
    uint32_t network; /* enum hsm_truth */
};

struct raw_dialect {
    char *name, *title;
    uint32_t status; /* enum hsm_dialect_status */
    char **sources;
    uint32_t source_count;
    char **notes;
    uint32_t note_count;
    struct raw_pattern *patterns;
    uint32_t pattern_count;
    uint32_t fallback; /* enum hsm_truth */
    uint32_t trust;    /* enum raw_trust */
    struct raw_believed *believed;
    struct raw_algorithms algorithms;
    uint32_t try_standard; /* enum hsm_truth */
    struct raw_template template;
    uint32_t set_afterwards, not_enforced, not_readable; /* enum key_flag */
    uint32_t secret_max;
    char **curves;
    unsigned curve_count;
    uint32_t one_per_id, loads_siblings; /* enum hsm_truth */
    struct raw_confine *confine;         /* NULL: not in the file */
    char **variables;
    uint32_t variable_count;
};

enum raw_trust { RAW_TRUST_ABSENT, RAW_TRUST_BEHAVIOUR, RAW_TRUST_FILE };

/* Of a struct raw_dialect. */
extern const cyaml_schema_value_t dialect_schema;

#endif
