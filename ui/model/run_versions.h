/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run at some of its moments. The run itself is kept whole at each of them; of its keys,
 * which can be ten thousand, only those that changed since the moment before, without their zeros.
 */
#ifndef HSMFERRY_UI_MODEL_RUN_VERSIONS_H
#define HSMFERRY_UI_MODEL_RUN_VERSIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/model/run.h"

/* One key as it was from a moment on, packed. */
struct key_version {
    uint32_t moment;
    uint32_t before; /* the version before, from 1; 0: there is none */
    size_t at, len;  /* in bytes */
};

/* {0} is empty and valid. */
struct run_versions {
    struct run *runs; /* by moment, without their keys */
    size_t count, room;
    struct key_version *versions; /* number - 1 */
    size_t version_count, version_room;
    uint8_t *bytes;
    size_t len, bytes_room;
    uint32_t *latest; /* by key: the number of its last version; 0: none */
    uint32_t *loaded; /* by key: the version that is in the run; 0: none, or it was changed since */
    size_t key_room;
    uint64_t restored; /* keys that were unpacked so far: what a test counts */
};

/* The run's key with this number (from 1) is about to change, or did. False: no memory. */
bool versions_touch(struct run_versions *v, size_t key);

/* Keeps the run as it is as the next moment. False: no memory. */
bool versions_keep(struct run_versions *v, const struct run *run);

/* Makes the run as it was at this moment. False: no memory. */
bool versions_restore(struct run_versions *v, size_t moment, struct run *run);

void versions_free(struct run_versions *v);

#endif
