/* SPDX-License-Identifier: Apache-2.0 */
/* Resuming a removal. */
#ifndef HSMFERRY_CMD_COMMAND_REMOVAL_H
#define HSMFERRY_CMD_COMMAND_REMOVAL_H

#include "cmd/command.h"
#include "journal/history.h"

/* Goes on with the removal of session->interrupted, or cleans up after it, with the report that its
 * journal names. Returns the exit code. */
int command_resume_removal(const struct invocation *in, struct session *session,
                           const struct history *history);

#endif
