/* SPDX-License-Identifier: Apache-2.0 */
/* A session in line mode. */
#ifndef HSMFERRY_CMD_RUN_PLAIN_H
#define HSMFERRY_CMD_RUN_PLAIN_H

#include "base/err.h"
#include "cmd/kept_events.h"
#include "cmd/session.h"

/* Runs the session's ceremony, or resumes it if the session has a prior. kept: takes its events;
 * NULL: nobody does. Returns the exit code. */
int command_run_plain(struct session *s, struct kept_events *kept);

/* Runs the session's visit. Returns the exit code. */
int command_run_visit(struct session *s);

/* Runs the session's removal. Returns the exit code. */
int command_run_removal(struct session *s);

/* Signs a report with the key that the session's ceremony file names; s->signing holds the result.
 * Returns the exit code; a failure that has not been shown yet is in *err. */
int command_sign_plain(struct session *s, const char *report, struct err *err);

#endif
