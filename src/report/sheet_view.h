/* SPDX-License-Identifier: Apache-2.0 */
/* A sheet that is being written, for the files that say what is on it. */
#ifndef HSMFERRY_REPORT_SHEET_VIEW_H
#define HSMFERRY_REPORT_SHEET_VIEW_H

#include "base/err.h"
#include "report/key_groups.h"
#include "report/sheet_form.h"
#include "report/yaml_tree.h"

struct sheet_about;

/* Before a key is kept, after, and by a fresh process. */
enum { SHEET_PROOFS = 3 };

/* A key or public object, with the proofs that passed; NULL: there was none. */
struct sheet_key {
    const struct node *key;
    const struct node *proof[SHEET_PROOFS];
    const char *proven_at[SHEET_PROOFS]; /* of each that is there */
};

struct sheet {
    struct sheet_page page;
    const struct node *report;
    const struct sheet_about *about; /* signing_sheet.h */
    struct sheet_key *keys;          /* by number - 1 */
    size_t key_count;
    struct err *err;
    bool failed; /* err says why; what follows is left out */
};

void sheet_section(struct sheet *s, const char *title);

/* A fact under a name; without a name it belongs to the one before it. */
void sheet_fact(struct sheet *s, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void sheet_toned(struct sheet *s, enum sheet_tone tone, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* A SHA-256, given as hexadecimal or in groups of four, in groups of four. words: before it. */
void sheet_digest(struct sheet *s, const char *name, const char *words, const char *hex);

/* The first digits of a SHA-256 in groups of four. Returns out. */
const char *sheet_digest_text(const char *hex, size_t digits, char out[static 80]);

/* A fact for each statement: "6 keys", and the statement with their numbers after it. of: the noun,
 * in the singular; for a statement about no key there is no name. Clears g. */
void sheet_groups(struct sheet *s, struct key_groups *g, const char *of);

/* "2026-11-23 12:41:07Z" of a time as reports hold it, with milliseconds on roomy sheets. from: the
 * first character that is wanted. Returns out. */
const char *sheet_time(const struct sheet *s, const char *time, size_t from, char out[static 32]);

/* What one side reports as the value of a check; NULL: none. */
const struct node *sheet_check_of(const struct node *check, const char *side);

/* A fact about keys "1 to 4, 7". */
void sheet_keys_fact(struct sheet *s, const char *keys, const char *text);

/* The sections about keys, in sheet_keys.c and sheet_proofs.c. */
void sheet_key_table(struct sheet *s);
void sheet_not_migrated(struct sheet *s);
void sheet_sealed(struct sheet *s);
void sheet_companions(struct sheet *s);
void sheet_proofs(struct sheet *s);
void sheet_check_values(struct sheet *s);
void sheet_rights(struct sheet *s);

/* The sections about how keys travelled, in sheet_transport.c. */
void sheet_transport(struct sheet *s);
void sheet_lanes(struct sheet *s);
void sheet_mechanisms(struct sheet *s);

/* The sections about the script, and facts for others, in sheet_script.c. */
void sheet_script(struct sheet *s);
void sheet_script_outcome(struct sheet *s);
void sheet_pins(struct sheet *s);
void sheet_pace(struct sheet *s);

/* "carry its public half" of "relay-public"; a name that is not known as it is. */
const char *sheet_step_title(const char *name);

/* The section about the policy, in sheet_policy.c. */
void sheet_policy(struct sheet *s);

/* The section about gates, in sheet_gates.c. */
void sheet_gates(struct sheet *s);

#endif
