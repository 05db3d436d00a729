/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys that are in progress together: a window takes each step for all of its keys, on several
 * sessions at the same time. What is announced for the keys of a step is recorded together, before
 * the first of them is carried out, and their results are in the order of the plan, whichever came
 * first. Two windows are in progress, half a table apart: while one uses the destination, the other
 * one uses the source. For each key alone, the order of its steps is that of the table.
 */
#ifndef HSMFERRY_CEREMONY_WINDOWS_H
#define HSMFERRY_CEREMONY_WINDOWS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct ceremony;

/* A step of the key at hand has taken so long; no other key is in progress. */
void windows_measure(struct ceremony *c, int64_t micros);

/* May the key at hand and those after it be in progress together? Not if officers decide about each
 * key, or go step by step; and if the ceremony file does not fix the number of sessions, not before
 * the first keys were measured. */
bool windows_may_open(struct ceremony *c);

/* Opens the sessions on both sides, and records how many and why; the key at hand is the first.
 * With one session, too, both sides work at the same time, and a step of several keys is written to
 * the disk once. Errors: those of sessions() and of the record. */
bool windows_open(struct ceremony *c, struct err *err);

/* Takes further keys, and makes the first one that is in progress the key at hand. Returns false if
 * none is. */
bool windows_fill(struct ceremony *c);

/* Carries out the next step of each window. A key that fails is undone, and the others go on, or
 * windows_end() is called. Without that, the error is one of the record. */
void windows_step(struct ceremony *c);

/* Calls work(arg, i) for each i below count, at the same time if keys were in progress together. */
void windows_spread(struct ceremony *c, size_t count, void (*work)(void *arg, size_t i), void *arg);

/* No further key begins. Those that are in progress are undone, but committed ones are still
 * proven. */
void windows_end(struct ceremony *c, const struct err *why);

/* Nothing is in progress any more. The key at hand is the one that comes next, or that after the
 * last one. */
void windows_close(struct ceremony *c);

#endif
