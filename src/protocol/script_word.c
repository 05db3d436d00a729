/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/script_word.h"

#include "protocol/name.h"

const char *script_what_name(enum script_what what)
{
    static const char *const names[SCRIPT_WHATS] = {
        "line", "opened", "key", "left-out", "added", "count", "policy", "wanted", "verdict"};
    return name_of(names, SCRIPT_WHATS, what);
}

const char *setting_from_name(enum setting_from from)
{
    static const char *const names[SETTING_FROMS] = {"default", "file", "screen"};
    return name_of(names, SETTING_FROMS, from);
}

const char *script_outcome_name(enum script_outcome outcome)
{
    static const char *const names[SCRIPT_OUTCOMES] = {"none", "followed", "incomplete",
                                                       "deviated"};
    return name_of(names, SCRIPT_OUTCOMES, outcome);
}

enum script_outcome script_judge(bool has_script, bool deviates, bool unfinished)
{
    return !has_script  ? SCRIPT_NONE
           : deviates   ? SCRIPT_DEVIATED
           : unfinished ? SCRIPT_INCOMPLETE
                        : SCRIPT_FOLLOWED;
}
