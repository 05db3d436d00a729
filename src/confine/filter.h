/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp(2): the system calls that this process may make from now on. Nothing takes that back. */
#ifndef HSMFERRY_CONFINE_FILTER_H
#define HSMFERRY_CONFINE_FILTER_H

#include <stdbool.h>

#include "base/err.h"

/* How a filter went: the kernel may have none at all. */
enum filter_result { FILTER_ON, FILTER_NONE };

/* For the console, all threads: what a ceremony needs and nothing else. Files are opened as before
 * (Landlock says which); there is no program to start, no socket but a pair, no memory to write and
 * then run, no signal to a process but this one, no character put into the terminal's input.
 * Errors: ERR_FAILED. */
bool filter_console(enum filter_result *result, struct err *err);

/* For an agent, which runs a vendor's library: everything but what no such library has a need of
 * (other processes' memory, mounts, kernel modules, name spaces, the terminal's input).
 * Errors: ERR_FAILED. */
bool filter_agent(enum filter_result *result, struct err *err);

/* For an agent whose HSM is not on a network: no socket but those of this host. Errors: ERR_FAILED.
 */
bool filter_network(enum filter_result *result, struct err *err);

#endif
