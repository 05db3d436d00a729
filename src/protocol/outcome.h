/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a key, of a throw-away key, of a comparison, of a ceremony. */
#ifndef HSMFERRY_PROTOCOL_OUTCOME_H
#define HSMFERRY_PROTOCOL_OUTCOME_H

enum key_outcome {
    KEY_PENDING,
    KEY_MIGRATED,
    KEY_REFUSED,
    KEY_FAILED,
    KEY_UNKNOWN,
    KEY_UNPROVEN, /* arrived by a waiver: nothing proves it */
    KEY_OUTCOMES
};

/* How a key travels: AES-wrapped; under OAEP itself; not encrypted, since it is public. */
enum key_route { ROUTE_NONE, ROUTE_ENVELOPE, ROUTE_DIRECT, ROUTE_PUBLIC, ROUTES };

/* What became of a throw-away key. Impossible: the source does not make one. Commits: it is about
 * to become a token object on the destination, under the label of temporaries. Clean, of all of
 * them together: both inventories are again as they were. */
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
    COMPARED_ONLY_HERE, /* the other side has none of this name: its handle is 0 */
    COMPARED_UNKNOWN,   /* no operation that both may carry out tells */
    COMPARISONS
};

enum end_outcome { END_COMPLETE, END_PARTIAL, END_FAILED, END_ABORTED, END_OUTCOMES };

/* Words for lines and reports: "migrated", "envelope", "passed", "differs", "complete". */
const char *key_outcome_name(enum key_outcome outcome);
const char *key_route_name(enum key_route route);
const char *canary_state_name(enum canary_state state);
const char *comparison_name(enum comparison result);
const char *end_outcome_name(enum end_outcome outcome);

#endif
