/* SPDX-License-Identifier: Apache-2.0 */
/* What every front end starts from: a ceremony file, the worker for it, and its report. */
#ifndef HSMFERRY_CMD_SESSION_H
#define HSMFERRY_CMD_SESSION_H

#include <limits.h>
#include <stdbool.h>

#include "base/err.h"
#include "config/config.h"
#include "confine/box.h"
#include "link/starter.h"
#include "report/report.h"
#include "report/signing.h"
#include "worker/worker.h"

/* What all sessions of one process share. */
struct session_host {
    char agent[PATH_MAX]; /* our own */
    struct starter *starter;
    struct box box; /* of this process, once it is in it */
    bool chooses;   /* devices can still be chosen */
};

/* {0} is empty, and {.host = ...} is what can load. It must stay where it is: workers refer to it.
 */
struct session {
    struct config *config;
    struct report *report;                          /* NULL: none was asked for yet */
    const struct interrupted_ceremony *interrupted; /* the ceremony that is resumed; NULL: none */
    struct session_host *host;                      /* not the session's own */
    const char *own_agent[2];                       /* the command of our own agent */
    const char *locks[3]; /* folders for the locks of tokens, NULL at the end */
    struct worker_signer signer;
    struct signing signing; /* what became of that; its report is what is signed */
    char kept[PATH_MAX];    /* the ceremony as session_keep() wrote it; empty: it did not */
};

/* What a session will do, and so which folders it writes to. */
enum session_use {
    SESSION_LOOK,   /* locks */
    SESSION_RECORD, /* the report folder, too */
    SESSION_SCREEN, /* and where ceremony files are saved; devices can be chosen */
    SESSION_SETTLE, /* that of SESSION_RECORD, on a screen */
    SESSION_SIGN,   /* beside the report */
};

/* Reads the ceremony file; NULL: an empty ceremony of no kind yet, under the default policy, whose
 * report goes to ./reports. Errors: as config_load(). */
bool session_load(struct session *s, const char *file, struct err *err);

/* Finds our own agent, beside this program in a build tree, else where it is installed, and makes
 * what starts it; the caller frees host->starter. Errors: as starter_new(). */
bool session_host_new(struct session_host *host, struct err *err);

/* The same for a ceremony file that must be there, whose own HSMs need not be. */
bool session_load_as(struct session *s, const char *file, enum config_use use, struct err *err);

/* Between a ceremony file and all that is read after it: names the programs of the agents, for
 * good, and puts this process into its box. report: of SESSION_SIGN, else NULL. Where both were
 * done already, for another ceremony file, this one must name the same programs. Errors: ERR_CONFIG
 * (the file demands a box, and the kernel has none), ERR_DENIED, ERR_FAILED. */
bool session_confine(struct session *s, enum session_use use, const char *report, struct err *err);

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
