/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A report for people: what an auditor asks of a ceremony, in the order in which it is asked, for
 * those to sign who were there. What it looks like is up to a struct sheet_form.
 */
#ifndef HSMFERRY_REPORT_SIGNING_SHEET_H
#define HSMFERRY_REPORT_SIGNING_SHEET_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "report/sheet_form.h"
#include "report/yaml_tree.h"

/* What the report cannot say of itself. */
struct sheet_about {
    const uint8_t *sha256;         /* of the report's file */
    const char *const *signatures; /* those found next to it, a sentence each; NULL at the end */
};

/* Prints a report that has passed verify_schema() and verify_logic(). Takes n log n steps for n
 * keys. Errors: ERR_FAILED (memory); then the sheet is not whole. */
bool sheet_print(const struct node *report, const struct sheet_about *about,
                 const struct sheet_form *form, FILE *out, struct err *err);

#endif
