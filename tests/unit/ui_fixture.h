/* SPDX-License-Identifier: Apache-2.0 */
/* A console model for tests, and the events that a worker would send it. */
#ifndef HSMFERRY_TESTS_UI_FIXTURE_H
#define HSMFERRY_TESTS_UI_FIXTURE_H

#include "ui/model/dispatch.h"

struct fixture {
    struct config config;
    struct app *app;
    uint64_t seq;
    uint64_t last_serial;        /* of the last REQUEST_ANSWER */
    char last_answer[256];       /* what it would have sent */
    unsigned asked[REQUESTS];    /* requests seen so far */
    enum request_kind order[64]; /* the last batch, in order */
    unsigned order_count;
};

/* A console of 80x24 with a source and a destination named, not started. */
void fixture_new(struct fixture *f);
void fixture_free(struct fixture *f);

/* Gives an event of this kind a number and a time, and gives it in. */
void fixture_event(struct fixture *f, struct event *e);
void fixture_done(struct fixture *f, enum request_kind kind, enum side side, bool ok);
void fixture_side(struct fixture *f, enum side side, enum side_state state);
void fixture_error(struct fixture *f, enum err_code code, const char *what);
void fixture_step(struct fixture *f, enum step_id id, enum event_state state, uint32_t key);
void fixture_gate(struct fixture *f, enum gate gate, enum gate_state state, const char *question);

/* Carries out what was asked for by forgetting it; keeps count. */
void fixture_drain(struct fixture *f);
void fixture_press(struct fixture *f, int press);
void fixture_type(struct fixture *f, const char *text);

/* A key with this label. */
struct key_desc fixture_key(uint64_t handle, const char *label, enum key_class class,
                            enum key_kind kind, uint32_t bits);

/* count AES keys "key-000000" ... with handles from 1. The caller frees the list. */
struct key_list fixture_keys(size_t count);

/* Brings the console to a listed inventory with these lists; every movable key may go but those
 * whose label begins with "no". */
void fixture_list(struct fixture *f, const struct key_list *source,
                  const struct key_list *destination);

/* The same in two parts: both sides are open, and then listed. */
void fixture_open(struct fixture *f);
void fixture_listed(struct fixture *f, const struct key_list *source,
                    const struct key_list *destination);

/* Three keys on the source, one on the destination, listed; the first two may go. */
void fixture_small(struct fixture *f);

/* From a listed inventory to the review of its marked keys. */
void fixture_review(struct fixture *f);

/* From the review to a ceremony that runs and has passed its first gate. */
void fixture_run(struct fixture *f);

#endif
