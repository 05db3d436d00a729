/* SPDX-License-Identifier: Apache-2.0 */
/* A session in plain lines. */
#ifndef HSMFERRY_CMD_RUN_PLAIN_H
#define HSMFERRY_CMD_RUN_PLAIN_H

#include "base/err.h"
#include "cmd/session.h"

/* Runs the session's ceremony; resumes, if it has an interrupted one. Returns the exit code. */
int command_run_plain(struct session *s);

/* Signs a report with the key that the session's ceremony file names; s->signing says what became
 * of it. Returns the exit code; a failure that was not shown yet is in *err. */
int command_sign_plain(struct session *s, const char *report, struct err *err);

#endif
