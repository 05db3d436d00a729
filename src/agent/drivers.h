/* SPDX-License-Identifier: Apache-2.0 */
/* The list of drivers: one line for each in drivers.c. */
#ifndef HSMFERRY_AGENT_DRIVERS_H
#define HSMFERRY_AGENT_DRIVERS_H

#include "hsm/hsm.h"

/* The driver for this API, or NULL. */
const struct hsm_driver *driver_find(const char *api);

/* Number i of them, NULL after the last. */
const struct hsm_driver *driver_at(unsigned i);

#endif
