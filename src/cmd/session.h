/* SPDX-License-Identifier: Apache-2.0 */
/* Common to all front ends: a ceremony file, its worker, and its report. */
#ifndef HSMFERRY_CMD_SESSION_H
#define HSMFERRY_CMD_SESSION_H

#include <limits.h>
#include <stdbool.h>

#include "base/err.h"
#include "ceremony/removal_job.h"
#include "ceremony/visit_job.h"
#include "cmd/pin_entry.h"
#include "cmd/syslog_sink.h"
#include "config/config.h"
#include "confine/box.h"
#include "link/starter.h"
#include "report/report.h"
#include "report/signing.h"
#include "worker/worker.h"

/* State shared by all sessions of one process. */
struct session_host {
    char agent[PATH_MAX]; /* the path of our own agent */
    struct starter *starter;
    struct box box; /* the confinement of this process, if it is confined */
    bool chooses;   /* devices can still be chosen */
};

/* A visit, and the files that are given to it. */
struct session_visit {
    enum visit what;
    char migration[SEALED_ID_SIZE];
    int64_t expires_ms;
    const char *files[2];      /* NULL: none */
    struct script_said script; /* only the room with the source has what the lines name */
    struct visit_job job;
};

/* A removal, and the report that it is of. */
struct session_removal {
    enum removal what;
    char report[EVENT_TEXT_MAX]; /* its path, in safe text */
    uint8_t sha256[SHA256_SIZE];
    struct script_said script; /* of no lines: the report names the keys */
    struct removal_job job;
};

/* {0} is empty; {.host = ...} can load a ceremony file. It must not be moved, because workers refer
 * to it. */
struct session {
    struct config *config;
    struct report *report;                          /* NULL: not started yet */
    const struct interrupted_ceremony *interrupted; /* the ceremony that is resumed; NULL: none */
    const char *journal;                            /* of that one */
    struct session_host *host;                      /* shared, not owned by the session */
    const char *own_agent[2];                       /* the command of our own agent */
    struct sealing *sealing;     /* for a key service; NULL: the destination is an HSM. Its files
                                    are next to the report */
    const char *const *reads;    /* further files that it reads, NULL at the end; NULL: none */
    struct session_visit *visit; /* a visit of a ceremony in two rooms; NULL: one in one room */
    struct session_removal *removal; /* NULL: keys are carried */
    bool probes;                     /* both HSMs are tried for more than this ceremony needs */
    struct visit_pasts offers;       /* what the journals of the report folder say of such ones */
    struct rehearsed rehearsed;      /* the last one in these journals */
    bool resync;                     /* what the destination has already is left out */
    struct worker_signer signer;
    struct pin_entry entries[SIDES]; /* by program: enum side, SIDE_RELAY for the signer */
    struct syslog_sink log;          /* before the report's sink, if the ceremony file wants it */
    struct signing signing;          /* the result of signing; its report is the one to be signed */
    char kept[PATH_MAX];             /* the ceremony file written by session_keep(); empty: none */
};

/* The purpose of a session, which determines the folders that it writes to. */
enum session_use {
    SESSION_LOOK,   /* locks */
    SESSION_RECORD, /* the report folder, too */
    SESSION_SCREEN, /* and where ceremony files are saved; devices can be chosen */
    SESSION_SETTLE, /* that of SESSION_RECORD, on a screen */
    SESSION_SIGN,   /* next to the report */
};

/* Reads the ceremony file; NULL: an empty ceremony of no kind yet, under the default policy, whose
 * report goes to ./reports. Errors: as config_load(). */
bool session_load(struct session *s, const char *file, struct err *err);

/* Finds our own agent, next to this program in a build tree, otherwise the installed one, and
 * creates the process that starts it; the caller frees host->starter. Errors: as starter_new(). */
bool session_host_new(struct session_host *host, struct err *err);

/* The same for a ceremony file that must exist, but whose HSMs need not. */
bool session_load_as(struct session *s, const char *file, enum config_use use, struct err *err);

/* Called after the ceremony file is read and before anything else is: names the programs of the
 * agents irrevocably, and confines this process. report: for SESSION_SIGN, else NULL. If both were
 * already done for another ceremony file, this one must name the same programs. Errors: ERR_CONFIG
 * (the file requires confinement, and the kernel does not support it), ERR_DENIED, ERR_FAILED. */
bool session_confine(struct session *s, enum session_use use, const char *report, struct err *err);

/* Starts a worker for the ceremony as it is configured now; the caller frees it before the session,
 * or before calling this again. recorded: with a new report; a previous one that was not written is
 * discarded. calls: every single call to an HSM is emitted. Errors: as report_new(),
 * worker_new(). */
bool session_start(struct session *s, bool recorded, bool calls, struct worker **out,
                   struct err *err);

/* Sets the report, in its current state, that worker_sign() will sign. */
void session_to_sign(struct session *s, const char *report);

/* Records why the report remains unsigned. */
void session_unsigned(struct session *s, const struct err *why);

/* Called before the first step: if no ceremony file holds the current configuration, because it was
 * chosen on the screen, writes one next to the report's journal, so that the ceremony can be
 * resumed. It contains no PIN. It is deleted together with a journal that records nothing. Errors:
 * as config_write(). */
bool session_keep(struct session *s, struct err *err);

/* Names the file that the visit writes: next to its report, which session_start() has named. */
void session_name_file(struct session *s);

/* The path where session_keep() writes for this journal; returns false if the name is not that of a
 * journal. */
bool session_kept(const char *journal, char path[PATH_MAX]);

void session_free(struct session *s);

#endif
