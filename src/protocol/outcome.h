/* SPDX-License-Identifier: Apache-2.0 */
/* The outcomes of a key, a test key of the canary, a comparison, a ceremony. */
#ifndef HSMFERRY_PROTOCOL_OUTCOME_H
#define HSMFERRY_PROTOCOL_OUTCOME_H

enum key_outcome {
    KEY_PENDING,
    KEY_MIGRATED,
    KEY_REFUSED,
    KEY_FAILED,
    KEY_UNKNOWN,
    KEY_UNPROVEN,  /* migrated under a waiver: nothing proves it */
    KEY_SEALED,    /* kept as a file for a key service: nothing shows yet that it has arrived */
    KEY_BUNDLED,   /* encrypted into a bundle for another room */
    KEY_REPORTED,  /* the other room says that it was migrated, and nothing here shows it */
    KEY_DESTROYED, /* by a removal: the other side has proven that it has the same key */
    KEY_ALIGNED,   /* it was there, was proven, and its attributes were brought into line */
    KEY_DERIVED,   /* a new key, which both HSMs have derived and proven to share */
    KEY_OUTCOMES
};

/* How a key is carried: wrapped by AES; directly by OAEP; unencrypted, since it is public; it is
 * not carried, but removed, or its copy is brought into line, or both sides derive it. */
enum key_route {
    ROUTE_NONE,
    ROUTE_ENVELOPE,
    ROUTE_DIRECT,
    ROUTE_PUBLIC,
    ROUTE_REMOVED,
    ROUTE_ALIGNED,
    ROUTE_DERIVED,
    ROUTES
};

/* The outcome of a test key. Impossible: the source cannot generate one. Commits: it is about to
 * become a token object on the destination, under the label of temporary objects. Clean (said of
 * the whole canary): both inventories are as they were before it. */
enum canary_state {
    CANARY_PASSED,
    CANARY_FAILED,
    CANARY_IMPOSSIBLE,
    CANARY_COMMITS,
    CANARY_CLEAN,
    CANARY_STATES
};

enum comparison {
    COMPARED_SAME,
    COMPARED_DIFFERS,
    COMPARED_ONLY_HERE, /* the other side has no key of this name: its handle is 0 */
    COMPARED_UNKNOWN,   /* no operation that both sides may perform shows it */
    COMPARISONS
};

enum end_outcome { END_COMPLETE, END_PARTIAL, END_FAILED, END_ABORTED, END_OUTCOMES };

/* Words for line mode and reports: "migrated", "envelope", "passed", "differs", "complete". */
const char *key_outcome_name(enum key_outcome outcome);
const char *key_route_name(enum key_route route);
const char *canary_state_name(enum canary_state state);
const char *comparison_name(enum comparison result);
const char *end_outcome_name(enum end_outcome outcome);

#endif
