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
        [EVENT_CAPABILITY] = "offer",
        [EVENT_CHOICE] = "choice",
        [EVENT_REJECTED] = "rejected",
        [EVENT_CANARY] = "canary",
        [EVENT_SCRIPT] = "script",
        [EVENT_PLANNED] = "planned",
        [EVENT_WARNING] = "warning",
        [EVENT_GATE] = "gate",
        [EVENT_PACE] = "pace",
        [EVENT_SESSIONS] = "sessions",
        [EVENT_STEP] = "step",
        [EVENT_FINGERPRINT] = "fingerprint",
        [EVENT_PROOF] = "proof",
        [EVENT_KCV] = "check-value",
        [EVENT_KEY_DONE] = "key-done",
        [EVENT_INVENTORY] = "inventory",
        [EVENT_CALL] = "call",
        [EVENT_VENDOR_OUTPUT] = "spoken",
        [EVENT_COMPARED] = "compared",
        [EVENT_ERROR] = "error",
        [EVENT_EXCEPTION] = "exception",
        [EVENT_END] = "end",
        [EVENT_PIN] = "pin",
        [EVENT_DONE] = "done",
        [EVENT_FILE] = "file",
        [EVENT_ROWS] = "rows",
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

char *event_kcv_value(const struct kcv *kcv, enum side side, char *out)
{
    enum { SHOWN = 8 };
    size_t len = kcv->value[side].len;

    text_hex(kcv->value[side].octets, len < SHOWN ? len : SHOWN, out);
    if (len > SHOWN)
        strcat(out, "...");
    return out;
}

char *event_kcv_text(const struct kcv *kcv, char *out)
{
    const struct kcv_value *value = kcv->value;
    bool one = value[SIDE_SOURCE].len > 0;
    char text[EVENT_KCV_TEXT];

    event_kcv_value(kcv, SIDE_SOURCE, text);
    if (!one)
        snprintf(out, EVENT_KCV_TEXT, "none%s%s: %s", kcv->method ? " by " : "",
                 kcv->method ? kcv_method_words(kcv->method) : "", kcv->text);
    else
        snprintf(out, EVENT_KCV_TEXT, "%.40s, %s, %s", text, kcv_method_words(kcv->method),
                 memcmp(&value[0], &value[1], sizeof value[0]) == 0 ? "the same on both sides"
                                                                    : kcv->text);
    return out;
}

char *event_compared_text(const struct compared *compared, char *out)
{
    char kcv[EVENT_KCV_TEXT];
    size_t len =
        text_print(out, EVENT_COMPARED_TEXT, "%s%s%s: %s", comparison_name(compared->result),
                   compared->method[0] ? ", " : "", compared->method, compared->text);

    for (unsigned i = 0; i < compared->kcv_count && i < COMPARED_KCVS; i++)
        if (compared->kcvs[i].value[SIDE_SOURCE].len)
            len += text_print(out + len, EVENT_COMPARED_TEXT - len, "; check value %s",
                              event_kcv_text(&compared->kcvs[i], kcv));
    return out;
}
