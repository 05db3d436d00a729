/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/gate.h"

#include "protocol/name.h"

const char *gate_name(enum gate gate)
{
    static const char *const names[GATES] = {"devices", "review", "fingerprint", "key", "file"};
    return name_of(names, GATES, gate);
}

const char *gate_state_name(enum gate_state state)
{
    static const char *const names[GATE_STATES] = {"open", "wrong", "confirmed", "refused",
                                                   "waived"};
    return name_of(names, GATE_STATES, state);
}
