/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of hsmferry: one function each, which returns the exit code. */
#ifndef HSMFERRY_CMD_COMMAND_H
#define HSMFERRY_CMD_COMMAND_H

#include <stdbool.h>

#include "base/err.h"
#include "cmd/command_table.h"
#include "cmd/session.h"
#include "ui/screen/term.h"

enum { COMMAND_WORDS = 16 };

/* The command line, parsed. */
struct invocation {
    const struct command_table *table;
    const struct command *command; /* its row in the table */
    bool help, version;
    bool plain;
    bool no_canary; /* of probe */
    bool compare;   /* of list */
    bool challenge; /* of compare */
    bool html;      /* of sheet */
    bool json;      /* of list, compare, probe and verify */
    bool pem;       /* of offer */
    struct term_options screen;
    const char *journal, *signature, *key, *ceremony;        /* of a report; NULL: not given */
    const char *service, *wrapping_key, *import_token, *kid; /* of seal; NULL: not given */
    const char *public_key;                                  /* of check-sealed; NULL: not given */
    const char *format;                                      /* of accept; NULL: not given */
    const char *pair, *dir, *remove;                         /* of rehearse; NULL: not given */
    bool prepare;                                            /* of rehearse */
    struct session_host *host;            /* of a command that reaches HSMs; else NULL */
    const char *words[COMMAND_WORDS + 1]; /* after the command's name, NULL at the end */
};

/* Resumes the ceremony of a journal, or cleans up after it. file: the ceremony file that names its
 * two HSMs; NULL: the one next to the journal, otherwise the one that the journal names. */
int command_settle(const struct invocation *in, const char *journal, const char *file, bool clean);

int command_ceremony(const struct invocation *in);
int command_check_sealed(const struct invocation *in);
int command_compare(const struct invocation *in);
int command_clean(const struct invocation *in);
int command_completion(const struct invocation *in);
int command_diff(const struct invocation *in);
int command_doctor(const struct invocation *in);
int command_help(const struct invocation *in);
int command_list(const struct invocation *in);
int command_probe(const struct invocation *in);
int command_rehearse(const struct invocation *in);
int command_replay(const struct invocation *in);
int command_report(const struct invocation *in);
int command_seal(const struct invocation *in);
int command_sign(const struct invocation *in);
int command_sheet(const struct invocation *in);
int command_verify(const struct invocation *in);
int command_resync(const struct invocation *in);
int command_resume(const struct invocation *in);
int command_offer(const struct invocation *in);
int command_load(const struct invocation *in);
int command_accept(const struct invocation *in);
int command_confirm(const struct invocation *in);
int command_withdraw(const struct invocation *in);
int command_retire(const struct invocation *in);
int command_undo(const struct invocation *in);

#endif
