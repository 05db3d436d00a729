/* SPDX-License-Identifier: Apache-2.0 */
/* Runs and undoes rows of the tables between two HSMs, and emits their results. */
#ifndef HSMFERRY_CEREMONY_ROWS_H
#define HSMFERRY_CEREMONY_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "ceremony/narrator.h"
#include "ceremony/party.h"
#include "transfer/transfer.h"
#include "transfer/transport.h"

/* The two parties, and the narrator of their steps. */
struct crew {
    struct party *side; /* both */
    struct narrator *narrator;
};

/* The steps of the transport. */
const struct transport_row *rows_of_transport(const struct transport *t, size_t *count);

/* The steps of this key. */
const struct transfer_row *rows_of(const struct transfer *t, size_t *count);

/* Runs row number at of the transport, or of a key, and emits its findings, whether it failed or
 * not. A row that failed must be undone, too. */
bool rows_run_transport(const struct crew *crew, size_t at, struct transport *t,
                        struct step_result *result, struct err *err);
bool rows_run(const struct crew *crew, size_t at, struct transfer *t, struct step_result *result,
              struct err *err);

/* The same of a key in three parts: the first and the last reach only this key, and emit nothing,
 * so that several keys can be in progress on several threads. */
bool rows_carry_out(const struct crew *crew, size_t at, struct transfer *t,
                    struct step_result *result, struct err *err);
bool rows_emit_found(const struct crew *crew, size_t at, const struct transfer *t,
                     const struct step_result *result, struct err *err);
bool rows_finish(const struct crew *crew, size_t at, struct transfer *t, struct err *err);

/* Undoes row number at of a key. After an unanswered commit, searches for the object first. */
bool rows_undo(const struct crew *crew, size_t at, struct transfer *t, struct err *err);

/* Reads back and proves the key once more, once it is committed: what STEP_PROVE_AGAIN does. */
bool rows_prove_again(const struct crew *crew, struct transfer *t, struct err *err);

/* Undoes all rows of the transport that are done, last first. Errors: the first. */
bool rows_undo_transport(const struct crew *crew, struct transport *t, struct err *err);

#endif
