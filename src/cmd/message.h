/* SPDX-License-Identifier: Apache-2.0 */
/* What a command says on standard error before it ends. Both return the exit code. */
#ifndef HSMFERRY_CMD_MESSAGE_H
#define HSMFERRY_CMD_MESSAGE_H

#include "base/err.h"

int command_failed(const struct err *err);

/* The command line is wrong: what, and at which word (may be empty). */
int command_misused(const char *what, const char *word);

#endif
