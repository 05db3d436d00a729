/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PKCS#11 module around another, for tests: it forwards every function and does harm at the call
 * that it is told. From the environment:
 *
 * Or from a file beside the module, of the module's name and ".conf", that has these as lines
 * NAME=VALUE; then from nowhere else.
 *
 *   SHIM_MODULE   the real module's path
 *   SHIM_COUNT    a folder of its own: each call adds a line of SHIM_WIDTH bytes, the function's
 *                 name, to the file "calls", and one that a fault names a byte to a file of that
 *                 fault: so also the fresh process has an n-th call.
 *   SHIM_TOKEN    the folder of SoftHSM's token, for "half"
 *   SHIM_DELAY_US so long each call waits before it is made, in microseconds, as if over a network
 *   SHIM_TIMES    if set: the processor time of each call is added to the file "times" there
 *   SHIM_FAULT    KIND:FUNCTION:N[:ARGUMENT], several with blanks; FUNCTION may be "any".
 *
 * At its N-th call (0: at every one) KIND happens; the tables in shim.c and shim_lies.c have the
 * kinds.
 */
#ifndef HSMFERRY_TESTS_FAULTS_SHIM_H
#define HSMFERRY_TESTS_FAULTS_SHIM_H

#include <stdbool.h>

#include <p11-kit/pkcs11.h>

enum { SHIM_FAULTS_MAX = 8, SHIM_WIDTH = 32 };

/* The call under way, and what it gives out. */
struct call {
    const char *name;
    CK_RV rv;
    CK_SESSION_HANDLE session;
    CK_BYTE *out; /* bytes ... */
    CK_ULONG *len;
    CK_OBJECT_HANDLE *handle; /* ... or a new object or session ... */
    CK_OBJECT_HANDLE *other;  /* ... or a pair's public half ... */
    CK_ATTRIBUTE *attributes; /* ... or what was read of an object: */
    CK_ULONG count;
    CK_OBJECT_HANDLE object;
    CK_OBJECT_HANDLE *target;  /* the object that the call is about; what is put there is used */
    CK_ULONG room;             /* for handles that a search finds */
    bool due[SHIM_FAULTS_MAX]; /* which faults happen in it */
    long long begun_ns;        /* of its thread's processor time */
};

struct fault {
    char kind[8], function[SHIM_WIDTH];
    unsigned at;
    char argument[32];
    int file; /* that counts */
};

/* What can happen before a call, which may keep it from being made, and after it. */
struct shim_kind {
    const char *name;
    bool (*before)(struct call *call, const struct fault *f);
    void (*after)(struct call *call, const struct fault *f);
};

/* The lies; the last one has no name. */
extern const struct shim_kind shim_lies[];

/* ARGUMENT as a number. */
CK_ULONG shim_number(const struct fault *f, CK_ULONG otherwise);

/* Does what an earlier call has put off until this one; and keeps what this one gave out. */
void shim_catch_up(void);
void shim_remember(struct call *call);

/* The real module's functions. */
extern CK_FUNCTION_LIST *shim_real;

/* A setting, from the file beside the module or the environment. NULL: there is none. */
const char *shim_setting(const char *name);

/* Reads SHIM_FAULT; what it cannot read ends the process. */
void shim_read_faults(const char *words);

/* Reads SHIM_DELAY_US; NULL: calls do not wait. */
void shim_read_delay(const char *number);
void shim_read_times(const char *wanted);

/* A call begins: counts it, and does what is due before it. False: it is not made, call->rv is its
 * result. */
bool shim_begin(struct call *call);

/* A call was made with this result: does what is due behind it, and returns the result to give. */
CK_RV shim_end(struct call *call, CK_RV rv);

#endif
