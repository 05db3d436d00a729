/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the tables carried out between two HSMs, taken back, and what the record hears of it. */
#ifndef HSMFERRY_CEREMONY_ROWS_H
#define HSMFERRY_CEREMONY_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "ceremony/narrator.h"
#include "ceremony/party.h"
#include "transfer/transfer.h"
#include "transfer/transport.h"

/* Between whom, and who hears of it. */
struct crew {
    struct party *side; /* both */
    struct narrator *narrator;
};

/* The steps of this key. */
const struct transfer_row *rows_of(const struct transfer *t, size_t *count);

/* Carries out row number at of the transport, or of a key, and emits what it found, whether it
 * failed or not. What a row does that failed is to be undone, too. */
bool rows_run_transport(const struct crew *crew, size_t at, struct transport *t,
                        struct step_result *result, struct err *err);
bool rows_run(const struct crew *crew, size_t at, struct transfer *t, struct step_result *result,
              struct err *err);

/* Takes row number at of a key back. A commit whose answer was lost is looked for first. */
bool rows_undo(const struct crew *crew, size_t at, struct transfer *t, struct err *err);

/* Reads back and proves the key once more, once it is committed: what STEP_PROVE_AGAIN does. */
bool rows_prove_again(const struct crew *crew, struct transfer *t, struct err *err);

/* Takes back all that is done of the transport, from the end. Errors: the first. */
bool rows_undo_transport(const struct crew *crew, struct transport *t, struct err *err);

#endif
