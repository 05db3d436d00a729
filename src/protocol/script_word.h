/* SPDX-License-Identifier: Apache-2.0 */
/* The script of a ceremony: the keys that its ceremony file names. What an event says of it, and
 * what became of it. */
#ifndef HSMFERRY_PROTOCOL_SCRIPT_WORD_H
#define HSMFERRY_PROTOCOL_SCRIPT_WORD_H

#include <stdbool.h>

enum script_what {
    SCRIPT_LINE,     /* a line of the ceremony file's keys */
    SCRIPT_OPENED,   /* how many keys this line names, right after both inventories */
    SCRIPT_KEY,      /* a key that a line names, as the source lists it */
    SCRIPT_LEFT_OUT, /* not as the script says: this key is not chosen; ... */
    SCRIPT_ADDED,    /* ... this one is chosen; ... */
    SCRIPT_COUNT,    /* ... this line names another number of keys than it must; ... */
    SCRIPT_POLICY,   /* ... this setting is not the ceremony file's */
    SCRIPT_WANTED,   /* an exception is awaited before the review opens */
    SCRIPT_VERDICT,  /* what became of the script */
    SCRIPT_WHATS
};

/* Incomplete: a key of the script was not migrated. Deviated: the plan was not as the script says,
 * whatever else happened. */
enum script_outcome {
    SCRIPT_NONE, /* the ceremony file names no keys, or there is none */
    SCRIPT_FOLLOWED,
    SCRIPT_INCOMPLETE,
    SCRIPT_DEVIATED,
    SCRIPT_OUTCOMES
};

/* The origin of a setting that is in force. */
enum setting_from { FROM_DEFAULT, FROM_FILE, FROM_SCREEN, SETTING_FROMS };

/* Words for lines and reports: "left-out", "deviated", "file". */
const char *setting_from_name(enum setting_from from);
const char *script_what_name(enum script_what what);
const char *script_outcome_name(enum script_outcome outcome);

/* The worst of what is true: has_script: the ceremony file names keys. */
enum script_outcome script_judge(bool has_script, bool deviates, bool unfinished);

#endif
