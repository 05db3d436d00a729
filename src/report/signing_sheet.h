/* SPDX-License-Identifier: Apache-2.0 */
/* A report on paper: what people sign who were there. */
#ifndef HSMFERRY_REPORT_SIGNING_SHEET_H
#define HSMFERRY_REPORT_SIGNING_SHEET_H

#include <stdint.h>
#include <stdio.h>

#include "report/yaml_tree.h"

enum { SHEET_COLUMNS = 80, SHEET_LINES = 60 };

/* Prints a report that has passed verify_schema() in plain text, SHEET_COLUMNS wide, with a form
 * feed and a heading behind each SHEET_LINES lines. sha256: of the report's file. */
void sheet_print(const struct node *report, const uint8_t sha256[32], FILE *out);

#endif
