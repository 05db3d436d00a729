/* SPDX-License-Identifier: Apache-2.0 */
/* Serves one HSM, independent of the pipe: takes a request, calls the driver, and returns a
 * reply. */
#ifndef HSMFERRY_AGENT_SERVICE_H
#define HSMFERRY_AGENT_SERVICE_H

#include <stdint.h>

#include "confine/box.h"
#include "link/hsm.pb-c.h"

struct service;

/* The limits that the agent was started with. */
struct service_limits {
    const char *module; /* no other may be opened; NULL: any */
    struct box *box;    /* of this process */
    char host[80];      /* its name; read before the box is closed */
    char user[80];      /* as whom this process runs: "hsm, uid 992" */
};

/* Sets host and user. No library of the host is loaded for it: /etc/passwd alone is asked for a
 * name. */
void service_limits_place(struct service_limits *limits);

/* No HSM is open yet. Returns NULL if there is no memory. limits must live as long as the
 * service. */
struct service *service_new(const struct service_limits *limits);

/* Answers one request, valid or not; a failure is a reply too. *reply borrows from *s until
 * service_sent(). Wipes the PIN in *req. */
void service_answer(struct service *s, const Pb__Request *req, Pb__Reply *reply);
void service_sent(struct service *s);

/* The session with this number (Request.session); NULL: there is none. 0 is *s itself. Different
 * sessions may answer at the same time, each one request after the other. */
struct service *service_session(struct service *s, uint32_t number);

/* Closes the HSM with all its sessions if one is open, and frees the service. */
void service_end(struct service *s);

#endif
