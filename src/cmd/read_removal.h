/* SPDX-License-Identifier: Apache-2.0 */
/* What the report of a migration says, as the job of a removal. */
#ifndef HSMFERRY_CMD_READ_REMOVAL_H
#define HSMFERRY_CMD_READ_REMOVAL_H

#include <stdbool.h>

#include "base/err.h"
#include "base/text.h"
#include "ceremony/removal_job.h"

/* Public halves under which a signature next to the report is valid: SHA-256 of each (DER). */
enum { REMOVAL_SIGNERS_MAX = 9 };
struct removal_signers {
    uint8_t sha256[REMOVAL_SIGNERS_MAX][SHA256_SIZE];
    unsigned count;
};

/* Reads the report of a migration, which must pass the checks of verify. sha256: of its bytes.
 * Fills in *job except for what the ceremony file says; the caller frees job->keys. Errors:
 * ERR_DATA (it does not pass), ERR_DENIED (it is not the report of a whole ceremony between two
 * HSMs), ERR_NO_INPUT, ERR_IO, ERR_FAILED. */
bool removal_read(const char *path, enum removal what, struct removal_job *job,
                  uint8_t sha256[SHA256_SIZE], struct removal_signers *signers, struct err *err);

/* Takes over what the journal of an interrupted removal of the same report says. Errors: as
 * journal_read(); ERR_CONFLICT (it is of another report). */
bool removal_take_over(const char *journal, const uint8_t sha256[SHA256_SIZE],
                       struct removal_job *job, struct err *err);

#endif
