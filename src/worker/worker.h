/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ceremony on a separate thread: it takes commands, and sends events through a pipe, one complete
 * struct event for each read(2). The front end never waits for an HSM.
 */
#ifndef HSMFERRY_WORKER_WORKER_H
#define HSMFERRY_WORKER_WORKER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "ceremony/ceremony.h"
#include "hsm/uri.h"
#include "protocol/event.h"
#include "worker/worker_setup.h"

struct worker;

/* Starts the thread. setup is copied; everything that its pointers refer to must live until
 * worker_free(). */
bool worker_new(const struct worker_setup *setup, struct worker **out, struct err *err);

/* Stops the ceremony at the next boundary, waits for the thread, closes both HSMs, and frees. */
void worker_free(struct worker *w);

/* The descriptor that becomes readable when an event is available. */
int worker_fd(const struct worker *w);

/* Takes the next event; returns false if there is none now. */
bool worker_event(struct worker *w, struct event *event);

/* Queue a command. EVENT_DONE reports its end and result. Commands run one after the other. uri and
 * selection are copied. Errors: ERR_FAILED (memory). */
bool worker_open(struct worker *w, enum side side, struct err *err);
bool worker_devices(struct worker *w, const struct uri *const token[2], struct err *err);
bool worker_choose(struct worker *w, enum side side, const struct uri *uri, struct err *err);
bool worker_refresh(struct worker *w, enum side side, struct err *err);
bool worker_verdicts(struct worker *w, struct err *err);
bool worker_compare(struct worker *w, const uint64_t handle[2], struct err *err); /* NULL: all */
bool worker_map(struct worker *w, bool asks, struct err *err);
bool worker_plan(struct worker *w, const struct selection *selection, struct err *err);
bool worker_review(struct worker *w, struct err *err);
bool worker_resume(struct worker *w, struct err *err);
bool worker_run(struct worker *w, struct err *err);
bool worker_sign(struct worker *w, struct err *err);
bool worker_visit(struct worker *w, struct err *err);

/* Answers the open gate or PIN question. text is copied into locked memory; the caller wipes its
 * own copy. serial must be the seq of the EVENT_GATE or EVENT_PIN event: an answer to a question
 * that is not open is dropped, so that input typed ahead confirms nothing. */
void worker_answer(struct worker *w, uint64_t serial, const char *text, size_t len);

/* Records an EVENT_EXCEPTION, of which all but number and time is filled in, before the worker does
 * anything else; so it is kept also while a gate is open. Errors: ERR_FAILED (memory). */
bool worker_exception(struct worker *w, const struct event *exception, struct err *err);

/* Officers choose a pace (PACE_NONE: it stays as it is). go_on is the seq of the EVENT_PACE with
 * which the worker waits before a step: that step may then be carried out. Another number, or 0,
 * releases nothing: a key press releases only the step that was on the screen. */
void worker_pace(struct worker *w, enum pace pace, uint64_t go_on);

/* Refuses the open gate or question; without one, asks to stop at the next boundary. */
void worker_stop(struct worker *w);

/* Abandons the HSM call in progress; the HSM then counts as gone. */
void worker_abandon(struct worker *w, enum side side);

/* Snapshots of the worker's state for display. May be called only between EVENT_DONE of the command
 * that made them and the next command for that side. */
const struct hsm_slot_list *worker_slots(const struct worker *w, enum side side);
const struct hsm_about *worker_info(const struct worker *w, enum side side);
const struct key_list *worker_keys(const struct worker *w, enum side side);
const struct plan *worker_plan_now(const struct worker *w);

/* Can the HSM of this side seal evidence, as far as it was tried? The same rule applies. */
const struct hsm_capability *worker_evidence_now(const struct worker *w, enum side side);

/* Called before the first command: the front end takes the objects of lists that are not complete
 * yet. After EVENT_ROWS: objects that came since the last call (if there are
 * many, not all of them at once; none: that is all), of a list that is not complete
 * and may never be: worker_keys() has it once WORKER_CHOOSE has succeeded, in the same order. May
 * be called at any time. The caller frees *rows. */
void worker_show_rows(struct worker *w);
void worker_rows(struct worker *w, enum side side, struct key_list *rows);

/* The verdict on every source object, in the order of worker_keys(); NULL until WORKER_VERDICTS has
 * succeeded. The same rule applies. */
const struct plan_verdicts *worker_verdicts_now(const struct worker *w);

/* The map of both lists of worker_keys(); NULL until WORKER_MAP has succeeded. Likewise. */
const struct map *worker_map_now(const struct worker *w);

#endif
