/* SPDX-License-Identifier: Apache-2.0 */
/* What the service must know of a call before it carries it out. */
#ifndef HSMFERRY_AGENT_CALL_KINDS_H
#define HSMFERRY_AGENT_CALL_KINDS_H

#include <stdbool.h>

#include "link/wire.h"

/* Is this a call that every driver has? */
bool call_only_proves(Pb__Request__CallCase call);

/* Is this one of the calls by which a key is read, checked and wrapped in one step? */
bool call_precedes_wrap(Pb__Request__CallCase call);

/* Is this a call that leaves the inventory of the login as it is? */
bool call_keeps_inventory(Pb__Request__CallCase call);

#endif
