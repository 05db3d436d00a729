/* SPDX-License-Identifier: Apache-2.0 */
/* What comes after keys were sealed: a command of the service's own client for each file. */
#ifndef HSMFERRY_CMD_SEAL_NEXT_H
#define HSMFERRY_CMD_SEAL_NEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "cmd/session.h"

enum { SEAL_NEXT_MAX = 8 * EVENT_PATH_MAX + 512 };

/* The command for the next sealed file of the session's ceremony; at is 0 at first. False: there is
 * none. */
bool seal_next(const struct session *s, size_t *at, char out[static SEAL_NEXT_MAX]);

/* Prints all of them. */
void seal_next_print(const struct session *s);

#endif
