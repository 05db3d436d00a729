/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same key, with the same rights? Attribute by attribute: what the source's key is, what was
 * asked of the destination, what is really there, and what that means. One function for the
 * ceremony, which refuses what came out looser, and for screen and report, which show it.
 */
#ifndef HSMFERRY_HSM_FIDELITY_H
#define HSMFERRY_HSM_FIDELITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "hsm/key.h"

enum fidelity {
    FIDELITY_OPEN,      /* nothing has arrived yet, or neither side tells */
    FIDELITY_KEPT,      /* as on the source */
    FIDELITY_TIGHTENED, /* may do less, or is guarded better, than on the source */
    FIDELITY_DROPPED,   /* asked for, and the destination's HSM does not keep it */
    FIDELITY_NATURE,    /* tells the key's history, which no import can bring along */
    FIDELITY_LOOSENED,  /* may do more, or is guarded worse: never */
    FIDELITY_DIFFERS,   /* is another name, kind, size or public half: never */
    FIDELITIES
};

/* The keys to compare. */
struct fidelity_pair {
    const struct key_desc *source;
    const uint32_t *asked;        /* the flags that were asked for; NULL: none were, only compare */
    const struct key_desc *found; /* on the destination; NULL: nothing yet */
    bool temporary; /* found is not committed: name and some guards are not its own yet */
};

/* Values in words; empty: not told, or nothing to tell. */
enum { FIDELITY_VALUE_MAX = 4 * KEY_LABEL_MAX + 1, FIDELITY_ROWS_MAX = 48 };
struct fidelity_row {
    const char *name; /* "label", "sensitive" */
    bool constraint;  /* it is of struct key_constraints */
    char source[FIDELITY_VALUE_MAX];
    char asked[8]; /* flags only: yes, no */
    char found[FIDELITY_VALUE_MAX];
    enum fidelity verdict;
};

/* Fills in row number at, from 0. Returns false behind the last one. */
bool fidelity_row(const struct fidelity_pair *pair, unsigned at, struct fidelity_row *row);

/* May what was found stay? Errors, naming the first attribute: ERR_DATA (it differs, or the key can
 * be read or used in more ways than asked for), ERR_DENIED (another guard is looser: this HSM does
 * not have it, and the policy is never to loosen). */
bool fidelity_check(const struct fidelity_pair *pair, struct err *err);

/* "kept", "tightened", "dropped", "by nature", "LOOSENED", "DIFFERS"; "" for FIDELITY_OPEN. */
const char *fidelity_name(enum fidelity verdict);

/* What is otherwise than on the source, with its verdict: "tightened: extractable; by nature:
 * always-sensitive, local"; empty: nothing. out has FIDELITY_CHANGES_MAX bytes. Returns out. */
enum { FIDELITY_CHANGES_MAX = 768 };
char *fidelity_changes(const struct fidelity_pair *pair, char *out);

/* Why some attributes cannot be the same, in a sentence. */
const char *fidelity_nature_words(void);

#endif
