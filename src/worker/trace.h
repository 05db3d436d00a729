/* SPDX-License-Identifier: Apache-2.0 */
/* An HSM around an HSM: every call becomes an EVENT_CALL before and after it. */
#ifndef HSMFERRY_WORKER_TRACE_H
#define HSMFERRY_WORKER_TRACE_H

#include "hsm/hsm.h"
#include "protocol/event.h"

/* Wraps inner, whose owner the result becomes (closing it closes inner). emit is called with an
 * event of which kind, side and call are set; when it returns false the call is not made and fails
 * with its *err (err may be NULL; what it returns for the event after a call is not heeded, nor
 * before close). ctx must outlive the result. On failure (memory) inner stays the caller's. */
bool trace_new(struct hsm *inner, enum side side,
               bool (*emit)(void *ctx, struct event *event, struct err *err), void *ctx,
               struct hsm **out, struct err *err);

#endif
