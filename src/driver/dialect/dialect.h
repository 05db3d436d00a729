/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How one vendor's HSM speaks PKCS#11, as data: a YAML file for each (hsmferry-dialect(5)). The
 * same number means different things on different HSMs, and what one wants in a template another
 * refuses; so no driver holds a vendor's ways.
 */
#ifndef HSMFERRY_DRIVER_DIALECT_DIALECT_H
#define HSMFERRY_DRIVER_DIALECT_DIALECT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "driver/load/fence.h"
#include "hsm/facts.h"

enum {
    DIALECT_TRIES_MAX = 4,
    DIALECT_WORD_MAX = 48,
    DIALECT_PATTERNS_MAX = 8,
    DIALECT_FOLDERS_MAX = 3,
    DIALECT_VARIABLES_MAX = 8,
    DIALECT_CURVES_MAX = 16,
};

/* What a mechanism takes as its parameter. */
enum dialect_parameter {
    DIALECT_NONE,
    DIALECT_INITIAL_VALUE, /* the one of RFC 3394 or RFC 5649, said in full */
    DIALECT_RANDOM_IV,     /* 16 octets, which go in front of the ciphertext */
    DIALECT_OAEP,          /* CK_RSA_PKCS_OAEP_PARAMS: hash and MGF1 as the algorithm says */
};

struct dialect_mechanism {
    uint64_t number;
    enum dialect_parameter parameter;
    char name[DIALECT_WORD_MAX]; /* "CKM_AES_KEY_WRAP_PAD" */
};

/* Must a template say something? Where the file does not say, the HSM is asked with less and more.
 */
enum dialect_rule { DIALECT_UNSAID, DIALECT_REQUIRED, DIALECT_REFUSED };

/* Attributes beside the key flags that a template may have to leave out. */
enum {
    DIALECT_OMIT_ALLOWED = 1 << 30,
    DIALECT_OMIT_WRAP = 1 << 29, /* CKA_WRAP_TEMPLATE and its kin */
    DIALECT_OMIT_UNWRAP = 1 << 28,
    DIALECT_OMIT_DERIVE = 1 << 27,
};

/* How an HSM is recognised: patterns as of glob(7); empty: anything. */
struct dialect_pattern {
    char manufacturer[HSM_TEXT_MAX]; /* of the library or of the token */
    char library[HSM_TEXT_MAX];      /* its description */
    char model[HSM_TEXT_MAX];        /* of the token */
    char api_version[16];
};

/* {0}: nothing is known, all is tried. */
struct dialect {
    struct hsm_dialect is; /* its name, status and file */
    char title[HSM_TEXT_MAX];
    bool fallback; /* only where no other is recognised */
    struct dialect_pattern pattern[DIALECT_PATTERNS_MAX];
    unsigned pattern_count;

    struct dialect_mechanism mechanism[HSM_ALGS][DIALECT_TRIES_MAX]; /* in this order */
    unsigned mechanism_count[HSM_ALGS];

    bool believed; /* trust: file. Nothing is tried with throw-away keys; then these are true: */
    enum hsm_truth exact_length, takes_length;
    bool can_copy;

    /* in what is unwrapped: CKA_VALUE_LEN; NSS's CKA_NSS_DB; CKA_SENSITIVE and CKA_EXTRACTABLE */
    enum dialect_rule value_length, ec_point, secrecy;
    uint32_t omit;           /* enum key_flag and DIALECT_OMIT_*: never in a template */
    uint32_t set_afterwards; /* enum key_flag: set on what was unwrapped, whatever it tells */
    uint32_t unreadable;     /* enum key_flag: what it reports of no key */
    uint32_t secret_max;     /* as in struct hsm_limits */
    char curves[HSM_CURVES_MAX];
    bool one_per_id; /* it keeps one key of each class and id */

    bool confines; /* its agent reaches only what it needs: */
    struct fence_places places;
    bool loads_siblings;  /* the module looks for files beside itself, by its own path */
    bool lists_variables; /* these are all environment variables that it reads: names, in which '*'
                             stands for any run of characters */
    char variable[DIALECT_VARIABLES_MAX][DIALECT_WORD_MAX];
    unsigned variable_count;
};

/* What an HSM says of itself. */
struct dialect_facts {
    const char *manufacturer, *library, *api_version, *token_manufacturer, *model;
};

/* Where dialects are: folders, the first one wins. */
struct dialect_folders {
    char path[DIALECT_FOLDERS_MAX][PATH_MAX];
    unsigned count;
};

/* The user's own (~/.config/hsmferry/dialects), the host's, and those that came with this program:
 * beside it in a build tree, else where they are installed. */
void dialect_folders(struct dialect_folders *folders);

/* The dialect that somebody named: a name in one of the folders, or an absolute path.
 * Errors: ERR_CONFIG (none of this name, no name, or wrong: "file:line:column: ..."), ERR_DENIED
 * (somebody else may write the file), ERR_IO. */
bool dialect_named(const struct dialect_folders *folders, const char *name, struct dialect *out,
                   struct err *err);

/* The dialect of the HSM with these facts. Every file in the folders must be right. Of a name, the
 * file in the first folder that has it counts; of those that fit, the one in the first folder, and
 * fallbacks last. Errors: as above, and ERR_CONFIG where two in one folder fit, or none. */
bool dialect_recognise(const struct dialect_folders *folders, const struct dialect_facts *facts,
                       struct dialect *out, struct err *err);

/* Does one of its patterns fit? */
bool dialect_fits(const struct dialect *dialect, const struct dialect_facts *facts);

/* One file. */
bool dialect_load(const char *path, struct dialect *out, struct err *err);

#endif
