/* SPDX-License-Identifier: Apache-2.0 */
/* One HSM being served, without the pipe: a request in, the driver called, a reply out. */
#ifndef HSMFERRY_AGENT_SERVICE_H
#define HSMFERRY_AGENT_SERVICE_H

#include "confine/box.h"
#include "link/hsm.pb-c.h"

struct service;

/* What it was started with. */
struct service_limits {
    const char *module; /* no other may be opened; NULL: any */
    struct box *box;    /* of this process */
};

/* No HSM is open yet. NULL: no memory. limits must live as long. */
struct service *service_new(const struct service_limits *limits);

/* Answers one request, whatever is in it; a failure is a reply like any other. *reply borrows from
 * *s until service_sent(). Wipes the PIN in *req. */
void service_answer(struct service *s, const Pb__Request *req, Pb__Reply *reply);
void service_sent(struct service *s);

/* Closes the HSM, where one is open, and frees. */
void service_end(struct service *s);

#endif
