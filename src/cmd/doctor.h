/* SPDX-License-Identifier: Apache-2.0 */
/* What this machine lacks for a ceremony: each check looks at one thing, says what it found, and
 * what to do about it. None changes anything, and none reaches an HSM. */
#ifndef HSMFERRY_CMD_DOCTOR_H
#define HSMFERRY_CMD_DOCTOR_H

#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"
#include "config/config.h"

struct doctor;

/* A row of the table. */
struct doctor_check {
    const char *name;
    void (*look)(struct doctor *d);
    const char *remedy; /* what to do unless the check knows better */
};

struct doctor {
    const char *agent;           /* the path of our own agent */
    const char *file;            /* the ceremony file; NULL: none is named */
    const struct config *config; /* its content; NULL: there is none, or it cannot be read */
    FILE *out;
    const struct doctor_check *check; /* the current one */
    unsigned notes, faults;
    enum err_code code; /* of the first fault */
};

/* What a check found: in order; of importance, but a ceremony can run; a ceremony cannot run.
 * remedy: NULL: that of the row. */
void doctor_good(struct doctor *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void doctor_note(struct doctor *d, const char *remedy, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void doctor_fault(struct doctor *d, enum err_code code, const char *remedy, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* A fault that something else has described. */
void doctor_failed(struct doctor *d, const struct err *err);

/* It cannot be checked without a ceremony file. */
bool doctor_has_file(struct doctor *d);

/* --- the checks --- */

/* Of a ceremony: doctor_ceremony.c */
void doctor_agents(struct doctor *d);
void doctor_dialects(struct doctor *d);
void doctor_modules(struct doctor *d);
void doctor_pins_of_modules(struct doctor *d);
void doctor_pin_files(struct doctor *d);
void doctor_reports(struct doctor *d);
void doctor_space(struct doctor *d);
void doctor_log(struct doctor *d);

/* Of the host: doctor_host.c */
void doctor_lock_folder(struct doctor *d);
void doctor_locks(struct doctor *d);
void doctor_confinement(struct doctor *d);
void doctor_locked_memory(struct doctor *d);
void doctor_dumps(struct doctor *d);
void doctor_terminal(struct doctor *d);
void doctor_locale(struct doctor *d);
void doctor_clock(struct doctor *d);
void doctor_entropy(struct doctor *d);

#endif
