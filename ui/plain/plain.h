/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Line mode, for logs, pipes and screen readers: one event is one line, without colour or cursor
 * movement.
 *
 *   12:41:07.512Z [ ok ]  5 source      encrypt the AES key: C_WrapKey ..., 384 bytes, sha256 ...
 */
#ifndef HSMFERRY_UI_PLAIN_PLAIN_H
#define HSMFERRY_UI_PLAIN_PLAIN_H

#include <stddef.h>
#include <stdio.h>

#include "base/err.h"
#include "protocol/event.h"
#include "report/signing.h"

enum { PLAIN_LINE_MAX = 6144 };

/* What earlier events said. */
struct plain_known {
    const char *label;      /* the safe label of the key that the event is about; NULL: unknown */
    enum hsm_alg transport; /* HSM_ALGS: none was chosen */
};

/* Writes event as one line, without a newline, into out of PLAIN_LINE_MAX bytes. Returns the
 * length; 0: this event has no line. */
size_t plain_line(const struct event *event, const struct plain_known *known, char *out);

/* A stream on which each line begins with a stamp, which outlives it; what is written to it is in
 * out once it was flushed, and a failure to write is one of out. Closed with fclose(), which leaves
 * out open. NULL: no memory. */
#define PLAIN_STAMP  "REHEARSAL  "
#define PLAIN_REPLAY "REPLAY  "
FILE *plain_stamped(FILE *out, const char *stamp);

/* Writes a failure as the officer reads it, in up to three lines: what failed, what is true now,
 * what to do next. */
void plain_error(FILE *out, const struct err *err);

/* Writes the path of the report, and its SHA-256 in groups and words. */
void plain_report(FILE *out, const char *path, const uint8_t *sha256,
                  const struct signing *signing);

#endif
