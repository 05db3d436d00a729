/* SPDX-License-Identifier: Apache-2.0 */
/* A ceremony that was interrupted, as its journal has it, and what is to be done about it. */
#ifndef HSMFERRY_UI_MODEL_SETTLE_H
#define HSMFERRY_UI_MODEL_SETTLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "protocol/event.h"

enum settle_how {
    SETTLE_NOTHING, /* none was interrupted, or it was left alone */
    SETTLE_ASKS,    /* the officers are asked */
    SETTLE_RESUMES, /* this console resumes it */
    SETTLE_CLEANS   /* this console removes what was not proven */
};

/* All text is safe to show. */
struct settle {
    enum settle_how how;
    char journal[TEXT_SAFE_SIZE(EVENT_PATH_MAX)]; /* of the interrupted ceremony */
    char own[TEXT_SAFE_SIZE(EVENT_PATH_MAX)];     /* of this console, as a shell reads it: once it
                                                     has taken over, a resume goes on from there */
    char title[TEXT_SAFE_SIZE(EVENT_TEXT_MAX)];
    bool rehearsal;
    int64_t began_ms;          /* wall clock */
    char last[EVENT_TEXT_MAX]; /* its last step in words; empty: none was begun */
    char last_state[64];       /* and what is known of its end */
    uint32_t keys;             /* that could be migrated */
    uint32_t proven;           /* of these: kept on the destination, and proven there */
    uint32_t cut;              /* of these: being kept, and nobody knows how that ended */
    char unread[ERR_WHAT_MAX]; /* why the journal cannot be read; empty: it was */
    bool planned;              /* its plan was made, which can be done once */
    enum err_code failed;      /* why settling it failed; ERR_NONE: it did not */
};

/* Is this console here for an interrupted ceremony, and for no other? */
bool settle_is_on(const struct settle *s);

#endif
