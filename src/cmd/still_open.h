/* SPDX-License-Identifier: Apache-2.0 */
/* The last words on a ceremony that was not completed: it is still open, and how to go on. */
#ifndef HSMFERRY_CMD_STILL_OPEN_H
#define HSMFERRY_CMD_STILL_OPEN_H

#include "cmd/session.h"
#include "protocol/event.h"

enum { STILL_OPEN_LINES = 3, STILL_OPEN_LINE_MAX = 4 * EVENT_PATH_MAX + 64 };

/* Writes what the journal of this session says into lines; if it took nothing over, that of the
 * ceremony that it was to resume. Returns their number; 0: neither needs resume or clean. */
unsigned still_open_lines(const struct session *s,
                          char lines[STILL_OPEN_LINES][STILL_OPEN_LINE_MAX]);

#endif
