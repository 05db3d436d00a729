/* SPDX-License-Identifier: Apache-2.0 */
/* An HSM at the other end of a pipe: the contract, implemented by requests to a hsmferry-agent. */
#ifndef HSMFERRY_LINK_REMOTE_H
#define HSMFERRY_LINK_REMOTE_H

#include <stdbool.h>

#include "base/err.h"
#include "hsm/hsm.h"
#include "link/remote_setup.h"

/* Starts an agent, exchanges greetings and opens the HSM in it. setup is not kept, but everything
 * that abandon_fd, keep_fd, vendor_output, listed and ctx refer to must live until hsm_close(). The
 * agent inherits only its ends of the pipes. Errors: ERR_CONFIG (the agent or the module cannot be
 * started), ERR_HSM, ERR_GONE (it died or sent an invalid answer; the message says how it ended, if
 * known). */
bool remote_open(const struct remote_setup *setup, struct hsm **out, struct err *err);

#endif
