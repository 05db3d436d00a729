/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp(2): restricts the system calls of this process, irrevocably. */
#ifndef HSMFERRY_CONFINE_FILTER_H
#define HSMFERRY_CONFINE_FILTER_H

#include <stdbool.h>

#include "base/err.h"

/* The result of a filter; the kernel may not support any. */
enum filter_result { FILTER_ON, FILTER_NONE };

/* For the console, all threads: allows only what a ceremony needs. Files are opened as before
 * (Landlock restricts which); no program can be started, no socket created except a pair, no memory
 * made executable, no signal sent to another process, no character put into the terminal's input.
 * Errors: ERR_FAILED. */
bool filter_console(enum filter_result *result, struct err *err);

/* For an agent, which runs a vendor's library: forbids only what no such library needs (other
 * processes' memory, mounts, kernel modules, namespaces, the terminal's input). Errors:
 * ERR_FAILED. */
bool filter_agent(enum filter_result *result, struct err *err);

/* For an agent whose HSM is not on a network: forbids all sockets except local ones. Errors:
 * ERR_FAILED. */
bool filter_network(enum filter_result *result, struct err *err);

#endif
