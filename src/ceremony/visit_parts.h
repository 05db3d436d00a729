/* SPDX-License-Identifier: Apache-2.0 */
/* The parts that visits have in common, for the files of this room only. */
#ifndef HSMFERRY_CEREMONY_VISIT_PARTS_H
#define HSMFERRY_CEREMONY_VISIT_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "ceremony/gatekeeper.h"
#include "ceremony/members.h"
#include "ceremony/visit_job.h"
#include "sealed/sealed.h"
#include "transfer/step_result.h"

struct visit_walk {
    struct ceremony *c;
    const struct visit_job *job;
    const struct visit_past *past; /* of the migration of the file; NULL: there is none */
    enum side side;                /* of this room */
    struct party *own;
    uint64_t pair[2];  /* offer: the handles of the pair, which stays; 0: none */
    struct err failed; /* why it did not come to its end */
    bool stays;        /* what it made stays: the file is written */
    void *own_data;    /* of this kind of visit; freed by its free() */
};

/* One visit: before the first step, and its steps. Errors: they end it. */
struct visit_row {
    enum visit what;
    bool (*check)(struct visit_walk *v, struct err *err); /* the file, before anything is opened;
                                                          NULL: there is none */
    bool (*run)(struct visit_walk *v, struct err *err);
    /* What is left to do, whether run() failed or not; NULL: nothing. */
    bool (*close)(struct visit_walk *v, struct err *err);
    /* The same, after the inventories were compared. */
    bool (*last)(struct visit_walk *v, struct err *err);
    void (*free)(struct visit_walk *v);
};

extern const struct visit_row visit_offer, visit_load, visit_accept, visit_confirm, visit_withdraw;
extern const struct visit_row visit_arrive; /* accept, of the file of a key service */

/* The first step was reached: both the plan and the inventory before it are recorded. Does nothing
 * from the second time on. */
bool visit_begin(struct visit_walk *v, struct err *err);

/* The transfer of this row of the transport, or of a key: its events and its run. Errors: the row
 * must be undone, too. */
bool visit_transport_row(struct visit_walk *v, enum step_id id, struct err *err);
bool visit_key_row(struct visit_walk *v, struct transfer *t, enum step_id id, struct err *err);

/* A step of one key that is in no table. */
typedef bool visit_key_fn(struct visit_walk *v, struct transfer *t, void *ctx,
                          struct step_result *result, struct err *err);
bool visit_key_step(struct visit_walk *v, struct transfer *t, enum step_id id, visit_key_fn *run,
                    void *ctx, struct err *err);

/* A closing step. */
typedef bool visit_step_fn(struct visit_walk *v, struct step_result *result, struct err *err);
bool visit_step(struct visit_walk *v, enum step_id id, visit_step_fn *run, struct err *err);

/* One that leaves no transport key. */
bool visit_undo_transport(struct visit_walk *v, struct step_result *result, struct err *err);

/* Opens a gate and waits for the right answer. Errors: ERR_STOPPED, ERR_DATA, a sink that
 * refuses. */
bool visit_gate(struct visit_walk *v, const struct gate_subject *about, struct err *err);

/* The review of this visit: the officers type word. */
bool visit_review(struct visit_walk *v, const char *word, struct err *err);

/* Has the other room written this file? By a signature, if the ceremony file names keys that sign
 * its files; otherwise by words that are typed. trust: how. Errors: ERR_DENIED, ERR_DATA,
 * ERR_STOPPED. */
bool visit_trust(struct visit_walk *v, struct sealed_reader *file, char trust[EVENT_TEXT_MAX],
                 struct err *err);

/* Records that the file is taken: no other of its stage will be. */
bool visit_taken(struct visit_walk *v, const struct sealed_reader *file, const char *trust,
                 struct err *err);

/* Records a file of this visit; path: as it is. Errors: a sink that refuses. */
bool visit_emit_file(struct visit_walk *v, enum file_state state, const struct sealed_head *head,
                     const uint8_t sha256[SHA256_SIZE], uint64_t bytes, const char *path,
                     const char *trust, struct err *err);

/* The same of a file that is none of two rooms. */
struct visit_other {
    const char *format;
    enum sealed_stage stage;
    const uint8_t *sha256;
    uint64_t bytes;
    const char *path, *trust;
};
bool visit_emit_other(struct visit_walk *v, enum file_state state, const struct visit_other *file,
                      struct err *err);

/* The first fields of a file that this visit writes, in answer to another one (NULL: to none). */
struct sealed_head visit_head(const struct visit_walk *v, enum sealed_format format,
                              enum sealed_stage stage, const struct sealed_reader *answers);

/* The capabilities of the own HSM. */
bool visit_capabilities(struct visit_walk *v, struct err *err);

/* Is the file the one that this visit takes? Completes *expected with what every visit knows. */
bool visit_expect(const struct visit_walk *v, struct sealed_reader *file,
                  struct sealed_expected *expected, struct err *err);

/* Have the officers asked to stop? Errors: ERR_STOPPED. */
bool visit_goes_on(const struct visit_walk *v, struct err *err);

#endif
