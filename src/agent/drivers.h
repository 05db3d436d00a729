/* SPDX-License-Identifier: Apache-2.0 */
/* The list of drivers: one line each in drivers.c. */
#ifndef HSMFERRY_AGENT_DRIVERS_H
#define HSMFERRY_AGENT_DRIVERS_H

#include "hsm/hsm.h"

/* Ends with NULL. */
extern const struct hsm_driver *const drivers[];

/* The driver of this API. Errors: ERR_CONFIG (there is none; the message names all). */
bool drivers_find(const char *api, const struct hsm_driver **out, struct err *err);

#endif
