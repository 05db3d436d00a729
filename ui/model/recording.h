/* SPDX-License-Identifier: Apache-2.0 */
/* The events of a ceremony that were recorded, to be read by number: what a replay is fed from. */
#ifndef HSMFERRY_UI_MODEL_RECORDING_H
#define HSMFERRY_UI_MODEL_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/event.h"

struct recording {
    const void *ctx;
    void (*read)(const void *ctx, size_t i, struct event *event); /* i < count */
    size_t count;
    char path[EVENT_PATH_MAX]; /* of the journal, safe text */
    uint8_t head[32];          /* the SHA-256 at its end */
    bool torn;                 /* its last line was not written to its end */
};

#endif
