/* SPDX-License-Identifier: Apache-2.0 */
/*
 * THE PROTOCOL: two HSMs, one relay, tables of steps. The engine knows no thread, no clock of
 * its own and no terminal; it tells what it does through events and asks through gates.
 *
 *   ceremony_new -> ceremony_open x2 -> ceremony_choose x2 -> ceremony_plan -> ceremony_step ...
 */
#ifndef HSMFERRY_CEREMONY_CEREMONY_H
#define HSMFERRY_CEREMONY_CEREMONY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "ceremony/setup.h"
#include "hsm/hsm.h"
#include "hsm/uri.h"
#include "plan/plan.h"
#include "plan/suite.h"
#include "protocol/event.h"
#include "protocol/pace.h"
#include "protocol/side.h"

enum ceremony_next {
    NEXT_STEP,      /* one step was done; call again */
    NEXT_GATE,      /* officers are asked: ceremony_answer() or ceremony_stop() */
    NEXT_EXCEPTION, /* the plan is not as the script says: first an EVENT_EXCEPTION, by
                       ceremony_emit(), or ceremony_stop() */
    NEXT_WAIT,      /* it waits before a step: ceremony_go_on(), ceremony_pace() or
                       ceremony_stop() */
    NEXT_DONE,      /* it is over, well or not: EVENT_END was told */
};

struct ceremony;

/* Errors: ERR_FAILED (memory, random numbers). host and its sink must outlive the ceremony. */
bool ceremony_new(const struct ceremony_setup *setup, const struct ceremony_host *host,
                  struct ceremony **out, struct err *err);

/* Ends whatever is under way without a word, closes both HSMs (temporary objects vanish), frees. */
void ceremony_free(struct ceremony *c);

/* Starts this side's HSM anew and reads its slots. */
bool ceremony_open(struct ceremony *c, enum side side, struct err *err);

/* The slots as read. Valid until the next ceremony_open() of this side. */
const struct hsm_slot_list *ceremony_slots(const struct ceremony *c, enum side side);

/* What was told of the HSM when its token was chosen; {0} before. */
const struct hsm_about *ceremony_info(const struct ceremony *c, enum side side);

/* Before anything else: finds the tokens that these two name, by enum side, tells both devices as
 * their APIs do, and asks the officers to compare them with their script, where the policy says so;
 * in production it does wherever it waits for anything. *open: an answer is awaited, by
 * ceremony_answer() or ceremony_stop(); then this is called again. Once the answer was right, or
 * none is needed, it is false. Errors: as ceremony_choose(); ERR_STOPPED (answered wrong, or
 * stopped). */
bool ceremony_devices(struct ceremony *c, const struct uri token[2], bool *open, struct err *err);

/* Chooses the one token that uri names, logs in (one try), lists its keys.
 * Errors: ERR_HSM (no slot, no such token, not initialised), ERR_CONFIG (two tokens match; the same
 * token as on the other side), ERR_DENIED (PIN, write-protected destination). */
bool ceremony_choose(struct ceremony *c, enum side side, const struct uri *uri, struct err *err);

/* The keys as listed. Valid until the next ceremony_choose() or ceremony_refresh() of this side. */
const struct key_list *ceremony_keys(const struct ceremony *c, enum side side);

/* Lists the keys of a chosen token again. */
bool ceremony_refresh(struct ceremony *c, enum side side, struct err *err);

/* Finds out what both sides speak; needed once before ceremony_verdict() and ceremony_plan(). */
bool ceremony_negotiate(struct ceremony *c, struct err *err);

/* What was agreed; NULL before ceremony_negotiate(). */
const struct suite *ceremony_suite(const struct ceremony *c);

/* The verdict on every object of the source (see plan_verdicts()), made anew. */
bool ceremony_verdicts(struct ceremony *c, struct err *err);

/* As made last; NULL before. In the order of ceremony_keys() of the source. */
const struct plan *ceremony_the_verdicts(const struct ceremony *c);

/* Asks both HSMs whether the keys with these handles, by side, are the same, by an operation that
 * their own uses allow, and tells it (EVENT_COMPARED). NULL: every secret and private key with the
 * one of its name on the other side. Errors: ERR_USAGE (a ceremony is running), ERR_NO_INPUT (no
 * such key), as ceremony_negotiate(), what an HSM answered otherwise. */
bool ceremony_compare(struct ceremony *c, const uint64_t handle[2], struct err *err);

/* Makes the plan for these keys and tells it. May be called again until the first step.
 * Errors: as plan_make(); the code of the first refusal when no key at all can go. */
bool ceremony_plan(struct ceremony *c, const struct selection *selection, struct err *err);

/* Instead of ceremony_plan(), where setup.interrupted says what was interrupted: looks for its keys
 * on the destination, keeps and proves those that it put there, destroys what else it left behind,
 * and plans the others anew. Errors: ERR_CONFLICT (other tokens; a key is there that it did not put
 * there, or that is another one: nothing was touched). */
bool ceremony_resume(struct ceremony *c, struct err *err);

/* The plan; empty before ceremony_plan(). */
const struct plan *ceremony_the_plan(const struct ceremony *c);

/* Opens the review before ceremony_step() does, so that its gate opens when the plan comes on the
 * screen. NEXT_STEP: nothing waits there; NEXT_DONE: *err is set, a sink refused. */
enum ceremony_next ceremony_review(struct ceremony *c, struct err *err);

/* Runs exactly one step. On NEXT_DONE the ceremony is over: ceremony_exit_code() is its result.
 * A step that fails is undone and told by events; the engine itself decides whether the next key
 * goes on or the ceremony ends. */
enum ceremony_next ceremony_step(struct ceremony *c);

/* Answers the open gate. A wrong answer leaves the gate open once; twice wrong stops. */
void ceremony_answer(struct ceremony *c, const char *typed);

/* Officers choose another pace, before a step or while it waits before one. At a pace that does not
 * wait there it goes on. */
void ceremony_pace(struct ceremony *c, enum pace pace);

/* The step that it waits before may be carried out. */
void ceremony_go_on(struct ceremony *c);

/* Asks to stop at the next boundary between two steps. May be called from another thread. */
void ceremony_stop(struct ceremony *c);

/* Tells an event of the host's own (a call, a vendor library's words): number and times are filled
 * in here. On false the sink refused, and what the event announced must not happen. */
bool ceremony_emit(struct ceremony *c, struct event *event, struct err *err);

/* As err_exit() counts; meaningful after NEXT_DONE. */
int ceremony_exit_code(const struct ceremony *c);

#endif
