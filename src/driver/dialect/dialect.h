/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A vendor's variant of PKCS#11, as data: one YAML file each (hsmferry-dialect(5)). The same number
 * means different things on different HSMs, and an attribute that one HSM requires in a template is
 * refused by another; so no driver contains vendor-specific code.
 */
#ifndef HSMFERRY_DRIVER_DIALECT_DIALECT_H
#define HSMFERRY_DRIVER_DIALECT_DIALECT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "driver/dialect/version_range.h"
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

/* The parameter of a mechanism. */
enum dialect_parameter {
    DIALECT_NONE,
    DIALECT_INITIAL_VALUE, /* the default IV of RFC 3394 or RFC 5649, passed explicitly */
    DIALECT_RANDOM_IV,     /* 16 octets, which precede the ciphertext */
    DIALECT_OAEP,          /* CK_RSA_PKCS_OAEP_PARAMS: hash and MGF1 as the algorithm requires */
    DIALECT_KDF_NONE,      /* CK_ECDH1_DERIVE_PARAMS: CKD_NULL */
    DIALECT_KDF_SHA256,    /* CKD_SHA256_KDF, with shared information of 32 octets */
    DIALECT_RSA_AES,       /* CK_RSA_AES_KEY_WRAP_PARAMS: an AES key of 256 bits, and the same */
};

struct dialect_mechanism {
    uint64_t number;
    enum dialect_parameter parameter;
    char name[DIALECT_WORD_MAX]; /* "CKM_AES_KEY_WRAP_PAD" */
};

/* Must a template contain an attribute? DIALECT_UNSAID: the HSM is tried without it and with it. */
enum dialect_rule { DIALECT_UNSAID, DIALECT_REQUIRED, DIALECT_REFUSED };

/* Attributes other than the key flags that may have to be omitted from a template. */
enum {
    DIALECT_OMIT_ALLOWED = 1 << 30,
    DIALECT_OMIT_WRAP = 1 << 29, /* CKA_WRAP_TEMPLATE, and so on */
    DIALECT_OMIT_UNWRAP = 1 << 28,
    DIALECT_OMIT_DERIVE = 1 << 27,
};

/* How an HSM is recognised: patterns of glob(7); empty: anything. */
struct dialect_pattern {
    char manufacturer[HSM_TEXT_MAX]; /* of the library or of the token */
    char library[HSM_TEXT_MAX];      /* its description */
    char model[HSM_TEXT_MAX];        /* of the token */
    char api_version[16];
    struct version_range version;  /* of the library */
    struct version_range firmware; /* of the token */
};

/* {0}: nothing is known, everything is tried. */
struct dialect {
    struct hsm_dialect is; /* its name, status and file */
    char title[HSM_TEXT_MAX];
    bool fallback; /* used only if no other dialect recognises the HSM */
    struct dialect_pattern pattern[DIALECT_PATTERNS_MAX];
    unsigned pattern_count;

    struct dialect_mechanism mechanism[HSM_ALGS][DIALECT_TRIES_MAX]; /* in this order */
    unsigned mechanism_count[HSM_ALGS];
    bool complete; /* try-standard: no. Nothing else is tried */

    bool believed; /* trust: file. Nothing is tested with test keys; these members count instead: */
    enum hsm_truth exact_length, takes_length;
    bool can_copy;

    /* in the template of an unwrap: CKA_VALUE_LEN; NSS's CKA_NSS_DB; CKA_SENSITIVE and
     * CKA_EXTRACTABLE */
    enum dialect_rule value_length, ec_point, secrecy;
    uint32_t omit;           /* enum key_flag and DIALECT_OMIT_*: never in a template */
    uint32_t set_afterwards; /* enum key_flag: set on an unwrapped key, also if the HSM does not
                                report them */
    uint32_t unreadable;     /* enum key_flag: not reported for any key */
    uint32_t secret_max;     /* as in struct hsm_limits */
    char curves[HSM_CURVES_MAX];
    bool one_per_id; /* it keeps only one key for each class and id */

    bool confines; /* its agent reaches only these places: */
    struct fence_places places;
    bool loads_siblings;  /* the module looks for files next to itself, by its own path */
    bool lists_variables; /* the list of the environment variables that it reads is complete: names,
                             in which '*' stands for any run of characters */
    char variable[DIALECT_VARIABLES_MAX][DIALECT_WORD_MAX];
    unsigned variable_count;
};

/* How an HSM identifies itself. */
struct dialect_facts {
    const char *manufacturer, *library, *api_version, *token_manufacturer, *model;
    const char *version, *firmware; /* "2.6"; NULL: not known */
};

/* The folders that are searched for dialects; the first one wins. */
struct dialect_folders {
    char path[DIALECT_FOLDERS_MAX][PATH_MAX];
    unsigned count;
};

/* The user's own folder (~/.config/hsmferry/dialects), the host's, and the one of this program:
 * next to it in a build tree, otherwise the installed one. */
void dialect_folders(struct dialect_folders *folders);

/* Loads a dialect by its name, from one of the folders, or by its absolute path. Errors: ERR_CONFIG
 * (no such dialect, not a name, or invalid: "file:line:column: ..."), ERR_DENIED (another user may
 * write to the file), ERR_IO. */
bool dialect_named(const struct dialect_folders *folders, const char *name, struct dialect *out,
                   struct err *err);

/* Finds the dialect of the HSM with these facts. Every file in the folders must be valid. If
 * several folders have a file of one name, the first folder's counts; if several dialects match,
 * the one in the first folder, and fallbacks last. Errors: as above, and ERR_CONFIG if two in one
 * folder match, or none does. */
bool dialect_recognise(const struct dialect_folders *folders, const struct dialect_facts *facts,
                       struct dialect *out, struct err *err);

/* Reads all that dialect_recognise() would read; *count is how many there are. Errors: as there for
 * a file that is not valid. */
bool dialect_read_all(const struct dialect_folders *folders, unsigned *count, struct err *err);

/* Does one of its patterns match? */
bool dialect_fits(const struct dialect *dialect, const struct dialect_facts *facts);

/* Loads one file. Errors: ERR_NO_INPUT (no such file); otherwise as dialect_named(). */
bool dialect_load(const char *path, struct dialect *out, struct err *err);

#endif
