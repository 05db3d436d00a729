/* SPDX-License-Identifier: Apache-2.0 */
/* The ceremony file: YAML, one for each ceremony (hsmferry-ceremony(5)). */
#ifndef HSMFERRY_CONFIG_CONFIG_H
#define HSMFERRY_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "hsm/hsm.h"
#include "hsm/uri.h"
#include "plan/policy.h"
#include "plan/script.h"
#include "protocol/event.h"
#include "protocol/officer.h"
#include "protocol/pace.h"
#include "protocol/side.h"

enum { CONFIG_SIZE_MAX = 64 * 1024 };

struct config_side {
    struct hsm_where where;
    struct uri token;   /* which token; token.pin_file where the PIN comes from a file */
    char **environment; /* all of the agent's environment, NULL at the end */
    char **agent;       /* the agent's command where the file names one; NULL: our own agent */
    bool agent_trusted; /* also where a pinned module makes it matter which agent that is */
    int limit_ms;       /* for one call into this HSM */
};

/* The key that signs the report, and where it stays. */
struct config_signer {
    struct uri key;            /* text empty: nothing signs */
    enum side side;            /* on this side; SIDE_RELAY: on a device of its own ... */
    struct config_side device; /* ... which is this one */
    char officer[64];          /* the role of who holds it; empty: nobody by name */
};

struct config {
    char path[EVENT_PATH_MAX]; /* absolute */
    uint8_t sha256[32];        /* of the file's bytes */
    char title[EVENT_TEXT_MAX];
    bool rehearsal;
    bool kind_open; /* no file says which kind it is, and nobody has chosen yet */
    enum pace pace; /* PACE_NONE: the file names none, and each front end has its default */
    struct officer officers[OFFICERS_MAX];
    unsigned officer_count;
    struct config_side side[2]; /* SIDE_SOURCE, SIDE_DESTINATION */
    struct uri *keys;
    uint32_t *expect; /* by key: how many it must name, 0: any number; NULL: of all of them */
    size_t key_count;
    struct script_said script; /* as the file says it, whatever is changed on the screen */
    struct policy policy;
    struct config_signer signer;
    char report_folder[EVENT_PATH_MAX]; /* absolute; relative ones count from the file's folder */
};

/* What for a ceremony file is read: only to run it must its modules and databases be there. */
enum config_use { CONFIG_TO_RUN, CONFIG_TO_COMPARE };

/* Reads and checks a ceremony file to the last word. Messages name the file, line and column, and
 * the nearest known key for an unknown one; none holds a value that could be a PIN.
 * Errors: ERR_CONFIG (anything wrong in it, also empty, huge, a PIN in it, the same token on both
 * sides), ERR_DENIED (a symbolic link, writable by others or owned by someone else), ERR_CONFIG too
 * when it is missing. A file that names no keys is fine. Freed with config_free(). */
bool config_load(const char *path, enum config_use use, struct config **out, struct err *err);
void config_free(struct config *config);

/* May this side's agent get this variable, "NAME=value", as far as is known before its dialect is?
 * Errors: ERR_CONFIG. */
bool config_check_variable(const struct config_side *side, bool rehearsal, const char *variable,
                           struct err *err);

/* The path of our own agent: beside this program in a build tree, else where it is installed. */
void config_own_agent(char *out, size_t size);

/* Where the key that signs is; NULL: nothing signs. */
const struct config_side *config_signs_on(const struct config *config);

/* Do both say the same, whatever files they come from? */
bool config_equal(const struct config *a, const struct config *b);

/* Tells, ordered by place, each value that only one of the two says, with the defaults for what a
 * file leaves out: path is its place ("policy.rsa-bits"; entries of a list of mappings count from
 * 1), and the other one's value is NULL. The order of a list of values does not matter.
 * Errors: ERR_FAILED (memory), ERR_IO. */
typedef void config_diff_fn(void *ctx, const char *path, const char *a, const char *b);
bool config_diff(const struct config *a, const struct config *b, config_diff_fn *report, void *ctx,
                 struct err *err);

/* Writes config as a ceremony file that config_load() reads back equal. It appears whole and
 * checked, or not at all. config->path is not looked at; an environment may be NULL.
 * Errors: ERR_CONFLICT (there is already something at path, and replace is not set), ERR_CONFIG
 * (config holds what a ceremony file may not: an empty title, a missing module ...), ERR_IO,
 * ERR_FAILED. */
bool config_write(const struct config *config, const char *path, bool replace, struct err *err);

#endif
