/* SPDX-License-Identifier: Apache-2.0 */
/* Messages on standard error before a command ends. They return the exit code. */
#ifndef HSMFERRY_CMD_MESSAGE_H
#define HSMFERRY_CMD_MESSAGE_H

#include "base/err.h"

int command_failed(const struct err *err);

/* Reports a usage error: what is wrong, and at which word (may be empty). */
int command_misused(const char *what, const char *word);

/* The same for a command, whose help is the next step. An empty name: the command without one. */
int command_misused_by(const char *command, const char *what, const char *word);

#endif
