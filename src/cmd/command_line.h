/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the command line by the table of commands. */
#ifndef HSMFERRY_CMD_COMMAND_LINE_H
#define HSMFERRY_CMD_COMMAND_LINE_H

#include <stdbool.h>

#include "cmd/command.h"
#include "cmd/command_table.h"

/* Fills in, which is empty, from the words after the program's name; they are moved within argv. On
 * a usage error, reports it and returns false; *code is then the exit code. With --help or
 * --version, the words of the command are not counted. */
bool command_line_read(const struct command_table *table, int argc, char **argv,
                       struct invocation *in, int *code);

#endif
