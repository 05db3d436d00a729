/* SPDX-License-Identifier: Apache-2.0 */
/*
 * THE PROTOCOL: two HSMs, one relay, tables of steps. The engine has no thread, no clock and
 * no terminal; it reports through events and asks through gates.
 *
 *  ceremony_new -> ceremony_open x2 -> ceremony_choose x2 -> ceremony_plan -> ceremony_step ...
 */
#ifndef HSMFERRY_CEREMONY_CEREMONY_H
#define HSMFERRY_CEREMONY_CEREMONY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "ceremony/setup.h"
#include "hsm/hsm.h"
#include "hsm/uri.h"
#include "plan/map.h"
#include "plan/plan.h"
#include "plan/selection.h"
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

/* Ends without any event, closes both HSMs (temporary objects vanish), and frees. */
void ceremony_free(struct ceremony *c);

/* Starts this side's HSM again and reads its slots. */
bool ceremony_open(struct ceremony *c, enum side side, struct err *err);

/* The same in two halves, between which the other side can be started. */
bool ceremony_start(struct ceremony *c, enum side side, struct err *err);
bool ceremony_opened(struct ceremony *c, enum side side, struct err *err);

/* The slots as read. Valid until the next ceremony_open() of this side. */
const struct hsm_slot_list *ceremony_slots(const struct ceremony *c, enum side side);

/* The identity of the HSM, as reported when its token was chosen; {0} before. */
const struct hsm_about *ceremony_info(const struct ceremony *c, enum side side);

/* Comes first: finds the tokens that these two URIs name, by enum side, reports both devices as
 * their APIs identify them and, if the policy has this gate, asks the officers to compare them with
 * their script; in production, a policy with any gate has this one. *open: an answer is awaited, by
 * ceremony_answer() or ceremony_stop(); call this again afterwards. It is false once the answer was
 * right, or if none is needed. Errors: as ceremony_choose(); ERR_STOPPED (wrong answer, or
 * stopped). */
bool ceremony_devices(struct ceremony *c, const struct uri token[2], bool *open, struct err *err);

/* Finds and reports the device of one side, for a visit that has no other one; *slot is valid until
 * ceremony_free(). Errors: as ceremony_choose(). */
bool ceremony_read_out(struct ceremony *c, enum side side, const struct uri *token,
                       const struct hsm_slot **slot, struct err *err);

/* Chooses the one token that uri names, logs in (one try), lists its keys.
 * Errors: ERR_HSM (no slot, no such token, not initialised), ERR_CONFIG (two tokens match; the same
 * token as on the other side), ERR_DENIED (PIN, write-protected destination). */
bool ceremony_choose(struct ceremony *c, enum side side, const struct uri *uri, struct err *err);

/* The same in two halves: between them the HSM works on its list, and the other side can be
 * entered.
 */
bool ceremony_enter(struct ceremony *c, enum side side, const struct uri *uri, struct err *err);
bool ceremony_list(struct ceremony *c, enum side side, struct err *err);

/* Between them: receives a part of the list; *more: another part follows. Returns false if it
 * failed: ceremony_list() reports why. */
bool ceremony_list_part(struct ceremony *c, enum side side, bool *more);

/* The keys as listed. Valid until the next ceremony_choose() or ceremony_refresh() of this side. */
const struct key_list *ceremony_keys(const struct ceremony *c, enum side side);

/* Lists the keys of a chosen token again. */
bool ceremony_refresh(struct ceremony *c, enum side side, struct err *err);

/* Determines the capabilities of both sides and negotiates the suite; needed once before
 * ceremony_verdicts() and ceremony_plan(). */
bool ceremony_negotiate(struct ceremony *c, struct err *err);

/* plan_review() (demands.h), and again under another transport if one key needs that. */
bool ceremony_plan_review(struct ceremony *c, const struct key_list *destination,
                          const struct selection *selection, struct err *err);

/* The negotiated suite; NULL before ceremony_negotiate(). */
const struct suite *ceremony_suite(const struct ceremony *c);

/* The verdict on every object of the source (see plan_verdicts()), made again. */
bool ceremony_verdicts(struct ceremony *c, struct err *err);

/* The last verdicts, in the order of ceremony_keys() of the source; NULL: none, or they are void: a
 * side was listed again, or a plan was made. */
const struct plan_verdicts *ceremony_the_verdicts(const struct ceremony *c);

/* Asks both HSMs whether the keys with these handles, by side, are the same, by an operation that
 * their own uses allow, and emits the result (EVENT_COMPARED). NULL: compares every secret and
 * private key with the key of the same name on the other side. Errors: ERR_USAGE (a ceremony is
 * running), ERR_NO_INPUT (no such key), as ceremony_negotiate(), what an HSM answered otherwise. */
bool ceremony_compare(struct ceremony *c, const uint64_t handle[2], struct err *err);

/* Aligns both lists (plan/map.h), for which certificates are read; asks: also asks both HSMs about
 * each pair of keys of which their lists do not show whether they are the same (EVENT_COMPARED).
 * Errors: as ceremony_compare(). */
bool ceremony_map(struct ceremony *c, bool asks, struct err *err);

/* The last map, of the lists of ceremony_keys(); NULL: there is none, or it is void, as for
 * ceremony_the_verdicts(). */
const struct map *ceremony_the_map(const struct ceremony *c);

/* Makes the plan for these keys and emits it. May be called again until the first step.
 * Errors: as plan_make(); the code of the first refusal if no key can be migrated. */
bool ceremony_plan(struct ceremony *c, const struct selection *selection, struct err *err);

/* In place of ceremony_plan(), if setup.interrupted is set: searches the destination for its keys,
 * keeps and proves those that it migrated, destroys its other objects, and plans the rest again.
 * Errors: ERR_CONFLICT (other tokens; a key of this name exists that it did not migrate, or that is
 * another key: nothing was touched). */
bool ceremony_resume(struct ceremony *c, struct err *err);

/* The plan; empty before ceremony_plan(). */
const struct plan *ceremony_the_plan(const struct ceremony *c);

/* Can the HSM of this side seal evidence for files between two rooms, as far as it was tried? */
const struct hsm_capability *ceremony_evidence(const struct ceremony *c, enum side side);

/* Opens the review before ceremony_step() does, so that its gate opens when the plan comes on the
 * screen. If officers left it, it is opened again, and asks again. NEXT_STEP: nothing waits there;
 * NEXT_DONE: *err is set, a sink refused. */
enum ceremony_next ceremony_review(struct ceremony *c, struct err *err);

/* Runs exactly one step. On NEXT_DONE the ceremony is over: ceremony_exit_code() is its result.
 * A step that fails is undone, and reported by events; the engine decides whether it continues with
 * the next key or ends the ceremony. */
enum ceremony_next ceremony_step(struct ceremony *c);

/* Answers the open gate. After one wrong answer the gate stays open; a second one stops. */
void ceremony_answer(struct ceremony *c, const char *typed);

/* Officers choose another pace, before a step or while it waits before one. At a pace that does not
 * wait there it goes on. */
void ceremony_pace(struct ceremony *c, enum pace pace);

/* The step that it waits before may be carried out. */
void ceremony_go_on(struct ceremony *c);

/* Asks to stop at the next boundary between two steps. May be called from another thread. */
void ceremony_stop(struct ceremony *c);

/* Emits an event of the host (a call, output of a vendor library), with number and times filled in.
 * False: the sink refused it, and the announced action must not be carried out. */
bool ceremony_emit(struct ceremony *c, struct event *event, struct err *err);

/* As err_exit() counts; meaningful after NEXT_DONE. */
int ceremony_exit_code(const struct ceremony *c);

#endif
