/* SPDX-License-Identifier: Apache-2.0 */
/* The list of drivers: one line each in drivers.c. */
#ifndef HSMFERRY_AGENT_DRIVERS_H
#define HSMFERRY_AGENT_DRIVERS_H

#include "hsm/hsm.h"

/* Ends with NULL. */
extern const struct hsm_driver *const drivers[];

#endif
