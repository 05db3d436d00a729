/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The origin of each line of an interrupted ceremony's policy. Officers who resume it load a file
 * that was kept with the choices made on the screen: by that file alone, all lines would come from
 * it.
 */
#ifndef HSMFERRY_PLAN_ORIGINS_H
#define HSMFERRY_PLAN_ORIGINS_H

#include "protocol/event.h"

enum { ORIGINS_MAX = 32 }; /* more than a policy has lines */

/* {0} is none, and valid. */
struct origins {
    struct {
        char name[64], value[64];
        enum setting_from from;
    } lines[ORIGINS_MAX];
    unsigned count;
};

/* Takes over an event of its journal; only a line of the policy that states its origin
 * counts, and of two lines with the same name the later one. */
void origins_take(struct origins *origins, const struct event *event);

/* The word for the origin of this line; NULL: that ceremony had none of this value. origins may
 * be NULL. */
const char *origins_find(const struct origins *origins, const char *name, const char *value);

#endif
