/* SPDX-License-Identifier: Apache-2.0 */
/* The sides of a ceremony: two HSMs, and the relay between them. */
#ifndef HSMFERRY_PROTOCOL_SIDE_H
#define HSMFERRY_PROTOCOL_SIDE_H

enum side { SIDE_SOURCE, SIDE_DESTINATION, SIDE_RELAY, SIDES };

enum side_state {
    SIDE_CLOSED,
    SIDE_OPENING,
    SIDE_OPEN,      /* slots are known */
    SIDE_LOGGED_IN, /* a token was chosen */
    SIDE_LISTED,    /* its keys are known */
    SIDE_FAILED,
    SIDE_STATES
};

/* Words for line mode and reports: "source", "logged in". */
const char *side_name(enum side side);
const char *side_state_name(enum side_state state);

#endif
