/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many sessions of each HSM keys in progress together use. If the ceremony file does not fix
 * that number, the time that the HSMs needed for the first keys determines it: a further session is
 * worth its cost only if a key waits that long for the HSMs.
 */
#ifndef HSMFERRY_PROTOCOL_SESSIONS_H
#define HSMFERRY_PROTOCOL_SESSIONS_H

#include <stdint.h>

enum {
    SESSIONS_MEASURED = 4,     /* so many keys are measured, one after the other */
    SESSIONS_KEYS = 2,         /* opening a session takes calls, too: for so many keys, one */
    SESSIONS_WORTH_US = 5000,  /* for so much of a key's time, one session */
    SESSIONS_REASON_SIZE = 256 /* as EVENT_TEXT_MAX */
};

/* What the number depends on. */
struct sessions_basis {
    uint32_t fixed; /* by the ceremony file; 0: it is chosen */
    uint32_t keys;  /* that were measured */
    int64_t micros; /* of all steps, each the fastest among these keys: the calls of both HSMs */
    uint32_t left;  /* keys that have not begun */
};

/* The number of sessions to ask both HSMs for, at least 1. */
uint32_t sessions_wanted(const struct sessions_basis *basis);

/* Why it is this number, and which HSM has opened fewer: one sentence without a full stop. have: by
 * side. out has SESSIONS_REASON_SIZE bytes. Returns out. */
const char *sessions_reason(const struct sessions_basis *basis, const uint32_t have[2], char *out);

#endif
