/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/event.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

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
    [STEP_MAKE_AES] = {"make-aes", "make the AES key", SIDE_SOURCE, 4},
    [STEP_WRAP_AES] = {"wrap-aes", "encrypt the AES key", SIDE_SOURCE, 5},
    [STEP_RELAY_AES] = {"relay-aes", "carry the encrypted AES key", SIDE_RELAY, 6},
    [STEP_UNWRAP_AES] = {"unwrap-aes", "decrypt the AES key", SIDE_DESTINATION, 7},
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

static const char *name_of(const char *const *names, unsigned count, unsigned value)
{
    return value < count && names[value] ? names[value] : "?";
}

#define NAME_OF(names, value) name_of(names, sizeof(names) / sizeof(names)[0], (unsigned)(value))

const char *side_name(enum side side)
{
    static const char *const names[] = {"source", "destination", "relay"};
    return NAME_OF(names, side);
}

const char *event_kind_name(enum event_kind kind)
{
    static const char *const names[EVENT_KINDS] = {
        [EVENT_BEGIN] = "begin",
        [EVENT_OFFICER] = "officer",
        [EVENT_REACH] = "reach",
        [EVENT_SIGNER] = "signer",
        [EVENT_POLICY] = "policy",
        [EVENT_SIDE] = "side",
        [EVENT_HSM] = "hsm",
        [EVENT_LOADED] = "loaded",
        [EVENT_OFFER] = "offer",
        [EVENT_CHOICE] = "choice",
        [EVENT_REJECTED] = "rejected",
        [EVENT_CANARY] = "canary",
        [EVENT_PLANNED] = "planned",
        [EVENT_WARNING] = "warning",
        [EVENT_GATE] = "gate",
        [EVENT_STEP] = "step",
        [EVENT_FINGERPRINT] = "fingerprint",
        [EVENT_PROOF] = "proof",
        [EVENT_CHECK] = "check-value",
        [EVENT_KEY_DONE] = "key-done",
        [EVENT_INVENTORY] = "inventory",
        [EVENT_CALL] = "call",
        [EVENT_SPOKEN] = "spoken",
        [EVENT_COMPARED] = "compared",
        [EVENT_ERROR] = "error",
        [EVENT_EXCEPTION] = "exception",
        [EVENT_END] = "end",
        [EVENT_PIN] = "pin",
        [EVENT_DONE] = "done",
    };
    return NAME_OF(names, kind);
}

const char *reach_name(enum reach reach)
{
    static const char *const names[REACHES] = {"agent", "parameters", "variable"};
    return NAME_OF(names, reach);
}

const char *event_state_name(enum event_state state)
{
    static const char *const names[] = {"begun", "ok", "failed", "undone"};
    return NAME_OF(names, state);
}

const char *side_state_name(enum side_state state)
{
    static const char *const names[SIDE_STATES] = {"closed",    "opening", "open",
                                                   "logged in", "listed",  "failed"};
    return NAME_OF(names, state);
}

const char *gate_name(enum gate gate)
{
    static const char *const names[GATES] = {"devices", "review", "fingerprint", "key"};
    return NAME_OF(names, gate);
}

const char *gate_state_name(enum gate_state state)
{
    static const char *const names[] = {"open", "wrong", "confirmed", "refused", "waived"};
    return NAME_OF(names, state);
}

const char *canary_state_name(enum canary_state state)
{
    static const char *const names[] = {"passed", "failed", "impossible", "commits", "clean"};
    return NAME_OF(names, state);
}

const char *key_outcome_name(enum key_outcome outcome)
{
    static const char *const names[KEY_OUTCOMES] = {"pending", "migrated", "refused",
                                                    "failed",  "unknown",  "unproven"};
    return NAME_OF(names, outcome);
}

const char *key_route_name(enum key_route route)
{
    static const char *const names[] = {"none", "envelope", "direct", "public"};
    return NAME_OF(names, route);
}

const char *comparison_name(enum comparison result)
{
    static const char *const names[COMPARISONS] = {"same", "differs", "only here", "not known"};
    return NAME_OF(names, result);
}

const char *end_outcome_name(enum end_outcome outcome)
{
    static const char *const names[] = {"complete", "partial", "failed", "aborted"};
    return NAME_OF(names, outcome);
}

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

char *event_check_value(const struct check *check, enum side side, char *out)
{
    enum { SHOWN = 8 };
    size_t len = check->value[side].len;

    text_hex(check->value[side].octets, len < SHOWN ? len : SHOWN, out);
    if (len > SHOWN)
        strcat(out, "...");
    return out;
}

char *event_check_text(const struct check *check, char *out)
{
    const struct key_check_value *value = check->value;
    bool one = value[SIDE_SOURCE].len > 0;
    char text[EVENT_CHECK_TEXT];

    event_check_value(check, SIDE_SOURCE, text);
    if (!one)
        snprintf(out, EVENT_CHECK_TEXT, "none%s%s: %s", check->method ? " by " : "",
                 check->method ? key_check_words(check->method) : "", check->text);
    else
        snprintf(out, EVENT_CHECK_TEXT, "%.40s, %s, %s", text, key_check_words(check->method),
                 memcmp(&value[0], &value[1], sizeof value[0]) == 0 ? "the same on both sides"
                                                                    : check->text);
    return out;
}

char *event_compared_text(const struct compared *compared, char *out)
{
    char check[EVENT_CHECK_TEXT];
    size_t len =
        text_print(out, EVENT_COMPARED_TEXT, "%s%s%s: %s", comparison_name(compared->result),
                   compared->method[0] ? ", " : "", compared->method, compared->text);

    for (unsigned i = 0; i < compared->check_count && i < COMPARED_CHECKS; i++)
        if (compared->checks[i].value[SIDE_SOURCE].len)
            len += text_print(out + len, EVENT_COMPARED_TEXT - len, "; check value %s",
                              event_check_text(&compared->checks[i], check));
    return out;
}
