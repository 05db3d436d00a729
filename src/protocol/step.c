/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/step.h"

/* The protocol as people number it: one row for each step, in the order in which they happen. */
static const struct {
    const char *name;
    const char *title;
    enum side side;
    int number;
} steps[STEPS] = {
    [STEP_MAKE_PAIR] = {"make-pair", "make the transport pair", SIDE_DESTINATION, 1},
    [STEP_RELAY_PUBLIC] = {"relay-public", "carry its public half", SIDE_RELAY, 2},
    [STEP_LOAD_PUBLIC] = {"load-public", "load it and read it back", SIDE_SOURCE, 3},
    [STEP_MAKE_KEK] = {"make-aes", "make the AES key", SIDE_SOURCE, 4},
    [STEP_WRAP_KEK] = {"wrap-aes", "encrypt the AES key", SIDE_SOURCE, 5},
    [STEP_RELAY_KEK] = {"relay-aes", "carry the encrypted AES key", SIDE_RELAY, 6},
    [STEP_UNWRAP_KEK] = {"unwrap-aes", "decrypt the AES key", SIDE_DESTINATION, 7},
    [STEP_WRAP_KEY] = {"wrap-key", "encrypt the key", SIDE_SOURCE, 8},
    [STEP_RELAY_KEY] = {"relay-key", "carry the encrypted key", SIDE_RELAY, 9},
    [STEP_UNWRAP_KEY] = {"unwrap-key", "decrypt the key (temporary)", SIDE_DESTINATION, 10},
    [STEP_PROVE] = {"prove", "prove that both hold the same key", SIDE_RELAY, 11},
    [STEP_READ_OBJECT] = {"read-object", "read the public object", SIDE_SOURCE, 11},
    [STEP_RELAY_OBJECT] = {"relay-object", "carry the public object", SIDE_RELAY, 11},
    [STEP_COMMIT] = {"commit", "keep it under its own name", SIDE_DESTINATION, 11},
    [STEP_PROVE_AGAIN] = {"prove-again", "prove the kept key", SIDE_RELAY, 11},
    [STEP_DESTROY] = {"destroy", "destroy the transport keys", SIDE_RELAY, 12},
    [STEP_INVENTORY] = {"inventory", "compare the inventories", SIDE_RELAY, 12},
    [STEP_PROVE_FRESH] = {"prove-fresh", "prove it from a fresh process", SIDE_DESTINATION, 12},
};

const char *step_name(enum step_id id)
{
    return (unsigned)id < STEPS ? steps[id].name : "?";
}

int step_number(enum step_id id)
{
    return (unsigned)id < STEPS ? steps[id].number : 0;
}

const char *step_title(enum step_id id)
{
    return (unsigned)id < STEPS ? steps[id].title : "?";
}

enum side step_side(enum step_id id)
{
    return (unsigned)id < STEPS ? steps[id].side : SIDE_RELAY;
}
