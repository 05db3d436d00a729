/* SPDX-License-Identifier: Apache-2.0 */
/* What shall go wrong in the fake HSM, and when. fake.h tells how it is written. */
#ifndef HSMFERRY_TESTS_FAKE_FAULT_H
#define HSMFERRY_TESTS_FAKE_FAULT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum { FAULTS_MAX = 16, FAULT_CALLS_MAX = 32 };

struct fault {
    char kind[8];
    char call[16];
    unsigned at; /* 0: at every call */
    char arg[64];
};

struct faults {
    struct fault list[FAULTS_MAX];
    size_t count;
    struct {
        char call[16];
        unsigned made;
    } calls[FAULT_CALLS_MAX];
};

/* Adds "CALL:N[:ARG]" of this kind. Errors: ERR_CONFIG; false without an error when kind is none
 * of a fault's kinds. */
bool fault_add(struct faults *f, const char *kind, const char *value, struct err *err);

/* A call begins: prints, waits, dies, hangs or fails as it was told. */
bool fault_begin(struct faults *f, const char *call, struct err *err);

/* How often a call of this name began. */
unsigned fault_made(const struct faults *f, const char *call);

/* A call was made and is about to be answered. */
void fault_end(const struct faults *f, const char *call);

/* Does the call under way only pretend? */
bool fault_forgets(const struct faults *f, const char *call);

/* Is this the lie of the call under way? */
bool fault_lies(const struct faults *f, const char *call, const char *how);

#endif
