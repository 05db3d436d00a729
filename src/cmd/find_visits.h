/* SPDX-License-Identifier: Apache-2.0 */
/* What the journals of a report folder say of ceremonies in two rooms. */
#ifndef HSMFERRY_CMD_FIND_VISITS_H
#define HSMFERRY_CMD_FIND_VISITS_H

#include <stdbool.h>

#include "base/err.h"
#include "ceremony/visit_past.h"

/* Reads all journals of visits in this folder. The caller frees *out with visits_free(), also after
 * a failure. A folder that does not exist has none. Errors: as journal_read(); ERR_FAILED. */
bool visits_find(const char *folder, struct visit_pasts *out, struct err *err);
void visits_free(struct visit_pasts *pasts);

#endif
