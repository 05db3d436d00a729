/* SPDX-License-Identifier: Apache-2.0 */
/* What every front end starts from: a ceremony file, the worker for it, and its report. */
#ifndef HSMFERRY_SESSION_H
#define HSMFERRY_SESSION_H

#include <limits.h>
#include <stdbool.h>

#include "base/err.h"
#include "ceremony/worker.h"
#include "config.h"
#include "record/report.h"
#include "record/signing.h"

/* {0} is empty and valid. It must stay where it is: workers refer to it. */
struct session {
    struct config *config;
    struct report *report;     /* NULL: none was asked for yet */
    const struct prior *prior; /* the ceremony that is resumed; NULL: none */
    char agent[PATH_MAX];
    const char *own_agent[2]; /* its command */
    const char *locks[3];     /* folders for the locks of tokens, NULL at the end */
    struct worker_signer signer;
    struct signing signing; /* what became of that; its report is what is signed */
    char kept[PATH_MAX];    /* the ceremony as session_keep() wrote it; empty: it did not */
};

/* Reads the ceremony file; NULL: an empty rehearsal under the default policy, whose report goes to
 * ./reports. Errors: as config_load(). */
bool session_load(struct session *s, const char *file, struct err *err);

/* The same for a ceremony file that must be there, whose own HSMs need not be. */
bool session_load_as(struct session *s, const char *file, enum config_use use, struct err *err);

/* Starts a worker for the ceremony as it is configured now; it must be freed before the session, or
 * before this is called again. recorded: with a new report; one that was not written is given up.
 * calls: every single call into an HSM is told. Errors: as report_new(), worker_new(). */
bool session_start(struct session *s, bool recorded, bool calls, struct worker **out,
                   struct err *err);

/* What worker_sign() signs from now on: this report, as it is now. */
void session_to_sign(struct session *s, const char *report);

/* Notes why it is not signed. */
void session_unsigned(struct session *s, const struct err *why);

/* Before the first step: where no ceremony file says what is configured now, as it was chosen on
 * the screen, writes one beside the report's journal, so that it can be resumed. It holds no PIN.
 * It goes with a journal that tells of nothing. Errors: as config_write(). */
bool session_keep(struct session *s, struct err *err);

/* Where session_keep() writes for this journal; false: it is no journal's name. */
bool session_kept(const char *journal, char path[PATH_MAX]);

void session_free(struct session *s);

#endif
