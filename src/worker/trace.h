/* SPDX-License-Identifier: Apache-2.0 */
/* A wrapper around an HSM: every call becomes an EVENT_CALL before and after it. */
#ifndef HSMFERRY_WORKER_TRACE_H
#define HSMFERRY_WORKER_TRACE_H

#include "hsm/hsm.h"
#include "protocol/event.h"

/* Wraps inner; the result owns it (closing the result closes inner). emit is called with an event
 * whose kind, side and call are set. If it returns false, the call is not made and fails with
 * emit's *err (err may be NULL); its result is ignored for the event after a call, and before
 * close. ctx must outlive the result. On failure (memory) the caller keeps inner. */
bool trace_new(struct hsm *inner, enum side side,
               bool (*emit)(void *ctx, struct event *event, struct err *err), void *ctx,
               struct hsm **out, struct err *err);

#endif
