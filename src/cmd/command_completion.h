/* SPDX-License-Identifier: Apache-2.0 */
/* The completion of the command line in shells, made from the table of commands. */
#ifndef HSMFERRY_CMD_COMMAND_COMPLETION_H
#define HSMFERRY_CMD_COMMAND_COMPLETION_H

#include <stddef.h>

/* The nth shell for which there is one; NULL after the last. */
const char *completion_shell(size_t nth);

#endif
