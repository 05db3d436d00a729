/* SPDX-License-Identifier: Apache-2.0 */
/* A line in the host's log, syslog(3), at begin, gate and end of a ceremony: so that those who
 * watch the host learn of it, whatever becomes of its report. */
#ifndef HSMFERRY_CMD_SYSLOG_SINK_H
#define HSMFERRY_CMD_SYSLOG_SINK_H

#include <stdbool.h>

#include "base/err.h"
#include "protocol/event.h"

struct syslog_sink {
    struct event_sink sink; /* the first member */
    struct event_sink *next;
    char id[12]; /* the beginning of the ceremony's id */
};

/* Connects to the log, which a confined process can do no more. Errors: ERR_CONFIG (nothing listens
 * there). */
bool syslog_sink_open(struct err *err);

/* Makes a sink that hands every event to next, and logs those that next has taken. next must
 * outlive it. Returns the sink. */
struct event_sink *syslog_sink_before(struct syslog_sink *s, struct event_sink *next);

#endif
