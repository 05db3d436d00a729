/* SPDX-License-Identifier: Apache-2.0 */
/* What the fake HSM is told to be: struct hsm_where, read as fake.h says. */
#ifndef HSMFERRY_TESTS_FAKE_PERSONALITY_H
#define HSMFERRY_TESTS_FAKE_PERSONALITY_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/fake/fault.h"
#include "tests/fake/store.h"
#include "hsm/hsm.h"

struct personality {
    char path[HSM_PATH_MAX];
    char pin[SECRET_PIN_MAX + 1];
    char label[33];
    char serial[17];
    char keys[HSM_PATH_MAX];
    unsigned tries;
    unsigned bulk;
    uint32_t flags;               /* enum hsm_slot_flag, besides the usual */
    uint32_t algs;                /* bit (1 << enum hsm_alg) for each */
    uint32_t proofs;              /* likewise */
    uint32_t kdfs;                /* bit (1 << enum hsm_kdf) for each */
    enum hsm_alg means[HSM_ALGS]; /* what it does for each */
    bool twin;
    bool exact, says_exact, takes, gcm;
    bool quick, loose;
    uint32_t silent, unreadable; /* enum key_flag */
    char seed[33];               /* "": its random numbers are random */
    char spki[HSM_PATH_MAX];
    struct faults faults;
};

/* Errors: ERR_CONFIG. */
bool personality_parse(const struct hsm_where *where, struct personality *p, struct err *err);

/* Makes the keys of a new token. */
bool personality_fill(const struct personality *p, struct store *store, struct err *err);

void personality_capabilities(const struct personality *p, struct hsm_capabilities *caps);

#endif
