/* SPDX-License-Identifier: Apache-2.0 */
/* Holding a ceremony to its script: says what the ceremony file names, and what differs from it;
 * and lets no review open before an exception says why. */
#ifndef HSMFERRY_CEREMONY_SCRIPT_WATCH_H
#define HSMFERRY_CEREMONY_SCRIPT_WATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "ceremony/narrator.h"
#include "ceremony/setup.h"
#include "hsm/key.h"
#include "plan/explained.h"
#include "plan/plan.h"
#include "plan/script.h"
#include "protocol/event.h"
#include "protocol/script_word.h"
#include "transfer/transfer.h"

struct script_watch {
    struct script script;
    uint32_t named;   /* the settings that the ceremony file names: bits of script_settings() ... */
    uint32_t changed; /* ... and those that were chosen on the screen */
    struct script_summary differs;     /* what is not as the script says, of the plan made last */
    const struct explained *explained; /* what interrupted ceremonies' exceptions say; NULL */
    bool further;                      /* something differs that this does not say */
    bool owed;                         /* no exception says why */
    bool wanted;                       /* one was asked for */
};

/* Takes the script from the setup, and says its lines. */
bool script_watch_begin(struct script_watch *w, const struct ceremony_setup *setup,
                        struct narrator *n, struct err *err);

/* Both sides are listed: says what each line names there. interrupted: the script is that of an
 * interrupted ceremony. */
bool script_watch_open(struct script_watch *w, const struct key_list *source, bool interrupted,
                       struct narrator *n, struct err *err);

/* A plan was made: says what is not as the script says, and quotes the exceptions in which
 * the officers of interrupted ceremonies said why. It is asked for no other one if they say why of
 * all of it. */
bool script_watch_plan(struct script_watch *w, const struct plan *plan, struct narrator *n,
                       struct err *err);

/* May the review open? If not, an exception is asked for, once for each plan; or *err is set. */
bool script_watch_pass(struct script_watch *w, struct narrator *n, struct err *err);

/* The officers gave no exception when one was asked for, and come back: it is asked for again. */
void script_watch_ask_again(struct script_watch *w);

/* Officers wrote down an exception: marks it if it was owed. */
void script_watch_explain(struct script_watch *w, struct event *exception);

/* Does the script name this key of the plan? */
bool script_watch_names(const struct script_watch *w, const struct transfer *t);

/* Officers left this key out at its gate: that is not as the script says, if the script names it.
 * The engine writes the exception that says why. */
bool script_watch_left_out(struct script_watch *w, const struct transfer *t, struct narrator *n,
                           struct err *err);

/* Says what became of the script. */
bool script_watch_end(const struct script_watch *w, const struct transfers *transfers,
                      struct narrator *n, struct err *err);

#endif
