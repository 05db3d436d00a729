/* SPDX-License-Identifier: Apache-2.0 */
/* Gates: the points at which a ceremony waits for its officers. */
#ifndef HSMFERRY_PROTOCOL_GATE_H
#define HSMFERRY_PROTOCOL_GATE_H

/* GATE_FILE: a file from the other room is authenticated by words; no policy names or waives it.
 * GATE_NONE: the step waits for nobody. */
enum gate {
    GATE_DEVICES,
    GATE_REVIEW,
    GATE_FINGERPRINT,
    GATE_KEY,
    GATE_FILE,
    GATES,
    GATE_NONE = GATES,
    GATES_OF_POLICY = GATE_FILE /* those before it */
};
enum gate_state { GATE_OPEN, GATE_WRONG, GATE_CONFIRMED, GATE_REFUSED, GATE_WAIVED, GATE_STATES };

/* Words for line mode and reports: "fingerprint", "waived". */
const char *gate_name(enum gate gate);
const char *gate_state_name(enum gate_state state);

#endif
