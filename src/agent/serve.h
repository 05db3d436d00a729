/* SPDX-License-Identifier: Apache-2.0 */
/* Serves one HSM over a pipe: receives requests, sends the driver's answers. */
#ifndef HSMFERRY_AGENT_SERVE_H
#define HSMFERRY_AGENT_SERVE_H

#include "agent/service.h"

/* Exchanges greetings, then serves requests until in_fd ends, and closes the HSM. Returns the
 * process's exit code: 0, EX_DATAERR (a received message was invalid; no more are answered),
 * EX_PROTOCOL (another version), EX_OSERR (no memory), or EX_IOERR. One HSM can be opened, once.
 * Prints the reason of a failure on standard error. */
int serve(int in_fd, int out_fd, const struct service_limits *limits);

#endif
