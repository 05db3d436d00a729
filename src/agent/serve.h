/* SPDX-License-Identifier: Apache-2.0 */
/* One HSM at the end of a pipe: requests in, the driver's answers out. */
#ifndef HSMFERRY_AGENT_SERVE_H
#define HSMFERRY_AGENT_SERVE_H

#include "agent/service.h"

/* Shakes hands, then serves requests until in_fd ends; then closes the HSM. Returns the process's
 * exit code: 0, EX_DATAERR (what came was no message of ours: it answers no further), or EX_IOERR.
 * One HSM can be opened, once. Says on standard error what was wrong. */
int serve(int in_fd, int out_fd, const struct service_limits *limits);

#endif
