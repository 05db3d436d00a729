/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run at some of its moments: in pieces, each of which is kept once for all moments in a row in
 * which it is the same, and of its keys what changed (run_keys.h). Going to a moment costs nothing
 * that grows with the keys.
 */
#ifndef HSMFERRY_UI_MODEL_RUN_VERSIONS_H
#define HSMFERRY_UI_MODEL_RUN_VERSIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compact.h"
#include "ui/model/run.h"

enum {
    RUN_PIECE = 1024,
    RUN_PIECES = (sizeof(struct run) + RUN_PIECE - 1) / RUN_PIECE,
};

/* {0} is empty and valid. */
struct run_versions {
    struct compact **pieces;
    size_t count, room;
    struct run_moment {
        uint32_t piece[RUN_PIECES]; /* their numbers among pieces */
    } * moments;
    size_t moment_count, moment_room;
    struct run last; /* as it was kept last */
};

/* Keeps the run as it is as the next moment. False: no memory. */
bool versions_keep(struct run_versions *v, const struct run *run);

/* Makes the run as it was at this moment. */
void versions_restore(const struct run_versions *v, size_t moment, struct run *run);

void versions_free(struct run_versions *v);

#endif
