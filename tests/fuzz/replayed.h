/* SPDX-License-Identifier: Apache-2.0 */
/* A journal that can be read can be replayed: for the target of journals. */
#ifndef HSMFERRY_TESTS_FUZZ_REPLAYED_H
#define HSMFERRY_TESTS_FUZZ_REPLAYED_H

#include <stdbool.h>

/* Walks through it both ways, and draws each view, large and small. over: it has an end. */
void fuzz_replay(const char *path, bool over);

#endif
