/* SPDX-License-Identifier: Apache-2.0 */
/* The text of --help. */
#ifndef HSMFERRY_CMD_COMMAND_HELP_H
#define HSMFERRY_CMD_COMMAND_HELP_H

#include "cmd/command_table.h"

/* Prints all commands and options; for a command with a name, only its own. Returns the exit code.
 */
int help_print(const struct command_table *table, const struct command *command);

#endif
