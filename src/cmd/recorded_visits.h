/* SPDX-License-Identifier: Apache-2.0 */
/* The journals of the visits of a ceremony in two rooms as recordings, in the order of the visits.
 */
#ifndef HSMFERRY_CMD_RECORDED_VISITS_H
#define HSMFERRY_CMD_RECORDED_VISITS_H

#include "base/err.h"
#include "cmd/recorded.h"

enum { RECORDED_VISITS_MAX = 16 };

/* {0} is empty and valid. Do not move it once it was read: its recordings refer to it. */
struct recorded_visits {
    struct recorded *read; /* as they were named */
    const struct recording *at[RECORDED_VISITS_MAX];
    size_t count;
};

/* Reads these journals, NULL at the end: one of any ceremony, or several of visits with the same
 * migration id. A visit that took a file comes after the one that wrote it, whatever the clocks of
 * both rooms say; otherwise the earlier one is first. Freed with recorded_visits_free() also on
 * failure. Errors: as recorded_read(); ERR_DATA (they do not belong together). */
bool recorded_visits_read(const char *const *journals, struct recorded_visits *out,
                          struct err *err);
void recorded_visits_free(struct recorded_visits *visits);

#endif
