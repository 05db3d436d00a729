/* SPDX-License-Identifier: Apache-2.0 */
/* The canary while it runs: which test key is migrated now, and for how long. */
#ifndef HSMFERRY_UI_MODEL_TRIAL_H
#define HSMFERRY_UI_MODEL_TRIAL_H

#include <stddef.h>
#include <stdint.h>

#include "protocol/event.h"

struct trial_shown {
    char now[64];     /* "transport", "RSA"; empty: none yet */
    int64_t since_ms; /* on the front end's own clock */
    char last[128];   /* "AES 256 passed, 0.3 s"; empty: none has ended */
};

/* Takes over what this event says of it. */
void trial_event(struct trial_shown *t, const struct event *e, int64_t now_ms);

/* "RSA, 2.1 s   (AES 256 passed, 0.3 s)". out is terminated. Returns out. */
char *trial_text(const struct trial_shown *t, int64_t now_ms, char *out, size_t size);

#endif
