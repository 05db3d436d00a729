/* SPDX-License-Identifier: Apache-2.0 */
/* The files that a visit of a ceremony in two rooms takes and writes. */
#ifndef HSMFERRY_UI_MODEL_RUN_FILE_H
#define HSMFERRY_UI_MODEL_RUN_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/event.h"

/* A file of a ceremony in two rooms. */
struct run_file {
    bool written; /* or taken */
    char kind[16], stage[16], path[EVENT_PATH_MAX], trust[EVENT_TEXT_MAX];
    uint64_t bytes;
    uint8_t sha256[32];
};
enum { RUN_FILES_MAX = 3 };

/* Is one of them for a key service, or from one? */
bool run_file_of_service(const struct run_file *files, unsigned count);

/* Adds the file of an EVENT_FILE to the first *count; more than RUN_FILES_MAX are ignored. */
void run_file_take(struct run_file files[RUN_FILES_MAX], unsigned *count, const struct event *e);

#endif
