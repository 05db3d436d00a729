/* SPDX-License-Identifier: Apache-2.0 */
/* Fresh NSS databases for tests, made by NSS's own tools. */
#ifndef HSMFERRY_TESTS_NSS_DATABASE_H
#define HSMFERRY_TESTS_NSS_DATABASE_H

#include <stdbool.h>
#include <stddef.h>

#include "hsm/hsm.h"

#define DATABASE_PIN "Correct-horse 7"

enum { DATABASE_SLOT = 2 }; /* NSS's own number for the slot of key4.db */

struct database {
    char folder[64];
    struct hsm_where where;
};

/* Are NSS's tools installed? */
bool database_tools(void);

/* A new folder with an empty database; pin NULL: without a password. */
bool database_make(struct database *database, const char *pin);
void database_remove(struct database *database);

/* Runs an NSS tool with "-d sql:FOLDER -f PINFILE" and these arguments (NULL at the end); what it
 * prints to both its outputs goes into out, terminated. Returns its exit status, -1: it did not
 * run. */
int database_tool(const struct database *database, const char *tool, const char *const *arguments,
                  char *out, size_t size);

#endif
