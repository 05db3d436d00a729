/* SPDX-License-Identifier: Apache-2.0 */
/* The last rehearsal of a ceremony between the same two HSMs, as its journal records it. */
#ifndef HSMFERRY_CMD_FIND_REHEARSAL_H
#define HSMFERRY_CMD_FIND_REHEARSAL_H

#include "ceremony/setup.h"
#include "hsm/hsm.h"

/* Looks in a report folder for the newest rehearsal that came to a good end, with the APIs and
 * PKCS#11 modules of where (by enum side), in one room. {0}: there is none that can be read; it is
 * only needed for a warning. */
struct rehearsed rehearsal_find(const char *folder, const struct hsm_where *const where[2]);

#endif
