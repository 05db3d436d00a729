/* SPDX-License-Identifier: Apache-2.0 */
/* A ceremony as it is asked for, before anything was opened. */
#ifndef HSMFERRY_CEREMONY_SETUP_H
#define HSMFERRY_CEREMONY_SETUP_H

#include <stdbool.h>

#include "ceremony/policy.h"
#include "hsm/event.h"
#include "hsm/facts.h"

enum { CEREMONY_OFFICERS_MAX = 16 };

struct officer {
    char name[EVENT_TEXT_MAX];
    char role[64];
};

/* The ceremony as it was asked for; copied by ceremony_new(). */
struct ceremony_setup {
    char title[EVENT_TEXT_MAX];
    char file[EVENT_PATH_MAX]; /* the ceremony file; empty: none */
    bool rehearsal;
    struct officer officers[CEREMONY_OFFICERS_MAX];
    unsigned officer_count;
    struct hsm_where where[2]; /* by enum side: SIDE_SOURCE, SIDE_DESTINATION */
    struct policy policy;
};

#endif
