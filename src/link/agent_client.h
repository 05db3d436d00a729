/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An agent as seen from the console: a process that answers requests, or is gone. Whatever it must
 * not do to us - die, hang, stop in the middle, talk nonsense, print - is met here.
 */
#ifndef HSMFERRY_LINK_AGENT_CLIENT_H
#define HSMFERRY_LINK_AGENT_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "link/hsm.pb-c.h"
#include "link/remote.h"

struct agent_client;

/* What a call expects: the kind of result, and who reads it into *out (NULL: nothing to read).
 * get() refuses what is not within the contract with ERR_DATA. */
struct agent_client_answer {
    Pb__Reply__ResultCase kind;
    bool (*get)(const Pb__Reply *reply, void *out, struct err *err);
};

/* Starts the agent and shakes hands. As remote_open(), but no HSM is opened yet. */
bool agent_client_start(const struct remote_setup *setup, struct agent_client **out,
                        struct err *err);

/* A call in two halves, so that several can be under way: args is the message that belongs to call,
 * and *id names it until its reply was received. Replies may come in any order; each is given to
 * the request whose id it bears, and one that bears no such id ends the agent. Errors of both: what
 * the agent answers; ERR_GONE when it does not answer as it must, and from then on at once. */
enum { AGENT_CLIENT_ASKED_MAX = 16 };
bool agent_client_send(struct agent_client *p, Pb__Request__CallCase call, void *args, uint64_t *id,
                       struct err *err);
bool agent_client_receive(struct agent_client *p, uint64_t id,
                          const struct agent_client_answer *answer, void *out, struct err *err);

/* Both halves. */
bool agent_client_ask(struct agent_client *p, Pb__Request__CallCase call, void *args,
                      const struct agent_client_answer *answer, void *out, struct err *err);

/* Is the agent still in a call that was given up, and that may change the token? */
bool agent_client_at_work(struct agent_client *p);

/* Closes the channel, which tells the agent to log out and end; sees to it that it does, and reaps
 * it. One that is at work is left to end by itself: ended there, it could leave half an object, or
 * half a token. Takes at most a few seconds, whatever the agent does. NULL is fine. */
void agent_client_close(struct agent_client *p);

#endif
