/* SPDX-License-Identifier: Apache-2.0 */
/* The map in words, for screen, line mode and programs. */
#ifndef HSMFERRY_PLAN_MAP_TEXT_H
#define HSMFERRY_PLAN_MAP_TEXT_H

#include "plan/map.h"

/* "same", "only on source", "name taken"; "name", "public key", "check value". */
const char *map_state_name(enum map_state state);
const char *map_by_name(enum map_by by);

/* A row in one sentence. source, destination: its objects, NULL: none; reason: why it cannot be
 * migrated, "": not known. The text is safe. out has MAP_TEXT_MAX bytes. Returns out. */
enum { MAP_TEXT_MAX = 640 };
char *map_row_text(const struct map_row *row, const struct key_desc *source,
                   const struct key_desc *destination, const char *reason, char *out);

/* What is missing and what differs, without the rest of the sentence; empty: nothing. source: the
 * object of the row there. Likewise. */
char *map_details_text(const struct map_row *row, const struct key_desc *source, char *out);

#endif
