/* SPDX-License-Identifier: Apache-2.0 */
/* The walk waits for an officer before its next step, and the record says so. */
#ifndef HSMFERRY_CEREMONY_PACER_H
#define HSMFERRY_CEREMONY_PACER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "ceremony/narrator.h"
#include "protocol/pace.h"

struct pacer {
    enum pace pace;
    bool over;           /* the ceremony ends early: cleaning up waits for nobody */
    bool waits;          /* now, since: */
    int64_t since_us;    /* on the host's clock that never goes back */
    bool released;       /* the step that comes next was waited for ... */
    int64_t waited_us;   /* ... for so long */
    uint32_t first_item; /* the first key of the plan, from 1; 0: none yet */
};

/* The pace that was asked for is in the record from here on. */
bool pacer_begin(struct pacer *p, enum pace pace, struct narrator *n, struct err *err);

/* True if nothing holds up this step any more; else p->waits, or *err is set: a sink refused. */
bool pacer_pass(struct pacer *p, const struct pace_place *place, struct narrator *n,
                struct err *err);

/* An officer chose this pace. It is not in force if the sink refuses. */
bool pacer_choose(struct pacer *p, enum pace pace, const struct pace_place *place,
                  struct narrator *n, struct err *err);

/* The step that is waited for may be carried out. */
void pacer_release(struct pacer *p);

/* The step was carried out, or failed. */
void pacer_step_over(struct pacer *p);

/* From here on nothing is waited for; a current wait ends. */
void pacer_end(struct pacer *p, const struct pace_place *place, struct narrator *n);

/* Of a step that was waited for and failed because nobody is logged in any more: it is ERR_GONE,
 * and says that the HSM ended the session, as far as anybody can know, and what to do. */
void pacer_explain(const struct pacer *p, struct err *err);

#endif
