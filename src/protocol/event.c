/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/event.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "protocol/name.h"

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
    return name_of(names, EVENT_KINDS, kind);
}

const char *reach_name(enum reach reach)
{
    static const char *const names[REACHES] = {"agent", "parameters", "variable"};
    return name_of(names, REACHES, reach);
}

const char *event_state_name(enum event_state state)
{
    static const char *const names[EVENT_STATES] = {"begun", "ok", "failed", "undone"};
    return name_of(names, EVENT_STATES, state);
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
