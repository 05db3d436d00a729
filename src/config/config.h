/* SPDX-License-Identifier: Apache-2.0 */
/* The ceremony file: YAML, one for each ceremony (hsmferry-ceremony(5)). */
#ifndef HSMFERRY_CONFIG_CONFIG_H
#define HSMFERRY_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "config/config_use.h"
#include "hsm/hsm.h"
#include "hsm/key.h"
#include "hsm/uri.h"
#include "plan/derived_key.h"
#include "plan/policy.h"
#include "plan/script.h"
#include "protocol/event.h"
#include "protocol/officer.h"
#include "protocol/pace.h"
#include "protocol/side.h"

enum { CONFIG_SIZE_MAX = 64 * 1024 };

struct config_side {
    struct hsm_where where;
    struct uri token;    /* which token; token.pin_file if the PIN is read from a file */
    char **environment;  /* the complete environment of the agent, NULL at the end */
    char **agent;        /* the agent's command if the file names one; NULL: our own agent */
    bool asks_elsewhere; /* systemd-ask-password(1) asks for the PIN; only without a PIN file */
    bool agent_trusted;  /* an agent other than ours is accepted even if the module is pinned */
    bool destroys;       /* a rehearsal may destroy keys on this side */
    int limit_ms;        /* the time limit of one call to this HSM, in milliseconds */
};

/* The key that signs the report, and its place. */
struct config_signer {
    struct uri key; /* text empty: the report remains unsigned */
    enum side side; /* the side that has it; SIDE_RELAY: it is on a separate device ... */
    struct config_side device; /* ... which is this one */
    char officer[64];          /* the role of the officer who gives its PIN; empty: not specified */
};

/* How a ceremony in two rooms seals its files (sealed/sealed.h). */
enum { CONFIG_SEALERS_MAX = 8, CONFIG_SEALED_HOURS = 72, CONFIG_SEALED_HOURS_MAX = 8760 };
struct config_sealed {
    bool wanted;     /* the file says something about it */
    bool one_bundle; /* the canary and the keys cross together; false: the canary first */
    uint32_t hours;  /* until an offer expires */
    struct {
        enum side side;     /* whose files this key signs */
        uint8_t sha256[32]; /* of its public half (DER SubjectPublicKeyInfo) */
    } signers[CONFIG_SEALERS_MAX];
    unsigned signer_count; /* 0: files are authenticated by words */
};

/* The key that comes as a file of a key service, or of an HSM that no agent reaches. The file names
 * no source then. */
struct config_arriving {
    bool wanted;
    struct key_desc
        key; /* its name, kind, size, uses, and check value; its public half is in ... */
    char public_key[EVENT_PATH_MAX]; /* ... this file, absolute; empty: none */
};

struct config {
    char path[EVENT_PATH_MAX]; /* absolute */
    uint8_t sha256[32];        /* of the file's bytes */
    char title[EVENT_TEXT_MAX];
    bool rehearsal;
    bool kind_open;    /* no file says which kind it is, and nobody has chosen yet */
    enum pace pace;    /* PACE_NONE: the file names none, and each front end has its default */
    unsigned sessions; /* on each side; 0: the file says nothing, and the first keys decide */
    bool syslog;       /* begin, gates and end are lines in the host's log, too */
    struct officer officers[OFFICERS_MAX];
    unsigned officer_count;
    struct config_side side[2]; /* SIDE_SOURCE, SIDE_DESTINATION */
    struct uri *keys;
    uint32_t *expect; /* by key: how many it must name, 0: any number; NULL: of all of them */
    size_t key_count;
    struct script_said script; /* as the file says it, whatever is changed on the screen */
    struct policy policy;
    struct config_signer signer;
    struct config_sealed sealed;
    struct config_arriving arriving;
    struct derived_key derive;          /* its old key is the only one of keys */
    char report_folder[EVENT_PATH_MAX]; /* absolute; in the file it may be relative to the file's
                                           folder */
};

/* Reads a ceremony file and checks it completely. Messages name the file, line and column, and the
 * nearest known key for an unknown one; none contains a value that could be a PIN. Errors:
 * ERR_CONFIG (anything wrong in it, for example empty, too large, a PIN in it, the same token on
 * both sides; or it is missing), ERR_DENIED (a symbolic link, writable by others or owned by
 * another user). A file that names no keys is valid. The caller frees *out with config_free(). */
bool config_load(const char *path, enum config_use use, struct config **out, struct err *err);
void config_free(struct config *config);

/* Is this variable, "NAME=value", allowed for this side's agent, as far as can be decided before
 * its dialect is known? Errors: ERR_CONFIG. */
bool config_check_variable(const struct config_side *side, bool rehearsal, const char *variable,
                           struct err *err);

/* The path of one of our own programs: next to this one in a build tree, otherwise the installed
 * one. */
void config_own_program(const char *name, char *out, size_t size);
void config_own_agent(char *out, size_t size);

/* The device of the key that signs; NULL: the report remains unsigned. */
const struct config_side *config_signs_on(const struct config *config);

/* Do both have the same content, regardless of their files? */
bool config_equal(const struct config *a, const struct config *b);

/* Calls report, ordered by path, for each value that only one of the two has, including the
 * defaults for omitted values: path is its place ("policy.rsa-bits"; entries of a list of mappings
 * count from 1), and the value of the other one is NULL. The order of a list of values does not
 * matter. Errors: ERR_FAILED (memory), ERR_IO. */
typedef void config_diff_fn(void *ctx, const char *path, const char *a, const char *b);
bool config_diff(const struct config *a, const struct config *b, config_diff_fn *report, void *ctx,
                 struct err *err);

/* Writes config as a ceremony file that config_load() reads back as equal. The file appears
 * complete and checked, or not at all. config->path is ignored; an environment may be NULL. Errors:
 * ERR_CONFLICT (a file exists at path, and replace is not set), ERR_CONFIG (config contains
 * something that a ceremony file cannot: an empty title, a missing module ...), ERR_IO,
 * ERR_FAILED. */
bool config_write(const struct config *config, const char *path, bool replace, struct err *err);

#endif
