/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An agent as the console sees it: a process that answers requests, or is gone. All its
 * misbehaviour is handled here: it may die, hang, stop in the middle of an answer, send invalid
 * answers, or print.
 */
#ifndef HSMFERRY_LINK_AGENT_CLIENT_H
#define HSMFERRY_LINK_AGENT_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "link/hsm.pb-c.h"
#include "link/remote_setup.h"
#include "link/wire.h"

struct agent_client;

/* The expected answer to a call: the kind of result, and the function that reads it into *out
 * (NULL: nothing to read). get() refuses a result outside of the contract with ERR_DATA. */
struct agent_client_answer {
    Pb__Reply__ResultCase kind;
    bool (*get)(const Pb__Reply *reply, void *out, struct err *err);
};

/* Starts the agent and exchanges greetings. As remote_open(), but no HSM is opened yet. */
bool agent_client_start(const struct remote_setup *setup, struct agent_client **out,
                        struct err *err);

/* A call in two halves, so that several can be in progress: args is the message that belongs to
 * call, session the number of the session that serves it (0: the first), and *id identifies the
 * call until its reply was received. Any thread may send and receive. Replies may arrive in any
 * order; each is assigned to the request with its id, and a reply with any other id ends the agent.
 * Errors of both: the failure in the reply; ERR_GONE if the agent does not answer as required, for
 * all calls in progress, and immediately for every later call. */
enum { AGENT_CLIENT_ASKED_MAX = HSM_SESSIONS_MAX };
bool agent_client_send(struct agent_client *p, unsigned session, Pb__Request__CallCase call,
                       void *args, uint64_t *id, struct err *err);
bool agent_client_receive(struct agent_client *p, uint64_t id,
                          const struct agent_client_answer *answer, void *out, struct err *err);

/* Both halves in one call. */
bool agent_client_ask(struct agent_client *p, unsigned session, Pb__Request__CallCase call,
                      void *args, const struct agent_client_answer *answer, void *out,
                      struct err *err);

/* Is the agent still executing a call that was abandoned and that may change the token? */
bool agent_client_at_work(struct agent_client *p);

/* Closes the channel, upon which the agent logs out and ends; makes sure that it ends, and reaps
 * it. An agent that is still at work is left to end by itself: killing it could leave an incomplete
 * object, or a damaged token. Takes at most a few seconds, whatever the agent does. p may be
 * NULL. */
void agent_client_close(struct agent_client *p);

#endif
