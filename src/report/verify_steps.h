/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of a ceremony in their order, for the rules: from its report, or from its journal. */
#ifndef HSMFERRY_REPORT_VERIFY_STEPS_H
#define HSMFERRY_REPORT_VERIFY_STEPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "journal/event_log.h"
#include "protocol/event.h"
#include "report/yaml_tree.h"

struct rule_step {
    int64_t seq;
    int64_t key; /* -1: of no key */
    unsigned line;
    enum step_id id;
    enum event_state state; /* EVENT_BEGUN: it never ended */
    enum side side;
    int number; /* in the protocol */
    int64_t bytes;
    int64_t micros; /* from a journal only */
    uint8_t sha256[SHA256_SIZE];
    size_t next; /* the place of the next one of this key; 0: there is none */
};

struct rule_steps {
    struct rule_step *steps;
    size_t count, room;
    int64_t keys;     /* the highest number of a key */
    bool of_journal;  /* their lines are those of a journal */
    bool without_way; /* those of keys are left out: from format 3 on, they are in the journal */
};

/* The step of this name; STEPS if the name is unknown. */
enum step_id rule_step_of(const struct node *step);

/* Errors: ERR_FAILED (memory). The caller frees *steps with rule_steps_free(), also after a
 * failure. */
bool rule_steps_of_report(const struct node *report, struct rule_steps *steps, struct err *err);
bool rule_steps_of_journal(const struct event_log *log, struct rule_steps *steps, struct err *err);
void rule_steps_free(struct rule_steps *steps);

/* Fails with ERR_DATA at this step. */
bool rule_step_wrong(const struct rule_steps *steps, const struct rule_step *step, struct err *err,
                     const char *why);

#endif
