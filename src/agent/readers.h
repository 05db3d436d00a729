/* SPDX-License-Identifier: Apache-2.0 */
/* The sessions that read a list of objects together, if each object takes an HSM a while. */
#ifndef HSMFERRY_AGENT_READERS_H
#define HSMFERRY_AGENT_READERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hsm/hsm.h"

enum {
    READERS_MAX = 8,
    READERS_AT_ONCE = 16,      /* objects that a session reads in one go */
    READERS_SLOW_MICROS = 750, /* an HSM that takes longer for an object is waited for */
};

/* {0}: the session that logged in reads alone, until its speed is known. */
struct readers {
    struct hsm *further[READERS_MAX - 1];
    unsigned count;
    bool decided;
};

/* Reads the next ones of left objects into *list, in their order, and returns their number in
 * *count. The first ones are read by hsm and measured; if they were slow, up to most sessions read
 * the next ones, or as many as the HSM opens. Errors: those of list_some(). */
bool readers_read(struct readers *r, struct hsm *hsm, unsigned most, const uint64_t *handles,
                  size_t left, size_t *count, struct key_list *list, struct err *err);

/* Closes the further sessions. */
void readers_end(struct readers *r);

#endif
