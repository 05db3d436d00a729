/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compares a key on the destination with its original, attribute by attribute: the source's value,
 * the requested value, the value found, and a verdict. The ceremony refuses a key that arrived with
 * fewer restrictions by the same function by which screen and report show it.
 */
#ifndef HSMFERRY_HSM_FIDELITY_H
#define HSMFERRY_HSM_FIDELITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "hsm/key.h"

enum fidelity {
    FIDELITY_OPEN,      /* nothing has arrived yet, or no comparison is possible */
    FIDELITY_KEPT,      /* as on the source */
    FIDELITY_TIGHTENED, /* may do less, or is better protected, than on the source */
    FIDELITY_DROPPED,   /* requested, but the destination's HSM does not keep it */
    FIDELITY_NATURE,    /* states the key's history, which no import can set */
    FIDELITY_LOOSENED,  /* may do more, or is less protected: never accepted */
    FIDELITY_DIFFERS,   /* another name, type, size or public half: never accepted */
    FIDELITIES
};

/* The keys to compare. */
struct fidelity_pair {
    const struct key_desc *source;
    const uint32_t *asked;        /* the requested flags; NULL: none were requested, only compare */
    const struct key_desc *found; /* on the destination; NULL: nothing yet */
    bool temporary; /* found is not committed: it does not have its final name and guards yet */
};

/* Values as text; empty: not reported, or nothing to report. */
enum { FIDELITY_VALUE_MAX = 4 * KEY_LABEL_MAX + 1, FIDELITY_ROWS_MAX = 48 };
struct fidelity_row {
    const char *name; /* "label", "sensitive" */
    bool constraint;  /* it belongs to struct key_constraints */
    char source[FIDELITY_VALUE_MAX];
    char asked[8]; /* flags only: yes, no */
    char found[FIDELITY_VALUE_MAX];
    enum fidelity verdict;
};

/* Fills in row number at, from 0. Returns false after the last one. */
bool fidelity_row(const struct fidelity_pair *pair, unsigned at, struct fidelity_row *row);

/* Can the key that was found be accepted? Errors, which name the first attribute: ERR_DATA (it
 * differs, or the key can be read or used in more ways than requested), ERR_DENIED (another guard
 * is looser: this HSM does not support it, and the policy permits no loosening). */
bool fidelity_check(const struct fidelity_pair *pair, struct err *err);

/* "kept", "tightened", "dropped", "by nature", "LOOSENED", "DIFFERS"; "" for FIDELITY_OPEN. */
const char *fidelity_name(enum fidelity verdict);

/* The attributes that differ from the source, by verdict: "tightened: extractable; by nature:
 * always-sensitive, local"; empty: none. out has FIDELITY_CHANGES_MAX bytes. Returns out. */
enum { FIDELITY_CHANGES_MAX = 768 };
char *fidelity_changes(const struct fidelity_pair *pair, char *out);

/* One sentence that explains why some attributes cannot be the same. */
const char *fidelity_nature_words(void);

#endif
